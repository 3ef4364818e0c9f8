"""`bench recover`: opening, rebuilding, and the checkpoints that make opening fast, with what they cost under load."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from actum_bench.experiments import Experiment, Turn, Wish, ratio, value
from actum_bench.measurements import checkpoints, opening
from actum_bench.process import measure_of
from actum_bench.repeats import Measure
from actum_bench.results import Parameter

#: What can be measured alone.
PARTS: Final = ("length", "rebuild", "rows", "window", "interval")
#: The shortest log of the curve; it grows by factors of ten.
EVENTS_LEAST: Final = 10_000
INDEXES: Final = (0, 1, 2)
#: Goals are for a million rows, and a hundred thousand of them changed. With fewer the milliseconds that every opening
#: takes decide, or a checkpoint is over before anything can be said of it; then there are figures and no goal.
GOAL_ROWS_MIN: Final = 1_000_000
GOAL_DIRTY_MIN: Final = 100_000
#: Opening: so many times what msgspec alone takes, and so many times more for each secondary index.
OPENING_RATIO_MAX: Final = 3.0
INDEX_RATIO_MAX: Final = 1.5
#: The longest that 999 of 1,000 acknowledgements may take while a checkpoint is made, by clients.
WINDOW_SECONDS_MAX: Final = {64: 0.010, 1_000: 0.025}
WINDOW_RATE_MIN: Final = 0.75
#: Checkpoints in one process: some hundred milliseconds each have too few answers for a p99.9.
WINDOWS: Final = 3
INTERVAL_SECONDS: Final = 10.0
INTERVAL_RATE_MIN: Final = 0.95
INTERVAL_CLIENTS: Final = 64

CLIENT_COST = "the clients run in the same loop and are part of the cost"
ROWS_NOTE = (
    "msgspec alone: chunks of the same rows, as a checkpoint has them, in memory, by a typed decoder into a dict; "
    "actum also reads files, checks hashes, takes over heads and states of all aggregates, and builds indexes"
)


def experiments(
    workspace: str,
    *,
    parts: Sequence[str] = PARTS,
    events: int = 1_000_000,
    rows: int = 1_000_000,
    dirty: int = 100_000,
    seconds: float = 30.0,
    repeats: int = 5,
) -> Iterator[Experiment]:
    """What is measured.

    Args:
        workspace: a directory for filled stores, on the disk to be measured.
        parts: which of `PARTS`.
        events: of the longest log.
        rows: of the view that is opened and saved.
        dirty: how many of them have changed when a checkpoint begins.
        seconds: of the run with and without checkpoints.
        repeats: how often each.
    """
    if "length" in parts:
        yield length_experiment(workspace, events, repeats)
    if "rebuild" in parts:
        yield rebuild_experiment(workspace, events, repeats)
    if "rows" in parts:
        for indexes in INDEXES:
            yield rows_experiment(workspace, rows, indexes, repeats)
    if "window" in parts:
        for clients in WINDOW_SECONDS_MAX:
            yield window_experiment(workspace, clients, rows, dirty, repeats)
    if "interval" in parts:
        yield interval_experiment(workspace, rows, dirty, seconds, repeats)


def lengths(events: int) -> list[int]:
    """The lengths of the logs, from 10,000 events by factors of ten; one that is shorter stands alone."""
    found = [min(EVENTS_LEAST, events)]
    while found[-1] * 10 <= events:
        found.append(found[-1] * 10)
    return found


def by_length(events: int) -> Iterator[tuple[str, dict[str, Parameter]]]:
    """Each length in words, and the shape of its store: as many accounts as the shortest has events."""
    accounts = lengths(events)[0]
    for length in lengths(events):
        yield f"{length:,} events", {"branches": branches_of(accounts), "accounts": accounts, "events": length}


def branches_of(rows: int) -> int:
    """Ten rows for each aggregate, or one where that does not go."""
    return rows if rows % 10 else rows // 10


def length_experiment(workspace: str, events: int, repeats: int) -> Experiment:
    """Opening by the length of the log."""
    subjects: dict[str, Measure] = {}
    sizes: dict[str, dict[str, Parameter]] = {}
    for name, shape in by_length(events):
        given = {**shape, "workspace": workspace}
        subjects[f"{name}, with checkpoint"] = measure_of(opening.with_checkpoint, **given)
        subjects[f"{name}, without"] = measure_of(opening.without_checkpoint, **given)
        sizes |= {key: {"events": shape["events"]} for key in subjects.keys() - sizes.keys()}
    return Experiment("recover", "opening by the length of the log", "full", subjects, [], repeats, parameters=sizes)


def rebuild_experiment(workspace: str, events: int, repeats: int) -> Experiment:
    """A view made again from a log on the disk."""
    shapes = dict(by_length(events))
    subjects = {name: measure_of(opening.rebuild, **shape, workspace=workspace) for name, shape in shapes.items()}
    sizes = {name: {"events": shape["events"]} for name, shape in shapes.items()}
    return Experiment("recover", "rebuild of a view", "full", subjects, [], repeats, parameters=sizes)


def rows_experiment(workspace: str, rows: int, indexes: int, repeats: int) -> Experiment:
    """Opening from a checkpoint, against msgspec alone."""
    branches = branches_of(rows)
    words = f"{rows:,} rows, {branches:,} aggregates, {indexes} secondary index{'es' * (indexes != 1)}"
    given: dict[str, Parameter] = {
        "branches": branches, "accounts": rows, "events": rows, "indexes": indexes, "workspace": workspace,
    }  # fmt: skip
    return Experiment(
        "recover",
        f"opening from a checkpoint, {words}",
        "full",
        {
            "msgspec alone": measure_of(opening.bare, branches=branches, accounts=rows),
            "actum": measure_of(opening.engine, **given),
        },
        [
            Wish(
                f"opening, {words}, of msgspec alone",
                OPENING_RATIO_MAX + INDEX_RATIO_MAX * indexes,
                "lower",
                "ratio",
                ratio("actum", "msgspec alone", "opening"),
            )
        ]
        * (rows >= GOAL_ROWS_MIN),
        repeats,
        ROWS_NOTE,
    )


def window_experiment(workspace: str, clients: int, rows: int, dirty: int, repeats: int) -> Experiment:
    """Checkpoints while clients wait for answers. Whole ones, which are rare, are shown without a goal."""
    given: dict[str, Parameter] = {"clients": clients, "rows": rows, "dirty": dirty, "workspace": workspace}
    words = f"checkpoint of {dirty:,} of {rows:,} rows, {clients:,} clients"
    return Experiment(
        "recover",
        words,
        "full",
        {
            "actum": measure_of(checkpoints.window, base=False, windows=WINDOWS, **given),
            "actum, a new base of all rows": measure_of(checkpoints.window, base=True, windows=1, **given),
        },
        [
            Wish(
                f"ack p99.9, {words}",
                WINDOW_SECONDS_MAX[clients],
                "lower",
                "s",
                value("actum", "ack p99.9 in the window"),
            ),
            Wish(
                f"throughput in the window of a {words}, of that before",
                WINDOW_RATE_MIN,
                "higher",
                "ratio",
                within("actum", "commands/s in the window", "commands/s before"),
            ),
        ]
        * (rows >= GOAL_ROWS_MIN and dirty >= GOAL_DIRTY_MIN),
        repeats,
        CLIENT_COST,
    )


def interval_experiment(workspace: str, rows: int, dirty: int, seconds: float, repeats: int) -> Experiment:
    """Throughput with a checkpoint every ten seconds, against none."""
    given: dict[str, Parameter] = {
        "clients": INTERVAL_CLIENTS, "rows": rows, "dirty": dirty, "seconds": seconds, "workspace": workspace,
    }  # fmt: skip
    often, never = f"a checkpoint every {INTERVAL_SECONDS:.0f} s", "no checkpoint"
    return Experiment(
        "recover",
        f"commands for {seconds:g} s into {dirty:,} of {rows:,} rows, {INTERVAL_CLIENTS} clients",
        "full",
        {
            never: measure_of(checkpoints.run, every=0.0, **given),
            often: measure_of(checkpoints.run, every=INTERVAL_SECONDS, **given),
        },
        [
            Wish(
                f"throughput with {often}, of that without",
                INTERVAL_RATE_MIN,
                "higher",
                "ratio",
                ratio(often, never, "commands/s"),
            )
        ]
        * (rows >= GOAL_ROWS_MIN and dirty >= GOAL_DIRTY_MIN),
        repeats,
        CLIENT_COST,
    )


def within(subject: str, above: str, below: str) -> Callable[[Turn], float]:
    """How many times one figure of a subject is another of the same."""
    return lambda turn: turn[subject].values[above] / turn[subject].values[below]
