"""The highest rate that meets an objective: doubled until it breaks, then narrowed down, then measured again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

#: A search that has not ended after so many steps will not.
STEPS_MAX = 40
#: What is tried next when a rate that was found does not hold when it is measured again.
BACK_OFF = 0.9
CONFIRMATIONS_MAX = 5


class Step(NamedTuple):
    """One rate that was tried.

    Attributes:
        rate: operations per second.
        broken: why it does not meet the objective; empty if it does.
        repeats: how often it was measured.
    """

    rate: float
    broken: str
    repeats: int


#: Measures a rate so many times, and says why it does not meet the objective; nothing if it does.
Try = Callable[[float, int], str]


class Search:
    """Looks for the highest rate.

    Attributes:
        steps: every rate that was tried, in order.
    """

    def __init__(
        self, attempt: Try, *, first: float, lowest: float, highest: float, precision: float, repeats: int
    ) -> None:
        """Say where to look.

        Args:
            attempt: measures a rate.
            first: the rate to begin with.
            lowest: below this there is nothing to find.
            highest: above this there is nothing to find.
            precision: how near, as a share, a rate that breaks has to be to one that holds.
            repeats: how often the rate that was found is measured again.
        """
        self.steps: list[Step] = []
        self._attempt = attempt
        self._first = first
        self._lowest = lowest
        self._highest = highest
        self._precision = precision
        self._repeats = repeats

    def find(self) -> float | None:
        """The highest rate that holds when it is measured again; None if there is none."""
        rate = self._narrowed()
        for _ in range(CONFIRMATIONS_MAX):
            if rate is None or rate < self._lowest:
                return None
            if self._holds(rate, self._repeats):
                return rate
            rate = rounded(rate * BACK_OFF)
        return None

    def _narrowed(self) -> float | None:
        """The highest rate that held once."""
        low, high = self._bounds()
        if low is None or high is None:
            return low
        while high > low * (1 + self._precision) and len(self.steps) < STEPS_MAX:
            between = rounded((low + high) / 2)
            if not low < between < high:
                break
            if self._holds(between):
                low = between
            else:
                high = between
        return low

    def _bounds(self) -> tuple[float | None, float | None]:
        """A rate that holds and one, at most twice as high, that breaks; either may not be there."""
        rate = self._first
        if self._holds(rate):
            while rate < self._highest:
                higher = min(rate * 2, self._highest)
                if not self._holds(higher):
                    return rate, higher
                rate = higher
            return rate, None
        while rate > self._lowest:
            lower = max(rate / 2, self._lowest)
            if self._holds(lower):
                return lower, rate
            rate = lower
        return None, rate

    def _holds(self, rate: float, repeats: int = 1) -> bool:
        """Try a rate."""
        self.steps.append(Step(rate, self._attempt(rate, repeats), repeats))
        return not self.steps[-1].broken


def rounded(rate: float) -> float:
    """A rate to three digits: more would say more than is known."""
    return float(f"{rate:.3g}")
