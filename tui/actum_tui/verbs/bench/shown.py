"""How figures are shown: medians with units that people read, the spread, and UNSTABLE where it is large."""

from __future__ import annotations

from collections.abc import Sequence

from actum_bench.repeats import middle, spread, unstable
from actum_bench.results import Goal, Run

from actum_tui.output import Listing

#: Units of time from the largest, and below which number of seconds each ends.
TIMES = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
SIZES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
#: From here on a rate has no decimals.
WHOLE = 100


def amount(value: float, unit: str) -> str:
    """A value with its unit, three digits of it or so."""
    if unit == "s":
        name, factor = next(((name, factor) for name, factor in TIMES if value >= factor), TIMES[-1])
        return f"{value / factor:.3g} {name}" if value / factor < WHOLE else f"{value / factor:,.0f} {name}"
    if unit == "B":
        name, factor = next(((name, factor) for name, factor in SIZES if value >= factor), ("B", 1.0))
        return f"{value / factor:.3g} {name}"
    if unit == "ratio":
        return f"{value:.2f}"
    number = f"{value:,.0f}" if value >= WHOLE else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


def steadiness(samples: list[float]) -> str:
    """How much repeats differ."""
    if len(samples) < 2:  # noqa: PLR2004  # one value has no spread
        return ""
    return f"±{spread(samples):.0%}{' UNSTABLE' if unstable(samples) else ''}"


def runs_listing(runs: Sequence[Run]) -> Listing:
    """Every figure of every run."""
    made = Listing(("workload", "subject", "durability", "figure", "median", "spread"), frozenset({"median"}))
    for run in runs:
        for figure in run.figures:
            median = amount(middle(figure.samples), figure.unit)
            style = "bold red" if run.void else ""
            made.add(
                run.workload, run.subject, run.durability, figure.name, median, steadiness(figure.samples), style=style
            )
    return made


def goals_listing(goals: Sequence[Goal]) -> Listing:
    """Every goal, and whether the median reaches it."""
    made = Listing(("goal", "wanted", "median", "", "spread"), frozenset({"wanted", "median"}))
    for goal in goals:
        median = middle(goal.samples)
        reached = median >= goal.bound if goal.better == "higher" else median <= goal.bound
        made.add(
            goal.name,
            ("≥ " if goal.better == "higher" else "≤ ") + amount(goal.bound, goal.unit),
            amount(median, goal.unit),
            "reached" if reached else "MISSED",
            steadiness(goal.samples),
            style="" if reached else "yellow",
        )
    return made
