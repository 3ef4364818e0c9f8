"""`bench sweep`: rates of one workload tried until the highest one that meets the objectives is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from actum_bench.amounts import amount
from actum_bench.load.settings import Settings
from actum_bench.load.slo import Objective, verdict
from actum_bench.load.sweep import Search, Step
from actum_bench.load.trial import few, measure_settings, trial
from actum_bench.repeats import Measure
from actum_bench.results import Figure, Run

HIGHEST = "highest sustainable rate"
ACHIEVED = "achieved"


class Reach(NamedTuple):
    """Where to look.

    Attributes:
        first: the rate to begin with.
        lowest: of rates that are tried.
        highest: of rates that are tried.
        precision: how near, as a share, a rate that breaks has to be to one that holds.
        repeats: how often the rate that was found is measured again.
    """

    first: float = 1_000.0
    lowest: float = 1.0
    highest: float = 1_000_000.0
    precision: float = 0.05
    repeats: int = 5


class Sustained(NamedTuple):
    """What was found.

    Attributes:
        rate: the highest that meets the objectives; None if none does.
        steps: every rate that was tried, in order.
        runs: one for each step; the last one is of the rate that was found, if one was.
        found: what was found as a run of its own, without the rate in its title: to be compared with other sweeps.
        at_least: whether that was the highest rate that was to be tried, so that nobody knows of higher ones.
    """

    rate: float | None
    steps: list[Step]
    runs: list[Run]
    found: Run | None = None
    at_least: bool = False


def sustained(
    settings: Settings,
    objectives: Sequence[Objective],
    reach: Reach,
    note: Callable[[], object],
    *,
    measure_each: Callable[[Settings], Measure] = measure_settings,
) -> Sustained:
    """Look for the highest rate.

    Args:
        settings: of every run but for the rate.
        objectives: what is to hold, beside no errors and no growing queue.
        reach: where to look.
        note: called after each run.
        measure_each: makes what is called for one run.

    Raises:
        VoidRunError: a check of a run does not hold, or a run failed.
    """
    runs: list[Run] = []

    def attempt(rate: float, repeats: int) -> str:
        at = msgspec.structs.replace(settings, rate=rate)
        runs.append(trial(at, repeats, note, suite="sweep", measure_each=measure_each))
        return verdict(runs[-1], objectives)

    search = Search(
        attempt,
        first=reach.first,
        lowest=reach.lowest,
        highest=reach.highest,
        precision=reach.precision,
        repeats=reach.repeats,
    )
    rate = search.find()
    if rate is None:
        return Sustained(rate, search.steps, runs)
    at_least = rate >= reach.highest
    found = found_run(rate, runs[-1], settings, objectives, reach)
    if at_least:
        found = msgspec.structs.replace(found, note=f"{at_least_words(rate)}; {found.note}")
    return Sustained(rate, search.steps, runs, found, at_least)


def found_run(rate: float, run: Run, settings: Settings, objectives: Sequence[Objective], reach: Reach) -> Run:
    """What was found, with what was achieved at that rate; latencies at different rates can't be compared.

    Args:
        rate: that was found.
        run: which measured it.
        settings: of the sweep.
        objectives: of the sweep.
        reach: of the sweep.
    """
    parameters = {name: value for name, value in run.parameters.items() if name != "rate"}
    return msgspec.structs.replace(
        run,
        workload=found_title(settings, objectives, reach.repeats),
        parameters=parameters | {"precision": reach.precision},
        figures=[Figure(HIGHEST, "1/s", "higher", [rate]), *(each for each in run.figures if each.name == ACHIEVED)],
        histograms={},
    )


def found_title(settings: Settings, objectives: Sequence[Objective], repeats: int) -> str:
    """What a sweep looks for: the same whatever it finds."""
    wanted = " and ".join(objective.words for objective in objectives)
    return f"{settings.done}, highest open-loop rate with {wanted}{few(repeats)}"


def at_least_words(rate: float) -> str:
    """The rate that was found when it is the highest that was tried."""
    return f"at least {amount(rate, '1/s')}, the highest that was tried"
