"""A line of figures: a name, one value or p50, p99 and the largest, and the last minutes or a bar.

```
 commit            0.9 ms  3.1 ms   12 ms  ▁▁▂▁▃▁▁▂▁
 map use             12 %  ███▍░░░░░░░░░░░░░░░░░░░░░
```
It can have the focus: whoever stands on it is told what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.widget import Widget

from actum_tui.top.glyphs import UNICODE, Glyphs
from actum_tui.top.widgets.gauge import gauge
from actum_tui.top.widgets.sparkline import columns, lines, scale_end
from actum_tui.top.widgets.tile import BAR_STYLES, MUTED, VALUE_STYLES, Level, cut

NAME_WIDTH = 16
VALUE_WIDTH = 8
GAP = "  "
#: A sparkline or a bar that is shorter says nothing.
DRAWN_WIDTH_MIN = 8


class Shown(NamedTuple):
    """What a line shows.

    Attributes:
        values: one, or three; empty where there is no figure.
        level: how well they are.
        samples: of the last minutes, oldest first.
        seen: how many samples there have ever been.
        share: a bar is filled so far, instead of samples; None for none.
    """

    values: tuple[str, ...]
    level: Level = "fine"
    samples: Sequence[float] = ()
    seen: int = 0
    share: float | None = None


class FigureLine(Widget, can_focus=True):
    """One line."""

    DEFAULT_CSS = """
    FigureLine {
        width: 1fr;
        height: 1;
        &:focus { background: $block-cursor-background 40%; text-style: bold; }
        &:hover { background: $boost; }
    }
    """

    def __init__(self, name: str, shown: Shown, *, window: int, glyphs: Glyphs = UNICODE) -> None:
        """A line.

        Args:
            name: what its figures are.
            shown: to begin with.
            window: samples that a sparkline shall show, at least.
            glyphs: to draw with.
        """
        super().__init__()
        self._label = name
        self._shown = shown
        self._window = window
        self._glyphs = glyphs

    def show(self, shown: Shown) -> None:
        """Show this instead."""
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Content:
        """The line."""
        return line_content(self._label, self._shown, self._glyphs, self._window, self.size.width)


def line_content(name: str, shown: Shown, glyphs: Glyphs, window: int, width: int) -> Content:
    """A line of so many cells."""
    sign = {"fine": " ", "warning": glyphs.warning, "error": glyphs.error}[shown.level]
    parts: list[tuple[str, str]] = [
        (sign, VALUE_STYLES[shown.level]),
        (f"{cut(name, NAME_WIDTH - 1, glyphs):<{NAME_WIDTH - 1}}", MUTED if shown.level == "fine" else ""),
    ]
    for number, value in enumerate(shown.values):
        judged = number == min(1, len(shown.values) - 1)
        style = MUTED if not value else VALUE_STYLES[shown.level] if judged else ""
        parts.append((f"{value or glyphs.none:>{VALUE_WIDTH}}", style))
    room = width - NAME_WIDTH - VALUE_WIDTH * len(shown.values) - len(GAP)
    if room >= DRAWN_WIDTH_MIN:
        parts.append((GAP + drawn(shown, glyphs, window, room), BAR_STYLES[shown.level]))
    return Content.assemble(*parts)


def drawn(shown: Shown, glyphs: Glyphs, window: int, room: int) -> str:
    """A bar, or the last minutes."""
    if shown.share is not None:
        return gauge(shown.share, room, glyphs)
    if not shown.samples:
        return ""
    (line,) = lines(columns(shown.samples, shown.seen, room, window), scale_end(shown.samples), room, 1, glyphs)
    return line
