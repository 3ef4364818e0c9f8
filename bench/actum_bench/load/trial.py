"""Several runs of the same settings, each in a process of its own, as one `Run` of the results."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from actum_bench.load.histogram import merged
from actum_bench.load.measurement import measure
from actum_bench.load.reading import figures_of
from actum_bench.load.settings import Settings
from actum_bench.process import in_child
from actum_bench.repeats import REPEATS_MIN, Measure, take_turns
from actum_bench.results import Parameter, Run

SUBJECT = "actum"
CLIENT_SHARE = (
    "the clients run in the engine's loop and are part of the cost: the schedule, a task for each command, the clock"
)
HIDES_WAITING = (
    "a closed loop sends less when answers are slow, so its latencies leave out the waiting that callers see"
)


def measure_settings(settings: Settings) -> Measure:
    """One run in a process of its own, to be called."""
    return partial(in_child, measure, **settings.parameters)


def trial(
    settings: Settings,
    repeats: int,
    note: Callable[[], object],
    *,
    suite: str = "load",
    measure_each: Callable[[Settings], Measure] = measure_settings,
) -> Run:
    """Run a workload several times.

    Args:
        settings: the same each time, also the seed.
        repeats: how often.
        note: called after each.
        suite: as in `Run`.
        measure_each: makes what is called for one run.

    Raises:
        VoidRunError: a check of a run does not hold, or a run failed.
    """
    samples = take_turns({settings.title: measure_each(settings)}, repeats, note)[settings.title]
    names = dict.fromkeys(name for sample in samples for name in sample.histograms)
    return Run(
        suite=suite,
        workload=title_of(settings, repeats),
        subject=SUBJECT,
        durability=settings.durability,
        parameters=shared_parameters(settings) | {"repeats": repeats},
        figures=figures_of(samples),
        checks=samples[-1].checks,
        histograms={name: merged(sample.histograms[name] for sample in samples) for name in names},
        note=CLIENT_SHARE if settings.clients is None else f"{CLIENT_SHARE}; {HIDES_WAITING}",
    )


def shared_parameters(settings: Settings) -> dict[str, Parameter]:
    """What others need to do the same: not the directory, whose file system is in the environment."""
    return {name: value for name, value in settings.parameters.items() if name != "directory"}


def title_of(settings: Settings, repeats: int) -> str:
    """The title of several runs."""
    return settings.title + few(repeats)


def few(repeats: int) -> str:
    """The end of a title, which says when repeats are too few to be quoted."""
    return f", {repeats} repeat{'s' * (repeats > 1)} ONLY" if repeats < REPEATS_MIN else ""
