"""The log as a row of batches from a position on: what is wanted of it, and how far that leads.

Frames are read beside the loop, a piece of about 1 MiB at a time, through one iterator as long as there is more, so
that each frame's hash and its link to the one before are checked. In the loop only the types and times of events are
decoded, in slices of less than a millisecond with a turn between them; the events themselves when they are handled.

A batch ends where a command ends: the events of one command or of one `send_atomic` are in one frame, and stay
together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, final

import msgspec

from actum.atomic.ids import inseparable
from actum.codec import decode_link, decoder_of
from actum.messages import TAG_FIELD

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from actum_storage import Frame, Log

T = TypeVar("T")

#: What is read at a time: frames, and the bytes after which there is one frame at most.
PIECE_FRAMES_MAX = 64
PIECE_BYTES_MAX = 1 << 20
#: What is decoded between two turns of the loop; a quarter of a millisecond or so.
SLICE_EVENTS_MAX = 500
SLICE_BYTES_MAX = 1 << 18
#: A batch ends after so many events, however few of them were wanted, so that it is seen to make progress.
BATCH_EVENTS_MAX = 50_000
#: And after so many bytes of frames that hold what is wanted: they stay in memory until it is handled.
BATCH_BYTES_MAX = 1 << 25


class Tagged(msgspec.Struct, frozen=True, gc=False):
    """As much of an event as its type."""

    tag: str = msgspec.field(name=TAG_FIELD)


class TaggedFirst(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The same of events that are arrays."""

    tag: str


class Glimpse(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """As much of a record as knowing whether to handle it needs."""

    event: Tagged
    aggregate: str
    key: str
    version: int
    previous: int
    timestamp_ns: int


class GlimpseFirst(Glimpse, array_like=True, frozen=True, gc=False):
    """The same where events are arrays."""

    event: TaggedFirst  # type: ignore[assignment]  # it is read in the same way


class Sighting(NamedTuple):
    """A record that is wanted; not decoded yet.

    Attributes:
        position: where it is.
        tag: the event's type as stored.
        aggregate: in whose stream it is.
        key: which one.
        timestamp_ns: when it was decided.
        frame: the frame that holds it.
    """

    position: int
    tag: str
    aggregate: str
    key: str
    timestamp_ns: int
    frame: Frame

    @property
    def data(self) -> memoryview:
        """The encoded record."""
        return self.frame.record(self.position - self.frame.first)


def first_of_command(sighting: Sighting) -> int:
    """The first position of the command, or of the `send_atomic`, that an event is of."""
    frame, position = sighting.frame, sighting.position
    here = decode_link(sighting.data)
    while position > frame.first and inseparable(decode_link(frame.record(position - 1 - frame.first)), here):
        position -= 1
    return position


class Batch(NamedTuple):
    """What a consumer handles together.

    Attributes:
        last: everything up to here is in `wanted`, or not wanted.
        hash: of the frame that holds it.
        wanted: in order.
    """

    last: int
    hash: bytes
    wanted: list[Sighting]


class Aside(Protocol):
    """Does blocking work beside the loop, one thing after the other."""

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do it; the future of its result."""
        ...

    def stop(self) -> None:
        """End, with all work that was begun."""
        ...


@final
class Cursor:
    """Reads a log forwards, and knows where it stands."""

    def __init__(self, log: Log, aside: Aside, tags: Collection[str], *, array_like: bool, slice_events: int) -> None:
        """At no position yet.

        Args:
            log: what is read.
            aside: reads it.
            tags: of the events that are wanted.
            array_like: whether events are arrays.
            slice_events: decoded between two turns of the loop, at most.
        """
        self._log = log
        self._aside = aside
        self._tags = tags
        glimpses: Any = list[GlimpseFirst] if array_like else list[Glimpse]
        self._decode: Callable[[bytes], list[Glimpse]] = decoder_of(glimpses)
        self._slice_events = min(slice_events, SLICE_EVENTS_MAX)
        self._frames: Iterator[Frame] = iter(())
        self._piece: deque[Frame] = deque()
        self._glimpses: list[Glimpse] = []
        self._first = 1  # the position of the first of these
        self._frame: Frame | None = None

    async def batch(self, start: int, stop: int, wanted_max: int) -> Batch:
        """The records from `start` to `stop`, which the log has: fewer if many are wanted, or many are there.

        There may be more than `wanted_max`, if the last of them does not end its command; never more than to `stop`.

        Raises:
            StorageError: the log can't be read, or is damaged.
        """
        assert start <= stop
        wanted: list[Sighting] = []
        last, tags, looked, held = start - 1, self._tags, 0, 0
        while last < stop and not (self._is_enough(wanted, wanted_max, looked, held) and self._ends_command(last)):
            frame, glimpses = await self._slice(last + 1, stop)
            held -= len(frame.data) if wanted and wanted[-1].frame is frame else 0
            for glimpse in glimpses[last + 1 - self._first :]:
                last += 1
                tag = glimpse.event.tag
                if tag in tags:
                    wanted.append(Sighting(last, tag, glimpse.aggregate, glimpse.key, glimpse.timestamp_ns, frame))
                if last == stop or (len(wanted) >= wanted_max and self._ends_command(last)):
                    break
            looked += len(glimpses)
            held += len(frame.data) if wanted and wanted[-1].frame is frame else 0
        assert self._frame is not None
        return Batch(last, self._frame.hash, wanted)

    @staticmethod
    def _is_enough(wanted: list[Sighting], wanted_max: int, looked: int, held: int) -> bool:
        """Whether a batch has become as large as it may."""
        return len(wanted) >= wanted_max or looked >= BATCH_EVENTS_MAX or held >= BATCH_BYTES_MAX

    def _ends_command(self, position: int) -> bool:
        """Whether a batch may end at a position of the present frame."""
        frame = self._frame
        assert frame is not None
        return position == frame.last or not inseparable(
            decode_link(frame.record(position - frame.first)), decode_link(frame.record(position + 1 - frame.first))
        )

    async def _slice(self, position: int, stop: int) -> tuple[Frame, list[Glimpse]]:
        """The frame that holds a position, and glimpses of some of its records, that one among them."""
        frame = self._frame
        if frame is not None and self._first <= position < self._first + len(self._glimpses):
            return frame, self._glimpses
        if frame is None or not frame.first <= position <= frame.last:
            frame = self._frame = await self._frame_of(position, stop)
        else:
            await asyncio.sleep(0)
        index = position - frame.first
        size = max(1, min(self._slice_events, frame.count * SLICE_BYTES_MAX // len(frame.data)))
        self._first = position
        self._glimpses = self._decode(frame.part(index, min(index + size, frame.count)))
        return frame, self._glimpses

    async def _frame_of(self, position: int, stop: int) -> Frame:
        """The frame that holds a position: the next one that was read, or else read from there."""
        self._glimpses = []
        if not self._piece or not self._piece[0].first <= position <= self._piece[0].last:
            following = self._frame is not None and self._frame.last + 1 == position and not self._piece
            self._piece.clear()
            self._piece.extend(await self._aside.run(lambda: self._read(position, stop, anew=not following)))
        return self._piece.popleft()

    def _read(self, position: int, stop: int, *, anew: bool) -> list[Frame]:
        """The next piece; beside the loop."""
        piece = [] if anew else self._next_piece()
        if not piece:
            self._frames = self._log.frames(position, stop)
            piece = self._next_piece()
        return piece

    def _next_piece(self) -> list[Frame]:
        """Some frames of the iterator; none at its end."""
        piece: list[Frame] = []
        size = 0
        for frame in self._frames:
            piece.append(frame)
            size += len(frame.data)
            if size >= PIECE_BYTES_MAX or len(piece) >= PIECE_FRAMES_MAX:
                break
        return piece

    def __repr__(self) -> str:
        """Where it stands."""
        return f"<Cursor {self._frame!r} at {self._first}>"
