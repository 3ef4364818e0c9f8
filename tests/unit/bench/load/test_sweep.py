"""The search for the highest rate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from actum_bench.load.sweep import Search, rounded


def search(holds: Callable[[float, int], bool], *, first: float = 1_000, highest: float = 100_000) -> Search:
    """A search over a subject that holds or not."""
    return Search(
        lambda rate, repeats: "" if holds(rate, repeats) else "too much",
        first=first,
        lowest=10,
        highest=highest,
        precision=0.05,
        repeats=3,
    )


@pytest.mark.parametrize("limit", [11, 900, 1_000, 1_001, 7_777, 31_400, 99_000])
def test_it_comes_near_the_limit(limit: float) -> None:
    """What is found holds, and lies within the precision and the rounding below what breaks."""
    looking = search(lambda rate, _: rate <= limit)
    found = looking.find()
    assert found is not None
    assert limit / 1.07 <= found <= limit
    assert len(looking.steps) < 25


def test_it_doubles_first_and_then_narrows() -> None:
    """The steps are doublings up to the first that breaks, then lie between the bounds, and the last is repeated."""
    looking = search(lambda rate, _: rate <= 5_000)
    found = looking.find()
    rates = [step.rate for step in looking.steps]
    assert rates[:4] == [1_000, 2_000, 4_000, 8_000]
    assert all(4_000 < rate < 8_000 for rate in rates[4:-1])
    assert rates[-1] == found
    assert [step.repeats for step in looking.steps] == [1] * (len(rates) - 1) + [3]
    assert not looking.steps[-1].broken


def test_it_goes_down_when_the_first_breaks() -> None:
    """A first rate that is too high is halved."""
    looking = search(lambda rate, _: rate <= 200)
    assert looking.find() is not None
    assert [step.rate for step in looking.steps][:4] == [1_000, 500, 250, 125]


def test_nothing_may_hold() -> None:
    """When the lowest rate breaks there is nothing to find."""
    looking = search(lambda _rate, _repeats: False)
    assert looking.find() is None
    assert looking.steps[-1].rate == 10


def test_everything_may_hold() -> None:
    """When the highest rate holds, that is what was found."""
    assert search(lambda _rate, _repeats: True).find() == 100_000


def test_what_does_not_hold_again_is_lowered() -> None:
    """A rate that held once and breaks when it is repeated gives way to a lower one."""
    looking = search(lambda rate, repeats: rate <= (5_000 if repeats == 1 else 4_200))
    found = looking.find()
    assert found is not None
    assert 3_700 < found <= 4_200
    assert any(step.broken for step in looking.steps if step.repeats == 3)


def test_what_never_holds_again_is_not_found() -> None:
    """After some attempts the search says that there is nothing, instead of going on."""
    assert search(lambda _rate, repeats: repeats == 1).find() is None


def test_rates_have_three_digits() -> None:
    """More digits would say more than is known."""
    assert rounded(12_345.6) == 12_300
    assert rounded(0.98765) == 0.988
