"""Screen 1: the engine at a glance: what it is asked, how fast it answers, who follows, what happens, what is not well.

What is not well stands above everything; then figures with their last minutes, classes of aggregates, who follows the
log, and the newest events. Nothing is laid out again while frames come, and only what has changed is drawn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from actum import ActumError, StoredRecord
from rich.style import Style
from rich.text import Text
from textual import on
from textual.color import Color
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import DataTable, Static

from actum_tui.safe_text import safe_text
from actum_tui.top.aggregates import aggregate_rows
from actum_tui.top.consumers import consumers
from actum_tui.top.glyphs import shown_with, terminal_glyphs
from actum_tui.top.grid import Grid, GridColumn, GridRow
from actum_tui.top.look import Look
from actum_tui.top.overview_grids import (
    AGGREGATE_COLUMNS,
    CONSUMER_COLUMNS,
    RANKS,
    Column,
    Drawing,
    aggregate_row,
    columns_for,
    consumer_row,
)
from actum_tui.top.overview_rows import FIRST, OVERVIEW_ROWS, SECOND
from actum_tui.top.page import Page
from actum_tui.top.samples import Samples, window
from actum_tui.top.source import Kind, Unavailable
from actum_tui.top.verdicts import verdicts
from actum_tui.top.vital_figures import Level
from actum_tui.top.vital_readings import ATTACH, readers, tile_of
from actum_tui.top.widgets.notices import Notices
from actum_tui.top.widgets.tail import Tail
from actum_tui.top.widgets.tile import Reading, Tile

#: Rows of a table on this screen; with more, the busiest are shown, and the filter finds the others.
ROWS_MAX = 200
#: Records that the tail keeps: more than a terminal has lines.
TAIL_RECORDS_MAX = 200
DIRECTORY = "what a directory says of these: actum subscriptions ls, actum processes ls, actum deadlines ls"
NO_EVENTS = "no events yet: send a command"
#: Where one gets to know more.
SCREENS = {"aggregate": "2", "subscription": "5", "process": "5", "timer": "5"}
LEVEL_COLORS: dict[Level, str] = {"fine": "text-success", "warning": "text-warning", "error": "text-error"}


class OverviewPage(Page):
    """Overview."""

    TITLE_TEXT = "Overview"
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (100, "-broad"), (150, "-wide")]  # noqa: RUF012  # as Textual declares it
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-short"), (32, "-tall"), (44, "-high")]  # noqa: RUF012

    DEFAULT_CSS = """
    OverviewPage .tiles { height: 3; padding: 0 0 0 1; }
    OverviewPage .tiles Tile { height: 100%; }
    OverviewPage.-broad .tiles Tile, OverviewPage.-wide .tiles Tile { margin-right: 3; }
    OverviewPage.-tall .tiles, OverviewPage.-high .tiles { height: 6; padding: 1 0 0 1; }
    OverviewPage.-high .tiles { height: 8; }
    OverviewPage #second { display: none; }
    OverviewPage.-tall #second, OverviewPage.-high #second { display: block; }
    OverviewPage.-directory.-tall #second, OverviewPage.-directory.-high #second { display: none; }
    OverviewPage #rest { height: 1fr; layout: vertical; }
    OverviewPage.-wide #rest { layout: horizontal; }
    OverviewPage #tables { width: 1fr; height: auto; }
    OverviewPage.-wide #tables { height: 1fr; width: 3fr; }
    OverviewPage Grid {
        height: auto;
        background: $background;
        scrollbar-size-vertical: 1;
        &:focus, &:focus > .datatable--header { background-tint: $foreground 0%; }
        & > .datatable--header { background: $background; color: $text-primary; }
        & > .datatable--cursor { background: $background; text-style: none; }
        &:focus > .datatable--cursor { background: $block-cursor-background 40%; color: $foreground; }
    }
    OverviewPage #aggregates { max-height: 5; }
    OverviewPage #consumers { max-height: 6; }
    OverviewPage.-tall #aggregates { max-height: 7; margin-top: 1; }
    OverviewPage.-tall #consumers { max-height: 9; margin-top: 1; }
    OverviewPage.-high #aggregates { max-height: 40%; margin-top: 1; }
    OverviewPage.-high #consumers { max-height: 50%; margin-top: 1; }
    OverviewPage .hint { display: none; height: auto; max-height: 2; color: $text-muted; }
    OverviewPage .hint.said { display: block; }
    OverviewPage #events { width: 1fr; height: 1fr; min-height: 4; }
    OverviewPage.-tall #events, OverviewPage.-high #events { margin-top: 1; }
    OverviewPage.-wide #events { width: 2fr; margin-left: 2; }
    OverviewPage #events-head { height: 1; color: $text-primary; text-style: bold; padding-left: 1; }
    """

    def __init__(self) -> None:
        """Nothing seen yet."""
        super().__init__()
        self._glyphs = terminal_glyphs()
        self._samples = Samples(readers(OVERVIEW_ROWS))
        self._tiles: dict[str, Tile] = {}
        self._records: deque[StoredRecord] = deque(maxlen=TAIL_RECORDS_MAX)
        self._position = 0
        self._reading = False

    def body(self) -> Iterable[Widget]:
        """What is not well, figures, tables, the newest events."""
        for row in OVERVIEW_ROWS:
            self._tiles[row.name] = Tile(Reading(row.name), window=1, glyphs=self._glyphs)
        yield Notices(glyphs=self._glyphs)
        yield Horizontal(*(self._tiles[row.name] for row in FIRST), id="first", classes="tiles")
        yield Horizontal(*(self._tiles[row.name] for row in SECOND), id="second", classes="tiles")
        grids = Grid([GridColumn("aggregate")], name="aggregates"), Grid([GridColumn("state")], name="consumers")
        for grid in grids:
            grid.cursor_foreground_priority = "renderable"
        aggregates, following = grids
        hints = Static(id="aggregates-hint", classes="hint"), Static(id="consumers-hint", classes="hint")
        tables = Vertical(aggregates, hints[0], following, hints[1], id="tables")
        events = Vertical(Static("newest events", id="events-head"), Tail(glyphs=self._glyphs), id="events")
        yield Widget(tables, events, id="rest")

    def show(self, look: Look) -> None:
        """Show a moment."""
        self._samples.catch_up(self.dashboard.frames)
        samples = window(self.dashboard.interval)
        self.query_one(Notices).show(verdicts(look.now), calm(look))
        for row in OVERVIEW_ROWS:
            self._tiles[row.name].show(tile_of(row, look, self._samples), samples)
        self.set_class(self.dashboard.source.kind == "store", "-directory")
        self._tables(look)
        self._follow(look)

    def _tables(self, look: Look) -> None:
        """Show the rows that the filter lets through, as far as there is room for them."""
        statistics = look.now.statistics
        classes = [row for row in aggregate_rows(look) if self._wanted(row.name)]
        following = [] if statistics is None else consumers(statistics)
        following = [each for each in following if self._wanted(f"{each.kind} {each.name} {each.state}")]
        drawing = self._drawing("#aggregates", AGGREGATE_COLUMNS)
        self._fill("#aggregates", [aggregate_row(row, drawing) for row in classes[:ROWS_MAX]], len(classes))
        drawing = self._drawing("#consumers", CONSUMER_COLUMNS)
        worst = sorted(following, key=lambda each: -RANKS[each.level]) if len(following) > ROWS_MAX else following
        self._fill("#consumers", [consumer_row(each, drawing) for each in worst[:ROWS_MAX]], len(following))

    def _drawing(self, name: str, columns: Sequence[Column]) -> Drawing:
        """How rows of a table are drawn now; the table gets other columns if its width is another."""
        grid = self.query_one(name, Grid)
        wanted = columns_for(columns, grid.size.width or self.size.width)
        if tuple(wanted) != grid.spec:
            grid.respec(wanted)
        return Drawing(wanted, self._glyphs, self._style)

    def _fill(self, name: str, rows: Sequence[GridRow], count: int) -> None:
        """Show rows, and say what there is to do if there are none, or that there are more."""
        self.query_one(name, Grid).show(rows)
        hint = self.query_one(f"{name}-hint", Static)
        text = ""
        if not rows:
            text = hint_of(name, self.dashboard.source.kind, filtered=bool(self.filter_text))
        elif count > len(rows):
            text = f"{count - len(rows):,} more: / finds them"
        hint.set_class(bool(text), "said")
        hint.update(Text(f" {shown_with(text, self._glyphs)}"), layout=False)

    def _style(self, level: Level) -> Style:
        """What a level looks like in the theme of now."""
        color = Color.parse(self.dashboard.theme_variables[LEVEL_COLORS[level]])
        return Style(color=color.rich_color, bold=level != "fine")

    def _wanted(self, text: str) -> bool:
        """Whether the filter lets something through: each of its words is in it."""
        return all(word in text.casefold() for word in self.filter_text.casefold().split())

    def filtered(self, text: str) -> str | None:
        """Every word of the filter has to be in a name, a kind or a state."""
        del text
        look = self.dashboard.look
        if look is not None:
            self._tables(look)
        return None

    def on_resize(self, _: Resize) -> None:
        """Other columns, perhaps."""
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        """Draw the tables again."""
        look = self.dashboard.look
        if look is not None:
            self._tables(look)

    def _follow(self, look: Look) -> None:
        """Have the newest records read, if there are some that are not shown."""
        self._position = position_of(look)
        if self._position < self._last:
            self._records.clear()  # another log
        if not self._position:
            self.query_one(Tail).show((), NO_EVENTS)
        elif self._position != self._last and not self._reading:
            self._reading = True
            self.run_worker(self._read(), name="newest events", exit_on_error=False)

    @property
    def _last(self) -> int:
        """The position of the newest record that is shown."""
        return self._records[-1].position if self._records else 0

    async def _read(self) -> None:
        """Read what is new, and no more than can be shown, until nothing more has come meanwhile."""
        try:
            while self._position != self._last:
                stop, room = self._position, min(TAIL_RECORDS_MAX, self.size.height)
                start = max(self._last + 1, stop - room + 1)
                found = await self.dashboard.source.journal.records(start, stop)
                if start != self._last + 1:
                    self._records.clear()
                if not found:
                    return  # it is not there any more
                self._records += found
                self.query_one(Tail).show(tuple(self._records), NO_EVENTS)
        except (ActumError, Unavailable, OSError) as error:
            self.query_one(Tail).show((), f"the log can't be read now: {safe_text(str(error))}")
        finally:
            self._reading = False

    @on(DataTable.RowSelected)
    def more_wanted(self) -> None:
        """Go to the screen that knows more."""
        grid = self.focused
        row = grid.current if isinstance(grid, Grid) else None
        if grid is not None and row is not None:
            kind, _, name = ("aggregate", "", row.key) if grid.id == "aggregates" else row.key.partition(" ")
            self.run_worker(self._go(kind, name), name="screen")

    async def _go(self, kind: str, name: str) -> None:
        """Show another screen."""
        if kind == "view":
            await self.dashboard.open_view(name)
        else:
            await self.dashboard.switch_mode(SCREENS[kind])


def position_of(look: Look) -> int:
    """The last durable position, as the engine or else the directory says."""
    statistics, store = look.now.statistics, look.now.store
    return statistics.position if statistics is not None else 0 if store is None else store.position


def calm(look: Look) -> str:
    """What is said if nothing is wrong."""
    store = look.now.store
    if look.now.statistics is not None or store is None:
        return "all is well"
    writer = f"process {store.writer} has it open" if store.writer is not None else "no engine has it open"
    return f"the directory is well; {writer}"


def hint_of(name: str, kind: Kind, *, filtered: bool) -> str:
    """What there is to do about an empty table."""
    if filtered:
        return "nothing has these words: esc shows all again"
    if kind == "store":
        return ATTACH if name == "#aggregates" else DIRECTORY
    return "no classes of aggregates" if name == "#aggregates" else "nothing follows the log: give Engine.open a View"
