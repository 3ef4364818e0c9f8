"""A list of any length: only the lines that are seen are made. With a cursor, or to be read only."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual


class VirtualList(ScrollView, can_focus=True):
    """Lines that a subclass makes when they are seen.

    Attributes:
        count: how many lines there are.
        cursor: the line that is picked; always one of the list, or 0.
        has_cursor: whether there is one that moves.
    """

    DEFAULT_CSS = """
    VirtualList { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: scroll; }
    VirtualList > .virtual-list--cursor { background: $primary 40%; text-style: bold; }
    VirtualList:focus > .virtual-list--cursor { background: $primary; color: $text; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"virtual-list--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "Up", show=False),
        Binding("down,j", "step(1)", "Down", show=False),
        Binding("pageup", "step_page(-1)", "Page up", show=False),
        Binding("pagedown", "step_page(1)", "Page down", show=False),
        Binding("home", "go(0)", "First", show=False),
        Binding("end", "go(-1)", "Last", show=False),
    ]

    class Moved(Message):
        """The cursor is on another line.

        Attributes:
            list: whose.
            line: which.
        """

        def __init__(self, moved: VirtualList, line: int) -> None:
            super().__init__()
            self.list = moved
            self.line = line

        @property
        def control(self) -> VirtualList:
            """The list."""
            return self.list

    def __init__(self, name: str, *, has_cursor: bool = True) -> None:
        """Without lines."""
        super().__init__(id=name)
        self.count = 0
        self.cursor = 0
        self.has_cursor = has_cursor

    def line(self, number: int, width: int) -> Content:
        """A line, as text; what is longer than the width is cut."""
        raise NotImplementedError

    def lines_changed(self, count: int, cursor: int | None = None) -> None:
        """There are other lines now.

        Args:
            count: how many.
            cursor: where the cursor is; where it was, without.
        """
        self.count = count
        self.virtual_size = Size(max(1, self.size.width - 1), count)
        self._put(self.cursor if cursor is None else cursor)
        self.refresh()

    def go(self, line: int) -> None:
        """Put the cursor on a line, the last one for -1, and say so if it moved."""
        before = self.cursor
        self._put(self.count - 1 if line < 0 else line)
        if self.cursor != before:
            self.refresh()
            self.post_message(self.Moved(self, self.cursor))

    def _put(self, line: int) -> None:
        """Put it there, seen."""
        self.cursor = max(0, min(line, self.count - 1))
        if self.has_cursor and self.count:
            self._see(self.cursor)

    def _see(self, line: int) -> None:
        """Scroll as little as needed, but to the middle for a leap."""
        height = max(1, self.size.height)
        top = self.scroll_offset.y
        if top <= line < top + height:
            return
        near = line == top - 1 or line == top + height
        wanted = line - height // 2 if not near else line if line < top else line - height + 1
        self.scroll_to(y=max(0, wanted), animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        number = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if number >= self.count or width <= 0:
            return Strip.blank(width, self.rich_style)
        style = self.visual_style
        if self.has_cursor and number == self.cursor:
            style = self.get_visual_style("virtual-list--cursor")
        strips = Visual.to_strips(self, self.line(number, width), width, 1, style, pad=True, apply_selection=False)
        return strips[0] if strips else Strip.blank(width)

    def action_step(self, lines: int) -> None:
        """So many lines on."""
        if self.has_cursor:
            self.go(max(0, self.cursor + lines))
        else:
            self.scroll_relative(y=lines, animate=False)

    def action_step_page(self, pages: int) -> None:
        """So many screens on."""
        self.action_step(pages * max(1, self.size.height - 1))

    def action_go(self, line: int) -> None:
        """To the first or the last."""
        if self.has_cursor:
            self.go(line)
        else:
            self.scroll_to(y=0 if line == 0 else self.max_scroll_y, animate=False)

    def on_click(self, event: events.Click) -> None:
        """A click picks a line."""
        if self.has_cursor and self.count:
            event.stop()
            self.go(min(self.scroll_offset.y + event.y, self.count - 1))

    def on_resize(self) -> None:
        """The cursor stays seen."""
        self.virtual_size = Size(max(1, self.size.width - 1), self.count)
        if self.has_cursor and self.count:
            self._see(self.cursor)
