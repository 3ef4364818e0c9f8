"""Screen 3: the events in the log: the newest as they come, or back through all of them, with a filter; one in full.

It follows until the cursor is moved up, and again with `f`. However many events come, the newest are shown and how many
were passed over is said; who browses sees every one, read from the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from actum import ActumError, Invalid, StoredRecord
from actum.monitor import Filter
from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from actum_tui.safe_text import safe_text
from actum_tui.top.event_rows import event_columns, event_row
from actum_tui.top.figures import whole
from actum_tui.top.filter_suggester import FilterSuggester
from actum_tui.top.glyphs import terminal_glyphs
from actum_tui.top.grid import Grid
from actum_tui.top.journal import DirectoryJournal
from actum_tui.top.look import Look
from actum_tui.top.page import Page
from actum_tui.top.record_details import record_details
from actum_tui.top.search import Search
from actum_tui.top.source import Unavailable
from actum_tui.top.widgets.tile import MUTED

#: Records that are shown while it follows, and that one look adds.
PAGE_RECORDS = 200
#: Records that are kept while one browses.
WINDOW_RECORDS = 1_000
#: Positions of one look through the log.
LOOK_POSITIONS = 100_000
#: Positions that are looked at with a filter in one interval while it follows.
FOLLOW_POSITIONS = 10_000
#: How long nothing is typed before it is looked for.
TYPING_SECONDS = 0.25
HISTORY_MAX = 50
SCROLLBAR = 2
#: Cells from which on the line says where what is shown stands in the log.
WIDE = 100
EMPTY = "No events yet: they appear here when they are committed. Commands that are rejected, or fail, write none."


class EventsPage(Page):
    """Events.

    Attributes:
        following: whether the newest are shown as they come.
        records: those that are shown, in the order of positions.
    """

    TITLE_TEXT = "Events"
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (120, "-broad")]  # noqa: RUF012  # as Screen has it
    DEFAULT_CSS = """
    EventsPage #state { height: 1; padding: 0 1; background: $surface; }
    EventsPage #parts { height: 1fr; }
    EventsPage.-broad #parts { layout: horizontal; }
    EventsPage Grid { width: 1fr; height: 1fr; overflow-x: hidden; }
    EventsPage #empty { display: none; dock: top; height: auto; padding: 1 2; color: $text-muted; }
    EventsPage #empty.open { display: block; }
    EventsPage #details-side { height: 9; border-top: solid $panel; }
    EventsPage.-broad #details-side { width: 38%; height: 1fr; border-top: none; border-left: solid $panel; }
    EventsPage #details-side.closed { display: none; }
    EventsPage #details { padding: 0 1; }
    EventsPage #fault { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "follow", "Follow"),
        Binding("m", "further", "Look further"),
        Binding("t", "trace", "Trace"),
        Binding("enter", "time_machine", "Time machine", show=False),
        Binding("d", "details", "Details", show=False),
    ]

    def __init__(self) -> None:
        """Nothing read yet."""
        super().__init__()
        self.following = True
        self.records: list[StoredRecord] = []
        self._by_key: dict[str, StoredRecord] = {}
        self._filter = self._typed = Filter()
        self._history: deque[str] = deque(maxlen=HISTORY_MAX)
        self._recalled = 0
        self._head = 0
        self._read_to = -1
        self._passed = 0
        self._busy = False
        self._search: Search | None = None
        self._trouble = ""
        self._glyphs = terminal_glyphs()
        self._schemas: dict[str, dict[str, Any]] = {}

    def body(self) -> Iterable[Widget]:
        """A line that says what is shown; the table; the details of the record under the cursor."""
        yield Static("", id="state", markup=False)
        details = VerticalScroll(Static("", id="details", markup=False), id="details-side", can_focus=False)
        yield Container(
            Static(EMPTY, id="empty", markup=False), Grid(event_columns(78, 0), name="events"), details, id="parts"
        )

    def on_mount(self) -> None:
        """The filter's line learns what there is."""
        line = self.query_one("#filter", Input)
        line.placeholder = (
            "type:Order*  key:acc-*  amount>100  address.city=Berlin  !user:robot  word   (up: earlier ones)"
        )
        line.suggester = FilterSuggester(self._known)
        self.run_worker(self._read_schemas(), group="schemas")

    async def _read_schemas(self) -> None:
        """What a store's directory says of the types of its events; an engine in memory has none to be read."""
        journal = self.dashboard.source.journal
        if isinstance(journal, DirectoryJournal):
            with suppress(ActumError):
                self._schemas = {one.tag: one.schema for one in await journal.read(lambda store: store.schemas())}

    def on_resize(self) -> None:
        """Other columns may fit, when all has its place."""
        self.call_after_refresh(self._refit)

    def _refit(self) -> None:
        """Draw all again if other columns fit."""
        if self.records and self._fit(self.query_one(Grid)):
            self._draw()

    def _known(self) -> dict[str, Iterable[str]]:
        """What a filter may name."""
        hello = self.dashboard.source.hello
        return {
            "type": {*hello.events, *(record.tag for record in self.records)},
            "aggregate": {*hello.aggregates, *(record.aggregate for record in self.records)},
        }

    def show(self, look: Look) -> None:
        """Read what has come since."""
        statistics, store = look.now.statistics, look.now.store
        self._head = statistics.position if statistics is not None else store.position if store is not None else 0
        if self._read_to < 0 or self._head < self._read_to:
            self._restart(self._head)
        elif self.following and self._head > self._read_to and not self._busy:
            self.run_worker(self._take(self._head), group="events", exclusive=True)
        self._refit()
        self._say()

    def _restart(self, position: int) -> None:
        """Look back from a position."""
        self.records, self._passed, self._read_to = [], 0, position
        self._search = None
        self._look()

    def _look(self, *, forwards: bool = False) -> None:
        """Look for more, before what is shown or behind it."""
        self.run_worker(self._find(forwards=forwards), group="events", exclusive=True)

    async def _find(self, *, forwards: bool) -> None:
        """One look."""
        search = self._search
        if search is None or search.forwards != forwards:
            edge = (
                (self.records[-1].position + 1 if forwards else self.records[0].position - 1) if self.records else None
            )
            start = edge if edge is not None else self._read_to
            search = Search(self.dashboard.source.journal, self._filter, start, forwards=forwards)
        self._search, self._busy, self._trouble = search, True, ""
        try:
            async for found in search.further(self._head, records=PAGE_RECORDS, positions=LOOK_POSITIONS):
                self._add(found, forwards=forwards)
        except (ActumError, Unavailable) as error:
            self._trouble = str(error)
        finally:
            self._busy = False
        self._draw()

    def _add(self, found: Sequence[StoredRecord], *, forwards: bool) -> None:
        """More records are shown; those at the other end go when there are too many."""
        if forwards:
            self.records = [*self.records, *found][-WINDOW_RECORDS:]
        else:
            self.records = [*found, *self.records][:WINDOW_RECORDS]
        if found:
            self._draw()
        self._say()

    async def _take(self, head: int) -> None:
        """What has come since the last look; of very much the newest."""
        first = self._read_to + 1
        start = max(first, head - (FOLLOW_POSITIONS if self._filter.terms else PAGE_RECORDS) + 1)
        self._busy = True
        try:
            read = await self.dashboard.source.journal.records(start, head)
        except (ActumError, Unavailable) as error:
            self._trouble = str(error)
            return
        finally:
            self._busy = False
        self._trouble = ""
        self._passed += start - first
        self._read_to = head
        found = [record for record in read if self._filter.matches_record(record)]
        if found:
            before = len(self.records) + len(found)
            self.records = [*self.records, *found][-PAGE_RECORDS:]
            self._search = None if before > PAGE_RECORDS else self._search
            self._draw()
        self._say()

    def _draw(self) -> None:
        """Show the records."""
        grid = self.query_one(Grid)
        self._fit(grid)
        self._by_key = {str(record.position): record for record in self.records}
        grid.show([event_row(record, grid.spec, self._glyphs) for record in self.records])
        if self.following and self.records:
            grid.move_cursor(row=grid.row_count - 1, animate=False)
        self.query_one("#empty").set_class(not self.records, "open")
        self._describe()
        self._say()

    def _fit(self, grid: Grid) -> bool:
        """Have columns that fit; whether they are others now, and have to be filled again."""
        columns = event_columns(grid.size.width - SCROLLBAR, self._head)
        changed = grid.size.width > 0 and columns != grid.spec
        if changed:
            grid.respec(columns)
        return changed

    def _describe(self) -> None:
        """Show all of the record under the cursor."""
        record = self.current
        self.query_one("#details", Static).update(
            "" if record is None else record_details(record, self._schemas.get(record.tag))
        )

    @property
    def current(self) -> StoredRecord | None:
        """The record under the cursor."""
        row = self.query_one(Grid).current
        return None if row is None else self._by_key.get(row.key)

    def _say(self) -> None:
        """Say what is shown."""
        self.query_one("#state", Static).update(self._state())
        if not self.records and not self._trouble:
            told = "" if self._search is None else self._search.told(self._head)
            empty = EMPTY if not self._filter.terms else f"No event fits {self._filter}: {told}."
            self.query_one("#empty", Static).update(safe_text(empty if self._head else EMPTY))

    def _state(self) -> Content:
        """The line."""
        if self._trouble:
            return Content.styled(safe_text(self._trouble), "bold $text-error")
        count = len(self.records)
        parts: list[tuple[str, str]] = [("▶ following" if self.following else "‖ browsing", "bold")]
        if self._filter.terms:
            parts.append((f"  {safe_text(str(self._filter))}", "$text-primary"))
        if count:
            first, last = self.records[0].position, self.records[-1].position
            edges = f", {whole(first)} to {whole(last)} of {whole(self._head)}" if self.size.width >= WIDE else ""
            parts.append((f"  {whole(count)} shown{edges}", ""))
        if self._passed:
            parts.append((f"  {whole(self._passed)} passed over", "$text-warning"))
        if self._search is not None and (self._filter.terms or not self.following):
            parts.append((f"  {self._search.told(self._head)}", MUTED))
        return Content.assemble(*parts)

    def filtered(self, text: str) -> str | None:
        """Look for other records, as soon as nothing more is typed."""
        try:
            wanted = Filter.parse(text)
        except Invalid as error:
            return str(error)
        if wanted != self._typed:
            self._typed = wanted
            self.set_timer(TYPING_SECONDS, lambda: self._search_anew(wanted))
        return None

    def _search_anew(self, wanted: Filter) -> None:
        """Unless something else is wanted meanwhile."""
        if wanted is self._typed:
            self._filter, self.following = wanted, True
            self._restart(self._head)
            self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """It is remembered; the page itself, which is told too, goes back to the table."""
        if event.input.id == "filter" and event.value and event.value not in self._history:
            self._history.append(event.value)
        self._recalled = len(self._history)

    def on_key(self, event: events.Key) -> None:
        """Earlier filters, in the filter's line."""
        line = self.query_one("#filter", Input)
        if self.focused is line and event.key in ("up", "down") and self._history:
            event.stop()
            self._recalled = min(max(self._recalled + (-1 if event.key == "up" else 1), 0), len(self._history))
            line.value = self._history[self._recalled] if self._recalled < len(self._history) else ""
            line.cursor_position = len(line.value)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Who moves up browses; at the ends there is more to be read."""
        event.stop()
        grid = self.query_one(Grid)
        at_end = grid.cursor_row >= grid.row_count - 1
        if self.following:
            if not at_end:
                self._stop_following()
        elif not self._busy and self.records:
            if grid.cursor_row == 0 and self.records[0].position > 1:
                self._look()
            elif at_end and self.records[-1].position < self._head:
                self._look(forwards=True)
        self._describe()
        self._say()

    def _stop_following(self) -> None:
        """From here on every event is shown."""
        self.following = False
        if self._passed and self.records:
            self._restart(self.records[-1].position)

    def action_follow(self) -> None:
        """Show the newest as they come, or stand still."""
        if self.following:
            self._stop_following()
        else:
            self.following = True
            self._restart(self._head)
        self._say()

    def action_further(self) -> None:
        """Look through more of the log."""
        if not self._busy and self._read_to >= 0:
            self._look()

    def action_details(self) -> None:
        """All of the record under the cursor, or the table alone."""
        self.query_one("#details-side").toggle_class("closed")

    async def action_trace(self) -> None:
        """What has come of the command that the event is of."""
        record = self.current
        if record is not None:
            await self.dashboard.open_trace(position=record.position)

    async def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter, or a second click: the past of its aggregate."""
        event.stop()
        record = self.current
        if record is not None:
            await self.dashboard.open_time_machine(record.aggregate, record.key)
