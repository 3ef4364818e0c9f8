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

from actum_tui.top.glyphs import UNICODE, Glyphs, shown_with
from actum_tui.top.widgets.gauge import gauge
from actum_tui.top.widgets.sparkline import columns, lines, scale_end
from actum_tui.top.widgets.tile import BAR_COLORS, MUTED, VALUE_STYLES, Level, cut

NAME_WIDTH = 16
#: Cells of a value; fewer where a line is narrow, more where it is wide.
VALUE_WIDTHS = ((64, 10), (40, 8), (0, 7))
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

    def show(self, shown: Shown, window: int) -> None:
        """Show this instead, with so many samples at least."""
        if (shown, window) != (self._shown, self._window):
            self._shown, self._window = shown, window
            self.refresh()

    def render(self) -> Content:
        """The line."""
        name_style = "bold" if self.has_focus else MUTED
        return line_content(self._label, self._shown, self._glyphs, self._window, self.size.width, name_style)

    def on_focus(self) -> None:
        """Its name is bright."""
        self.refresh()

    def on_blur(self) -> None:
        """Its name is pale again."""
        self.refresh()


class Heading(Widget):
    """The line above some lines of figures."""

    DEFAULT_CSS = """
    Heading { width: 1fr; height: 1; }
    """

    def __init__(self, name: str, named: Sequence[str], *, glyphs: Glyphs = UNICODE) -> None:
        """A heading.

        Args:
            name: what the figures have in common.
            named: columns, as far as they have names.
            glyphs: to draw with.
        """
        super().__init__()
        self._label = name
        self._named = named
        self._glyphs = glyphs

    def render(self) -> Content:
        """The line."""
        return heading_content(self._label, self._named, self._glyphs, self.size.width)


def line_content(  # what a line is drawn of
    name: str, shown: Shown, glyphs: Glyphs, window: int, width: int, name_style: str = MUTED
) -> Content:
    """A line of so many cells."""
    sign = {"fine": " ", "warning": glyphs.warning, "error": glyphs.error}[shown.level]
    parts: list[tuple[str, str]] = [
        (sign, VALUE_STYLES[shown.level]),
        (f"{cut(name, NAME_WIDTH - 1, glyphs):<{NAME_WIDTH - 1}}", name_style if shown.level == "fine" else ""),
    ]
    value_width = value_width_of(width)
    spare = value_width > VALUE_WIDTHS[-1][1]
    for number, value in enumerate(shown.values):
        judged = number == min(1, len(shown.values) - 1)
        style = MUTED if not value else VALUE_STYLES[shown.level] if judged else ""
        text = shown_with(value if spare else value.replace(" ", ""), glyphs) or glyphs.none
        parts.append((f"{text:>{value_width}}", style))
    room = width - sum(len(text) for text, _ in parts) - len(GAP)
    if room >= DRAWN_WIDTH_MIN:
        parts.append((GAP + drawn(shown, glyphs, window, room), f"{BAR_COLORS[shown.level]} 80%"))
    return Content.assemble(*parts)


def value_width_of(width: int) -> int:
    """Cells of a value in a line of so many."""
    return next(cells for least, cells in VALUE_WIDTHS if width >= least)


def heading_content(name: str, columns: Sequence[str], glyphs: Glyphs, width: int) -> Content:
    """The line above some lines of figures: what they have in common, and the names of their columns."""
    value_width = value_width_of(width)
    named = "".join(f"{column:>{value_width}}" for column in columns)
    left = cut(f" {name}", NAME_WIDTH, glyphs) if columns else f" {name} "
    text = f"{left:<{NAME_WIDTH if columns else 0}}{named} "
    return Content.assemble(
        (text[: len(left)], "bold $text-primary"),
        (text[len(left) :], MUTED),
        (glyphs.rule * (width - len(text)), "$panel"),
    )


def drawn(shown: Shown, glyphs: Glyphs, window: int, room: int) -> str:
    """A bar, or the last minutes."""
    if shown.share is not None:
        return gauge(shown.share, room, glyphs)
    if not shown.samples:
        return ""
    (line,) = lines(columns(shown.samples, shown.seen, room, window), scale_end(shown.samples), room, 1, glyphs)
    return line
