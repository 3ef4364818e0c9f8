"""The figures at the end of the demo, aligned and with their units."""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Figures(NamedTuple):
    """What was measured.

    Attributes:
        command_count: commands answered in this run.
        known_count: of these, how many were in the store before.
        event_count: events written in this run.
        send_seconds: how long sending took, from the first command to the last answer.
        commit_count: group commits.
        commit_seconds: time spent in them, most of it waiting for the disk.
        position: events in the log.
        log_bytes: size of the log on disk.
        derived_bytes: size of the checkpoints on disk.
        checkpoint_open_seconds: how long opening takes from a checkpoint.
        replay_open_seconds: how long opening takes from the log alone.
        memory_bytes: the most memory that the process had resident up to the last answer.
    """

    command_count: int
    known_count: int
    event_count: int
    send_seconds: float
    commit_count: int
    commit_seconds: float
    position: int
    log_bytes: int
    derived_bytes: int
    checkpoint_open_seconds: float
    replay_open_seconds: float
    memory_bytes: int


def report_lines(figures: Figures) -> Iterator[str]:
    """One line per figure: what it is, the number, the unit, and what else helps to judge it."""
    seconds = max(figures.send_seconds, 1e-9)
    yield line("commands", f"{figures.command_count:,}", "", known_remark(figures))
    yield line("events", f"{figures.event_count:,}", "", f"{figures.position:,} in the log")
    yield line("elapsed", f"{figures.send_seconds:,.1f}", "s", "from the first command to the last answer")
    yield line("throughput", f"{figures.command_count / seconds:,.0f}", "commands/s")
    yield line("", f"{figures.event_count / seconds:,.0f}", "events/s", "durable, and in every view")
    yield line("commits", f"{figures.commit_count:,}", "", commit_remark(figures))
    yield line(
        "fsync share", f"{figures.commit_seconds / seconds:.1%}", "", f"{figures.commit_seconds:,.2f} s in commits"
    )
    yield line(
        "log", megabytes(figures.log_bytes), "MB", f"{figures.log_bytes / max(figures.position, 1):,.0f} bytes an event"
    )
    yield line("checkpoints", megabytes(figures.derived_bytes), "MB", "can be deleted at any time")
    yield line("memory", megabytes(figures.memory_bytes), "MB", "at most, the data set included")
    yield line("reopening", f"{figures.checkpoint_open_seconds:,.2f}", "s", "with a checkpoint")
    yield line("", f"{figures.replay_open_seconds:,.2f}", "s", "without: every event is replayed")


def known_remark(figures: Figures) -> str:
    """What an earlier run had done."""
    return f"{figures.known_count:,} done by an earlier run; they changed nothing" if figures.known_count else ""


def commit_remark(figures: Figures) -> str:
    """How much a commit holds."""
    if not figures.commit_count:
        return "nothing to write"
    command_count = figures.command_count - figures.known_count
    commands, events = command_count / figures.commit_count, figures.event_count / figures.commit_count
    return f"{commands:,.1f} commands and {events:,.1f} events each"


def line(name: str, number: str, unit: str, remark: str = "") -> str:
    """One aligned line."""
    return f"  {name:<12}{number:>12} {unit:<11}{remark}".rstrip()


def megabytes(size_bytes: int) -> str:
    """A size in millions of bytes."""
    return f"{size_bytes / 1e6:,.1f}"


def directory_bytes(directory: Path) -> int:
    """What the files of a directory take on disk; 0 if it doesn't exist."""
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())


def peak_memory_bytes() -> int:
    """The most memory that this process has ever had resident."""
    unit_bytes = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit_bytes
