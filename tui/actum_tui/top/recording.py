"""A recording as a source: what was seen, moment by moment; it can be asked for no more than that."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

import msgspec
from actum import StoredRecord
from actum.monitor import Actors, Frame, RowsRequest

from actum_tui.top.player import Player
from actum_tui.top.recording_file import RecordingFile
from actum_tui.top.recording_format import position_of
from actum_tui.top.source import Found, Kind, Lost, Past, Unavailable

if TYPE_CHECKING:
    from actum.monitor import Action, Question, Reply, Wanted

    from actum_tui.top.recording_format import Moment

#: Moments before the one that is jumped to, for the lines of the last minutes and the newest records.
PAST_MOMENTS: Final = 60
RECORDS_MAX: Final = 1_000


@final
class RecordingSource:
    """A recording, being played.

    Attributes:
        hello: who was looked at.
        journal: the records that were recorded.
        player: moves it.
    """

    def __init__(self, path: Path) -> None:
        """Not open yet."""
        self._path = path
        self.journal = RecordingJournal()
        self._actors: Actors | None = None
        self._frame: Frame | None = None
        self._shown = -2  # no moment follows on nothing

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "recording"

    async def open(self) -> None:
        """Look at all of it.

        Raises:
            click.ClickException: it is no recording, or can't be read.
        """
        file = RecordingFile(self._path)
        self.player = Player(file)
        self.hello = file.hello

    async def close(self) -> None:
        """Close the file. Again: nothing."""
        self.player.file.close()

    def watch(self, watch: Wanted) -> None:
        """Nothing: it shows what was seen."""

    async def frames(self) -> AsyncIterator[Frame | Lost | Found | Past]:
        """What was seen: at the recording's pace, and where it is moved to. Without end: it may be moved again."""
        number = self.player.number
        while True:
            if number != self._shown + 1:
                for before in self._jump(number):
                    yield before
            self._shown = number
            for item in self._shown_at(self.player.file.moment(number)):
                yield item
            fault = self.player.file.fault
            if self.player.at_end and fault is not None:
                yield Lost(f"the recording ends here: {fault}")
            number = await self.player.next(number)

    def _jump(self, number: int) -> list[Found | Past]:
        """What comes before a moment that does not follow the one that was shown."""
        file = self.player.file
        self.hello = file.hello_at(number)
        self._actors = None
        self.journal.clear()
        frames: list[Frame] = []
        for each in range(max(0, number - PAST_MOMENTS), number):
            moment = file.moment(each)
            if moment.hello is not None and moment.frame is None:  # another engine from here on
                frames.clear()
            if moment.frame is not None:
                frames.append(self._completed(moment.frame))
            self.journal.add(moment.records, head_of(moment))
        return [Found(self.hello), Past(frames)]

    def _shown_at(self, moment: Moment) -> list[Frame | Found | Lost]:
        """What a moment shows."""
        found: list[Frame | Found | Lost] = []
        self.journal.add(moment.records, head_of(moment))
        if moment.hello is not None and moment.frame is None and moment.lost is None:
            self.hello = moment.hello
            found.append(Found(moment.hello))
        if moment.lost is not None:
            found.append(Lost(moment.lost))
        if moment.frame is not None:
            self._frame = self._completed(moment.frame)
            found.append(self._frame)
        return found

    def _completed(self, frame: Frame) -> Frame:
        """A frame with the actors that were recorded last."""
        self._actors = frame.actors or self._actors
        return frame if frame.actors is not None else msgspec.structs.replace(frame, actors=self._actors)

    async def ask(self, request: Question | Action, progress: Callable[[int, int], None] | None = None) -> Reply:
        """What the moment holds.

        Raises:
            Unavailable: it does not hold that.
        """
        del progress
        page = None if self._frame is None else self._frame.rows
        if isinstance(request, RowsRequest) and page is not None and page.view == request.view:
            return page
        wanted = f"rows of {request.view}" if isinstance(request, RowsRequest) else "an answer to that"
        raise Unavailable(
            f"a recording holds what was seen while it was made, and not {wanted}: look at the store itself, "
            f"actum top {self.hello.store or 'DIRECTORY'}"
        )


@final
class RecordingJournal:
    """The newest records before the moment that is shown."""

    def __init__(self) -> None:
        """None yet."""
        self._records: deque[StoredRecord] = deque(maxlen=RECORDS_MAX)
        self._head = 0

    def clear(self) -> None:
        """Forget them: it is another moment."""
        self._records.clear()
        self._head = 0

    def add(self, records: tuple[StoredRecord, ...], head: int) -> None:
        """Take in what a moment has."""
        self._records.extend(records)
        self._head = head or self._head

    async def head(self) -> int:
        """Where the log ended then."""
        return self._head

    async def records(self, start: int, stop: int) -> list[StoredRecord]:
        """Those at positions `start` to `stop` that were recorded: the newest of each moment."""
        return [record for record in self._records if start <= record.position <= stop]

    async def history(self, aggregate: str, key: str) -> list[StoredRecord]:
        """Nothing.

        Raises:
            Unavailable: always.
        """
        raise Unavailable(
            f"a recording holds the newest events of each moment, and not the history of {aggregate}/{key}: look at the"
            " store itself"
        )

    async def close(self) -> None:
        """Nothing to release."""


def head_of(moment: Moment) -> int:
    """Where the log ended in a moment; 0 if it does not say."""
    return 0 if moment.frame is None else position_of(moment.frame)
