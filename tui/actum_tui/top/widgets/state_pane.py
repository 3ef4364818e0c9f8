"""The state of an aggregate at a version, with what the last event changed: a sign, a colour, and the value before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from actum_tui.output import cell_text
from actum_tui.safe_text import safe_text
from actum_tui.top.difference import Run, container, path_text
from actum_tui.top.widgets.tile import MUTED, cut
from actum_tui.top.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum_tui.top.difference import Line
    from actum_tui.top.glyphs import Glyphs

STYLES = {"": "", "~": "bold $text-warning", "+": "bold $text-success", "-": "$text-error"}
#: Of the width, so much is for names.
NAMES_SHARE = 0.45
#: Characters of a value that are looked at; a line has fewer.
VALUE_CHARACTERS_MAX = 500


class StatePane(VirtualList):
    """The lines of a state."""

    def __init__(self, glyphs: Glyphs) -> None:
        """Nothing known yet."""
        super().__init__("state", has_cursor=False)
        self._glyphs = glyphs
        self._lines: Sequence[Line] = ()
        self._names = 0

    def show(self, lines: Sequence[Line]) -> None:
        """Show these; where it was scrolled to stays."""
        self._lines = lines
        self._names = max((cell_len(safe_text(path_text(line.path))) for line in lines), default=0)
        self.lines_changed(len(lines))

    def line(self, number: int, width: int) -> Content:
        """One value."""
        names = min(self._names, int(width * NAMES_SHARE))
        return state_line(self._lines[number], names, width, self._glyphs)


def state_line(line: Line, names: int, width: int, glyphs: Glyphs) -> Content:
    """One value in so many cells: its mark, its name, what it is, what it was."""
    name = cut(safe_text(path_text(line.path)), names, glyphs)
    style = STYLES[line.mark]
    head = f"{line.mark or ' '} {name}{' ' * (names - cell_len(name))}  "
    room = width - cell_len(head)
    value = value_in_line(line)
    if line.mark != "~":
        return Content.assemble((head, style), (cut(value, room, glyphs), style))
    was = f"  was {value_text(line.old)}"
    if cell_len(value) + cell_len(was) > room:
        value = cut(value, max(room // 2, room - cell_len(was)), glyphs)
    return Content.assemble((head, style), (value, style), (cut(was, room - cell_len(value), glyphs), MUTED))


def value_in_line(line: Line) -> str:
    """What a line is about: a run is a number of values."""
    last = line.path[-1]
    return f"{last.length:,} unchanged" if isinstance(last, Run) else value_text(line.value)


def value_text(value: object) -> str:
    """A value as it is written here: so that nothing, an empty text and a missing one can be told apart."""
    if value is None:
        return "null"
    if value == "":
        return '""'
    if (opened := container(value)) is not None and len(opened) > VALUE_CHARACTERS_MAX:
        return f"{len(opened):,} {'fields' if isinstance(opened, dict) else 'items'}"
    return cell_text(value)[:VALUE_CHARACTERS_MAX]
