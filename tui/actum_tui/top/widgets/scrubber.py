"""Where in a row of things one is: a line with a knob, to be dragged or clicked with the mouse.

━━━━━━━━━━━━━━━━━●────────────────────────────
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from actum_tui.top.glyphs import ASCII
from actum_tui.top.widgets.tile import MUTED

if TYPE_CHECKING:
    from textual import events

    from actum_tui.top.glyphs import Glyphs


class Scrubber(Widget):
    """A knob on a line.

    Attributes:
        at: the number of the thing that it stands at, from 0.
        count: how many there are.
    """

    DEFAULT_CSS = """
    Scrubber { height: 1; width: 1fr; }
    """

    class Dragged(Message):
        """The knob was put somewhere else.

        Attributes:
            at: at which thing.
        """

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    def __init__(self, glyphs: Glyphs) -> None:
        """At nothing."""
        super().__init__(id="scrubber")
        self.at = 0
        self.count = 0
        self._glyphs = glyphs
        self._held = False

    def show(self, at: int, count: int) -> None:
        """Stand there."""
        if (at, count) != (self.at, self.count):
            self.at, self.count = at, count
            self.refresh()

    def render(self) -> Content:
        """The line."""
        return scrubber_content(self.at, self.count, self.size.width, self._glyphs)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take the knob."""
        event.stop()
        self._held = True
        self.capture_mouse()
        self._drag(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag it."""
        if self._held:
            event.stop()
            self._drag(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let it go."""
        event.stop()
        self._held = False
        self.release_mouse()

    def _drag(self, x: int) -> None:
        """To a cell."""
        if self.count:
            at = thing_at(x, self.count, self.size.width)
            self.show(at, self.count)
            self.post_message(self.Dragged(at))


def thing_at(cell: int, count: int, width: int) -> int:
    """The thing that a cell stands for: the first one at the left end, the last one at the right."""
    share = min(1.0, max(0.0, cell / max(1, width - 1)))
    return round(share * (count - 1))


def cell_of(at: int, count: int, width: int) -> int:
    """The cell where a thing's knob is."""
    return round(at / max(1, count - 1) * (width - 1)) if count else 0


def scrubber_content(at: int, count: int, width: int, glyphs: Glyphs) -> Content:
    """The line with its knob."""
    if width <= 0:
        return Content("")
    past, knob, rest = ("=", "O", "-") if glyphs is ASCII else ("━", "●", "─")
    cell = cell_of(at, count, width)
    return Content.assemble((past * cell, "$primary"), (knob, "bold $foreground"), (rest * (width - cell - 1), MUTED))
