"""The line of a recording: where it is, how long it is, and a place to click."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text
from textual.events import Click
from textual.widgets import Static

from actum_tui.safe_text import safe_text
from actum_tui.top.figures import clock

if TYPE_CHECKING:
    from actum_tui.top.player import Player

#: Of the line that is clicked on, at least so many cells.
LINE_CELLS_MIN = 8
KEYS = "  ←/→ frame  [/] 10 s  space"


class RecordingLine(Static):
    """One line below a screen that shows a recording."""

    DEFAULT_CSS = """
    RecordingLine { height: 1; background: $panel; color: $foreground; }
    """

    def __init__(self, player: Player) -> None:
        """For one player."""
        super().__init__(markup=False)
        self._player = player
        self._line = (0, 1)  # where the line that is clicked on begins, and how long it is

    def on_mount(self) -> None:
        """Show where it is."""
        self.show()

    def on_resize(self) -> None:
        """The line is as long as there is room."""
        self.show()

    def show(self) -> None:
        """Show it again: it has moved."""
        self.update(self._text(self.size.width))

    def _text(self, width: int) -> Text:
        """What stands in the line."""
        player = self._player
        state = "▶" if player.playing else "‖"
        before = f" {state} {clock(player.seconds)} / {clock(player.file.seconds)} "
        fault = "" if player.file.fault is None else "  cut off"
        after = f" {moment_of(player.time_ns)}{fault}"
        keys = KEYS if width - len(before) - len(after) - len(KEYS) > 2 * LINE_CELLS_MIN else ""
        cells = max(width - len(before) - len(after) - len(keys) - 1, LINE_CELLS_MIN)
        self._line = (len(before), cells)
        whole = player.file.seconds or 1.0
        done = min(round(player.seconds / whole * (cells - 1)), cells - 1)
        return Text.assemble(
            (before, "bold"),
            "━" * done,
            ("●", "bold"),
            ("─" * (cells - 1 - done), "dim"),
            safe_text(after),
            (keys, "dim"),
        )

    def on_click(self, event: Click) -> None:
        """Go where it is clicked."""
        start, cells = self._line
        if start <= event.x < start + cells:
            self._player.go_to_share((event.x - start) / max(cells - 1, 1))


def moment_of(time_ns: int) -> str:
    """The day and the time of a moment, UTC."""
    try:
        return f"{datetime.fromtimestamp(time_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):  # a clock that says what no calendar has
        return "at no time"
