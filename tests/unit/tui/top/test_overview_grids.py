"""The tables of the overview at every width."""

from __future__ import annotations

import pytest
from actum import RebuildStatistics
from actum_tui.top.aggregates import AggregateRow
from actum_tui.top.consumers import Consumer
from actum_tui.top.glyphs import ASCII, UNICODE, Glyphs
from actum_tui.top.overview_grids import (
    AGGREGATE_COLUMNS,
    CONSUMER_COLUMNS,
    NAME_WIDTH_MIN,
    Column,
    Drawing,
    aggregate_row,
    columns_for,
    consumer_row,
)
from rich.style import Style
from rich.text import Text

ACCOUNT = AggregateRow("Account", 12_408, 31_100.0, 0.00021, 0.0016, 0.004, 3, 2)
FOLDING = RebuildStatistics.of("folding", 71, 100, 27)
REBUILDING = Consumer("view", "search", 88_010, "rows", 8_990_112, 129_932, 4.1, "rebuilding", rebuild=FOLDING)


def drawing(columns: tuple[Column, ...], width: int, glyphs: Glyphs = UNICODE) -> Drawing:
    """How rows are drawn in a table of this width."""
    return Drawing(columns_for(columns, width), glyphs, lambda level: Style(bold=level != "fine"))


def texts(cells: object) -> list[str]:
    """Cells as text."""
    assert isinstance(cells, list)
    return [cell.plain if isinstance(cell, Text) else str(cell) for cell in cells]


@pytest.mark.parametrize("columns", [AGGREGATE_COLUMNS, CONSUMER_COLUMNS])
@pytest.mark.parametrize("width", [80, 96, 117, 120, 140, 200])
def test_columns_fill_the_width(columns: tuple[Column, ...], width: int) -> None:
    """And don't exceed it."""
    chosen = columns_for(columns, width)
    taken = sum((column.width or 0) + 2 for column in chosen) + 1
    assert taken <= width
    assert all((column.width or 0) >= 6 for column in chosen)


def test_little_room() -> None:
    """What is least telling goes first."""
    narrow = [column.name for column in columns_for(AGGREGATE_COLUMNS, 40)]
    assert narrow == ["aggregate", "awake", "commands/s", "p50", "p99"]
    assert columns_for(AGGREGATE_COLUMNS, 10)[0].width == NAME_WIDTH_MIN


def test_an_aggregate() -> None:
    """Figures for people, values to sort by, data for programs."""
    row = aggregate_row(ACCOUNT, drawing(AGGREGATE_COLUMNS, 120))
    assert texts(row.cells) == ["Account", "12.4k", "31.1k", "210 µs", "1.60 ms", "0.4 %", "3", "✖ 2"]
    assert row.order == ["Account", 12_408, 31_100.0, 0.00021, 0.0016, 0.004, 3, 2]
    assert row.data == ACCOUNT.data()
    idle = AggregateRow("Idle", 0, None, None, None, None, None, 0)
    assert texts(aggregate_row(idle, drawing(AGGREGATE_COLUMNS, 120, ASCII)).cells)[1:] == ["0", *["-"] * 5, "0"]


def test_a_consumer() -> None:
    """A rebuilding has a bar and the time that is left, where there is room for them."""
    wide = texts(consumer_row(REBUILDING, drawing(CONSUMER_COLUMNS, 140)).cells)
    assert wide[:6] == ["search", "view", "88,010 rows", "8,990,112", "130k", "4.10 s"]
    assert wide[6].startswith("▲ rebuilding ")
    assert wide[6].endswith("░ 71 %, 11.0 s left")
    assert texts(consumer_row(REBUILDING, drawing(CONSUMER_COLUMNS, 80)).cells)[-1] == "▲ rebuilding 71 %"
    comparing = REBUILDING._replace(rebuild=RebuildStatistics.of("comparing", 71, 100, 27))
    assert texts(consumer_row(comparing, drawing(CONSUMER_COLUMNS, 140, ASCII)).cells)[-1].endswith(" 71 %")
    timer = Consumer("timer", "deadlines", 2_000_000, "pending", None, 0, 0.0, "live")
    assert texts(consumer_row(timer, drawing(CONSUMER_COLUMNS, 140)).cells)[2:] == [
        "2.00M pending",
        "—",
        "0",
        "0",
        "  live",
    ]


def test_names_are_cut_and_safe() -> None:
    """However long they are."""
    hostile = ACCOUNT._replace(name="[/bad]\x1b" + "x" * 10_000)
    (name, *_) = texts(aggregate_row(hostile, drawing(AGGREGATE_COLUMNS, 80)).cells)
    assert name.startswith("[/bad]\\x1bx")
    assert name.endswith("…")
    assert len(name) < 80
