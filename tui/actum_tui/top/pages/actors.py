"""Screen 2: actors: how many are awake, what keeps them busy, which stand out, and which are refused.

Four lists of those that stand out, one of them seen: with the most commands, with the fullest mailboxes, with the
longest answers, and in quarantine. Enter goes to an actor's past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, cast

from actum import ActumError
from actum.monitor import Actors, ActorSeen, Filter, Release, Wanted
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Static, Tab, Tabs

from actum_tui.safe_text import safe_text
from actum_tui.top.actions import offer
from actum_tui.top.actor_cells import ACTOR_COLUMNS, QUARANTINED_COLUMNS, actor_row, actor_text
from actum_tui.top.actor_rows import ACTIVITY_ROWS, STANDINGS, Standing, actors_of, quarantined_count
from actum_tui.top.aggregates import aggregate_rows, commands_of
from actum_tui.top.automation_asked import subject
from actum_tui.top.glyphs import terminal_glyphs
from actum_tui.top.grid import Grid, GridColumn
from actum_tui.top.look import Look
from actum_tui.top.overview_grids import AGGREGATE_COLUMNS, Column, Drawing, aggregate_row, columns_for
from actum_tui.top.page import Page
from actum_tui.top.samples import Samples, window
from actum_tui.top.source import Kind, Unavailable
from actum_tui.top.vital_figures import Level
from actum_tui.top.vital_readings import ATTACH, readers, tile_of
from actum_tui.top.widgets.tile import Reading, Tile

#: The letter of each name that is its key.
KEYS: dict[Standing, str] = {"hottest": "h", "deepest": "d", "slowest": "w", "quarantined": "u"}
EMPTY: dict[Standing, str] = {
    "hottest": "no commands lately: those that are sent the most are listed here",
    "deepest": "no commands wait in mailboxes",
    "slowest": "no commands lately: those whose answers take longest are listed here",
    "quarantined": "no actor is in quarantine: all take commands",
}
COLORS: dict[Level, str] = {"fine": "text-success", "warning": "text-warning", "error": "text-error"}
NOT_RECORDED = "this recording has no actors up to here: go on in it, it has some once in a while"


class ActorsPage(Page):
    """Actors.

    Attributes:
        standing: the list that is seen.
        actors: those that stand out, as they were seen last.
    """

    TITLE_TEXT = "Actors"
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-short"), (32, "-tall")]  # noqa: RUF012  # as Textual has it

    DEFAULT_CSS = """
    ActorsPage #figures { height: 3; padding: 0 0 0 1; }
    ActorsPage #figures Tile { height: 100%; margin-right: 2; }
    ActorsPage.-tall #figures { height: 6; padding: 1 0 0 1; }
    ActorsPage Grid { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    ActorsPage #classes { height: auto; max-height: 5; }
    ActorsPage.-tall #classes { max-height: 9; margin-top: 1; }
    ActorsPage Tabs { height: 2; }
    ActorsPage.-tall Tabs { margin-top: 1; }
    ActorsPage #actors { height: 1fr; }
    ActorsPage #empty { height: auto; padding: 0 1; color: $text-muted; display: none; }
    ActorsPage #empty.open { display: block; }
    ActorsPage #about { height: auto; max-height: 5; padding: 0 1; border-top: solid $primary; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"standing('{name}')", name.capitalize(), show=False) for name, key in KEYS.items()),
        Binding("t", "trace", "Trace"),
        Binding("X", "release", "Release", key_display="X"),
    ]

    def __init__(self) -> None:
        """Nothing seen yet."""
        super().__init__()
        self.standing: Standing = "hottest"
        self.actors: Actors | None = None
        self._filter = Filter()
        self._glyphs = terminal_glyphs()
        self._samples = Samples(readers(ACTIVITY_ROWS))
        self._tiles: dict[str, Tile] = {}

    def body(self) -> Iterable[Widget]:
        """Figures, classes, one list of actors, and the one under the cursor."""
        for row in ACTIVITY_ROWS:
            self._tiles[row.name] = Tile(Reading(row.name), window=1, glyphs=self._glyphs)
        yield Horizontal(*self._tiles.values(), id="figures")
        yield Grid([GridColumn("aggregate")], name="classes")
        yield Tabs(*(Tab(name.capitalize(), id=f"tab-{name}") for name in STANDINGS))
        yield Static("", id="empty", markup=False)
        yield Grid([GridColumn("actor")], name="actors")
        yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        """The cursor is on the actors."""
        self.query_one("#actors", Grid).focus()

    def wants(self) -> Wanted:
        """Frames with the actors that stand out."""
        return Wanted(interval_seconds=self.dashboard.interval, actors=True)

    def show(self, look: Look) -> None:
        """Show a moment; a recording has actors in some frames only."""
        if look.now.actors is not None:
            self.actors = look.now.actors
        self._samples.catch_up(self.dashboard.frames)
        samples = window(self.dashboard.interval)
        for row in ACTIVITY_ROWS:
            self._tiles[row.name].show(tile_of(row, look, self._samples), samples)
        drawing = self._drawing("#classes", AGGREGATE_COLUMNS)
        self.query_one("#classes", Grid).show([aggregate_row(row, drawing) for row in aggregate_rows(look)])
        self._draw()

    def _draw(self) -> None:
        """Draw the list that is seen, and the actor under the cursor."""
        look = self.dashboard.look
        if look is None:
            return
        commands = look.statistics_rate(commands_of)
        quarantined = self.standing == "quarantined"
        drawing = self._drawing("#actors", QUARANTINED_COLUMNS if quarantined else ACTOR_COLUMNS)
        rows = [actor_row(one, commands, drawing) for one in actors_of(self.actors, self.standing)]
        rows = [row for row in rows if self._filter.matches_row(subject(row.data))]
        grid = self.query_one("#actors", Grid)
        grid.show(rows)
        empty = self.query_one("#empty", Static)
        empty.set_class(not rows, "open")
        empty.update(self._why_empty())
        for name in STANDINGS:
            self.query_one(f"#tab-{name}", Tab).label = self._label(name, look)
        self._draw_about()

    def _draw_about(self) -> None:
        """What there is to say of the actor under the cursor."""
        one = self._current()
        about = self.query_one("#about", Static)
        about.display = one is not None
        if one is not None:
            how = "X releases it" if self.dashboard.may_act else "actum top --rw, then X"
            about.update(actor_text(one, released=how))

    def _current(self) -> ActorSeen | None:
        """The actor under the cursor."""
        row = self.query_one("#actors", Grid).current
        data = subject(None if row is None else row.data)
        seen = actors_of(self.actors, self.standing)
        return next((one for one in seen if (one.aggregate, one.key) == (data.get("aggregate"), data.get("key"))), None)

    def _why_empty(self) -> Text:
        """What it means that there are none."""
        kind, filtered = self.dashboard.source.kind, bool(self._filter.terms)
        return Text(empty_text(self.standing, kind, self.actors, filtered=filtered))

    def _label(self, standing: Standing, look: Look) -> Content:
        """A list's name, its key underlined; of those in quarantine how many there are."""
        name = standing.capitalize()
        key = name.lower().index(KEYS[standing])
        statistics = look.now.statistics
        count = 0 if statistics is None or standing != "quarantined" else quarantined_count(statistics)
        return Content.assemble(
            name[:key],
            (name[key], "underline"),
            name[key + 1 :],
            (f" {self._glyphs.error} {count:,}", "bold $text-error") if count else "",
        )

    def _drawing(self, name: str, columns: tuple[Column, ...]) -> Drawing:
        """How rows of a table are drawn now; the table gets other columns if its width is another."""
        grid = self.query_one(name, Grid)
        wanted = columns_for(columns, grid.size.width or self.size.width)
        if tuple(wanted) != grid.spec:
            grid.respec(wanted)
        return Drawing(wanted, self._glyphs, self._style)

    def _style(self, level: Level) -> Style:
        """What a level looks like in the theme of now."""
        color = Color.parse(self.dashboard.theme_variables[COLORS[level]])
        return Style(color=color.rich_color, bold=level != "fine")

    def action_standing(self, standing: Standing) -> None:
        """See another list."""
        self.query_one(Tabs).active = f"tab-{standing}"

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Another list is seen."""
        standing = cast("Standing", (event.tab.id or "tab-hottest").removeprefix("tab-"))
        if standing != self.standing:
            self.standing = standing
            self.query_one("#actors", Grid).focus()
            self._draw()

    def on_data_table_row_highlighted(self) -> None:
        """Another actor is under the cursor."""
        self._draw_about()

    def on_resize(self, _: Resize) -> None:
        """Other columns, perhaps."""
        self.call_after_refresh(self._draw)

    def filtered(self, text: str) -> str | None:
        """Another filter."""
        try:
            self._filter = Filter.parse(text)
        except ActumError as error:
            return str(error)
        self._draw()
        return None

    async def on_data_table_row_selected(self) -> None:
        """Enter: the actor's past."""
        one = self._current()
        if one is not None and self.query_one("#actors", Grid).has_focus:
            await self.dashboard.open_time_machine(one.aggregate, one.key)

    def action_trace(self) -> None:
        """All that belongs to the actor's last event."""
        self.run_worker(cast("Callable[[], None]", self._trace), group="trace", exclusive=True)

    async def _trace(self) -> None:
        """Find the last event, and go to what belongs to it."""
        one = self._current()
        if one is None:
            return
        try:
            records = await self.dashboard.source.journal.history(one.aggregate, one.key)
        except (ActumError, Unavailable) as error:
            self.notify(safe_text(str(error)), severity="warning", markup=False)
            return
        if records:
            await self.dashboard.open_trace(records[-1].correlation_id, position=records[-1].position)
        else:
            self.notify("it has no events yet: there is no trace of it", markup=False)

    async def action_release(self) -> None:
        """Let the actor under the cursor work again."""
        one = self._current()
        if one is None or one.state != "quarantined":
            self.notify("put the cursor on an actor in quarantine (u): only those are released", markup=False)
            return
        await offer(self.dashboard, Release(one.aggregate, one.key))


def empty_text(standing: Standing, kind: Kind, actors: Actors | None, *, filtered: bool) -> str:
    """What it means that a list is empty, and what to do."""
    if kind == "store":
        return ATTACH
    if actors is None:
        return NOT_RECORDED if kind == "recording" else "waiting for the first look"
    if filtered and actors_of(actors, standing):
        return "the filter lets none through: esc closes it"
    return EMPTY[standing]
