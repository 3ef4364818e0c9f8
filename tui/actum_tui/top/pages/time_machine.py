"""Screen 7, the time machine: an aggregate's events, and the state that each of them has left, changes marked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from actum import ActumError, Invalid, StoredRecord
from actum.monitor import Filter
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from actum_tui.output import to_json
from actum_tui.safe_text import safe_text
from actum_tui.top.difference import compared
from actum_tui.top.event_facts import event_facts
from actum_tui.top.figures import whole
from actum_tui.top.glyphs import terminal_glyphs
from actum_tui.top.page import Page
from actum_tui.top.source import Unavailable
from actum_tui.top.state_reader import StateReader, Step
from actum_tui.top.stream_names import StreamName, stream_of, streams_in
from actum_tui.top.view_facts import head_of
from actum_tui.top.widgets.event_list import EventList
from actum_tui.top.widgets.gauge import gauge, percent
from actum_tui.top.widgets.scrubber import Scrubber
from actum_tui.top.widgets.state_pane import StatePane
from actum_tui.top.widgets.stream_picker import StreamPicker
from actum_tui.top.widgets.tile import MUTED
from actum_tui.verbs.events import as_data

if TYPE_CHECKING:
    from actum_tui.top.look import Look

#: The last records, in which streams are found to be offered.
OFFERED_RECORDS_MAX = 2_000
#: Of the time, so much at most goes into reading the events of a stream that grows.
READING_SHARE_MAX = 0.1
GAUGE_WIDTH = 16


class TimeMachinePage(Page):
    """Time machine.

    Attributes:
        stream: whose past it is; None as long as nobody has said.
        records: its events, oldest first.
    """

    TITLE_TEXT = "Time machine"
    AUTO_FOCUS: ClassVar[str | None] = "#streams"  # not the line to write in: numbers are for screens
    DEFAULT_CSS = """
    TimeMachinePage #heading { height: 1; }
    TimeMachinePage #past { height: 1fr; display: none; }
    TimeMachinePage #past.open { display: block; }
    TimeMachinePage #sides { height: 1fr; }
    TimeMachinePage EventList { width: 1fr; }
    TimeMachinePage #state-side { width: 1fr; border-left: solid $primary 40%; padding-left: 1; }
    TimeMachinePage #state-head { height: auto; max-height: 6; }
    TimeMachinePage #facts-scroll { height: auto; max-height: 50%; border-top: solid $primary 40%; }
    TimeMachinePage #facts { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "pick", "Go to"),
        Binding("left", "step(-1)", "Before", show=False),
        Binding("right", "step(1)", "After", show=False),
        Binding("c", "changes", "Changes"),
        Binding("t", "trace", "Trace", show=False),
        Binding("y", "copy", "Copy JSON"),
    ]

    def __init__(self) -> None:
        """Nobody's past."""
        super().__init__()
        self.stream: StreamName | None = None
        self.records: Sequence[StoredRecord] = ()
        self._shown: Sequence[int] = ()
        self._filter = Filter()
        self._reader: StateReader | None = None
        self._step: Step | None = None
        self._only_changes = False
        self._head = -1
        self._offered_head = -1
        self._next_reading = 0.0
        self._glyphs = terminal_glyphs()

    def body(self) -> Iterable[Widget]:
        """What to look at; then the events at the left, the state at the right."""
        yield Static("", id="heading", markup=False)
        yield StreamPicker()
        facts = VerticalScroll(Static("", id="facts", markup=False), id="facts-scroll", can_focus=False)
        right = Vertical(Static("", id="state-head", markup=False), StatePane(self._glyphs), facts, id="state-side")
        yield Vertical(Scrubber(self._glyphs), Horizontal(EventList(self._glyphs), right, id="sides"), id="past")

    def on_mount(self) -> None:
        """Ask whose past."""
        if self.stream is None:
            self.action_pick()

    def show(self, look: Look) -> None:
        """Read what has come since, of the streams to be offered or of the one that is looked at."""
        head = head_of(look.now)
        picking = self.query_one(StreamPicker).has_class("open")
        if picking and head != self._offered_head:
            self._offered_head = head
            self.beside(partial(self._offer, head), group="offer")
        elif not picking and self.stream is not None and head != self._head and time.monotonic() >= self._next_reading:
            self._head = head
            self.beside(partial(self._read, self.stream), group="history")

    async def _offer(self, head: int) -> None:
        """Offer the streams that changed last."""
        try:
            records = await self.dashboard.source.journal.records(max(1, head - OFFERED_RECORDS_MAX + 1), head)
        except (ActumError, Unavailable) as error:
            self.query_one(StreamPicker).fault(str(error))
            return
        self.query_one(StreamPicker).show(streams_in(records))

    def open(self, aggregate: str, key: str, version: int | None = None) -> None:
        """Go to an aggregate, and to one of its versions.

        Args:
            aggregate: its name in the log.
            key: which one.
            version: which of its events; the last one without.
        """
        work = partial(self._read, StreamName(aggregate, key), version, begin=True)
        self.beside(work, group="history")

    async def _read(self, stream: StreamName, version: int | None = None, *, begin: bool = False) -> None:
        """Read the events of a stream."""
        began = time.monotonic()
        heading = self.query_one("#heading", Static)
        if begin:
            heading.update(Content(f" reading the events of {safe_text(stream.text)} ..."))
        try:
            records = await self.dashboard.source.journal.history(*stream)
        except (ActumError, Unavailable) as error:
            self._refuse(stream, str(error))
            return
        now = time.monotonic()
        self._next_reading = now + (now - began) / READING_SHARE_MAX
        if not records:
            self._refuse(stream, f"{stream.text} has no events")
        elif begin:
            self.stream, self._step = stream, None
            self._reader = StateReader(self.dashboard.source, stream)
            self._take(records, version, begin=True)
        elif stream == self.stream and len(records) != len(self.records):
            self._take(records, version, begin=False)

    def _refuse(self, stream: StreamName, sentence: str) -> None:
        """There is nothing to be seen of a stream; what was looked at before stays."""
        if self.stream != stream:
            self.action_pick()
            self.query_one(StreamPicker).fault(sentence)

    def _take(self, records: Sequence[StoredRecord], version: int | None, *, begin: bool) -> None:
        """These are the events: the cursor goes on with the last one, if it stood there."""
        events = self.query_one(EventList)
        follows = begin or events.cursor >= len(self._shown) - 1
        index = self._index
        self.records = records
        if follows and version is None:
            index = len(records) - 1
        elif version is not None:
            index = next((at for at, record in enumerate(records) if record.version >= version), len(records) - 1)
        self._sift(index)
        if begin:
            self.query_one(StreamPicker).close()
            self.query_one("#past").add_class("open")
            events.focus()

    @property
    def _index(self) -> int:
        """The event under the cursor; -1 if there is none."""
        cursor = self.query_one(EventList).cursor
        return self._shown[cursor] if cursor < len(self._shown) else -1

    def _sift(self, index: int) -> None:
        """Show the events that the filter lets through, with the cursor on this one, or on the next one shown."""
        matches = self._filter.matches_record
        self._shown = [at for at, record in enumerate(self.records) if matches(record)]
        cursor = next((line for line, at in enumerate(self._shown) if at >= index), len(self._shown) - 1)
        self.query_one(EventList).show(self.records, self._shown, max(0, cursor))
        self._moved()

    def filtered(self, text: str) -> str | None:
        """Another filter; what is wrong with it is said at once."""
        try:
            self._filter = Filter.parse(text)
        except Invalid as error:
            return str(error)
        if self.records:
            self._sift(self._index)
        return None

    def on_virtual_list_moved(self, event: EventList.Moved) -> None:
        """The cursor is at another event."""
        event.stop()
        self._moved()

    def on_scrubber_dragged(self, event: Scrubber.Dragged) -> None:
        """The knob is at another event."""
        event.stop()
        self.query_one(EventList).go(event.at)

    def action_step(self, step: int) -> None:
        """The event before or after."""
        if self.records:
            self.query_one(EventList).action_step(step)

    def _moved(self) -> None:
        """Show the event under the cursor, and ask for the state there."""
        index = self._index
        cursor = self.query_one(EventList).cursor
        self.query_one(Scrubber).show(cursor, len(self._shown))
        self._draw_heading()
        facts = self.query_one("#facts", Static)
        if index < 0:
            none = f"None of {len(self.records):,} events matches {self.filter_text}. Escape clears it."
            facts.update(Content(safe_text(none)) if self.records else "")
            self._say("")
            self.query_one(StatePane).show(())
            return
        facts.update(event_facts(self.records[index], self.records[index - 1] if index else None))
        self.beside(partial(self._show_state, self.records[index].version), group="state")

    def _draw_heading(self) -> None:
        """Whose past, and where in it."""
        stream, index = self.stream, self._index
        if stream is None:
            self.query_one("#heading", Static).update("")
            return
        parts: list[tuple[str, str]] = [(f" {safe_text(stream.text)}", "bold"), (f"  {stream.kind}", MUTED)]
        if index >= 0:
            record = self.records[index]
            last = self.records[-1].version
            parts.append((f"  version {whole(record.version)} of {whole(last)}", ""))
            parts.append((f"  {record.timestamp:%Y-%m-%d %H:%M:%S}", MUTED))
            now = ("  now", "$text-success") if index == len(self.records) - 1 else ("  PAST", "bold $text-warning")
            parts.append(now)
        if len(self._shown) != len(self.records):
            parts.append((f"  {whole(len(self._shown))} of {whole(len(self.records))} events match", MUTED))
        self.query_one("#heading", Static).update(Content.assemble(*parts))

    async def _show_state(self, version: int) -> None:
        """Ask for the state at a version and show it, with what has changed."""
        assert self._reader is not None
        try:
            step = await self._reader.step(version, self._progress)
        except (ActumError, Unavailable) as error:
            self._step = None
            self.query_one(StatePane).show(())
            self._say(str(error))
            return
        self._step = step
        self._draw_state()

    def _progress(self, done: int, whole: int) -> None:
        """The state is folded so far."""
        share = done / whole if whole else 0.0
        bar = gauge(share, GAUGE_WIDTH, self._glyphs)
        self.query_one("#state-head", Static).update(Content(f"folding {bar} {percent(share)}"))

    def _draw_state(self) -> None:
        """The state, and what its last event changed."""
        step = self._step
        if step is None:
            return
        lines = compared(step.before.values, step.after.values)
        changes = sum(1 for line in lines if line.mark)
        seen = [line for line in lines if line.mark] if self._only_changes else lines
        self.query_one(StatePane).show(seen)
        what = f"{changes:,} change{'' if changes == 1 else 's'}" if changes else "nothing changed"
        only = ", only these" if self._only_changes else ""
        head = f"at version {step.after.version:,}: {what}{only}"
        cut = f"  long and cut: {safe_text(', '.join(step.after.cut))}" if step.after.cut else ""
        self.query_one("#state-head", Static).update(Content.assemble((head, "bold"), (cut, MUTED)))

    def _say(self, sentence: str) -> None:
        """Why there is no state."""
        self.query_one("#state-head", Static).update(Content.styled(safe_text(sentence), MUTED))

    def action_changes(self) -> None:
        """Show only what has changed, or everything again."""
        self._only_changes = not self._only_changes
        self._draw_state()

    def action_pick(self) -> None:
        """Ask whose past."""
        self.query_one("#past").remove_class("open")
        self.query_one("#heading", Static).update("")
        self._offered_head = -1
        self.query_one(StreamPicker).open()
        look = self.dashboard.look
        if look is not None:
            self.show(look)

    def on_stream_picker_written(self, event: StreamPicker.Written) -> None:
        """A name was written."""
        event.stop()
        stream = stream_of(event.text, self.dashboard.source.hello)
        if isinstance(stream, str):
            self.query_one(StreamPicker).fault(stream)
        else:
            self.open(*stream)

    def on_stream_picker_picked(self, event: StreamPicker.Picked) -> None:
        """One of those that were offered."""
        event.stop()
        self.open(*event.stream)

    def action_filter(self) -> None:
        """Write a name, or what the events are filtered by."""
        picker = self.query_one(StreamPicker)
        if picker.has_class("open"):
            picker.write()
        else:
            super().action_filter()

    def action_leave_filter(self) -> None:
        """Escape: out of the line, then out of the picker, back to what was looked at."""
        picker = self.query_one(StreamPicker)
        if picker.has_class("open") and picker.writing:
            picker.open()
        elif picker.has_class("open") and self.records:
            picker.close()
            self.query_one("#past").add_class("open")
            self._draw_heading()
            self.query_one(EventList).focus()
        else:
            super().action_leave_filter()

    async def action_trace(self) -> None:
        """All that belongs together with the event under the cursor."""
        if self._index >= 0:
            record = self.records[self._index]
            await self.dashboard.open_trace(record.correlation_id or str(record.command_id))

    def action_copy(self) -> None:
        """Copy the event, and the state if it is known, as JSON."""
        if self._index < 0:
            return
        content: dict[str, object] = {"record": as_data(self.records[self._index])}
        if self._step is not None:
            content["state"] = self._step.after.values
        self.dashboard.copy_to_clipboard(to_json(content))
        self.notify("copied as JSON", timeout=2)
