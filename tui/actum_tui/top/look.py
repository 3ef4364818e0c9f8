"""Two frames, one after the other: what has happened in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from actum import EngineStatistics
from actum.monitor import Frame, StoreVitals, Vitals

T = TypeVar("T")

SECOND_NS = 1e9


class Look(NamedTuple):
    """What is read of two frames.

    Attributes:
        before: the earlier one; None if there is only one yet.
        now: the later one.
    """

    before: Frame | None
    now: Frame

    @property
    def seconds(self) -> float:
        """Between the two; 0 if there is only one, or if the engine has begun anew in between."""
        if self.before is None:
            return 0.0
        return max(0.0, (self.now.monotonic_ns - self.before.monotonic_ns) / SECOND_NS)

    def statistics_rate(self, count: Callable[[EngineStatistics], float]) -> float | None:
        """How fast a count of the engine's grows, per second."""
        before = None if self.before is None else self.before.statistics
        return self._rate(before, self.now.statistics, count)

    def vitals_rate(self, count: Callable[[Vitals], float]) -> float | None:
        """How fast something that is measured grows, per second."""
        return self._rate(None if self.before is None else self.before.vitals, self.now.vitals, count)

    def store_rate(self, count: Callable[[StoreVitals], float]) -> float | None:
        """How fast the store grows, per second."""
        return self._rate(None if self.before is None else self.before.store, self.now.store, count)

    def _rate(self, before: T | None, now: T | None, count: Callable[[T], float]) -> float | None:
        """None if it can't be known: counts that became less belong to an engine that was opened in between."""
        seconds = self.seconds
        if before is None or now is None or seconds <= 0:
            return None
        grown = count(now) - count(before)
        return grown / seconds if grown >= 0 else None
