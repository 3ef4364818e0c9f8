"""The dashboard: takes frames from a source, keeps the last ones, and shows them on the screen that is seen.

It runs in a process of its own. What can't be reached is said and tried again; what is not seen is not asked for.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from actum.monitor import Frame
from textual.app import App
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import HelpPanel

from actum_tui.top.letters import driver_that_writes
from actum_tui.top.look import Look
from actum_tui.top.page import Page, StatusLine
from actum_tui.top.pages.actors import ActorsPage
from actum_tui.top.pages.events import EventsPage
from actum_tui.top.pages.overview import OverviewPage
from actum_tui.top.pages.processes import ProcessesPage
from actum_tui.top.pages.rows import RowsPage
from actum_tui.top.pages.storage import StoragePage
from actum_tui.top.pages.time_machine import TimeMachinePage
from actum_tui.top.pages.trace import TracePage
from actum_tui.top.picture import picture_of
from actum_tui.top.source import Found, Lost, Past
from actum_tui.top.widgets.palette import Palette

if TYPE_CHECKING:
    from actum_tui.top.source import Source

#: Frames that are kept for sparklines.
FRAMES_MAX = 300
INTERVALS = (0.5, 1.0, 2.0, 5.0, 10.0)

PAGES: tuple[tuple[str, type[Page]], ...] = (
    ("1", OverviewPage),
    ("2", ActorsPage),
    ("3", EventsPage),
    ("4", RowsPage),
    ("5", ProcessesPage),
    ("6", TracePage),
    ("7", TimeMachinePage),
    ("8", StoragePage),
)


class Dashboard(App[None]):
    """Eight screens on one source.

    Attributes:
        source: what is looked at.
        frames: the last ones, oldest first; emptied when an engine is opened again.
        look: the last two; None before the first.
        lost: why the source can't be reached now, or None.
        paused: whether the screen stands still.
        interval: seconds between frames.
        may_act: whether actions are offered: asked for with `--rw`, and allowed by the engine.
    """

    ENABLE_COMMAND_PALETTE = True
    MODES: ClassVar[dict[str, str | Callable[[], Screen[object]]]] = {
        key: cast("Callable[[], Screen[object]]", page) for key, page in PAGES
    }
    DEFAULT_MODE: ClassVar[str] = "1"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"switch_mode('{key}')", page.TITLE_TEXT, show=False, tooltip=f"Screen {key}")
            for key, page in PAGES
        ),
        Binding("space", "pause", "Pause"),
        Binding("plus", "interval(1)", "Slower", show=False, key_display="+"),
        Binding("minus", "interval(-1)", "Faster", show=False, key_display="-"),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
        Binding("ctrl+t", "next_theme", "Theme", show=False),
        Binding("p", "screenshot", "Picture", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, source: Source, *, interval: float = 1.0, rw: bool = False) -> None:
        """Not running yet.

        Args:
            source: opened.
            interval: seconds between frames.
            rw: whether actions are wanted.
        """
        super().__init__()
        self.title = "actum"
        self.source = source
        self.frames: deque[Frame] = deque(maxlen=FRAMES_MAX)
        self.look: Look | None = None
        self.lost: str | None = None
        self.paused = False
        self.interval = interval
        self.rw = rw

    @property
    def may_act(self) -> bool:
        """Whether actions are offered."""
        return self.rw and self.source.kind == "live" and self.source.hello.admin

    @property
    def page(self) -> Page | None:
        """The screen that is seen, below a dialog perhaps."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Page):
                return screen
        return None

    def get_driver_class(self) -> type[Driver]:
        """What draws on the terminal; see `actum_tui.top.letters`."""
        return driver_that_writes(super().get_driver_class(), getattr(sys.__stderr__, "encoding", None))

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """What is on the screen, as SVG."""
        return picture_of(super().export_screenshot(title=title, simplify=simplify))

    def on_mount(self) -> None:
        """Begin to take frames."""
        self.run_worker(self._take(), name="frames", exclusive=True, exit_on_error=True)

    async def _take(self) -> None:
        """Take what the source gives until there is no more."""
        async for item in self.source.frames():
            match item:
                case Lost():
                    self.lost = item.sentence
                case Found():
                    self.lost = None
                    self.frames.clear()
                    self.look = None
                case Past():
                    for frame in item.frames:
                        self._frame(frame)
                    continue
                case Frame():
                    self._frame(item)
            self._draw()

    def _frame(self, frame: Frame) -> None:
        """One frame more."""
        before = self.frames[-1] if self.frames else None
        self.frames.append(frame)
        self.look = Look(before, frame)

    def _draw(self) -> None:
        """Show the moment on the screen that is seen; one that is being made, or taken down, has not all its parts."""
        page = self.page
        if page is None or not page.complete:
            return
        try:
            page.query_one("#status", StatusLine).show(self)
            if self.look is not None and not self.paused:
                page.show(self.look)
        except NoMatches:
            if page.query("#status"):
                raise

    def came(self, page: Page) -> None:
        """A screen is seen now: it says what it wants, and shows what there is."""
        self.source.watch(page.wants())
        self._draw()

    def action_command_palette(self) -> None:
        """All that can be done, by name."""
        if not isinstance(self.screen, Palette):
            _ = self.push_screen(Palette(id="--command-palette"))

    def action_pause(self) -> None:
        """Stand still, or go on. Frames are kept all the same."""
        self.paused = not self.paused
        self._draw()

    def action_interval(self, step: int) -> None:
        """Take frames less or more often."""
        nearest = min(range(len(INTERVALS)), key=lambda number: abs(INTERVALS[number] - self.interval))
        wanted = INTERVALS[min(max(nearest + step, 0), len(INTERVALS) - 1)]
        if (wanted - self.interval) * step > 0:  # one that was typed may be longer than any of these
            self.interval = wanted
        if self.page is not None:
            self.page.wants_changed()
        self._draw()

    def action_help(self) -> None:
        """List the keys beside the screen, or no longer."""
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_next_theme(self) -> None:
        """Other colours."""
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    async def open_view(self, view: str) -> None:
        """Go to a view's rows."""
        await self.switch_mode("4")
        page = self.page
        if isinstance(page, RowsPage):
            page.open(view)

    async def open_time_machine(self, aggregate: str, key: str) -> None:
        """Go to an aggregate's past."""
        await self.switch_mode("7")
        page = self.page
        if isinstance(page, TimeMachinePage):
            page.open(aggregate, key)

    async def open_trace(self, correlation_id: str | None = None, *, position: int | None = None) -> None:
        """Go to all that belongs together.

        Args:
            correlation_id: or the id of a command; None for that of the record at `position`.
            position: of a record that is known to belong to it.
        """
        await self.switch_mode("6")
        page = self.page
        if isinstance(page, TracePage):
            page.open(correlation_id, position)
