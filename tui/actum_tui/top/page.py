"""What the eight screens have in common: the line above, the keys below, pause, filter, and the moment they show."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from actum.monitor import Wanted
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Input, Static
from textual.worker import Worker

from actum_tui.safe_text import safe_text
from actum_tui.top.condition import condition_of
from actum_tui.top.figures import clock, whole

if TYPE_CHECKING:
    from actum_tui.top.app import Dashboard
    from actum_tui.top.look import Look

SECOND_NS = 1e9


class StatusLine(Static):
    """One line: what is looked at, whether it is there, and how."""

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; color: $foreground; }
    """

    def show(self, dashboard: Dashboard) -> None:
        """Say it again, if it is something else now."""
        self.update(status_text(dashboard), layout=False)


def status_text(dashboard: Dashboard) -> Text:
    """What stands in the line."""
    source = dashboard.source
    hello = source.hello
    look = dashboard.look
    words = {"live": "LIVE", "store": "STORE", "recording": "RECORDING"}[source.kind]
    if dashboard.lost is not None:
        state = Text(f" ✖ LOST {safe_text(dashboard.lost)} ", style="bold reverse")
    elif dashboard.paused:
        state = Text(f" ‖ PAUSED {words} ", style="bold reverse")
    else:
        state = Text(f" ● {words} ", style="bold")
    facts = [safe_text(hello.name)]
    if source.kind == "live":
        facts.append(f"pid {hello.pid}")
    if look is not None:
        if source.kind != "store":
            facts.append(f"up {clock((look.now.time_ns - hello.opened_ns) / SECOND_NS)}")
        statistics, store = look.now.statistics, look.now.store
        position = statistics.position if statistics is not None else store.position if store is not None else 0
        facts.append(f"@{whole(position)}")
        if source.kind == "store" and store is not None:
            facts.append(safe_text(condition_of(store)))
    if hello.durability == "relaxed":
        facts.append("RELAXED: not durable")
    facts.append(f"{dashboard.interval:g} s")
    facts.append("rw" if dashboard.may_act else "read-only")
    return Text.assemble(state, Text(" " + "  ".join(facts)))


class Page(Screen[None]):
    """One of the eight screens.

    Class attributes:
        TITLE_TEXT: its name.
        FILTERS: whether `/` opens a line to filter by.
    """

    TITLE_TEXT: ClassVar[str] = ""
    FILTERS: ClassVar[bool] = True

    DEFAULT_CSS = """
    Page #filter { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
    Page #filter.open { display: block; }
    Page #fault { display: none; height: 1; color: $text-error; padding: 0 1; }
    Page #fault.open { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("escape", "leave_filter", "Back", show=False),
    ]

    def __init__(self) -> None:
        """Nothing shown yet."""
        super().__init__()
        self.filter_text = ""
        self.complete = False

    def on_mount(self) -> None:
        """All that it is made of is there now."""
        self.complete = True
        self.dashboard.came(self)

    @property
    def dashboard(self) -> Dashboard:
        """The application."""
        return cast("Dashboard", self.app)  # pyright: ignore[reportUnknownMemberType]  # Textual says App[Unknown]

    def compose(self) -> ComposeResult:
        """The line above, the filter, what the screen shows, the keys."""
        yield StatusLine(id="status")
        yield from self.body()
        yield Input(
            placeholder="filter: text, field=value, type:..., key:...", id="filter", compact=True, disabled=True
        )
        yield Static("", id="fault", markup=False)
        yield Footer(compact=True)

    def body(self) -> Iterable[Widget]:
        """What the screen shows, between the two lines."""
        raise NotImplementedError

    def wants(self) -> Wanted:
        """What frames shall hold while this screen is seen."""
        return Wanted(interval_seconds=self.dashboard.interval)

    def show(self, look: Look) -> None:
        """Show a moment: called for each frame while the screen is seen and not paused, and when it comes up."""
        raise NotImplementedError

    def filtered(self, text: str) -> str | None:
        """Another filter is wanted; what is wrong with it, or None."""
        del text
        return None

    def beside(self, work: Callable[[], Coroutine[Any, Any, None]], *, group: str) -> Worker[None]:
        """Do something beside the screen; what is under way in the same group is given up.

        Args:
            work: what to call for it: a coroutine that is given up before it began would be one that nobody awaited.
            group: of which only the last one counts.
        """
        made: Worker[None] = self.run_worker(cast("Any", work), group=group, exclusive=True)
        return made

    def on_screen_resume(self) -> None:
        """It is seen now."""
        if self.complete:
            self.dashboard.came(self)

    def wants_changed(self) -> None:
        """`wants` gives something else from now on."""
        if self.is_current:
            self.dashboard.source.watch(self.wants())

    def action_filter(self) -> None:
        """Open the line to filter by."""
        if self.FILTERS:
            line = self.query_one("#filter", Input)
            line.disabled = False
            line.add_class("open")
            line.focus()

    def action_leave_filter(self) -> None:
        """Close it; empty, if it was closed already."""
        line = self.query_one("#filter", Input)
        if not line.has_class("open"):
            return
        line.value = ""
        line.remove_class("open")
        self.query_one("#fault").remove_class("open")
        self.focus_next()
        line.disabled = True

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input.id != "filter":
            return
        event.stop()
        self.filter_text = event.value
        fault = self.filtered(event.value)
        line = self.query_one("#fault", Static)
        line.set_class(fault is not None, "open")
        line.update(safe_text(fault or ""))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Back to the table; the filter stays."""
        if event.input.id == "filter":
            event.stop()
            self.screen.focus_next()
