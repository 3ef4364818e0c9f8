"""The figures of the storage and of the loop: their names, how they are read off two frames, when to worry.

One description for the screen and for `actum vitals`: a row has one figure, or three (p50, p99, longest or largest).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from actum import EngineStatistics
from actum.monitor import Quantiles, StoreVitals, Vitals

from actum_tui.top import figures
from actum_tui.top.look import Look

Level: TypeAlias = Literal["fine", "warning", "error"]
Unit: TypeAlias = Literal["count", "position", "per second", "bytes", "bytes per second", "seconds", "share"]
#: Where a figure comes from: an engine that is attached to, what is measured meanwhile, or the store's directory.
Origin: TypeAlias = Literal["engine", "vitals", "store"]


#: Less is written as less than this.
SHARE_MIN = 0.001


def small_share(value: float) -> str:
    """A part of a whole that is not said to be nothing while it is something."""
    return "<0.1 %" if 0 < value < SHARE_MIN else figures.share(value)


#: How values are written for people.
WRITTEN: dict[Unit, Callable[[float], str]] = {
    "count": figures.amount,
    "position": lambda value: figures.whole(int(value)),
    "per second": figures.rate,
    "bytes": figures.size,
    "bytes per second": lambda value: f"{figures.size(value)}/s",
    "seconds": figures.seconds,
    "share": small_share,
}


class Limits(NamedTuple):
    """Where worry begins.

    Attributes:
        warning: from here on it is not well.
        error: from here on something has to be done; None for never.
        below: worry begins below these, not above.
    """

    warning: float
    error: float | None = None
    below: bool = False

    def level(self, value: float) -> Level:
        """How well a value is."""
        sign = -1 if self.below else 1
        if self.error is not None and sign * value > sign * self.error:
            return "error"
        return "warning" if sign * value > sign * self.warning else "fine"


class Figure(NamedTuple):
    """One figure.

    Attributes:
        key: its name for programs; the unit is its end.
        unit: what it is measured in.
        read: gives it; None if it is not known.
    """

    key: str
    unit: Unit
    read: Callable[[Look], float | None]

    def written(self, value: float | None) -> str:
        """A value of it for people; nothing if it is not known."""
        return "" if value is None else WRITTEN[self.unit](value)


class Row(NamedTuple):
    """One line of figures.

    Attributes:
        section: where it stands.
        name: what it is.
        origin: where its figures come from.
        words: what it is, when to worry, what to do.
        figures: one, or p50, p99 and the largest.
        limits: where worry begins, for the one figure or for p99.
        drawn: which of the figures is drawn; None for none.
        gauge: whether it is drawn as a bar, not over time.
        short: its name where there is little room; empty for the same.
    """

    section: str
    name: str
    origin: Origin
    words: str
    figures: tuple[Figure, ...]
    limits: Limits | None = None
    drawn: int | None = 0
    gauge: bool = False
    short: str = ""

    def level(self, values: tuple[float | None, ...]) -> Level:
        """How well its figures are."""
        value = values[min(1, len(values) - 1)]
        return "fine" if self.limits is None or value is None else self.limits.level(value)


def of_engine(key: str, unit: Unit, read: Callable[[EngineStatistics], float | None]) -> tuple[Figure]:
    """One that an engine's statistics have."""

    def figure(look: Look) -> float | None:
        return None if look.now.statistics is None else read(look.now.statistics)

    return (Figure(key, unit, figure),)


def of_vitals(key: str, unit: Unit, read: Callable[[Vitals], float | None]) -> tuple[Figure]:
    """One that is measured while somebody looks."""

    def figure(look: Look) -> float | None:
        return None if look.now.vitals is None else read(look.now.vitals)

    return (Figure(key, unit, figure),)


def of_store(key: str, unit: Unit, read: Callable[[StoreVitals], float | None]) -> tuple[Figure]:
    """One that the store's directory says."""

    def figure(look: Look) -> float | None:
        return None if look.now.store is None else read(look.now.store)

    return (Figure(key, unit, figure),)


def of_both(key: str, unit: Unit, read: Callable[[Look], float | None]) -> tuple[Figure]:
    """One that is made of two frames, or of several of their parts."""
    return (Figure(key, unit, read),)


def quantile_figures(key: str, unit: Unit, quantiles: Callable[[Vitals], Quantiles]) -> tuple[Figure, ...]:
    """p50, p99 and the largest of what is measured; unknown while nothing has been."""

    def of_measured(name: str, read: Callable[[Quantiles], float]) -> tuple[Figure]:
        def figure(vitals: Vitals) -> float | None:
            found = quantiles(vitals)
            return read(found) if found.count else None

        return of_vitals(f"{key}_{name}", unit, figure)

    return (
        *of_measured("p50", lambda found: found.p50),
        *of_measured("p99", lambda found: found.p99),
        *of_measured("max", lambda found: found.maximum),
    )
