"""Times at which operations are to be sent."""

from __future__ import annotations

from itertools import pairwise

from actum_bench.load.schedule import send_times


def test_the_same_seed_gives_the_same_times() -> None:
    """A schedule is a function of its seed, and another seed gives another one."""
    assert send_times(500, 2, "exponential", 3) == send_times(500, 2, "exponential", 3)
    assert send_times(500, 2, "exponential", 3) != send_times(500, 2, "exponential", 4)


def test_the_mean_rate_is_the_rate() -> None:
    """In 20 seconds at 1,000/s there are 20,000 times, give or take five standard deviations, in order and in time."""
    times = send_times(1_000, 20, "exponential", 1)
    assert abs(len(times) - 20_000) < 5 * 20_000**0.5
    assert list(times) == sorted(times)
    assert 0 <= times[0] <= times[-1] < 20_000_000_000


def test_gaps_are_exponential() -> None:
    """About 1 - 1/e of the gaps are shorter than the mean one, as callers come who know nothing of each other."""
    times = send_times(1_000, 20, "exponential", 1)
    short = sum(after - before < 1_000_000 for before, after in pairwise(times))
    assert 0.62 < short / len(times) < 0.645


def test_constant_spacing_is_even() -> None:
    """With constant spacing every gap is the same."""
    assert list(send_times(4, 1, "constant", 1)) == [0, 250_000_000, 500_000_000, 750_000_000]


def test_a_schedule_can_be_empty() -> None:
    """No time to measure is no operation."""
    assert len(send_times(10, 0, "exponential", 1)) == 0
    assert len(send_times(10, 0, "constant", 1)) == 0
