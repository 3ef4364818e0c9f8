"""Values as people read them: medians with units, the spread, UNSTABLE where it is large, reached or missed."""

from __future__ import annotations

from collections.abc import Mapping

from actum_bench.repeats import middle, spread, unstable
from actum_bench.results import Goal, Parameter

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


def wanted(goal: Goal) -> str:
    """What a goal asks for."""
    return ("≥ " if goal.better == "higher" else "≤ ") + amount(goal.bound, goal.unit)


def reached(goal: Goal) -> bool:
    """Whether the median reaches the goal; one that nobody measured is not reached."""
    if not goal.samples:
        return False
    median = middle(goal.samples)
    return median >= goal.bound if goal.better == "higher" else median <= goal.bound


def parameters_text(parameters: Mapping[str, Parameter]) -> str:
    """Parameters in one line."""
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{name} {value}"
        for name, value in parameters.items()
        if value is not None
    )
