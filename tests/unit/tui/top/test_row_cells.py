"""A page of a view as a table."""

from __future__ import annotations

from typing import Any

from actum.monitor import Column, RowsPage
from actum_tui.top.flashes import Flash
from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.row_cells import CHANGED, FIELDS_MAX, WIDTH_MAX, grid_columns, grid_rows, widths_of, window_of

COLUMNS = (Column("a", "int", numeric=True, ordered=True), Column("id", "str"), Column("text", "str | None"))


def page(*rows: tuple[Any, ...], columns: tuple[Column, ...] = COLUMNS) -> RowsPage:
    """A page with these rows."""
    count = len(rows)
    return RowsPage(
        view="v",
        position=1,
        key="id",
        columns=columns,
        rows=rows,
        offset=0,
        count=count,
        matched=count,
        looked_at=count,
    )


def test_the_key_comes_first() -> None:
    """Then the other fields; numbers to the right, what an index orders marked."""
    made = page((5, "ann", None))
    window = window_of(made.columns, "id", 0)

    columns = grid_columns(made, window, widths_of(made, window, {}))

    assert [(column.name, column.right) for column in columns] == [
        ("", False),
        ("id", False),
        ("a*", True),
        ("text", False),
    ]


def test_the_window_on_many_fields() -> None:
    """Moves between its ends; the key always stays."""
    columns = tuple(Column(f"f{number}", "int") for number in range(30))

    first = window_of(columns, "f3", -5)
    last = window_of(columns, "f3", 99)

    assert (first.fields[0], first.before, first.behind) == (3, 0, 29 - FIELDS_MAX)
    assert (last.fields[0], last.before, last.behind) == (3, 29 - FIELDS_MAX, 0)
    assert len(first.fields) == len(last.fields) == FIELDS_MAX + 1


def test_columns_never_become_narrower() -> None:
    """A table whose values change stands still; what is very long is cut."""
    wide, narrow = page((1, "x" * 99, None)), page((123456, "y", "z"))
    window = window_of(COLUMNS, "id", 0)

    widths = widths_of(narrow, window, widths_of(wide, window, {}))
    cells = grid_rows(wide, window, {}, widths, UNICODE)[0].cells

    assert widths["id"] == WIDTH_MAX
    assert widths["a"] == len("123,456")
    assert str(cells[1]) == "x" * (WIDTH_MAX - 1) + "…"
    assert str(grid_rows(wide, window, {}, widths, ASCII)[0].cells[1]).endswith("x~")


def test_marks() -> None:
    """A sign before the row, a style on the cells that changed."""
    made = page((5, "ann", None), (6, "bob", "x"))
    window = window_of(COLUMNS, "id", 0)
    flashes = {'"ann"': Flash("~", frozenset({"a"})), '"bob"': Flash("+")}

    rows = grid_rows(made, window, flashes, widths_of(made, window, {}), UNICODE)

    assert [str(row.cells[0]) for row in rows] == ["~", "+"]
    assert [str(getattr(cell, "style", "")) == CHANGED for cell in rows[0].cells] == [False, False, True, False]
    assert rows[1].data == {"a": 6, "id": "bob", "text": "x"}


def test_nothing_in_a_cell_is_obeyed() -> None:
    """Controls are written out, markup is text."""
    made = page((5, "\x1b[31m[red]", "\u202e"))
    window = window_of(COLUMNS, "id", 0)

    cells = grid_rows(made, window, {}, widths_of(made, window, {}), UNICODE)[0].cells

    assert [str(cell).strip() for cell in cells] == ["", "\\x1b[31m[red]", "5", "\\u202e"]
