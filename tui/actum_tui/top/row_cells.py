"""A page of a view as columns and rows of a table: the mark, the key, and as many fields as fit beside them.

Pure: what is shown depends on the page, the marks, and where the window on the fields is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rich.cells import cell_len
from rich.text import Text

from actum_tui.output import cell_text
from actum_tui.top.flashes import row_key
from actum_tui.top.grid import GridColumn, GridRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actum.monitor import Column, RowsPage

    from actum_tui.top.flashes import Flash
    from actum_tui.top.glyphs import Glyphs

#: Fields that are seen at once: a table of many columns is slow to draw, and nobody reads it.
FIELDS_MAX = 9
#: Cells of a column, if there are others beside it.
WIDTH_MAX = 36
#: Behind the name of a field by which an index orders.
CHEAP = "*"

CHANGED = "bold black on #ffd75f"
SIGN_STYLES = {"+": "bold green", ">": "bold cyan", "~": "bold yellow"}
ROW_STYLES = {"+": "bold", ">": "", "~": ""}


class Window(NamedTuple):
    """Which fields of a view are seen.

    Attributes:
        fields: their numbers among the columns of the page, the key first.
        before: fields that are left of these and not seen.
        behind: fields that are right of these and not seen.
    """

    fields: tuple[int, ...]
    before: int
    behind: int


def window_of(columns: Sequence[Column], key: str, first: int) -> Window:
    """The key, and the fields from the `first` of the others on."""
    others = [number for number, column in enumerate(columns) if column.name != key]
    keys = [number for number, column in enumerate(columns) if column.name == key]
    first = max(0, min(first, len(others) - FIELDS_MAX))
    seen = others[first : first + FIELDS_MAX]
    return Window((*keys, *seen), first, len(others) - first - len(seen))


def grid_columns(page: RowsPage, window: Window, widths: Mapping[str, int]) -> list[GridColumn]:
    """The columns of the table: the mark, then the fields."""
    made = [GridColumn("", width=1, sorts=False)]
    for number in window.fields:
        column = page.columns[number]
        made.append(GridColumn(label(column), right=column.numeric, width=widths[column.name]))
    return made


def label(column: Column) -> str:
    """A field's name; marked if ordering by it is cheap however many rows there are."""
    return column.name + CHEAP if column.ordered else column.name


def widths_of(page: RowsPage, window: Window, before: Mapping[str, int]) -> dict[str, int]:
    """Cells that each field needs; never fewer than before, so that a table that changes stands still."""
    widths = dict(before)
    for number in window.fields:
        column = page.columns[number]
        need = max((cell_len(cell_text(row[number])) for row in page.rows), default=0)
        head = cell_len(label(column)) + 1  # the sign of the order
        widths[column.name] = max(before.get(column.name, 0), min(max(need, head), WIDTH_MAX))
    return widths


def grid_rows(
    page: RowsPage, window: Window, flashes: Mapping[str, Flash], widths: Mapping[str, int], glyphs: Glyphs
) -> list[GridRow]:
    """The rows of the table."""
    names = [column.name for column in page.columns]
    made: list[GridRow] = []
    for row in page.rows:
        key = row_key(page, row)
        flash = flashes.get(key)
        sign = flash.sign if flash is not None else ""
        cells = [Text(sign, style=SIGN_STYLES.get(sign, ""))]
        for number in window.fields:
            column = page.columns[number]
            changed = flash is not None and column.name in flash.columns
            style = CHANGED if changed else ROW_STYLES.get(sign, "")
            cells.append(cell_of(row[number], column, widths[column.name], style, glyphs))
        made.append(GridRow(key, cells, data=dict(zip(names, row, strict=True))))
    return made


def cell_of(value: Any, column: Column, width: int, style: str, glyphs: Glyphs) -> Text:  # noqa: ANN401  # any JSON
    """One cell: cut where it is too long, numbers to the right."""
    text = Text(cell_text(value), style=style, no_wrap=True, justify="right" if column.numeric else "left")
    if text.cell_len > width:
        text.truncate(width - 1)
        text.append(glyphs.cut)
    if column.numeric:
        text.pad_left(width - text.cell_len)
    return text
