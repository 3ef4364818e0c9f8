"""The table of a view's rows: one page of perhaps a million; moving over its edge asks for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from textual.message import Message

from actum_tui.top.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum_tui.top.grid import GridColumn

Step: TypeAlias = Literal["first", "before", "next", "last", "up", "down"]


class RowsGrid(Grid):
    """A page of rows; the order, too, is made where the rows are."""

    class PageWanted(Message):
        """Other rows are wanted: a page further, the first, the last, or one row beyond an edge.

        Attributes:
            step: which.
        """

        def __init__(self, step: Step) -> None:
            super().__init__()
            self.step: Step = step

    def __init__(self) -> None:
        """Without columns."""
        super().__init__((), name="rows", sorts_here=False)

    def shape(self, columns: Sequence[GridColumn], sorted_by: int | None, *, descending: bool) -> None:
        """Have these columns and this order, if it has others; the cursor stays in its line."""
        wanted = (tuple(columns), sorted_by, descending)
        if wanted == (self.spec, self.sorted_by, self.descending):
            return
        if wanted[0] != self.spec:
            line = self.cursor_row
            self.respec(columns)
            self.call_after_refresh(self.move_cursor, row=line, animate=False)
        self.sorted_by, self.descending = sorted_by, descending
        for number, column in enumerate(self.ordered_columns):
            column.label = self._label(number)
        self.refresh()

    @property
    def rows_max(self) -> int:
        """Rows that there is room for."""
        return max(1, self.size.height - 1 - int(self.show_horizontal_scrollbar))

    def action_page_down(self) -> None:
        """The next page."""
        self.post_message(self.PageWanted("next"))

    def action_page_up(self) -> None:
        """The page before."""
        self.post_message(self.PageWanted("before"))

    def action_scroll_home(self) -> None:
        """The first page."""
        self.post_message(self.PageWanted("first"))

    def action_scroll_end(self) -> None:
        """The last page."""
        self.post_message(self.PageWanted("last"))

    def action_scroll_top(self) -> None:
        """The first page."""
        self.action_scroll_home()

    def action_scroll_bottom(self) -> None:
        """The last page."""
        self.action_scroll_end()

    def action_cursor_down(self) -> None:
        """The next row; behind the last one the page moves on."""
        if self.cursor_row >= self.row_count - 1:
            self.post_message(self.PageWanted("down"))
        else:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """The row before; above the first one the page moves back."""
        if self.cursor_row <= 0:
            self.post_message(self.PageWanted("up"))
        else:
            super().action_cursor_up()
