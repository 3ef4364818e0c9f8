"""Screen 6: what has come of a command, as a tree: events, views, steps of processes, their commands, with times.

It is opened from an event, an instance of a process or an aggregate's past with `t`, or by typing an id after `/`. The
log has no index over ids: it is looked through, backwards from what is known, then forwards, and what is found is shown
meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from actum import ActumError, StoredTrace
from actum.monitor import TraceSearch, belongs_to
from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from actum_tui.safe_text import safe_text
from actum_tui.top.figures import seconds, whole
from actum_tui.top.glyphs import ASCII, terminal_glyphs
from actum_tui.top.grid import Grid
from actum_tui.top.look import Look
from actum_tui.top.page import Page
from actum_tui.top.record_details import record_details
from actum_tui.top.search import trace_piece
from actum_tui.top.source import Unavailable
from actum_tui.top.trace_rows import COLUMNS, NARROW_COLUMNS, trace_rows
from actum_tui.top.widgets.tile import MUTED

SECOND_NS = 1e9
#: Positions that are looked at before somebody has to ask for more.
LOOK_POSITIONS = 2_000_000
#: The tree is drawn again after so many positions, while it grows.
DRAW_POSITIONS = 50_000
#: Cells from which on times of day are shown beside what came after what.
TIMES_WIDTH = 100
EMPTY = """No command is traced.

Press t on an event (3), a step of a process (5) or in the time machine (7);
or / and type the id of a command, a correlation id, or the position of an event."""


class TracePage(Page):
    """Trace.

    Attributes:
        trace: what was found so far; None for nothing asked for.
    """

    TITLE_TEXT = "Trace"
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (120, "-broad")]  # noqa: RUF012  # as Screen has it
    DEFAULT_CSS = """
    TracePage #state { height: 1; padding: 0 1; background: $surface; }
    TracePage #parts { height: 1fr; }
    TracePage.-broad #parts { layout: horizontal; }
    TracePage Grid { width: 1fr; height: 1fr; display: none; overflow-x: auto; }
    TracePage Grid.open { display: block; }
    TracePage #empty { height: 1fr; padding: 1 2; color: $text-muted; }
    TracePage #empty.closed { display: none; }
    TracePage #details-side { height: 8; border-top: solid $panel; }
    TracePage.-broad #details-side { width: 36%; height: 1fr; border-top: none; border-left: solid $panel; }
    TracePage #details-side.closed { display: none; }
    TracePage #details { padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "fold", "Open/close"),
        Binding("O", "fold_all", "All", show=False),
        Binding("m", "further", "Look further"),
        Binding("d", "details", "Details", show=False),
        Binding("enter", "time_machine", "Time machine", show=False),
    ]

    def __init__(self) -> None:
        """Nothing asked for."""
        super().__init__()
        self.trace: StoredTrace | None = None
        self._search: TraceSearch | None = None
        self._asked: tuple[str | None, int | None] | None = None
        self._folded: set[int] = set()
        self._looking = False
        self._trouble = ""

    def body(self) -> Iterable[Widget]:
        """A line that says what is shown; the tree; the details of what the cursor is on."""
        yield Static("", id="state", markup=False)
        details = VerticalScroll(
            Static("", id="details", markup=False), id="details-side", classes="closed", can_focus=False
        )
        yield Container(Static(EMPTY, id="empty", markup=False), Grid(COLUMNS, name="trace"), details, id="parts")

    def on_mount(self) -> None:
        """What was asked for before it was ever seen; and the line takes an id."""
        self.query_one(
            "#filter", Input
        ).placeholder = "the id of a command, a correlation id, or the position of an event"
        if self._asked is not None:
            self._look(*self._asked)

    def on_resize(self) -> None:
        """Other columns may fit now."""
        self.call_after_refresh(self._rows)

    def show(self, look: Look) -> None:
        """The log is not read again with every moment: `m` looks for what has come since."""

    def open(self, correlation_id: str | None, position: int | None = None) -> None:
        """Go to all that belongs together.

        Args:
            correlation_id: or the id of a command; None for that of the record at `position`.
            position: of a record that is known to belong to it.
        """
        self._asked = (correlation_id, position)
        if self.is_mounted:
            self._look(correlation_id, position)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """An id, or a position, was typed."""
        text = event.value.strip()
        if event.input.id == "filter" and text:
            self.open(*((None, int(text)) if text.isdecimal() and text.isascii() else (text, None)))

    def _look(self, identifier: str | None, position: int | None) -> None:
        """Look for what belongs to something else."""
        self.trace, self._search, self._folded, self._trouble = None, None, set(), ""
        self.run_worker(self._find(identifier, position), group="trace", exclusive=True)

    def action_further(self) -> None:
        """Go on looking, or look for what has come since."""
        if self._asked is None or self._looking:
            return
        if self._search is not None and self._search.wanted() is not None:
            self.run_worker(self._go_on(self._search), group="trace", exclusive=True)
        else:
            self._look(*self._asked)

    async def _find(self, identifier: str | None, position: int | None) -> None:
        """Find the id, if only a position is known; then all of it."""
        journal = self.dashboard.source.journal
        try:
            head = await journal.head()
            found: str | int = position or 0 if identifier is None else identifier
            while isinstance(found, int):
                records = await journal.records(found, found)
                if not records:
                    self._fail(f"there is no event at position {whole(found)}: the log ends at {whole(head)}")
                    return
                found = belongs_to(records[0])
            self._search = TraceSearch(found, head, position=position)
        except (ActumError, Unavailable) as error:
            self._fail(str(error))
            return
        await self._go_on(self._search)

    async def _go_on(self, search: TraceSearch) -> None:
        """Look through the log, and show what there is meanwhile."""
        self._looking = True
        start, drawn = search.looked_at, 0
        try:
            while search.looked_at - start < LOOK_POSITIONS and await trace_piece(
                self.dashboard.source.journal, search
            ):
                if search.looked_at // DRAW_POSITIONS != drawn:
                    drawn = search.looked_at // DRAW_POSITIONS
                    self._draw(search)
        except (ActumError, Unavailable) as error:
            self._trouble = str(error)
        finally:
            self._looking = False
        self._draw(search)

    def _fail(self, sentence: str) -> None:
        """Say why there is nothing."""
        self._trouble = sentence
        self.query_one("#state", Static).update(Content.styled(safe_text(sentence), "bold $text-error"))

    def _draw(self, search: TraceSearch) -> None:
        """Show what was found so far."""
        self.trace = search.trace()
        grid, there = self.query_one(Grid), bool(self.trace.nodes)
        grid.set_class(there, "open")
        self.query_one("#empty").set_class(there, "closed")
        self.query_one("#details-side").set_class(not there, "closed")
        self._rows()
        self._say(search)
        if there and self.focused is None:
            grid.focus()

    def _rows(self) -> None:
        """Show the tree, as far as it is open."""
        if self.trace is None:
            return
        views: dict[str, list[str]] = {}
        for view in self.dashboard.source.hello.views:
            for tag in view.events:
                views.setdefault(tag, []).append(view.name)
        ascii_only = terminal_glyphs() is ASCII
        rows = trace_rows(self.trace.nodes, self._folded, views, ascii_only=ascii_only)
        grid = self.query_one(Grid)
        columns = COLUMNS if self.size.width >= TIMES_WIDTH else NARROW_COLUMNS
        if columns != grid.spec:
            grid.respec(columns)
        if columns == NARROW_COLUMNS:
            rows = [row._replace(cells=[row.cells[0], *row.cells[2:]]) for row in rows]
        grid.show(rows)
        self._describe()

    def _say(self, search: TraceSearch) -> None:
        """Say what is shown, and what was looked at for it."""
        records = [] if self.trace is None else self.trace.records
        parts: list[tuple[str, str]] = [(safe_text(search.id), "bold")]
        if records:
            took = (max(one.timestamp_ns for one in records) - records[0].timestamp_ns) / SECOND_NS
            parts.append((f"  {whole(len(records))} events in {seconds(took)}", ""))
        else:
            parts.append(
                ("  nothing found yet" if search.wanted() else "  nothing belongs to it", "bold $text-warning")
            )
        if search.full:
            parts.append(("  there are more: an id that so many have traces nothing", "$text-warning"))
        elif search.wanted() is None:
            parts.append((f"  looked at {whole(search.looked_at)} positions", MUTED))
        else:
            further = "" if self._looking else "; m looks further"
            parts.append(
                (f"  looked at {whole(search.looked_at)} positions, {whole(search.remaining)} left{further}", MUTED)
            )
        if self._trouble:
            parts = [(safe_text(self._trouble), "bold $text-error")]
        self.query_one("#state", Static).update(Content.assemble(*parts))

    @property
    def node(self) -> int | None:
        """The node that the cursor is on, or whose views it is on."""
        row = self.query_one(Grid).current
        return None if row is None or self.trace is None else int(row.key.split(" ")[0])

    def _describe(self) -> None:
        """Show all of the record under the cursor."""
        index = self.node
        there = index is not None and self.trace is not None and index < len(self.trace.nodes)
        details = record_details(self.trace.nodes[index].record) if there and self.trace and index is not None else ""
        self.query_one("#details", Static).update(details)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """The cursor is on something else."""
        event.stop()
        self._describe()

    async def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter, or a second click: the past of its aggregate."""
        event.stop()
        index = self.node
        if index is not None and self.trace is not None:
            record = self.trace.nodes[index].record
            await self.dashboard.open_time_machine(record.aggregate, record.key)

    def on_key(self, event: events.Key) -> None:
        """Left closes a branch, right opens it."""
        index = self.node
        if event.key in ("left", "right") and index is not None and isinstance(self.focused, Grid):
            event.stop()
            (self._folded.add if event.key == "left" else self._folded.discard)(index)
            self._rows()

    def action_fold(self) -> None:
        """Close what is below, or open it."""
        index = self.node
        if index is not None:
            self._folded ^= {index}
            self._rows()

    def action_fold_all(self) -> None:
        """Close all commands that nothing has caused, or open all."""
        nodes = () if self.trace is None else self.trace.nodes
        self._folded = set() if self._folded else {index for index, node in enumerate(nodes) if node.kind == "step"}
        self._rows()

    def action_details(self) -> None:
        """All of the record under the cursor, or the tree alone."""
        self.query_one("#details-side").toggle_class("closed")
