"""Repeats: the subjects take turns, so that what changes on the machine meanwhile reaches all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median, stdev
from typing import Final, TypeVar

from actum_bench.process import VoidRunError
from actum_bench.results import Sample

#: Fewer repeats have no median worth the name.
REPEATS_MIN: Final = 5
#: Samples that differ more than this (standard deviation over mean) say more about the machine than about the subject.
SPREAD_MAX: Final = 0.10

T = TypeVar("T")
Measure = Callable[[], Sample]


def take_turns(subjects: Mapping[str, Measure], repeats: int, note: Callable[[], object]) -> dict[str, list[Sample]]:
    """Measure every subject, then every subject again, and so on; each turn another one is first.

    Args:
        subjects: by name.
        repeats: how often each.
        note: called after each measurement.

    Raises:
        VoidRunError: a check of a sample does not hold.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in subjects}
    for turn in range(repeats):
        for name, measure in rotated([*subjects.items()], turn):
            samples[name].append(checked(name, measure()))
            note()
    return samples


def rotated(subjects: Sequence[T], turn: int) -> list[T]:
    """The order of a turn: nobody is always first, when a disk is quiet, or always after the same one."""
    first = turn % len(subjects) if subjects else 0
    return [*subjects[first:], *subjects[:first]]


def checked(name: str, sample: Sample) -> Sample:
    """A sample whose checks all hold.

    Raises:
        VoidRunError: one does not.
    """
    for check in sample.checks:
        if not check.ok:
            raise VoidRunError(f"{name} is void: {check.name} does not hold ({check.detail})")
    return sample


def series(samples: Iterable[Sample], figure: str) -> list[float]:
    """One figure of all samples."""
    return [sample.values[figure] for sample in samples]


def spread(values: list[float]) -> float:
    """Standard deviation over mean; 0 for fewer than two values."""
    middle = sum(values) / len(values) if values else 0.0
    return stdev(values) / middle if len(values) > 1 and middle else 0.0


def unstable(values: list[float]) -> bool:
    """Whether the samples differ so much that their median says little."""
    return spread(values) > SPREAD_MAX


def ratios(numerators: list[float], denominators: list[float]) -> list[float]:
    """The ratio of each pair."""
    return [above / below for above, below in zip(numerators, denominators, strict=True)]


def middle(values: list[float]) -> float:
    """The median."""
    return median(values)
