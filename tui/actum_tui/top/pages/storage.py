"""Screen 8: the storage and the loop: commits, the log, checkpoints, the process; what each figure means.

Lines of figures in two columns; where there is room, the most telling ones as tiles above. Whoever stands on a line is
told below what it is, when to worry, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from actum.monitor import Checkpoint
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus
from textual.widget import Widget
from textual.widgets import Static

from actum_tui.top.actions import offer
from actum_tui.top.glyphs import terminal_glyphs
from actum_tui.top.look import Look
from actum_tui.top.page import Page
from actum_tui.top.samples import Samples, window
from actum_tui.top.verdicts import verdicts
from actum_tui.top.vital_figures import Row
from actum_tui.top.vital_readings import readers, shown_row, tile_of, why_unknown
from actum_tui.top.vital_rows import CHECKPOINT_ROWS, COMMIT_ROWS, LOG_ROWS, LOOP_ROWS, ROWS
from actum_tui.top.widgets.figure_line import FigureLine, Heading, Shown
from actum_tui.top.widgets.notices import Notices
from actum_tui.top.widgets.tile import Reading, Tile

COLUMNS = ((COMMIT_ROWS, LOOP_ROWS), (LOG_ROWS, CHECKPOINT_ROWS))
#: What is worth a tile, where there is room.
TILED = tuple(
    row for row in ROWS if row.name in {"commits/s", "commit", "write and fsync", "loop lag", "CPU", "memory"}
)
#: Those of them that need a wide terminal.
TILED_WIDE = frozenset({"CPU", "memory"})
CALM = "Storage and loop are well"


class StoragePage(Page):
    """Storage and loop."""

    TITLE_TEXT = "Storage and loop"
    FILTERS = False
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (76, "-broad"), (150, "-wide")]  # noqa: RUF012  # as Textual declares it
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-short"), (34, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("N", "checkpoint", "Checkpoint", key_display="N"),
        Binding("up,k", "step(-1)", "Up", show=False),
        Binding("down,j", "step(1)", "Down", show=False),
        Binding("left,h", "column(-1)", "Left", show=False),
        Binding("right,l", "column(1)", "Right", show=False),
    ]

    DEFAULT_CSS = """
    StoragePage #tiles { height: 1fr; min-height: 8; padding: 1 1 1 1; display: none; }
    StoragePage #tiles { layout: grid; grid-size: 2; grid-gutter: 1 3; }
    StoragePage.-wide #tiles { grid-size: 3; }
    StoragePage Tile { height: 100%; margin: 0; }
    StoragePage .more { display: none; }
    StoragePage.-wide .more { display: block; }
    StoragePage #columns { height: 1fr; layout: horizontal; scrollbar-size-vertical: 1; }
    StoragePage.-narrow #columns { layout: vertical; }
    StoragePage.-tall.-broad #tiles, StoragePage.-tall.-wide #tiles { display: block; }
    StoragePage.-tall.-broad #columns, StoragePage.-tall.-wide #columns { height: auto; }
    StoragePage .column { width: 1fr; height: auto; margin-right: 1; }
    StoragePage .section { height: auto; padding-bottom: 1; }
    StoragePage .section:last-of-type { padding-bottom: 0; }
    StoragePage #words { height: 4; padding: 0 1; border-top: solid $panel; color: $text-muted; }
    """

    def __init__(self) -> None:
        """Nothing measured yet."""
        super().__init__()
        self._glyphs = terminal_glyphs()
        self._samples = Samples(readers(ROWS))
        self._lines: dict[str, FigureLine] = {}
        self._tiles: dict[str, Tile] = {}
        self._row = ROWS[0]

    def body(self) -> Iterable[Widget]:
        """What is not well, tiles, lines, words."""
        yield Notices(glyphs=self._glyphs)
        for row in TILED:
            self._tiles[row.name] = tile = Tile(Reading(row.name), window=1, glyphs=self._glyphs)
            tile.set_class(row.name in TILED_WIDE, "more")
        yield Horizontal(*self._tiles.values(), id="tiles")
        columns = [Vertical(*map(self._section, sections), classes="column") for sections in COLUMNS]
        yield VerticalScroll(*columns, id="columns", can_focus=False)
        yield Static(id="words")

    def _section(self, rows: tuple[Row, ...]) -> Vertical:
        """Some lines below their heading."""
        named = ("p50", "p99", "max") if any(len(row.figures) > 1 for row in rows) else ()
        lines: list[Widget] = [Heading(rows[0].section, named, glyphs=self._glyphs)]
        for row in rows:
            empty = Shown(("",) * len(row.figures))
            self._lines[row.name] = FigureLine(row.name, empty, window=1, glyphs=self._glyphs)
            lines.append(self._lines[row.name])
        return Vertical(*lines, classes="section")

    def on_mount(self) -> None:
        """Stand on the first line."""
        self._lines[self._row.name].focus(scroll_visible=False)

    def show(self, look: Look) -> None:
        """Show a moment."""
        self._samples.catch_up(self.dashboard.frames)
        samples = window(self.dashboard.interval)
        self.query_one(Notices).show(verdicts(look.now), CALM)
        for row in ROWS:
            self._lines[row.name].show(shown_row(row, look, self._samples), samples)
        for row in TILED:
            self._tiles[row.name].show(tile_of(row, look, self._samples), samples)
        self._explain()

    @on(DescendantFocus)
    def stood_on(self, event: DescendantFocus) -> None:
        """Another line has the focus."""
        for row in ROWS:
            if self._lines[row.name] is event.widget:
                self._row = row
                self._explain()

    def _explain(self) -> None:
        """Say what the line is that one stands on."""
        row, look = self._row, self.dashboard.look
        unknown = look is not None and all(figure.read(look) is None for figure in row.figures)
        words = f" {why_unknown(row, self.dashboard.source.kind)}" if unknown else ""
        text = Text.assemble((row.name, "bold"), "  ", row.words, (words, "bold"))
        self.query_one("#words", Static).update(text, layout=False)

    async def action_checkpoint(self) -> None:
        """Have the engine save derived state now."""
        await offer(self.dashboard, Checkpoint())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to filter."""
        return action != "filter" and super().check_action(action, parameters)

    def action_step(self, step: int) -> None:
        """To the line above or below."""
        self._stand_on(ROWS.index(self._row) + step)

    def action_column(self, step: int) -> None:
        """To the line beside, in the other column."""
        columns = [[row for section in sections for row in section] for sections in COLUMNS]
        at = next(number for number, rows in enumerate(columns) if self._row in rows)
        line = columns[at].index(self._row)
        rows = columns[min(max(at + step, 0), len(columns) - 1)]
        self._stand_on(ROWS.index(rows[min(line, len(rows) - 1)]))

    def _stand_on(self, number: int) -> None:
        """Give a line the focus."""
        self._lines[ROWS[min(max(number, 0), len(ROWS) - 1)].name].focus()
