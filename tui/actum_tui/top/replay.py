"""The dashboard on a recording: the same screens, and a line below them that moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.widgets import Footer, Input

from actum_tui.top.app import Dashboard
from actum_tui.top.widgets.recording_line import RecordingLine

if TYPE_CHECKING:
    from actum_tui.top.page import Page
    from actum_tui.top.recording import RecordingSource

SKIP_SECONDS = 10


class Replay(Dashboard):
    """Eight screens on a recording.

    Attributes:
        player: moves it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Back", priority=True, show=False),
        Binding("right", "step(1)", "On", priority=True, show=False),
        Binding(
            "left_square_bracket", f"skip({-SKIP_SECONDS})", "Back 10 s", priority=True, show=False, key_display="["
        ),
        Binding("right_square_bracket", f"skip({SKIP_SECONDS})", "On 10 s", priority=True, show=False, key_display="]"),
        Binding("home", "begin", "Begin", priority=True, show=False),
        Binding("end", "end", "End", priority=True, show=False),
        Binding("space", "play", "Play", priority=True),
    ]
    #: Keys that belong to a line in which is typed.
    TYPED: ClassVar[frozenset[str]] = frozenset({"step", "skip", "begin", "end", "play"})

    def __init__(self, source: RecordingSource) -> None:
        """Not running yet; the source is open."""
        super().__init__(source)
        self.player = source.player

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, the keys that move the recording are letters and cursor keys."""
        if action in self.TYPED and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    def came(self, page: Page) -> None:
        """A screen is seen now: it has the line, too."""
        try:
            page.query_one(RecordingLine)
        except NoMatches:
            _ = page.mount(RecordingLine(self.player), before=page.query_one(Footer))
        super().came(page)

    def _draw(self) -> None:
        """Show the moment, and where it is."""
        super()._draw()
        page = self.page
        if page is not None:
            for line in page.query(RecordingLine):
                line.show()

    def action_step(self, moments: int) -> None:
        """A moment on, or back."""
        self.player.step(moments)
        self._draw()

    def action_skip(self, seconds: int) -> None:
        """Some seconds on, or back."""
        self.player.skip(seconds)

    def action_begin(self) -> None:
        """To the beginning."""
        self.player.go(0)

    def action_end(self) -> None:
        """To the end."""
        self.player.go(len(self.player.file) - 1)

    def action_play(self) -> None:
        """Play, or stand still."""
        self.player.toggle()
        self._draw()
