"""Which characters a terminal is given."""

from __future__ import annotations

import pytest
from actum_tui.top.glyphs import ASCII, UNICODE, glyphs_for
from rich.cells import cell_len


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf-16"])
def test_unicode_where_it_can_be_written(encoding: str) -> None:
    """A terminal of UTF-8 gets blocks."""
    assert glyphs_for(encoding) is UNICODE


@pytest.mark.parametrize("encoding", [None, "ascii", "latin-1", "cp437", "no such encoding"])
def test_ascii_where_it_cannot(encoding: str | None) -> None:
    """Any other gets what every terminal has."""
    assert glyphs_for(encoding) is ASCII


def test_all_are_one_cell_wide() -> None:
    """A line that is drawn with them is as long as it says."""
    for glyphs in (UNICODE, ASCII):
        assert {cell_len(character) for character in "".join(glyphs)} == {1}
    assert "".join(ASCII).isascii()
