"""Listings: how rows are shown."""

from __future__ import annotations

import pytest
from actum_tui.output import TABLE_ROWS_MAX, Listing, Screen, pairs, show_listing


def test_listings(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns stand below each other, wide characters counted; long ones are lines, which take no time to lay out."""
    listing = Listing(("name", "number"), frozenset({"number"}))
    listing.add("漢字", 7)
    listing.add("ascii", 1_234_567)
    listing.add(None, None)
    show_listing(listing)
    assert capsys.readouterr().out.splitlines() == [
        "name      number",
        "漢字           7",
        "ascii  1,234,567",
        "",
    ]
    for number in range(2 * TABLE_ROWS_MAX):
        listing.add("x", number)
    show_listing(listing)
    assert len(capsys.readouterr().out.splitlines()) == 2 * TABLE_ROWS_MAX + 4


def test_what_people_copy_is_not_folded(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a narrow terminal, too, a head is one word; other listings fit the terminal."""
    monkeypatch.setattr(Screen, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", "40")
    head = "7:" + "0123456789abcdef" * 4
    show_listing(pairs(("head", head)))
    assert head in capsys.readouterr().out
    listing = Listing(("name", "what"), header=False)
    listing.add("x", head)
    show_listing(listing)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40
