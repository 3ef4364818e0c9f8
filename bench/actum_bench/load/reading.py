"""What was read around a run, and the figures that come of it by name."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from actum import EngineStatistics

from actum_bench.load.collector import Collector
from actum_bench.load.histogram import folded
from actum_bench.load.recording import LATE_NS, Recording
from actum_bench.results import Better, Figure, Sample
from actum_bench.timing import ranked

#: The shares that are shown of a latency, by their names.
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "p99.99": 0.9999, "max": 1.0}

#: Histograms, and the names under which their figures go. From the intended time: what callers wait.
INTENDED, SERVICE, LAG = "intended", "service", "schedule lag"
COMMANDS, QUERIES = "commands", "queries"

LATE = f"late by more than {LATE_NS // 1_000_000} ms"
ERRORS = "errors"
#: How long after the end of the schedule the last answer was there.
OVERRUN = "overrun"
CLIENT_COST = "client cost per operation"

#: Units and directions of figures; what is not here is a time, and better lower.
UNITS: Mapping[str, tuple[str, Better]] = {
    "achieved": ("1/s", "higher"),
    "of target": ("ratio", "higher"),
    "events/s": ("1/s", "higher"),
    "commits/s": ("1/s", "lower"),
    "events per commit": ("", "higher"),
    "commit under way": ("ratio", "lower"),
    "gc": ("ratio", "lower"),
    "gc collections": ("", "lower"),
    "gc full collections": ("", "lower"),
    "resident memory": ("B", "lower"),
    "log per event": ("B", "lower"),
    "aggregates woken": ("", "lower"),
    LATE: ("", "lower"),
    ERRORS: ("", "lower"),
}


class Reading:
    """What was read around a run.

    Attributes:
        before: the engine's statistics when it began.
        after: when it had ended.
        collected: what the garbage collector did.
        loop_lags: nanoseconds by which timers were late.
        resident_bytes: memory of the process at the end.
        log_bytes: size of the log at the end.
    """

    def __init__(self, before: EngineStatistics) -> None:
        self.before = before
        self.after = before
        self.collected = Collector()
        self.loop_lags = array("q")
        self.resident_bytes = 0
        self.log_bytes = 0


def values_of(recording: Recording, reading: Reading, seconds: float, *, closed: bool) -> dict[str, float]:
    """All figures of a run.

    Args:
        recording: what the clients saw.
        reading: what was read around it.
        seconds: for which the schedule was made.
        closed: whether there was no schedule.
    """
    elapsed = max(recording.seconds, seconds) if not closed else recording.seconds
    values = {"achieved": recording.answered / elapsed}
    if not closed:
        planned = recording.planned / seconds
        values["of target"] = values["achieved"] / planned if planned else 1.0
    for name, latencies in latencies_of(recording, closed=closed).items():
        values |= percentiles(name, latencies)
    if not closed:
        values[LATE] = recording.late
        values[OVERRUN] = max(0.0, recording.seconds - seconds)
    values[ERRORS] = recording.errors.total()
    values |= {f"{ERRORS}: {name}": count for name, count in recording.errors.items()}
    return values | engine_values(reading, elapsed)


def latencies_of(recording: Recording, *, closed: bool) -> dict[str, list[int]]:
    """Nanoseconds by the name of the histogram; commands and queries apart only where there are both."""
    commands, queries = recording.commands, recording.queries
    made = {SERVICE: [*commands.service, *queries.service]}
    if not closed:
        made = {INTENDED: [*commands.intended, *queries.intended]} | made | {LAG: [*commands.lag, *queries.lag]}
    if commands.service and queries.service:
        made[COMMANDS] = [*(commands.service if closed else commands.intended)]
        made[QUERIES] = [*(queries.service if closed else queries.intended)]
    return made


def histograms_of(recording: Recording, *, closed: bool) -> dict[str, str]:
    """The same as HdrHistograms."""
    return {name: folded(latencies) for name, latencies in latencies_of(recording, closed=closed).items()}


def percentiles(name: str, latencies: Sequence[int]) -> dict[str, float]:
    """Seconds at each share, by the name of the figure."""
    ordered = sorted(latencies)
    return {f"{name} {share}": ranked(ordered, part) / 1e9 if ordered else 0.0 for share, part in SHARES.items()}


def engine_values(reading: Reading, seconds: float) -> dict[str, float]:
    """What engine, loop, collector and store say about the same time."""
    before, after = reading.before, reading.after
    commits, events = after.commits - before.commits, after.position - before.position
    committing = after.commit_seconds - before.commit_seconds
    lags = percentiles("loop lag", reading.loop_lags)
    return {
        "events/s": events / seconds,
        "commits/s": commits / seconds,
        "events per commit": events / commits if commits else 0.0,
        "commit": committing / commits if commits else 0.0,
        "commit under way": committing / seconds,
        "loop lag p99": lags["loop lag p99"],
        "loop lag max": lags["loop lag max"],
        "gc": reading.collected.nanoseconds / 1e9 / seconds,
        "gc collections": reading.collected.count,
        "gc full collections": reading.collected.full_count,
        "aggregates woken": after.activations - before.activations,
        "resident memory": reading.resident_bytes,
        "log per event": reading.log_bytes / after.position if after.position else 0.0,
    }


def figures_of(samples: Sequence[Sample]) -> list[Figure]:
    """Every figure that any of the samples has; who has it not is left out, but an error that did not occur is 0."""
    names = dict.fromkeys(name for sample in samples for name in sample.values)
    return [figure_of(name, values_in(samples, name)) for name in names]


def values_in(samples: Sequence[Sample], name: str) -> list[float]:
    """A figure of those samples that have it, or of all if it counts errors."""
    if name.startswith(ERRORS):
        return [sample.values.get(name, 0.0) for sample in samples]
    return [sample.values[name] for sample in samples if name in sample.values]


def figure_of(name: str, values: list[float]) -> Figure:
    """A figure with its unit."""
    unit, better = UNITS[ERRORS] if name.startswith(f"{ERRORS}: ") else UNITS.get(name, ("s", "lower"))
    return Figure(name, unit, better, values)
