"""Samples as columns, columns as lines."""

from __future__ import annotations

import math

import pytest
from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.widgets.sparkline import columns, lines, scale_end
from hypothesis import given
from hypothesis import strategies as st


def test_one_sample_a_column_while_there_is_room() -> None:
    """The newest are shown."""
    assert columns([1, 2, 3], 3, 5, 5) == [1, 2, 3]
    assert columns([1, 2, 3], 3, 2, 2) == [2, 3]
    assert columns([], 0, 5, 5) == []
    assert columns([1], 1, 0, 5) == []


def test_several_share_a_column_and_no_peak_is_lost() -> None:
    """Of those in a column the highest is shown."""
    assert columns([1, 9, 2, 3], 4, 2, 4) == [9, 3]


def test_columns_stand_still_while_samples_come() -> None:
    """A finished column never changes: only the newest does."""
    samples = [float(number * 7 % 11) for number in range(100)]
    before = columns(samples[:50], 50, 10, 30)
    after = columns(samples[1:51], 51, 10, 30)
    assert after[-4:-1] == before[-3:] or after[-4:-1] == before[-4:-1]


@pytest.mark.parametrize(
    ("highest", "end"), [(0, 0), (0.0007, 0.001), (1, 1), (1.1, 2), (48_200, 50_000), (50_000, 50_000), (math.nan, 0)]
)
def test_scales_end_at_round_numbers(highest: float, end: float) -> None:
    """1, 2 or 5 times a power of ten."""
    assert scale_end([highest]) == pytest.approx(end)


def test_lines_begin_at_nothing() -> None:
    """The scale begins at 0, what is above 0 is seen, the newest is at the right."""
    assert lines([0, 0.01, 4, 8], 8, 6, 1, UNICODE) == ["   ▁▄█"]
    assert lines([4, 8], 8, 2, 2, UNICODE) == [" █", "██"]
    assert lines([2, 6], 8, 2, 2, UNICODE) == [" ▄", "▄█"]
    assert lines([0, 8], 8, 2, 1, ASCII) == [" #"]
    assert lines([], 8, 3, 1, UNICODE) == ["   "]
    assert lines([1], 8, 0, 1, UNICODE) == [""]


@given(
    st.lists(st.floats(min_value=0, max_value=1e12), max_size=40),
    st.integers(0, 30),
    st.integers(1, 4),
    st.integers(1, 200),
)
def test_every_line_has_its_width(samples: list[float], width: int, height: int, window: int) -> None:
    """However many samples there are."""
    heights = columns(samples, len(samples) + 7, width, window)
    drawn = lines(heights, scale_end(samples), width, height, UNICODE)
    assert [len(line) for line in drawn] == [width] * height
