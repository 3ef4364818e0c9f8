"""`bench scale`: the growth curve: cost per command, opening and memory as events, aggregates and rows grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from actum_bench.experiments import Experiment, Wish, ratio, value
from actum_bench.measurements import growth, memory
from actum_bench.process import measure_of
from actum_bench.repeats import Measure
from actum_bench.results import Parameter

#: What can be measured alone.
PARTS: Final = ("events", "aggregates", "working", "rows", "memory")
SIZE_LEAST: Final = 10_000
CLIENTS: Final = 64
COMMANDS: Final = 40_000
#: Bytes beyond the user's own state.
AGGREGATE_BYTES_MAX: Final = 1_000
ROW_BYTES_MAX: Final = 200
#: Among fewer, the engine's bounded caches are more than all the rest; then there are figures and no goal.
GOAL_HELD_MIN: Final = 100_000

GROWTH_NOTE = (
    "the clients run in the same loop and are part of the cost; the aggregates that are paid into are awake before "
    "the clock starts"
)
MEMORY_NOTE = "bytes counted by tracemalloc, not timed, so once; the bounded cache of frames (16 MiB) is counted too"


class Growth(NamedTuple):
    """One dimension.

    Attributes:
        title: what grows.
        unit: in one word.
        low: the size that the goal compares with.
        high: the size that is compared.
        rate_min: the share of the commands/s at `low` that have to be left at `high`.
    """

    title: str
    unit: str
    low: int
    high: int
    rate_min: float


DIMENSIONS: Final[Mapping[str, Growth]] = {
    "events": Growth("events in the log", "events", 100_000, 10_000_000, 0.9),
    "aggregates": Growth("aggregates, few of them at work", "aggregates", 10_000, 1_000_000, 0.8),
    "working": Growth("aggregates, all of them at work", "aggregates", 10_000, 1_000_000, 0.8),
    "rows": Growth("rows", "rows", 0, 0, 0.0),
}


def experiments(
    workspace: str,
    *,
    parts: Sequence[str] = PARTS,
    least: int = SIZE_LEAST,
    most: int = 1_000_000,
    clients: int = CLIENTS,
    commands: int = COMMANDS,
    held: int = 100_000,
    repeats: int = 5,
) -> Iterator[Experiment]:
    """What is measured.

    Args:
        workspace: a directory for filled stores, on the disk to be measured.
        parts: which of `PARTS`.
        least: the smallest size.
        most: the largest, a power of ten times as much.
        clients: each waiting for its answers.
        commands: of all of them together.
        held: aggregates, and rows, whose memory is counted.
        repeats: how often each.
    """
    for part in parts:
        if part in DIMENSIONS:
            yield growth_experiment(workspace, part, sizes(least, most), clients, commands, repeats)
    if "memory" in parts:
        yield aggregates_experiment(workspace, held)
        yield rows_experiment(workspace, held)


def sizes(least: int, most: int) -> list[int]:
    """From the least by factors of ten."""
    found = [least]
    while found[-1] * 10 <= most:
        found.append(found[-1] * 10)
    return found


def shape_of(dimension: str, size: int, least: int) -> dict[str, Parameter]:
    """A store in which one thing has a size and the others are as small as that allows."""
    match dimension:
        case "events":
            return {"branches": least, "accounts": least, "events": size, "working": least}
        case "aggregates":
            return {"branches": size, "accounts": size, "events": size, "working": least}
        case "working":
            return {"branches": size, "accounts": size, "events": size, "working": size}
        case _:
            branches = least if least % 10 else least // 10
            return {"branches": branches, "accounts": size, "events": size, "working": least}


def subject_of(size: int) -> str:
    """What a point of a curve is called."""
    return f"{size:,}"


def growth_experiment(
    workspace: str, dimension: str, grown: Sequence[int], clients: int, commands: int, repeats: int
) -> Experiment:
    """The points of one curve, taking turns; the goal, where its two sizes are among them."""
    title, unit, low, high, rate_min = DIMENSIONS[dimension]
    subjects: dict[str, Measure] = {
        subject_of(size): measure_of(
            growth.point,
            **shape_of(dimension, size, grown[0]),
            clients=clients,
            commands=commands,
            workspace=workspace,
        )
        for size in grown
    }
    wishes = [
        Wish(
            f"commands/s with {high:,} {title}, of those with {low:,}",
            rate_min,
            "higher",
            "ratio",
            ratio(subject_of(high), subject_of(low), "commands/s"),
        )
    ]
    reachable = low in grown and high in grown
    workload = f"{title}, {clients:,} client{'s' * (clients > 1)}"
    sizes: dict[str, dict[str, Parameter]] = {subject_of(size): {unit: size} for size in grown}
    return Experiment("scale", workload, "full", subjects, wishes * reachable, repeats, GROWTH_NOTE, sizes)


def aggregates_experiment(workspace: str, count: int) -> Experiment:
    """Memory of aggregates that are awake: young ones, old ones with a snapshot, and some that know their callers."""
    kinds: dict[str, dict[str, Parameter]] = {
        "2 events": {"events": 1, "payments": 1, "ids": False},
        "21 events and a snapshot": {"events": 20, "payments": 1, "ids": False},
        "8 commands with ids": {"events": 1, "payments": 8, "ids": True},
    }
    return held_experiment(
        "an aggregate that is awake",
        count,
        {
            name: measure_of(memory.aggregates, aggregates=count, workspace=workspace, **given)
            for name, given in kinds.items()
        },
        AGGREGATE_BYTES_MAX,
    )


def rows_experiment(workspace: str, count: int) -> Experiment:
    """Memory of rows, with and without secondary indexes."""
    return held_experiment(
        "a row",
        count,
        {
            f"{indexes} secondary index{'es' * (indexes != 1)}": measure_of(
                memory.rows, rows=count, indexes=indexes, workspace=workspace
            )
            for indexes in (0, 1, 2)
        },
        ROW_BYTES_MAX,
    )


def held_experiment(what: str, count: int, subjects: Mapping[str, Measure], bytes_max: int) -> Experiment:
    """Memory of one thing among many, beyond what a dict of the same takes."""
    wishes = [
        Wish(f"memory of {what}, {name}, beyond its own", bytes_max, "lower", "B", value(name, "beyond"))
        for name in subjects
        if count >= GOAL_HELD_MIN
    ]
    return Experiment("scale", f"memory of {what}, of {count:,}", "full", subjects, wishes, 1, MEMORY_NOTE)
