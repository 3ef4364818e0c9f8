"""The real dashboard in a real terminal on a busy engine, for minutes: what it costs, and whether it grows.

A screen after the other is shown. Time, memory and screens are looked at from outside, by the system's own counts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import actum

from tests.support.terminal import Terminal, terminal

SCREENS = "12345678"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
#: Screens are changed so often.
SCREEN_SECONDS = 10.0


class Sample(NamedTuple):
    """What the dashboard's process was at some moment.

    Attributes:
        seconds: since it was first looked at.
        screen: the number of the screen that was seen until then.
        events: in the log.
        memory_bytes: its resident set.
        cpu_seconds: that it has used.
    """

    seconds: float
    screen: str
    events: int
    memory_bytes: int
    cpu_seconds: float


class Soaked(NamedTuple):
    """All of it.

    Attributes:
        start_seconds: from Enter to the first figures on the screen.
        start_cpu_seconds: of the dashboard's process until then.
        samples: in order.
        left: whether the terminal was as before when it had ended.
    """

    start_seconds: float
    start_cpu_seconds: float
    samples: list[Sample]
    left: bool

    @property
    def events(self) -> int:
        """That passed while it was looked at."""
        return self.samples[-1].events - self.samples[0].events

    def cpu_share(self, screen: str) -> float:
        """Of a core, while this screen was seen."""
        pairs = [pair for pair in zip(self.samples, self.samples[1:], strict=False) if pair[1].screen == screen]
        spent = sum(after.cpu_seconds - before.cpu_seconds for before, after in pairs)
        passed = sum(after.seconds - before.seconds for before, after in pairs)
        return spent / passed if passed else 0.0

    def memory_bytes(self, first: float, last: float) -> int:
        """The most between two shares of the time, 0 to 1."""
        end = self.samples[-1].seconds
        return max(each.memory_bytes for each in self.samples if first * end <= each.seconds <= last * end)


@contextmanager
def busy_engine(directory: Path, per_second: int) -> Iterator[None]:
    """An engine at work in a process of its own."""
    child = subprocess.Popen([sys.executable, "-m", "tests.soak.busy", str(directory), str(per_second)])
    try:
        while not (directory / "MANIFEST").exists():
            assert child.poll() is None, "the engine has ended"
            time.sleep(0.05)
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


def soak(
    directory: Path, *, seconds: float, per_second: int, screens: str = SCREENS, each: float = SCREEN_SECONDS
) -> Soaked:
    """Run it.

    Args:
        directory: for the store.
        seconds: how long.
        per_second: commands of the engine; 0 for as many as it can.
        screens: the numbers of those that are shown, in turn.
        each: seconds of one.
    """
    with busy_engine(directory, per_second), terminal(columns=120, lines=40) as shell:
        started = time.monotonic()
        shell.run("actum", "top", directory)
        shell.wait_for("LIVE", "commands/s")
        start_seconds = time.monotonic() - started
        process = dashboard_of(shell)
        start_cpu_seconds = cpu_seconds(process)
        samples = list(looked_at(shell, process, directory, seconds, screens, each))
        shell.press("q")
        shell.wait_for_prompt()
        return Soaked(start_seconds, start_cpu_seconds, samples, left=not shell.modes().alternate)


def looked_at(
    shell: Terminal, process: int, directory: Path, seconds: float, screens: str, each: float
) -> Iterator[Sample]:
    """A sample at the beginning, and one for each screen."""
    began = time.monotonic()
    yield sample(process, directory, 0.0, screens[0])
    number = 0
    while (passed := time.monotonic() - began) < seconds:
        screen = screens[number % len(screens)]
        shell.press(screen)
        time.sleep(min(each, max(0.1, seconds - passed)))
        yield sample(process, directory, time.monotonic() - began, screen)
        number += 1


def sample(process: int, directory: Path, seconds: float, screen: str) -> Sample:
    """Now."""
    with actum.open_store(directory) as store:
        events = store.head.position
    memory = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE_BYTES
    return Sample(seconds, screen, events, memory, cpu_seconds(process))


def cpu_seconds(process: int) -> float:
    """That a process has used, with its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def dashboard_of(shell: Terminal) -> int:
    """The process that draws."""
    (process,) = (pid for pid in shell.children() if b"top" in Path(f"/proc/{pid}/cmdline").read_bytes())
    return process
