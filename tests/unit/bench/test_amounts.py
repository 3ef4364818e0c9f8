"""Values as people read them."""

from __future__ import annotations

import pytest
from actum_bench.amounts import amount, parameters_text, reached, steadiness, wanted

from tests.support.made_results import goal_of


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0000003, "s", "300 ns"),
        (0.00123, "s", "1.23 ms"),
        (250.0, "s", "250 s"),
        (0.0, "s", "0 ns"),
        (123_456.7, "1/s", "123,457 1/s"),
        (0.125, "1/s", "0.125 1/s"),
        (2_500.0, "B", "2.5 kB"),
        (12.0, "B", "12 B"),
        (0.666, "ratio", "0.67"),
        (5.0, "", "5"),
    ],
)
def test_amount(value: float, unit: str, text: str) -> None:
    """A value has its unit, and about three digits."""
    assert amount(value, unit) == text


def test_steadiness() -> None:
    """One sample has no spread; a spread of more than a tenth is UNSTABLE."""
    assert [steadiness(samples) for samples in ([1.0], [1.0, 1.0], [1.0, 2.0])] == ["", "±0%", "±47% UNSTABLE"]


def test_goals() -> None:
    """A goal is reached at its bound, on the better side, and never unmeasured."""
    assert reached(goal_of("x", 0.6, [0.6]))
    assert not reached(goal_of("x", 0.6, [0.59]))
    assert reached(goal_of("x", 0.005, [0.004], "lower", "s"))
    assert not reached(goal_of("x", 0.6, []))
    assert [wanted(goal_of("x", 0.005, [], "lower", "s")), wanted(goal_of("x", 0.6, []))] == ["≤ 5 ms", "≥ 0.60"]


def test_parameters() -> None:
    """Numbers are grouped, switches are words, and what was left out is not there."""
    assert parameters_text({"events": 10_000, "hot": True, "keys": "zipf", "none": None}) == (
        "events 10,000, hot True, keys zipf"
    )
