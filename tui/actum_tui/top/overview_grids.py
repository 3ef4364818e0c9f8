"""The tables of the overview: classes of aggregates, and who follows the log, as rows of a grid of some width.

The first column takes the room that the others leave; what is least telling goes first where there is little of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from rich.style import Style
from rich.text import Text

from actum_tui.safe_text import safe_text
from actum_tui.top import figures
from actum_tui.top.aggregates import AggregateRow
from actum_tui.top.consumers import Consumer
from actum_tui.top.glyphs import Glyphs, shown_with
from actum_tui.top.grid import GridColumn, GridRow
from actum_tui.top.vital_figures import Level, small_share
from actum_tui.top.widgets.gauge import gauge, percent
from actum_tui.top.widgets.tile import cut

#: Characters of a name that are looked at.
NAME_SIZE_MAX = 200
#: What names and states have at least, and at most if there is more than enough.
NAME_WIDTH_MIN = 8
NAME_WIDTH_MAX = 26
STATE_WIDTH_MIN = 10
STATE_WIDTH_MAX = 44
#: What a grid takes beside each cell, and for its scroll bar.
CELL_PADDING = 2
SCROLL_BAR = 1
#: Cells of a bar: a shorter one says nothing, a longer one not more.
GAUGE_WIDTH_MIN = 5
GAUGE_WIDTH_MAX = 16
RANKS = {"fine": 0, "warning": 1, "error": 2}
#: What a level looks like in the theme of now.
Styles: TypeAlias = Callable[[Level], Style]


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: above it.
        width: cells; 0 for what the others leave: names, and states.
        from_width: it is there if the table is so wide.
        right: whether it stands to the right.
    """

    name: str
    width: int
    from_width: int = 0
    right: bool = True


AGGREGATE_COLUMNS = (
    Column("aggregate", 0, right=False),
    Column("awake", 7),
    Column("commands/s", 10),
    Column("p50", 8),
    Column("p99", 8),
    Column("rejected", 8, 70),
    Column("mailbox", 7, 76),
    Column("quarantined", 11, 96),
)
CONSUMER_COLUMNS = (
    Column("follows the log", 0, right=False),
    Column("kind", 12, 130, right=False),
    Column("holds", 15, 60),
    Column("position", 12, 96),
    Column("lag", 8),
    Column("behind", 8, 50),
    Column("state", 0, right=False),
)


def columns_for(columns: Sequence[Column], width: int) -> list[GridColumn]:
    """The columns that there is room for."""
    chosen = [column for column in columns if width >= column.from_width]
    room = width - SCROLL_BAR - sum(column.width + CELL_PADDING for column in chosen)
    first = room
    if not chosen[-1].width:  # a state has what names leave
        first = min(NAME_WIDTH_MAX, max(room // 2, room - STATE_WIDTH_MAX))
    last = max(STATE_WIDTH_MIN, room - first)
    widths = {chosen[-1].name: last, chosen[0].name: max(NAME_WIDTH_MIN, first)}
    return [GridColumn(column.name, column.right, column.width or widths[column.name]) for column in chosen]


class Drawing(NamedTuple):
    """How rows are drawn: the columns that there are, the terminal's characters, the theme's colours."""

    columns: Sequence[GridColumn]
    glyphs: Glyphs
    styles: Styles

    def row(self, key: str, cells: dict[str, tuple[str | Text, object]], data: object) -> GridRow:
        """A row of the cells that have a column: each with what it is sorted by."""
        drawn: list[str | Text] = []
        order: list[object] = []
        for column in self.columns:
            cell, value = cells[column.name]
            drawn.append(cell if isinstance(cell, Text) else self.cell(cell, column))
            order.append(value)
        return GridRow(key, drawn, order, data)

    def cell(self, text: str, column: GridColumn, style: Style | str = "") -> Text:
        """A cell: what is nothing is pale."""
        shown = shown_with(text, self.glyphs)
        pale = "" if style or shown not in QUIET else "dim"
        justify: Literal["left", "right"] = "right" if column.right else "left"
        return Text(cut(shown, column.width or len(shown), self.glyphs), style or pale, justify=justify, no_wrap=True)

    def name(self, text: str) -> str:
        """A name from data."""
        return safe_text(text[:NAME_SIZE_MAX])


#: Numbers from here on are shortened.
DIGITS_FROM = 1_000_000
#: Cells that say that there is nothing.
QUIET = frozenset({"0", "—", "-", "0 %", "0 s", ""})


def aggregate_row(row: AggregateRow, drawing: Drawing) -> GridRow:
    """One class."""
    quarantined = f"{row.quarantined:,}"
    if row.quarantined:
        quarantined = f"{drawing.glyphs.error} {quarantined}"
    right = GridColumn("", right=True)
    cells: dict[str, tuple[str | Text, object]] = {
        "aggregate": (drawing.name(row.name), row.name),
        "awake": (figures.amount(row.awake), row.awake),
        "commands/s": (figures.rate(row.commands), row.commands),
        "p50": (figures.seconds(row.p50), row.p50),
        "p99": (figures.seconds(row.p99), row.p99),
        "rejected": ("—" if row.rejected is None else small_share(row.rejected), row.rejected),
        "mailbox": ("—" if row.deepest is None else figures.amount(row.deepest), row.deepest),
        "quarantined": (
            drawing.cell(quarantined, right, drawing.styles("error")) if row.quarantined else quarantined,
            row.quarantined,
        ),
    }
    return drawing.row(row.name, cells, row.data())


def consumer_row(consumer: Consumer, drawing: Drawing) -> GridRow:
    """One that follows the log."""
    state = state_text(consumer, drawing)
    behind = figures.seconds(consumer.seconds) if consumer.lag else "0"
    cells: dict[str, tuple[str | Text, object]] = {
        "follows the log": (drawing.name(consumer.name), consumer.name),
        "kind": (consumer.kind, consumer.kind),
        "holds": (holds_text(consumer, drawing), consumer.holds),
        "position": ("—" if consumer.position is None else figures.whole(consumer.position), consumer.position),
        "lag": (figures.amount(consumer.lag), consumer.lag),
        "behind": (behind, consumer.seconds),
        "state": (state, RANKS[consumer.level]),
    }
    return drawing.row(f"{consumer.kind} {consumer.name}", cells, consumer.data())


def holds_text(consumer: Consumer, drawing: Drawing) -> Text:
    """What it holds: all digits as long as they are few, and pale if it is nothing."""
    digits = figures.whole(consumer.holds) if consumer.holds < DIGITS_FROM else figures.amount(consumer.holds)
    column = next((each for each in drawing.columns if each.name == "holds"), GridColumn("holds", right=True))
    return drawing.cell(f"{digits} {consumer.unit}", column, "" if consumer.holds else "dim")


def state_text(consumer: Consumer, drawing: Drawing) -> Text:
    """A state in a word, with a sign if it is not well; a rebuilding with how far it is."""
    glyphs = drawing.glyphs
    sign = {"fine": " ", "warning": glyphs.warning, "error": glyphs.error}[consumer.level]
    text = Text(f"{sign} {consumer.state}", drawing.styles(consumer.level), no_wrap=True)
    rebuild = consumer.rebuild
    if rebuild is None:
        return text
    share = f" {percent(consumer.rebuilt_share)}"
    left = "" if rebuild.seconds_left is None else f", {figures.seconds(rebuild.seconds_left)} left"
    room = (drawing.columns[-1].width or 0) - len(text.plain) - len(share)
    if len(left) > room:
        left = ""
    bar = min(GAUGE_WIDTH_MAX, room - len(left) - 1)
    if bar >= GAUGE_WIDTH_MIN:
        text.append(f" {gauge(consumer.rebuilt_share, bar, glyphs)}")
    return text.append(share + shown_with(left, glyphs))
