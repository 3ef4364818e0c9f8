"""Moving through a view."""

from __future__ import annotations

import pytest
from actum.monitor import RowsPage, RowsRequest
from actum_tui.top.row_steps import position_of, stepped


def page(offset: int, count: int, matched: int | None = None) -> RowsPage:
    """A page somewhere in a view; its rows don't matter here."""
    found = count if matched is None else matched
    return RowsPage(
        view="v", position=1, key="k", columns=(), rows=(), offset=offset, count=count, matched=found, looked_at=count
    )


@pytest.mark.parametrize(
    ("step", "offset"),
    [("first", 0), ("before", 30), ("next", 50), ("last", 90), ("up", 39), ("down", 41)],
)
def test_steps(step: str, offset: int) -> None:
    """By pages, by rows, to the ends."""
    request = RowsRequest(view="v", limit=10, offset=40)

    assert stepped(request, page(40, 100), step).offset == offset  # type: ignore[arg-type]


def test_the_edges() -> None:
    """Nothing lies beyond them; with a filter the rows that match count."""
    request = RowsRequest(view="v", limit=10)

    assert stepped(request, page(0, 100), "up").offset == 0
    assert stepped(request, page(85, 100), "next").offset == 90
    assert stepped(request, page(0, 5), "last").offset == 0
    assert stepped(RowsRequest(view="v", limit=10, filter="x"), page(0, 100, 25), "last").offset == 15


@pytest.mark.parametrize(
    ("text", "position"),
    [("4000", 4000), (" 4,000 ", 4000), ("0", 0), ("-1", 9_999), ("-10000", 0), ("10 000", 10_000)],
)
def test_positions(text: str, position: int) -> None:
    """As people write them; below 0 they count from the end."""
    assert position_of(text, 10_000) == position


@pytest.mark.parametrize("text", ["", "x", "4.5", "10001", "-10001", "1" * 40, "--1", "\u0663"])
def test_what_is_no_position(text: str) -> None:
    """Is refused in a sentence."""
    assert isinstance(position_of(text, 10_000), str)
