"""One measurement, one process: what it gives, and what becomes of one that gives nothing."""

from __future__ import annotations

import pytest
from actum_bench.process import VoidRunError, in_child
from actum_bench.results import Sample


def given(*, value: float) -> Sample:
    """A measurement."""
    return Sample({"value": value})


def failing(*, why: str) -> Sample:
    """One that raises."""
    raise ValueError(why)


def silent() -> Sample:
    """One whose process ends without a word."""
    raise SystemExit(0)


def test_what_a_measurement_gives() -> None:
    """Its values, by name."""
    assert in_child(given, value=1.5) == Sample({"value": 1.5})


def test_a_measurement_that_raises_is_void() -> None:
    """With the last line of what it said."""
    with pytest.raises(VoidRunError, match="failing failed: ValueError: no disk"):
        in_child(failing, why="no disk")


def test_a_measurement_that_says_nothing_is_void() -> None:
    """It gave no figures, and that is said."""
    with pytest.raises(VoidRunError, match="silent gave no figures: nothing at all"):
        in_child(silent)
