"""Experiments: subjects that take turns at the same work, and the goals that are read off their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from actum_bench.process import VoidRunError
from actum_bench.repeats import Measure, series, take_turns
from actum_bench.results import PLACES, Better, Figure, Goal, Parameter, Run, Sample, Skipped

#: What each subject gave in one turn, by name.
Turn = Mapping[str, Sample]
#: Is told how much is done, and of how much.
Progress = Callable[[int, int], object]

#: Units and directions of figures by name; what is not here is a time, and better lower.
FIGURES: dict[str, tuple[str, Better]] = {
    "commands/s": ("1/s", "higher"),
    "events/s": ("1/s", "higher"),
    "commits": ("", "lower"),
    "sent": ("", "higher"),
    "busy turns": ("", "higher"),
    "commands/s before": ("1/s", "higher"),
    "commands/s in the window": ("1/s", "higher"),
    "checkpoints": ("", "higher"),
    "memory after opening": ("B", "lower"),
    "by hand": ("B", "lower"),
    "engine": ("B", "lower"),
    "engine, unsaved": ("B", "lower"),
    "beyond": ("B", "lower"),
    "events": ("", "higher"),
    "commands/s, attached": ("1/s", "higher"),
    "throughput": ("ratio", "higher"),
    "throughput, from": ("ratio", "higher"),
    "throughput, to": ("ratio", "higher"),
    "processor": ("ratio", "lower"),
    "processor, from": ("ratio", "lower"),
    "processor, to": ("ratio", "lower"),
}


class Wish(NamedTuple):
    """A goal that one turn's figures speak about.

    Attributes:
        name: what is wanted.
        bound: the value to reach.
        better: "higher": at least `bound`; "lower": at most.
        unit: "ratio", "s", "1/s", "B".
        value: how it is read off a turn.
    """

    name: str
    bound: float
    better: Better
    unit: str
    value: Callable[[Turn], float]


class Experiment(NamedTuple):
    """One workload.

    Attributes:
        suite: as in `Run`.
        workload: what is done.
        durability: of all subjects.
        subjects: who does it, by name.
        wishes: the goals.
        repeats: how often each subject does it.
        note: what should be known beside the figures.
        parameters: of each subject, where they differ in a number that figures can be drawn over; a run has those that
            its measurement is called with, and these.
    """

    suite: str
    workload: str
    durability: str
    subjects: Mapping[str, Measure]
    wishes: Sequence[Wish]
    repeats: int
    note: str = ""
    parameters: Mapping[str, Mapping[str, Parameter]] = {}

    @property
    def steps(self) -> int:
        """How many measurements it takes."""
        return self.repeats * len(self.subjects)


class Outcome(NamedTuple):
    """What came of an experiment.

    Attributes:
        runs: one for each subject.
        goals: one for each wish.
        skipped: what gives none: it is not here, or it is void.
    """

    runs: list[Run]
    goals: list[Goal]
    skipped: list[Skipped]


class Suite(NamedTuple):
    """Measurements that are carried out together.

    Attributes:
        title: what it is.
        carry_out: does it, and is told whom to tell how far it is: so much done, of so much.
    """

    title: str
    carry_out: Callable[[Progress], Outcome]


def suite_of(title: str, experiments: Iterable[Experiment]) -> Suite:
    """Experiments, one after the other."""

    def carry_out_all(progress: Progress) -> Outcome:
        planned = list(experiments)
        whole = sum(experiment.steps for experiment in planned)
        note = counted(progress, whole)
        outcomes = [carry_out(experiment, note) for experiment in planned]
        return Outcome(
            [run for outcome in outcomes for run in outcome.runs],
            [goal for outcome in outcomes for goal in outcome.goals],
            [gap for outcome in outcomes for gap in outcome.skipped],
        )

    return Suite(title, carry_out_all)


def counted(progress: Progress, whole: int) -> Callable[[], None]:
    """Moves a progress on by one step with each call; a number of steps that was guessed too low grows."""
    done = 0

    def note() -> None:
        nonlocal done
        done += 1
        progress(done, max(whole, done))

    progress(done, whole)
    return note


def carry_out(experiment: Experiment, note: Callable[[], object]) -> Outcome:
    """Do it.

    Args:
        experiment: what to do.
        note: called after each measurement.
    """
    try:
        samples = take_turns(experiment.subjects, experiment.repeats, note)
    except VoidRunError as error:
        return Outcome([], [], [Skipped(experiment.suite, experiment.workload, str(error), void=True)])
    turns: list[Turn] = [dict(zip(samples, turn, strict=True)) for turn in zip(*samples.values(), strict=True)]
    goals = [
        Goal(
            name=wish.name,
            bound=wish.bound,
            better=wish.better,
            unit=wish.unit,
            samples=[wish.value(turn) for turn in turns],
            durability=experiment.durability,
            suite=experiment.suite,
            read_off=[experiment.workload],
        )
        for wish in experiment.wishes
    ]
    runs = [
        Run(
            suite=experiment.suite,
            workload=experiment.workload,
            subject=name,
            durability=experiment.durability,
            parameters=given(experiment.subjects[name]) | dict(experiment.parameters.get(name, {})),
            figures=[figure_of(figure, series(taken, figure)) for figure in taken[0].values],
            checks=taken[-1].checks,
            histograms=taken[-1].histograms,
            note=experiment.note,
        )
        for name, taken in samples.items()
    ]
    return Outcome(runs, goals, [])


def given(measure: Measure) -> dict[str, Parameter]:
    """What a measurement is called with: what `measure_of` was told, but for places."""
    called = measure.keywords if isinstance(measure, partial) else {}
    return {name: value for name, value in called.items() if name not in PLACES}


def figure_of(name: str, samples: list[float]) -> Figure:
    """A figure with its unit."""
    unit, better = FIGURES.get(name, ("s", "lower"))
    return Figure(name, unit, better, samples)


def ratio(above: str, below: str, figure: str) -> Callable[[Turn], float]:
    """How many times one subject's figure is another's."""
    return lambda turn: turn[above].values[figure] / turn[below].values[figure]


def value(subject: str, figure: str) -> Callable[[Turn], float]:
    """One subject's figure."""
    return lambda turn: turn[subject].values[figure]


def largest(figure: str) -> Callable[[Turn], float]:
    """The largest of all subjects' figures."""
    return lambda turn: max(sample.values[figure] for sample in turn.values())
