"""One row in full: each field with its type and its whole value, however long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from rich.cells import cell_len
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from actum_tui.output import cell_text, to_json
from actum_tui.safe_text import safe_lines, safe_text
from actum_tui.top.difference import container
from actum_tui.top.widgets.tile import MUTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum.monitor import Column

#: Characters of one value: a screen shows less.
VALUE_CHARACTERS_MAX = 20_000


class RowDetail(VerticalScroll):
    """The row under the cursor."""

    DEFAULT_CSS = """
    RowDetail {
        display: none; height: 40%; border-top: solid $primary; padding: 0 1; border-title-style: bold;
    }
    RowDetail.open { display: block; }
    RowDetail Static { height: auto; }
    """

    def __init__(self) -> None:
        """Closed."""
        super().__init__(Static("", markup=False), id="detail")
        self.border_title = "row"

    def show(self, columns: Sequence[Column], row: Sequence[object] | None) -> None:
        """Show this row."""
        self.query_one(Static).update(Content("no row") if row is None else detail(columns, row))


def detail(columns: Sequence[Column], row: Sequence[object]) -> Content:
    """A row, a field a line; long values take more."""
    names = max((cell_len(safe_text(column.name)) for column in columns), default=0)
    types = max((cell_len(safe_text(column.type)) for column in columns), default=0)
    lines = [
        Content.assemble(
            (safe_text(column.name).ljust(names), "bold"),
            (f"  {safe_text(column.type).ljust(types)}  ", MUTED),
            value_text(value),
        )
        for column, value in zip(columns, row, strict=True)
    ]
    return Content("\n").join(lines)


def value_text(value: object) -> str:
    """A value: containers as JSON on several lines."""
    if container(value) is not None:
        return safe_lines(msgspec.json.format(to_json(value), indent=2)[:VALUE_CHARACTERS_MAX])
    if value is None:
        return "null"
    return cell_text(value)[:VALUE_CHARACTERS_MAX]
