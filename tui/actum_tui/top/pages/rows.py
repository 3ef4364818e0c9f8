"""Screen 4, live views: a view's rows as they change, ordered, filtered, page by page; now, or as of a position."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from actum import ActumError, Invalid
from actum.monitor import Filter, Rebuild, RowsRequest, Wanted
from actum.monitor import RowsPage as PageOfRows
from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from actum_tui.top.actions import offer
from actum_tui.top.flashes import FLASH_SECONDS, Flashes, rows_by_key
from actum_tui.top.glyphs import terminal_glyphs
from actum_tui.top.page import Page
from actum_tui.top.row_cells import grid_columns, grid_rows, widths_of, window_of
from actum_tui.top.row_steps import position_of, stepped
from actum_tui.top.rows_title import Folding, foot, instead, notice, title
from actum_tui.top.source import Unavailable
from actum_tui.top.view_facts import ViewFacts, head_of, views_of
from actum_tui.top.widgets.row_detail import RowDetail
from actum_tui.top.widgets.rows_grid import RowsGrid
from actum_tui.top.widgets.view_list import ViewList

if TYPE_CHECKING:
    from textual.worker import Worker

    from actum_tui.top.grid import Grid
    from actum_tui.top.look import Look

#: What is asked for before the table has a size.
ROWS_FIRST = 20
ROWS_MAX = 500
POSITION_HINT = "as of position: 4000, or -100 for a hundred before the last"


class RowsPage(Page):
    """Live views.

    Attributes:
        request: what is looked at; None as long as there is no view.
        rows: the last page that came.
    """

    TITLE_TEXT = "Live views"
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (100, "-broad")]  # noqa: RUF012  # as Textual
    DEFAULT_CSS = """
    RowsPage.-narrow #views { width: 20; }
    RowsPage #heading { height: 1; }
    RowsPage #notice { height: auto; max-height: 3; display: none; }
    RowsPage #message { height: auto; padding: 1 2; display: none; }
    RowsPage #foot { height: 1; }
    RowsPage #rows { height: 1fr; }
    RowsPage #right { width: 1fr; padding: 0 0 0 1; }
    RowsPage #position { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
    RowsPage #position.open { display: block; }
    RowsPage.past #rows { background: $warning 12%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "ask_position", "As of"),
        Binding("n", "now", "Now"),
        Binding("enter", "detail", "Details", show=False),
        Binding("left_square_bracket", "view(-1)", "View before", key_display="[", show=False),
        Binding("right_square_bracket", "view(1)", "Next view", key_display="]", show=False),
        Binding("less_than_sign", "fields(-1)", "Fields left", key_display="<", show=False),
        Binding("greater_than_sign", "fields(1)", "Fields right", key_display=">", show=False),
        Binding("comma", "position(-1)", "Position before", key_display=",", show=False),
        Binding("full_stop", "position(1)", "Position after", key_display=".", show=False),
        Binding("R", "rebuild", "Rebuild", show=False),
    ]

    def __init__(self) -> None:
        """Nothing looked at yet."""
        super().__init__()
        self.request: RowsRequest | None = None
        self.rows: PageOfRows | None = None
        self._views: list[ViewFacts] = []
        self._flashes = Flashes()
        self._widths: dict[str, int] = {}
        self._first_field = 0
        self._failure: str | None = None
        self._folding: Folding | None = None
        self._asking: Worker[None] | None = None

    def body(self) -> Iterable[Widget]:
        """The views at the left, the rows of one at the right."""
        self._glyphs = terminal_glyphs()
        right = Vertical(
            Static("", id="heading", markup=False),
            Static("", id="notice", markup=False),
            Static("", id="message", markup=False),
            RowsGrid(),
            Static("", id="foot", markup=False),
            RowDetail(),
            Input(placeholder=POSITION_HINT, id="position", compact=True),
            id="right",
        )
        yield Horizontal(ViewList(self._glyphs), right)

    def on_mount(self) -> None:
        """The table has the keys."""
        self.query_one(RowsGrid).focus()

    @property
    def grid(self) -> RowsGrid:
        """The table."""
        return self.query_one(RowsGrid)

    @property
    def view(self) -> ViewFacts | None:
        """The one that is looked at."""
        request = self.request
        return next((view for view in self._views if request is not None and view.name == request.view), None)

    @property
    def settled(self) -> bool:
        """Whether what changes from now on is marked."""
        return self._flashes.settled

    def wants(self) -> Wanted:
        """The page that is looked at, made again for each frame; the past is asked for once."""
        request = self.request
        live = request if request is not None and request.position is None else None
        return Wanted(interval_seconds=self.dashboard.interval, rows=live)

    def show(self, look: Look) -> None:
        """What is known of the views, and the rows of one."""
        self._views = views_of(self.dashboard.source.hello, look.now)
        if self.view is None and self._views:
            self._look_at(RowsRequest(view=self._views[0].name, limit=self._room()))
        self._fit()
        request = self.request
        self.query_one(ViewList).show(self._views, None if request is None else request.view)
        if request is not None and request.position is None:
            page = look.now.rows
            if page is not None and page.view == request.view:
                self._take(page)
            elif look.now.rows_failure is not None:
                self._fail(look.now.rows_failure)
        self._draw()

    def _room(self) -> int:
        """Rows that are asked for: as many as are seen."""
        return min(self.grid.rows_max if self.grid.size.height else ROWS_FIRST, ROWS_MAX)

    def _look_at(self, request: RowsRequest) -> None:
        """Look at other rows from now on."""
        before = self.request
        if request == before:
            return
        self.request = request
        if before is None or before.view != request.view:
            self.rows, self._widths, self._first_field = None, {}, 0
        self._failure = None
        self.set_class(request.position is not None, "past")
        self.refresh_bindings()
        self._leave()
        self.wants_changed()
        if request.position is not None or self.dashboard.paused or self.dashboard.source.kind != "live":
            self._asking = self.beside(partial(self._ask, request), group="rows")
        self._draw()

    def _leave(self) -> None:
        """Whatever is being asked is not wanted any more."""
        self._folding = None
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    async def _ask(self, request: RowsRequest) -> None:
        """Ask for one page, and show how far that is."""
        self._folding = Folding(0, 0)
        self._draw()
        try:
            answer = await self.dashboard.source.ask(request, self._progress)
        except (ActumError, Unavailable) as error:
            self._folding = None
            self._fail(str(error))
        else:
            self._folding = None
            if isinstance(answer, PageOfRows) and request == self.request:
                self._take(answer)
        self._draw()

    def _progress(self, done: int, whole: int) -> None:
        """It is so far."""
        self._folding = Folding(done, whole)
        self._draw_notice()

    def _take(self, page: PageOfRows) -> None:
        """These are the rows."""
        assert self.request is not None
        self._failure = None
        self.rows = page
        if self._flashes.see(self.request, page, time.monotonic()) and self.request.position is None:
            self.set_timer(FLASH_SECONDS, self._draw)

    def _fail(self, sentence: str) -> None:
        """There are no rows, because of this."""
        self._failure = sentence
        self.rows = None

    def _draw(self) -> None:
        """Everything, as it is known now."""
        if not self.is_mounted:
            return
        view, page, request = self.view, self.rows, self.request
        past = request is not None and request.position is not None
        self._draw_notice()
        self.query_one("#heading", Static).update("" if view is None else title(view, page, self._glyphs, past=past))
        message = instead(request, page, self._failure)
        self.query_one("#message", Static).display = message is not None
        self.query_one("#message", Static).update(message or "")
        window = None
        if page is not None and request is not None:
            window = window_of(page.columns, page.key, self._first_field)
            self._widths = widths_of(page, window, self._widths)
            names = ["", *(page.columns[number].name for number in window.fields)]
            sorted_by = names.index(request.order) if request.order in names else None
            self.grid.shape(grid_columns(page, window, self._widths), sorted_by, descending=request.descending)
            marks = self._flashes.at(time.monotonic())
            self.grid.show(grid_rows(page, window, marks, self._widths, self._glyphs))
            self._draw_detail()
        else:
            self.grid.show(())
        foot_line = self.query_one("#foot", Static)
        foot_line.update("" if request is None else foot(page, request, window, foot_line.size.width, self._glyphs))

    def _draw_notice(self) -> None:
        """What has to be known first."""
        view = self.view
        line = self.query_one("#notice", Static)
        found = None
        if view is not None:
            may_rebuild = self.dashboard.may_act
            found = notice(view, self.request, self._folding, may_rebuild=may_rebuild, glyphs=self._glyphs)
        line.display = found is not None
        line.update(found or "")

    def _draw_detail(self) -> None:
        """The row under the cursor, if that is wanted."""
        detail = self.query_one(RowDetail)
        if detail.has_class("open") and self.rows is not None:
            current = self.grid.current
            detail.show(self.rows.columns, None if current is None else rows_by_key(self.rows).get(current.key))

    def open(self, view: str) -> None:
        """Look at this view."""
        self._look_at(RowsRequest(view=view, limit=self._room(), filter=self.filter_text))

    def on_view_list_picked(self, event: ViewList.Picked) -> None:
        """Another view."""
        event.stop()
        self.open(event.name)

    def action_view(self, step: int) -> None:
        """The next view, or the one before."""
        names = [view.name for view in self._views]
        if self.request is not None and self.request.view in names:
            self.open(names[(names.index(self.request.view) + step) % len(names)])

    def on_rows_grid_page_wanted(self, event: RowsGrid.PageWanted) -> None:
        """Other rows of the view."""
        event.stop()
        if self.request is None:
            return
        if self.rows is None:  # it was too far: the first page is always there
            self._look_at(replace(self.request, offset=0))
            return
        request = stepped(replace(self.request, limit=self._room()), self.rows, event.step)
        self._look_at(request)
        if event.step in ("first", "next", "last") or request.offset == self.rows.offset:
            line = {"first": 0, "up": 0, "before": 0}.get(event.step, self.grid.row_count - 1)
            self.grid.move_cursor(row=line, animate=False)

    def on_grid_sort_wanted(self, event: Grid.SortWanted) -> None:
        """Another order."""
        event.stop()
        number = event.grid.sorted_by
        if self.request is None or self.rows is None:
            return
        window = window_of(self.rows.columns, self.rows.key, self._first_field)
        order = None if number is None else self.rows.columns[window.fields[number - 1]].name
        self._look_at(replace(self.request, order=order, descending=event.grid.descending, offset=0))

    def on_data_table_row_highlighted(self, event: RowsGrid.RowHighlighted) -> None:
        """The cursor is on another row."""
        event.stop()
        self._draw_detail()

    def on_data_table_row_selected(self, event: RowsGrid.RowSelected) -> None:
        """A row in full."""
        event.stop()
        self.action_detail()

    def action_detail(self) -> None:
        """Show the row under the cursor in full, or not any more."""
        self.query_one(RowDetail).toggle_class("open")
        self._draw_detail()

    def action_fields(self, step: int) -> None:
        """Other fields of a wide view."""
        if self.rows is not None:
            self._first_field = window_of(self.rows.columns, self.rows.key, self._first_field + step).before
            self._draw()

    def filtered(self, text: str) -> str | None:
        """Another filter; what is wrong with it is said at once."""
        try:
            Filter.parse(text)
        except Invalid as error:
            return str(error)
        if self.request is not None:
            self._look_at(replace(self.request, filter=text.strip(), offset=0))
        return None

    def _fit(self) -> None:
        """Ask for more rows if there is room for them, or for fewer: not while a sentence stands in their place."""
        request, page = self.request, self.rows
        if request is None or page is None or not page.rows or self._folding is not None:
            return
        self._look_at(replace(request, limit=self._room()))

    def action_ask_position(self) -> None:
        """Open the line for a position."""
        line = self.query_one("#position", Input)
        line.add_class("open")
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A position was written."""
        if event.input.id != "position":
            return
        event.stop()
        position = position_of(event.value, self._head)
        if isinstance(position, str):
            self.notify(position, severity="warning", markup=False)
            return
        self._close_position()
        self._look_at_past(position)

    def _close_position(self) -> None:
        """The line for a position is not needed any more."""
        line = self.query_one("#position", Input)
        line.remove_class("open")
        line.value = ""
        self.grid.focus()

    @property
    def _head(self) -> int:
        """The last position."""
        return 0 if self.dashboard.look is None else head_of(self.dashboard.look.now)

    def _look_at_past(self, position: int | None) -> None:
        """The same rows as of then, or as of now."""
        if self.request is not None:
            self._look_at(replace(self.request, position=position, limit=self._room()))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What leads back to now is offered in the past only."""
        if action == "now":
            return self.request is not None and self.request.position is not None
        return super().check_action(action, parameters)

    def action_now(self) -> None:
        """Back to now."""
        self._look_at_past(None)

    def action_position(self, step: int) -> None:
        """One position on, or back; from now it is one back."""
        if self.request is None:
            return
        at = self._head if self.request.position is None else self.request.position
        self._look_at_past(max(0, min(at + step, self._head)))

    def action_leave_filter(self) -> None:
        """Escape: what is under way is left first, then the line that is open, then the past."""
        if self.query_one("#position").has_class("open"):
            self._close_position()
        elif self._folding is not None:
            self._leave()
            self.action_now()
        elif self.query_one("#filter").has_class("open") or self.request is None or self.request.position is None:
            super().action_leave_filter()
        else:
            self.action_now()

    async def action_rebuild(self) -> None:
        """Have the view made again, if that is allowed."""
        if self.request is not None:
            await offer(self.dashboard, Rebuild(self.request.view))
