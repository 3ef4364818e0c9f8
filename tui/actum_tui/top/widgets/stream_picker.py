"""A line to write an aggregate and a key in, with those below that changed last and match."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from actum_tui.safe_text import safe_text
from actum_tui.top.figures import whole
from actum_tui.top.stream_names import matching
from actum_tui.top.widgets.tile import MUTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from actum_tui.top.stream_names import StreamName

#: Streams that are listed.
LISTED_MAX = 50


class StreamPicker(Vertical):
    """What to look at."""

    DEFAULT_CSS = """
    StreamPicker { height: 1fr; padding: 1 2; display: none; }
    StreamPicker.open { display: block; }
    StreamPicker #stream { border: none; height: 1; background: $boost; padding: 0 1; }
    StreamPicker #streams { height: 1fr; border: none; background: $background; margin-top: 1; padding: 0; }
    StreamPicker #picker-fault { height: auto; color: $text-error; }
    StreamPicker #picker-head { height: auto; color: $foreground-muted; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "into_list", "List", show=False),
        Binding("up", "into_list", "List", show=False),
    ]

    class Written(Message):
        """Somebody wrote a name.

        Attributes:
            text: as it was written.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Picked(Message):
        """One of the list was picked.

        Attributes:
            stream: which.
        """

        def __init__(self, stream: StreamName) -> None:
            super().__init__()
            self.stream = stream

    def __init__(self) -> None:
        """Closed."""
        super().__init__(id="picker")
        self._streams: Mapping[StreamName, int] = {}
        self._listed: list[StreamName] = []

    def compose(self) -> ComposeResult:
        """The line and the list."""
        yield Static("Whose past? Pick one of those that changed last, or press / and write.", id="picker-head")
        yield Input(placeholder="Account/alice", id="stream", compact=True)
        yield Static("", id="picker-fault", markup=False)
        yield OptionList(id="streams")

    def open(self) -> None:
        """Take the keys; those of the other screens go on working."""
        self.add_class("open")
        self.query_one(OptionList).focus()

    def write(self) -> None:
        """Have a name written."""
        self.query_one(Input).focus()

    @property
    def writing(self) -> bool:
        """Whether a name is being written."""
        return self.query_one(Input).has_focus

    def close(self) -> None:
        """Go."""
        self.remove_class("open")
        self.fault("")

    def show(self, streams: Mapping[StreamName, int]) -> None:
        """Offer these, with their versions."""
        if streams != self._streams:
            self._streams = streams
            self._list(self.query_one(Input).value)

    def fault(self, sentence: str) -> None:
        """Say what is wrong with what was written."""
        self.query_one("#picker-fault", Static).update(safe_text(sentence))

    def _list(self, text: str) -> None:
        """Those that match."""
        listing = self.query_one(OptionList)
        self._listed = matching(text, self._streams, LISTED_MAX)
        listing.clear_options()
        for number, stream in enumerate(self._listed):
            facts = f"  {whole(self._streams[stream])} event{'' if self._streams[stream] == 1 else 's'}, {stream.kind}"
            listing.add_option(Option(Content.assemble(safe_text(stream.text), (facts, MUTED)), id=str(number)))
        if self._listed:
            listing.highlighted = 0

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what matches while it is written."""
        event.stop()
        self.fault("")
        self._list(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What was written; or the only one that matches."""
        event.stop()
        if len(self._listed) == 1 or (self._listed and "/" not in event.value):
            self.post_message(self.Picked(self._listed[0]))
        else:
            self.post_message(self.Written(event.value))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """One of the list."""
        event.stop()
        if event.option_index < len(self._listed):
            self.post_message(self.Picked(self._listed[event.option_index]))

    def action_into_list(self) -> None:
        """From the line into the list."""
        listing = self.query_one(OptionList)
        if self._listed and not listing.has_focus:
            listing.focus()
