"""A table of data: sorted by any column, filtered, copied and exported; nothing in it is taken for markup.

Rows are shown by their keys: what has changed is drawn again and nothing else, and the cursor stays on its row.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from actum_tui.output import to_json
from actum_tui.safe_text import safe_text

#: Characters of a cell; what is longer is seen in the details.
CELL_CHARACTERS_MAX = 200


class GridColumn(NamedTuple):
    """A column.

    Attributes:
        name: above it.
        right: whether cells stand to the right: numbers.
        width: cells of the terminal; None for as wide as what is in it.
        sorts: whether one can sort by it.
    """

    name: str
    right: bool = False
    width: int | None = None
    sorts: bool = True


class GridRow(NamedTuple):
    """A row.

    Attributes:
        key: which one; no two have the same.
        cells: texts, as data: they are made safe here. A `Text` is taken as it is: made by us.
        order: a value for each cell to sort by.
        data: what is copied and exported: anything that JSON can hold.
        style: of all cells.
    """

    key: str
    cells: Sequence[str | Text]
    order: Sequence[Any] = ()
    data: object = None
    style: str = ""


class Grid(DataTable[Text]):
    """Rows of data.

    Attributes:
        sorted_by: the column, by number; None for the order in which rows are given.
        descending: whether the largest comes first.
        sorts_here: whether this table sorts what it is given; otherwise it says that another order is wanted.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "Sort"),
        Binding("S", "reverse", "Reverse", show=False),
        Binding("y", "copy", "Copy JSON"),
        Binding("e", "export", "Export", show=False),
    ]

    class SortWanted(Message):
        """Another order is wanted from where the rows come from."""

        def __init__(self, grid: Grid) -> None:
            super().__init__()
            self.grid = grid

        @property
        def control(self) -> Grid:
            """The table."""
            return self.grid

    def __init__(
        self,
        columns: Sequence[GridColumn],
        *,
        name: str = "rows",
        sorts_here: bool = True,
    ) -> None:
        """Without rows."""
        super().__init__(id=name, cursor_type="row", zebra_stripes=False, cell_padding=1)
        self.spec = tuple(columns)
        self.sorted_by: int | None = None
        self.descending = False
        self.sorts_here = sorts_here
        self._given: Sequence[GridRow] = ()
        self._shown: dict[str, GridRow] = {}

    def on_mount(self) -> None:
        """Draw the header."""
        self._head()

    def respec(self, columns: Sequence[GridColumn]) -> None:
        """Other columns: the rows are forgotten."""
        self.spec = tuple(columns)
        self.sorted_by = None
        self.clear(columns=True)
        self._shown, self._given = {}, ()
        self._head()

    def _head(self) -> None:
        """The columns; the one that is sorted by is marked."""
        for number, column in enumerate(self.spec):
            self.add_column(self._label(number), key=str(number), width=column.width)

    def _label(self, number: int) -> Text:
        """A column's name."""
        column = self.spec[number]
        mark = ("▼" if self.descending else "▲") if number == self.sorted_by else ""
        style = "bold underline" if mark else "bold"
        return Text(safe_text(column.name) + mark, style=style, justify="right" if column.right else "left")

    def show(self, rows: Sequence[GridRow]) -> None:
        """Show these rows; what has not changed is left alone."""
        self._given = rows
        ordered = self._ordered(rows)
        if [row.key for row in ordered] == list(self._shown):
            for row in ordered:
                self._update(row)
        else:
            self._replace(ordered)

    def _ordered(self, rows: Sequence[GridRow]) -> Sequence[GridRow]:
        """Sorted, if that is wanted here."""
        number = self.sorted_by
        if number is None or not self.sorts_here:
            return rows
        return sorted(rows, key=lambda row: sortable(row.order[number]), reverse=self.descending)

    def _update(self, row: GridRow) -> None:
        """Draw the cells again that are others now."""
        before = self._shown[row.key]
        if before.cells == row.cells and before.style == row.style:
            self._shown[row.key] = row
            return
        for number, (old, new) in enumerate(zip(before.cells, row.cells, strict=True)):
            if old != new or before.style != row.style:
                self.update_cell(row.key, str(number), self._cell(row, number), update_width=False)
        self._shown[row.key] = row

    def _replace(self, rows: Sequence[GridRow]) -> None:
        """Draw all rows; the cursor stays on its row, or where it is."""
        current = self.current
        line, offset = self.cursor_row, self.scroll_offset
        with self.app.batch_update():  # pyright: ignore[reportUnknownMemberType]  # Textual says App[Unknown]
            self.clear()
            self._shown = {}
            for row in rows:
                self.add_row(*(self._cell(row, number) for number in range(len(self.spec))), key=row.key)
                self._shown[row.key] = row
            if current is not None and current.key in self._shown:
                line = self.get_row_index(current.key)
            if rows:
                self.move_cursor(row=min(line, len(rows) - 1), animate=False, scroll=False)
                self.scroll_to(offset.x, offset.y, animate=False)

    def _cell(self, row: GridRow, number: int) -> Text:
        """One cell."""
        cell = row.cells[number]
        if isinstance(cell, Text):
            return cell
        text = safe_text(cell[:CELL_CHARACTERS_MAX]) + ("…" if len(cell) > CELL_CHARACTERS_MAX else "")
        return Text(text, style=row.style, justify="right" if self.spec[number].right else "left", no_wrap=True)

    @property
    def current(self) -> GridRow | None:
        """The row under the cursor."""
        keys = list(self._shown)
        return self._shown[keys[self.cursor_row]] if 0 <= self.cursor_row < len(keys) else None

    def action_sort(self) -> None:
        """By the next column; behind the last one in the order in which rows come."""
        numbers: list[int | None] = [None, *(n for n, column in enumerate(self.spec) if column.sorts)]
        at = numbers.index(self.sorted_by) if self.sorted_by in numbers else 0
        self.sort_by(numbers[(at + 1) % len(numbers)], descending=False)

    def action_reverse(self) -> None:
        """The other way round."""
        self.sort_by(self.sorted_by, descending=not self.descending)

    def sort_by(self, number: int | None, *, descending: bool) -> None:
        """Sort by a column."""
        self.sorted_by, self.descending = number, descending
        for each, column in enumerate(self.ordered_columns):
            column.label = self._label(each)
        self.refresh()
        if self.sorts_here:
            self.show(self._given)
        else:
            self.post_message(self.SortWanted(self))

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A click on a column's name sorts by it, again the other way round."""
        number = event.column_index
        if self.spec[number].sorts:
            self.sort_by(number, descending=number == self.sorted_by and not self.descending)

    def action_copy(self) -> None:
        """Copy the row as JSON, by the terminal (OSC 52)."""
        row = self.current
        if row is not None:
            self.app.copy_to_clipboard(to_json(row.data))  # pyright: ignore[reportUnknownMemberType]  # Textual says App[Unknown]
            self.notify("copied as JSON", timeout=2)

    def action_export(self) -> None:
        """Write the rows that are shown to a new file, one JSON object a line."""
        path = new_file(self.id or "rows")
        lines = [to_json(row.data) + "\n" for row in self._shown.values()]
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.writelines(lines)
        except OSError as error:
            self.notify(safe_text(f"nothing was written: {error}"), severity="error", markup=False)
            return
        self.notify(safe_text(f"{len(lines)} rows written to {path.absolute()}"), markup=False)


def sortable(value: Any) -> tuple[int, Any]:  # noqa: ANN401
    """A value in an order with all others: nothing first, then numbers, then texts."""
    if value is None:
        return 0, 0
    if isinstance(value, (bool, int, float)):
        return 1, value
    return 2, str(value)


def new_file(name: str) -> Path:
    """A file in the working directory that does not exist yet."""
    number = 1
    while (path := Path(f"actum-{name}-{number}.jsonl")).exists():
        number += 1
    return path
