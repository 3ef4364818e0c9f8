"""Bars that are filled, and shares in figures."""

from __future__ import annotations

import pytest
from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.widgets.gauge import gauge, percent
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("share", "drawn"),
    [
        (0, "░░░░"),
        (1e-9, "▏░░░"),
        (0.5, "██░░"),
        (0.6, "██▍░"),
        (0.9999, "███▉"),
        (1, "████"),
        (7, "████"),
        (-1, "░░░░"),
    ],
)
def test_gauges(share: float, drawn: str) -> None:
    """What has begun is seen, and only what is whole looks so."""
    assert gauge(share, 4, UNICODE) == drawn


def test_gauges_without_parts() -> None:
    """In ASCII a cell is filled or not."""
    assert gauge(0.5, 4, ASCII) == "##.."
    assert gauge(0.999, 4, ASCII) == "###."
    assert gauge(0.5, 0, ASCII) == ""


@given(st.floats(allow_nan=False), st.integers(1, 50))
def test_gauges_have_their_width(share: float, width: int) -> None:
    """Whatever the share is."""
    assert len(gauge(share, width, UNICODE)) == width


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "<1 %"), (0.01, "1 %"), (0.713, "71 %"), (0.999, "99 %"), (1, "100 %")]
)
def test_percents(share: float, text: str) -> None:
    """Nothing and all of it are said only where they are true."""
    assert percent(share) == text
