"""Screen 5: processes and deadlines: who works by itself, what stands still and why, what is due next.

Above, processes, the timer and subscriptions, with how many instances, deadlines and dead letters they have; below,
these one by one, and the one under the cursor in full. What failed comes first; `X` has it tried again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import ClassVar, cast

from actum import ActumError
from actum.monitor import Filter, RetryDeadLetter, RetryDeadline, RetryProcess
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.widget import Widget
from textual.widgets import ContentSwitcher, DataTable, Static, Tab, Tabs

from actum_tui.safe_text import safe_text
from actum_tui.top import automation_asked as asked
from actum_tui.top.actions import offer
from actum_tui.top.automation_asked import Automation, Panel, Wanted, subject
from actum_tui.top.automation_details import Detail, detail_of
from actum_tui.top.automation_rows import (
    DEADLINES,
    INSTANCES,
    LETTERS,
    STORED_WORKERS,
    WORKERS,
    deadline_rows,
    instance_rows,
    letter_rows,
    worker_rows,
)
from actum_tui.top.grid import Grid, GridRow
from actum_tui.top.look import Look
from actum_tui.top.page import Page
from actum_tui.top.steps import PROCESSES, stream_of
from actum_tui.top.widgets.gauge import percent

PANELS: tuple[Panel, ...] = ("instances", "deadlines", "letters")
NAMES: dict[Panel, str] = {"instances": "Instances", "deadlines": "Deadlines", "letters": "Dead letters"}
#: The letter of each name that is its key.
KEYS: dict[Panel, str] = {"instances": "i", "deadlines": "d", "letters": "l"}
EMPTY: dict[Panel, str] = {
    "instances": "no instance of a process is under way",
    "deadlines": "no deadline is pending, and none was refused",
    "letters": "no subscription has put an event aside",
}
#: How long the cursor rests on a row before that is read in full.
REST_SECONDS = 0.15
#: How often countdowns move, whatever the interval.
TICK_SECONDS = 1.0
FAILURES = frozenset({"failed", "stuck", "overdue"})


class ProcessesPage(Page):
    """Processes and deadlines.

    Attributes:
        panel: the table that is seen.
        found: what was answered last.
        failures_only: whether only what needs somebody is shown.
    """

    TITLE_TEXT = "Processes and deadlines"
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # as Textual has it

    DEFAULT_CSS = """
    ProcessesPage #workers { height: auto; max-height: 7; }
    ProcessesPage.-wide #workers { max-height: 12; }
    ProcessesPage Tabs { height: 2; }
    ProcessesPage Grid { scrollbar-size-horizontal: 0; }
    ProcessesPage #split { height: 1fr; layout: vertical; }
    ProcessesPage.-wide #split { layout: horizontal; }
    ProcessesPage #lists { height: 1fr; width: 1fr; }
    ProcessesPage ContentSwitcher { height: 1fr; }
    ProcessesPage ContentSwitcher Grid { height: 1fr; }
    ProcessesPage #trouble { height: auto; max-height: 4; padding: 0 1; display: none; }
    ProcessesPage #trouble.open { display: block; }
    ProcessesPage #detail { height: 7; padding: 0 1; border-top: solid $primary; }
    ProcessesPage.-wide #detail { height: 100%; width: 45%; border-top: none; border-left: solid $primary; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "panel('instances')", "Instances", show=False),
        Binding("d", "panel('deadlines')", "Deadlines", show=False),
        Binding("l", "panel('letters')", "Dead letters", show=False),
        Binding("F", "failures", "Failed", key_display="F"),
        Binding("t", "trace", "Trace", show=False),
        Binding("X", "retry", "Retry", key_display="X"),
    ]

    def __init__(self) -> None:
        """Nothing asked yet."""
        super().__init__()
        self.panel: Panel = "instances"
        self.found = Automation()
        self.failures_only = False
        self._process: str | None = None
        self._subscription: str | None = None
        self._filter = Filter()
        self._asking = False
        self._look: Look | None = None
        self._came_ns = 0
        self._detail: Detail | None = None

    def body(self) -> Iterable[Widget]:
        """Who works, and what there is to see of that."""
        yield Grid(WORKERS, name="workers")
        yield Tabs(*(Tab(NAMES[panel], id=f"tab-{panel}") for panel in PANELS))
        yield Container(Lists(id="lists"), VerticalScroll(Static("", id="whole"), id="detail"), id="split")

    def on_mount(self) -> None:
        """Countdowns move."""
        self.set_interval(TICK_SECONDS, self._tick)
        self.query_one("#instances", Grid).focus()

    def show(self, look: Look) -> None:
        """Draw what the frame says, and ask for the rest."""
        self._look, self._came_ns = look, time.monotonic_ns()
        self._draw()
        self._ask()

    @property
    def now_ns(self) -> int:
        """The time there, as of the last frame and since; in a recording, of the frame."""
        if self._look is None:
            return time.time_ns()
        since = 0 if self.dashboard.source.kind == "recording" else time.monotonic_ns() - self._came_ns
        return self._look.now.time_ns + since

    def _ask(self) -> None:
        """Ask again, unless the last answer has not come yet."""
        if not self._asking:
            self._asking = True
            self.run_worker(cast("Callable[[], None]", self._answer), group="automation")

    async def _answer(self) -> None:
        """Ask for what is seen."""
        counted = self._look is not None and self._look.now.statistics is not None
        wanted = Wanted(self.panel, self._process, self._subscription, self.filter_text.strip(), counted)
        try:
            self.found = await asked.automation_of(self.dashboard.source, wanted, self.found, self._told)
        finally:
            self._asking = False
        with suppress(NoMatches):  # the dashboard may have ended meanwhile
            self._draw()

    def _told(self, done: int, whole: int) -> None:
        """How much of the log is read, for the first answer of a directory."""
        if self.found.processes is None:
            for empty in self.query("#empty").results(Static):
                empty.update(f"reading the log: {percent(done / max(whole, 1))}")

    def _tick(self) -> None:
        """Draw again what depends on the time."""
        if self._look is not None and self.is_current and not self.dashboard.paused:
            self._draw_list()
            self._draw_detail()

    def _draw(self) -> None:
        """Draw everything."""
        statistics = None if self._look is None else self._look.now.statistics
        found = self.found
        workers = self.query_one("#workers", Grid)
        columns = STORED_WORKERS if statistics is None else WORKERS
        if workers.spec != columns:
            workers.respec(columns)
        workers.show(worker_rows(statistics, found.processes, found.due, found.letters))
        self._draw_trouble()
        self._draw_list()
        self._draw_detail()

    def _draw_trouble(self) -> None:
        """Why something is not there, or does not go on."""
        lines = [self.found.trouble] if self.found.trouble else []
        statistics = None if self._look is None else self._look.now.statistics
        if statistics is not None:
            lines += [one.failure for one in statistics.processes if one.failure is not None]
            timer = statistics.deadlines
            lines += [timer.failure] if timer is not None and timer.failure is not None else []
            lines += [f"{one.name}: {one.failure}" for one in statistics.subscriptions if one.failure is not None]
        trouble = self.query_one("#trouble", Static)
        trouble.set_class(bool(lines), "open")
        trouble.update(Text("\n".join(f"✖ {safe_text(line)}" for line in lines), style="red"))

    def _rows(self, panel: Panel) -> list[GridRow]:
        """The rows of a table, filtered."""
        found, now_ns = self.found, self.now_ns
        if panel == "instances":
            rows = list(instance_rows(found.processes.instances if found.processes else (), now_ns))
        elif panel == "deadlines":
            rows = list(deadline_rows(found.due.deadlines if found.due else (), now_ns))
        else:
            rows = list(letter_rows(found.letters.letters if found.letters else (), now_ns))
        if self.failures_only and panel != "letters":
            rows = [row for row in rows if subject(row.data)["status" if panel == "instances" else "state"] in FAILURES]
        return [row for row in rows if self._filter.matches_row(subject(row.data))]

    def _draw_list(self) -> None:
        """Draw the table that is seen, and how much there is of each."""
        rows = self._rows(self.panel)
        self.grid.show(rows)
        empty = self.query_one("#empty", Static)
        empty.display = not rows
        if not rows:
            empty.update(self._why_empty())
        for panel in PANELS:
            self.query_one(f"#tab-{panel}", Tab).label = self._label(panel, len(rows))

    def _why_empty(self) -> Text:
        """What it means that there is nothing."""
        if self.found.trouble:
            return Text("")
        if self.found.processes is None:
            return Text("reading ...", style="dim")
        if self.failures_only or self._filter.terms:
            which = " that needs somebody" if self.failures_only else ""
            return Text(f"nothing{which} is let through by the filter: F shows all again, esc closes the filter")
        return Text(EMPTY[self.panel], style="dim")

    def _label(self, panel: Panel, shown: int) -> Content:
        """A table's name, its key underlined, and how much is in it."""
        name, of = NAMES[panel], {"instances": self._process, "letters": self._subscription}.get(panel)
        count = self._count(panel, filtered=of is not None)
        part = f" {shown:,} of" if panel == self.panel and count is not None and shown < count else ""
        key = name.lower().index(KEYS[panel])
        return Content.assemble(
            name[:key],
            (name[key], "underline"),
            name[key + 1 :] + ("" if of is None else f" of {safe_text(of)}"),
            "" if count is None else f"{part} {count:,}",
        )

    def _count(self, panel: Panel, *, filtered: bool) -> int | None:
        """How much there is in a table, if that is known."""
        statistics, found = None if self._look is None else self._look.now.statistics, self.found
        if panel == "instances":
            return None if found.processes is None else found.processes.count
        if panel == "deadlines" and statistics is not None:
            return 0 if statistics.deadlines is None else statistics.deadlines.pending + statistics.deadlines.failing
        if panel == "letters" and statistics is not None and not filtered:
            return sum(one.dead_letters for one in statistics.subscriptions)
        answer = found.due if panel == "deadlines" else found.letters
        return None if answer is None else answer.count

    @property
    def grid(self) -> Grid:
        """The table that is seen."""
        return self.query_one(f"#{self.panel}", Grid)

    def action_panel(self, panel: Panel) -> None:
        """See another table."""
        self.query_one(Tabs).active = f"tab-{panel}"

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Another table is seen."""
        panel = cast("Panel", (event.tab.id or "tab-instances").removeprefix("tab-"))
        if panel != self.panel:
            self.panel = panel
            self.query_one(ContentSwitcher).current = panel
            self.grid.focus()
            self._detail = None
            self._draw_list()
            self._ask()
            self._rest()

    def action_failures(self) -> None:
        """Only what needs somebody, or all."""
        self.failures_only = not self.failures_only
        self._draw_list()

    def filtered(self, text: str) -> str | None:
        """Another filter."""
        try:
            self._filter = Filter.parse(text)
        except ActumError as error:
            return str(error)
        self._draw_list()
        self._ask()
        return None

    def on_data_table_row_highlighted(self) -> None:
        """The cursor is on another row."""
        self._rest()

    def _rest(self) -> None:
        """Read the row under the cursor in full, if the cursor stays there."""
        self.run_worker(cast("Callable[[], None]", self._read), group="detail", exclusive=True)

    async def _read(self) -> None:
        """Read the row under the cursor in full, a moment later."""
        row = self.grid.current
        if row is None:
            self._detail = None
            self._draw_detail()
            return
        if self._detail is not None and self._detail.is_of(self.panel, row):
            return
        await asyncio.sleep(REST_SECONDS)
        detail = await detail_of(self.dashboard.source, self.panel, row, self.found)
        self._detail = detail
        with suppress(NoMatches):  # as above
            self._draw_detail()

    def _draw_detail(self) -> None:
        """Draw the row under the cursor in full."""
        row = self.grid.current
        if row is not None and self._detail is not None and not self._detail.is_of(self.panel, row):
            self._rest()
        text = Text("") if self._detail is None or row is None else self._detail.text(self.now_ns)
        self.query_one("#whole", Static).update(text)

    async def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter: on who works, what it has; on one of these, its past."""
        event.stop()
        workers = self.query_one("#workers", Grid)
        if workers.has_focus:
            self._choose(workers.current)
            return
        row = self.grid.current
        data = subject(None if row is None else row.data)
        if not data:
            return
        if self.panel == "instances":
            await self.dashboard.open_time_machine(PROCESSES, stream_of(data["process"], data["key"]))
        elif self.panel == "letters":
            await self.dashboard.open_time_machine(data["aggregate"], data["key"])

    def _choose(self, row: GridRow | None) -> None:
        """See only what one that works has; again: what all have."""
        data = subject(None if row is None else row.data)
        kind, name = data.get("kind"), data.get("name", data.get("process"))
        if kind == "process":
            self._process = None if self._process == name else name
        elif kind == "subscription":
            self._subscription = None if self._subscription == name else name
        panels: dict[object, Panel] = {"process": "instances", "timer": "deadlines", "subscription": "letters"}
        self.action_panel(panels.get(kind, self.panel))
        self._ask()

    async def action_trace(self) -> None:
        """All that belongs to the row under the cursor."""
        found = None if self._detail is None else self._detail.trace
        if found is None:
            self.notify("nothing has caused this: there is no trace of it", markup=False)
            return
        await self.dashboard.open_trace(found[0], position=found[1])

    async def action_retry(self) -> None:
        """Have what is under the cursor tried again."""
        row = self.grid.current
        data = subject(None if row is None else row.data)
        if self.panel == "letters" and data:
            await offer(self.dashboard, RetryDeadLetter(data["subscription"], data["position"]))
        elif self.panel == "deadlines" and data.get("state") == "failed":
            await offer(self.dashboard, RetryDeadline(data["deadline_id"]))
        elif self.panel == "instances" and data.get("status") == "failed":
            await offer(self.dashboard, RetryProcess(data["process"], data["key"]))
        else:
            self.notify("put the cursor on what has failed, or was refused: only that is retried", markup=False)


class Lists(Vertical):
    """The three tables, and what is said where there is none."""

    def compose(self) -> ComposeResult:
        """One of them is seen."""
        yield Static("", id="trouble", markup=False)
        yield Static("", id="empty", markup=False)
        yield ContentSwitcher(
            Grid(INSTANCES, name="instances"),
            Grid(DEADLINES, name="deadlines"),
            Grid(LETTERS, name="letters"),
            initial="instances",
        )
