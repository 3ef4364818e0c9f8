"""A tile: one figure, large enough for a glance, with its last minutes below it.

```
 acknowledged p99  0-5 ms
 1.9 ms        p50 0.4 ms
    ▁▂▂▃▂▂▁▁▂▂▇▃▂▂▂▁▁▂▂▂▂
```
Where it is narrow the scale goes first, then the label and both figures are written shorter. A value that is not well
has a sign and a word beside it, and a colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from actum_tui.top.glyphs import ASCII, UNICODE, Glyphs, shown_with
from actum_tui.top.widgets.sparkline import area, columns, lines, scale_end

Level: TypeAlias = Literal["fine", "warning", "error"]

VALUE_STYLES: dict[Level, str] = {
    "fine": "bold $foreground",
    "warning": "bold $text-warning",
    "error": "bold $text-error",
}
BAR_COLORS: dict[Level, str] = {"fine": "$primary", "warning": "$warning", "error": "$error"}
#: A chart of several lines is finer, so it may be brighter.
AREA_COLORS: dict[Level, str] = {**BAR_COLORS, "fine": "$text-primary"}
#: A chart of fewer lines is drawn in bars.
AREA_HEIGHT_MIN = 2
#: By how much the foot of a chart is paler than its top, in percent.
FADING = 55
MUTED = "$foreground 60%"


class Reading(NamedTuple):
    """What a tile shows.

    Attributes:
        label: what it is.
        value: the figure, with its unit; empty if there is none.
        beside: a second figure, or how the first has changed.
        level: how well that is.
        word: what is wrong with it, if it is not fine.
        samples: of the last minutes, oldest first.
        seen: how many samples there have ever been.
        scale: the scale's end, in words; see `sparkline.scale_end`.
        narrow_label: for a tile that has no room for both figures below the label; empty for the same.
        narrow_value: the figure in little room; empty for the same.
        narrow_beside: the second figure there.
    """

    label: str
    value: str = ""
    beside: str = ""
    level: Level = "fine"
    word: str = ""
    samples: Sequence[float] = ()
    seen: int = 0
    scale: str = ""
    narrow_label: str = ""
    narrow_value: str = ""
    narrow_beside: str = ""


class Tile(Widget):
    """One figure and its last minutes."""

    DEFAULT_CSS = """
    Tile {
        width: 1fr;
        height: 3;
        margin-right: 1;
    }
    """

    def __init__(self, reading: Reading, *, window: int, glyphs: Glyphs = UNICODE) -> None:
        """A tile.

        Args:
            reading: to begin with.
            window: samples that the sparkline shall show, at least.
            glyphs: to draw with.
        """
        super().__init__()
        self._reading = reading
        self._window = window
        self._glyphs = glyphs

    def show(self, reading: Reading, window: int) -> None:
        """Show this instead, with so many samples at least."""
        if (reading, window) != (self._reading, self._window):
            self._reading, self._window = reading, window
            self.refresh()

    def render(self) -> Content:
        """All lines."""
        return tile_content(self._reading, self._glyphs, self._window, self.size.width, self.size.height)


def tile_content(reading: Reading, glyphs: Glyphs, window: int, width: int, height: int) -> Content:
    """A reading as so many lines of so many cells."""
    sign = {"fine": "", "warning": glyphs.warning, "error": glyphs.error}[reading.level]
    value = shown_with(reading.value, glyphs) or glyphs.none
    warned = f"{value} {sign} {reading.word}" if sign else value
    label, beside, narrow = reading.label, shown_with(reading.beside, glyphs), ""
    if reading.narrow_label and width < max(cell_len(label), cell_len(warned) + 1 + cell_len(beside)):
        label, beside = reading.narrow_label, ""
        if reading.narrow_value:
            warned = sign + shown_with(reading.narrow_value, glyphs)
            narrow = f" {shown_with(reading.narrow_beside, glyphs)}"
    head = spread(label, reading.scale and f"0-{shown_with(reading.scale, glyphs)}", width, glyphs, "", MUTED)
    body = spread(warned, beside, width, glyphs, VALUE_STYLES[reading.level], MUTED)
    if narrow and body.cell_length + cell_len(narrow) <= width:
        body = Content.assemble(body, (narrow, MUTED))
    rows = [head, body]
    if height > len(rows):
        rows += chart(reading, glyphs, window, width, height - len(rows))
    return Content("\n").join(rows[:height])


def chart(reading: Reading, glyphs: Glyphs, window: int, width: int, height: int) -> list[Content]:
    """The last minutes: bars in one line, an area in several, which fades towards its foot."""
    end = scale_end(reading.samples)
    if height < AREA_HEIGHT_MIN or glyphs is ASCII:
        color = BAR_COLORS[reading.level]
        drawn = lines(columns(reading.samples, reading.seen, width, window), end, width, height, glyphs)
    else:
        color = AREA_COLORS[reading.level]
        drawn = area(columns(reading.samples, reading.seen, 2 * width, window), end, width, height)
    strength = [round(100 - FADING * number / max(1, height - 1)) for number in range(height)]
    return [Content.styled(line, f"{color} {percent}%") for line, percent in zip(drawn, strength, strict=True)]


def spread(left: str, right: str, width: int, glyphs: Glyphs, left_style: str, right_style: str) -> Content:
    """Two texts at the ends of a line; the right one is left out where there is no room for both."""
    if cell_len(left) > width:
        return Content.styled(cut(left, width, glyphs), left_style)
    blank = width - cell_len(left) - cell_len(right)
    if not right or blank < 1:
        return Content.styled(left, left_style)
    return Content.assemble((left, left_style), " " * blank, (right, right_style))


def cut(text: str, width: int, glyphs: Glyphs) -> str:
    """A text that fits, marked where it was cut."""
    if cell_len(text) <= width:
        return text
    kept = text
    while kept and cell_len(kept) > width - 1:
        kept = kept[:-1]
    return kept + glyphs.cut if width > 0 else ""
