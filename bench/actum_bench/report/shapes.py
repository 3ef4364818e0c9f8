"""What can be drawn, as numbers: curves, bars, marks; points that are made of figures, and how all that is named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from actum_bench.amounts import amount
from actum_bench.repeats import middle, unstable
from actum_bench.results import Figure

Scale = Literal["linear", "log", "percentile"]


class Dot(NamedTuple):
    """A point: the median of samples, and how far they reach.

    Attributes:
        x: where.
        y: the median.
        low: the smallest sample.
        high: the largest.
        hollow: whether the samples are UNSTABLE.
        words: to be written beside it.
    """

    x: float
    y: float
    low: float
    high: float
    hollow: bool = False
    words: str = ""


class Series(NamedTuple):
    """Points that belong together."""

    label: str
    dots: list[Dot]


class Lines(NamedTuple):
    """Curves over numbers.

    Attributes:
        name: of the file.
        title: with the durability.
        x_label: what lies to the right, with its unit.
        y_label: what lies upwards, with its unit.
        y_unit: how values upwards are written.
        x_scale: how the numbers lie.
        y_scale: how the values lie.
        series: the curves.
        alternative: the picture in words, for who can't see it.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    y_unit: str
    x_scale: Scale
    y_scale: Scale
    series: list[Series]
    alternative: str


class Bar(NamedTuple):
    """A goal: how many times better (above 1) or worse than wanted, and that in words."""

    label: str
    factor: float
    words: str
    good: bool


class Bars(NamedTuple):
    """Goals, one below the other."""

    name: str
    title: str
    x_label: str
    bars: list[Bar]
    alternative: str


class Mark(NamedTuple):
    """One subject: where it lies, and that in words."""

    label: str
    dot: Dot
    words: str


class Marks(NamedTuple):
    """Subjects, one below the other, over a logarithmic scale."""

    name: str
    title: str
    x_label: str
    marks: list[Mark]
    alternative: str


Chart = Lines | Bars | Marks


def dot_of(x: float, figure: Figure) -> Dot:
    """A figure as a point."""
    samples = figure.samples
    return Dot(x, middle(samples), min(samples), max(samples), hollow=unstable(samples))


def series_of(lines: dict[str, list[Dot]]) -> list[Series]:
    """Points by their labels, from left to right."""
    return [
        Series(label + (" (hollow: UNSTABLE)" if any(dot.hollow for dot in dots) else ""), sorted(dots))
        for label, dots in lines.items()
    ]


def in_words(series: Sequence[Series], x_name: str, unit: str) -> str:
    """Curves for who can't see them."""
    return "; ".join(
        f"{line.label}: "
        + ", ".join(
            f"{amount(dot.y, unit)} at {dot.x:,.0f} {x_name.removesuffix('s') if dot.x == 1 else x_name}"
            for dot in line.dots
        )
        for line in series
    )


def slug(text: str) -> str:
    """A text as a part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "none"
