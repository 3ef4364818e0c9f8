"""Any source, recorded while it is looked at: what `--record FILE` puts between the source and the screens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final, final

import msgspec
from actum import ActumError, StoredRecord
from actum.monitor import Actors, Frame

from actum_tui.top.recording_format import Moment, position_of
from actum_tui.top.source import Found, Lost, Past, Unavailable

if TYPE_CHECKING:
    from actum.monitor import Action, Hello, Question, Reply, Wanted

    from actum_tui.top.journal import Journal
    from actum_tui.top.recorder import Recorder
    from actum_tui.top.source import Kind, Source

#: Records of the log that are recorded at each moment: the newest ones.
TAIL_RECORDS_MAX: Final = 5
#: Actors that stand out are recorded so often, and so many of each kind: they would be half of a recording.
ACTORS_SECONDS: Final = 5.0
ACTORS_MAX: Final = 10
#: A record that is longer is left out.
RECORD_BYTES_MAX: Final = 4_000
#: A journal that takes longer, because somebody reads all of it, is not waited for.
TAIL_SECONDS_MAX: Final = 0.2


@final
class RecordedSource:
    """A source, and a recording of all that it shows.

    Attributes:
        tell: called once, with the reason, when the recording ends before its time.
    """

    def __init__(self, source: Source, recorder: Recorder) -> None:
        """Nothing recorded yet.

        Args:
            source: opened.
            recorder: begun.
        """
        self._source = source
        self._recorder = recorder
        self._position: int | None = None
        self._actors_ns = 0
        self._encode = msgspec.msgpack.Encoder().encode
        self.tell: Callable[[str], None] | None = None

    @property
    def hello(self) -> Hello:
        """Who is looked at."""
        return self._source.hello

    @property
    def journal(self) -> Journal:
        """Its log."""
        return self._source.journal

    @property
    def kind(self) -> Kind:
        """What it is."""
        return self._source.kind

    async def open(self) -> None:
        """It is open already."""

    async def close(self) -> None:
        """Leave it, and end the recording. Again: nothing."""
        await self._source.close()
        self._recorder.close()

    def watch(self, watch: Wanted) -> None:
        """Say what the next frames shall hold; the actors are recorded in any case."""
        self._source.watch(msgspec.structs.replace(watch, actors=True))

    async def ask(self, request: Question | Action, progress: Callable[[int, int], None] | None = None) -> Reply:
        """Ask the source."""
        return await self._source.ask(request, progress)

    async def frames(self) -> AsyncIterator[Frame | Lost | Found | Past]:
        """What the source shows; each is recorded before it is shown."""
        async for item in self._source.frames():
            match item:
                case Past():
                    pass
                case Found():
                    self._position = None
                    await self._record(Moment(hello=item.hello))
                case Lost():
                    await self._record(Moment(lost=item.sentence))
                case Frame():
                    records, left_out = await self._tail(item)
                    recorded = self._thinned(item)
                    await self._record(Moment(frame=recorded, records=records, left_out=left_out), item.time_ns)
            yield item

    async def _record(self, moment: Moment, time_ns: int | None = None) -> None:
        """Write a moment, beside the loop: a disk may be slow."""
        if self._recorder.stopped is not None:
            return
        await asyncio.to_thread(self._recorder.write, moment, time_ns or time.time_ns())
        self._tell()

    def _tell(self) -> None:
        """Say that the recording has ended, if it has just done so."""
        if self._recorder.stopped is not None and self.tell is not None:
            self.tell(self._recorder.stopped)

    def _thinned(self, frame: Frame) -> Frame:
        """A frame with as much of its actors as is recorded."""
        if frame.actors is None:
            return frame
        if frame.monotonic_ns - self._actors_ns < ACTORS_SECONDS * 1e9:
            return msgspec.structs.replace(frame, actors=None)
        self._actors_ns = frame.monotonic_ns
        actors = Actors(
            hottest=frame.actors.hottest[:ACTORS_MAX],
            deepest=frame.actors.deepest[:ACTORS_MAX],
            slowest=frame.actors.slowest[:ACTORS_MAX],
            quarantined=frame.actors.quarantined[:ACTORS_MAX],
            looked_at=frame.actors.looked_at,
        )
        return msgspec.structs.replace(frame, actors=actors)

    async def _tail(self, frame: Frame) -> tuple[tuple[StoredRecord, ...], int]:
        """The newest records since the frame before, and how many were left out."""
        known, head = self._position, position_of(frame)
        self._position = head
        if known is None or head <= known or self._recorder.stopped is not None:
            return (), 0
        start = max(known + 1, head - TAIL_RECORDS_MAX + 1)
        try:
            async with asyncio.timeout(TAIL_SECONDS_MAX):
                found = await self.journal.records(start, head)
        except (ActumError, Unavailable, TimeoutError):
            return (), head - known
        records = tuple(record for record in found if len(self._encode(record)) <= RECORD_BYTES_MAX)
        return records, head - known - len(records)
