"""Windows and quantiles."""

from __future__ import annotations

import pytest
from actum.monitor.frames import Quantiles
from actum.monitor.spread import VALUES_MAX, WINDOW_SECONDS, Window, spread, spread_of_ordered

from tests.support.clocks import FakeClock


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], Quantiles()),
        ([7.0], Quantiles(1, 7.0, 7.0, 7.0)),
        ([3.0, 1.0], Quantiles(2, 1.0, 3.0, 3.0)),
        (range(100, 0, -1), Quantiles(100, 50, 99, 100)),
        (range(1_000), Quantiles(1_000, 499, 989, 999)),
    ],
)
def test_quantiles_are_by_nearest_rank(values: list[float], found: Quantiles) -> None:
    """Of a known sequence, in whatever order."""
    assert spread(values) == found


@pytest.mark.parametrize("weights", [[1, 1, 1, 1], [5, 1, 1, 1], [1, 1, 1, 300], [49, 50, 1, 2], [50, 50, 1, 99]])
def test_a_value_that_stands_for_several_counts_as_often(weights: list[int]) -> None:
    """As if it had been measured so often; only the count is that of what was measured."""
    values = [1.0, 2.0, 3.0, 4.0]
    repeated = spread(value for value, weight in zip(values, weights, strict=True) for _ in range(weight))
    found = spread_of_ordered(values, weights)
    assert (found.p50, found.p99, found.maximum) == (repeated.p50, repeated.p99, repeated.maximum)
    assert found.count == 4


def test_a_window_forgets_what_is_old() -> None:
    """A value is there for as long as the window is wide."""
    clock = FakeClock()
    window: Window[str] = Window(clock.monotonic_ns)
    window.add("old")
    clock.advance(1)
    window.add("young")
    clock.advance(WINDOW_SECONDS - 1)
    assert window.values() == ["old", "young"]
    clock.advance(0.5)
    assert window.values() == ["young"]
    clock.advance(0.6)
    assert window.values() == []


def test_a_window_is_bounded() -> None:
    """Whatever comes in the time: the newest stay."""
    window: Window[int] = Window(FakeClock().monotonic_ns)
    for value in range(3 * VALUES_MAX):
        window.add(value)
    assert window.values() == list(range(2 * VALUES_MAX, 3 * VALUES_MAX))
