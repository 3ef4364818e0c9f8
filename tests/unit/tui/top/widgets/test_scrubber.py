"""A knob on a line."""

from __future__ import annotations

from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.widgets.scrubber import cell_of, scrubber_content, thing_at
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(1, 10_000), st.integers(2, 300), st.data())
def test_a_cell_and_its_thing_agree(count: int, width: int, data: st.DataObject) -> None:
    """The knob stands where it was put, if there are no more cells than things; the ends are the ends."""
    cell = data.draw(st.integers(0, width - 1))
    at = thing_at(cell, count, width)

    assert 0 <= at < count
    assert thing_at(0, count, width) == 0
    assert thing_at(width - 1, count, width) == count - 1
    if count >= width:
        assert abs(cell_of(at, count, width) - cell) <= 1


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 80))
def test_it_is_as_wide_as_it_has_room(at: int, count: int, width: int) -> None:
    """Whatever it shows."""
    assert scrubber_content(min(at, max(0, count - 1)), count, width, UNICODE).cell_length == width


def test_without_unicode() -> None:
    """Plain characters."""
    assert scrubber_content(2, 5, 9, ASCII).plain == "====O----"
