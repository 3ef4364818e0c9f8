"""Pairs of rounds with and without an onlooker."""

from __future__ import annotations

from itertools import pairwise
from math import comb
from pathlib import Path
from typing import Any

import pytest
from actum_bench.measurements import monitored
from actum_bench.measurements.monitored import Round, figures, interval
from actum_bench.process import VoidRunError
from actum_bench.repeats import checked

GIVEN: dict[str, Any] = {"clients": 4, "accounts": 20, "pairs": 1, "durability": "relaxed"}


def test_pairs(tmp_path: Path) -> None:
    """Rates and ratios are there, what was wanted was seen, and nothing stays."""
    given = {**GIVEN, "seconds": 1.0, "directory": str(tmp_path)}
    sample = checked("actors", monitored.engine(**given, actors=True, rows=True))
    assert set(sample.values) == set(figures([(Round(1, 1), Round(1, 1))]))
    assert sample.values["throughput"] == pytest.approx(
        sample.values["commands/s, attached"] / sample.values["commands/s"]
    )
    assert all(value > 0 for value in sample.values.values())
    assert not list(tmp_path.iterdir())


def test_a_round_without_a_frame_is_void(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looked, so nothing is known of what looking costs."""
    monkeypatch.setattr(monitored, "SETTLE_SECONDS", 0.0)
    given = {**GIVEN, "pairs": 50, "seconds": 0.02, "directory": str(tmp_path)}
    with pytest.raises(VoidRunError, match="frames with vitals came"):
        checked("overview", monitored.engine(**given))


def test_figures_are_medians_of_pairs() -> None:
    """Each pair is compared with itself alone."""
    rounds = [
        (Round(100, 1e-5), Round(99, 2e-5)),
        (Round(1_000, 1e-5), Round(500, 1e-5)),
        (Round(10, 1e-5), Round(10, 1.5e-5)),
    ]
    found = figures(rounds)
    assert (found["commands/s"], found["commands/s, attached"]) == (100, 99)
    assert (found["throughput"], found["throughput, from"], found["throughput, to"]) == (0.99, 0.5, 1.0)
    assert found["processor"] == pytest.approx(1.5)


@pytest.mark.parametrize(("count", "first"), [(1, 0), (3, 0), (6, 0), (8, 0), (9, 1), (12, 2), (60, 21)], ids=str)
def test_the_interval_leaves_out_as_many_as_it_may(count: int, first: int) -> None:
    """On both sides alike; by the binomial distribution."""
    assert interval(range(count)) == (first, count - 1 - first)
    assert sum(comb(count, beyond) for beyond in range(first)) / 2**count < 0.025


def test_intervals_become_narrower() -> None:
    """In shares of the values."""
    widths = [(high - low) / count for count in (10, 100, 1_000) for low, high in [interval(range(count))]]
    assert all(narrow < wide for wide, narrow in pairwise(widths))
    assert interval([]) == (0.0, 0.0)
