"""Values of the last seconds, and how they are spread."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar, final

from actum.monitor.frames import Quantiles

T = TypeVar("T")

#: Values that are shown are of so many seconds.
WINDOW_SECONDS = 10.0
WINDOW_NS = int(WINDOW_SECONDS * 1e9)
#: Kept in one window: more than is measured in that time.
VALUES_MAX = 2_000


@final
class Window(Generic[T]):
    """The values of the last seconds; with too many of them, the newest."""

    __slots__ = ("_now_ns", "_values")

    def __init__(self, now_ns: Callable[[], int]) -> None:
        """None yet.

        Args:
            now_ns: a time that never goes back.
        """
        self._now_ns = now_ns
        self._values: deque[tuple[int, T]] = deque(maxlen=VALUES_MAX)

    def add(self, value: T) -> None:
        """One more, of now."""
        self._values.append((self._now_ns(), value))

    def values(self) -> list[T]:
        """Those that are not too old, oldest first; the others are gone."""
        values, oldest_ns = self._values, self._now_ns() - WINDOW_NS
        while values and values[0][0] < oldest_ns:
            values.popleft()
        return [value for _, value in values]


def spread(values: Iterable[float]) -> Quantiles:
    """How values are spread that all count alike."""
    ordered = sorted(values)
    return spread_of_ordered(ordered, [1] * len(ordered))


def spread_of_ordered(ordered: Sequence[float], weights: Sequence[int]) -> Quantiles:
    """How values are spread, by nearest rank: the smallest that at least the share of all weights does not exceed.

    Args:
        ordered: the smallest first.
        weights: for how many values each stands.
    """
    if not ordered:
        return Quantiles()
    below = list(accumulate(weights))
    p50, p99 = (ordered[bisect_left(below, -(-below[-1] * percent // 100))] for percent in (50, 99))
    return Quantiles(count=len(ordered), p50=p50, p99=p99, maximum=ordered[-1])
