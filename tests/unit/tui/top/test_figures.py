"""Numbers for people."""

from __future__ import annotations

import pytest
from actum_tui.top import figures
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00k"),
        (12_345, "12.3k"),
        (999_600, "1.00M"),
        (4.56e9, "4.56G"),
        (-2e3, "-2.00k"),
    ],
)
def test_amounts(value: float, shown: str) -> None:
    """Three digits and a unit."""
    assert figures.amount(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "—"), (0, "0"), (0.25, "0.25"), (9.5, "9.50"), (48_200, "48.2k"), (12.0, "12")]
)
def test_rates(value: float | None, shown: str) -> None:
    """Slow ones have decimals; one that is not known is no 0."""
    assert figures.rate(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (0, "0 s"),
        (1e-7, "<1 µs"),
        (0.00021, "210 µs"),
        (0.00163, "1.63 ms"),
        (0.9999, "1.00 s"),
        (12, "12.0 s"),
        (8_049, "02:14:09"),
        (3 * 86_400 + 8_049, "3 d 02:14"),
    ],
)
def test_times(value: float | None, shown: str) -> None:
    """The unit follows the size."""
    assert figures.seconds(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, "—"), (0, "0 %"), (0.004, "0.4 %"), (0.71, "71 %"), (1, "100 %")])
def test_shares(value: float | None, shown: str) -> None:
    """Small ones have a decimal."""
    assert figures.share(value) == shown


def test_whole_numbers() -> None:
    """All digits."""
    assert figures.whole(9_120_044) == "9,120,044"


@given(st.floats(0, 1e14))
def test_all_are_short(value: float) -> None:
    """They fit a column."""
    assert len(figures.amount(value)) <= 6
    assert len(figures.rate(value)) <= 6
    if value < 86_400 * 99_999:
        assert len(figures.seconds(value)) <= 13
