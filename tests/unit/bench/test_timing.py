"""Percentiles by nearest rank."""

from __future__ import annotations

import math

import pytest
from actum_bench.timing import quantile
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("count", "share", "rank"),
    [(100, 0.5, 50), (100, 0.99, 99), (10, 0.5, 5), (1_000, 0.999, 999), (100, 1.0, 100), (1, 0.5, 1), (3, 0.0, 1)],
)
def test_nearest_rank(count: int, share: float, rank: int) -> None:
    """Of 1 to n the value is the rank."""
    assert quantile(range(1, count + 1), share) == rank


@given(st.lists(st.integers(0, 10**12), min_size=1), st.sampled_from([0.5, 0.9, 0.99, 0.999, 1.0]))
def test_a_share_of_the_values_does_not_exceed_it(values: list[int], share: float) -> None:
    """And it is the smallest value of which that is true."""
    found = quantile(values, share)
    least = math.ceil(round(len(values) * share, 6))
    assert sum(value <= found for value in values) >= least
    assert sum(value < found for value in values) < least


def test_of_nothing() -> None:
    """There is no latency where nobody waited."""
    assert quantile([], 0.99) == 0.0
