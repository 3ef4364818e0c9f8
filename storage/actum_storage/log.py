"""The port: what the engine asks of a log, and what every implementation has in common.

A log is bytes in order. Frames are appended behind the head and never change; positions are dense from 1.
`MemoryLog` is the reference model, `LmdbLog` the durable one, and one conformance suite (`tests/contract/test_log.py`)
holds both to this page. Everything is synchronous. Appending happens on one thread at a time; reading is safe from any
thread, also meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from actum_storage.errors import NoSuchPosition
from actum_storage.frame import GENESIS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from actum_storage.frame import Batch, Frame


class Head(NamedTuple):
    """The end of a log.

    Attributes:
        position: the last durable position, 0 when the log is empty.
        hash: the hash of the frame that holds it, `GENESIS` when the log is empty.
    """

    position: int
    hash: bytes

    def __repr__(self) -> str:
        """Position and the beginning of the hash."""
        return f"Head({self.position}, {self.hash[:4].hex()})"


#: The head of an empty log.
EMPTY = Head(0, GENESIS)


class Log(Protocol):
    """Frames in order, and the schemas that explain them.

    Every call may raise `StoreClosed`, `StoreForked` or, after a commit with unknown outcome, `StoreFailed`.
    """

    @property
    def head(self) -> Head:
        """The last durable position and its frame's hash."""
        ...

    def acquire(self) -> int:
        """Become the writer: a new epoch. Whoever appends with an older one is refused from now on.

        Raises:
            ReadOnly: the log was opened for reading.
        """
        ...

    def append(self, epoch: int, batch: Batch) -> Head:
        """Seal the batch behind the head and write it; it is durable when this returns.

        Raises:
            Fenced: the epoch is not the newest.
            PositionConflict: the batch doesn't begin at `head.position + 1`.
            StoreFull: no room; nothing was written and the log goes on.
            OutcomeUnknown: the commit failed otherwise; the log must be reopened.
        """
        ...

    def frame_at(self, position: int) -> Frame:
        """The frame that holds this position; cheap when asked for again and nearby.

        Raises:
            NoSuchPosition: before 1 or behind the head.
            StoreCorrupt: it is damaged, or missing although the head is behind it.
        """
        ...

    def frames(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """Every frame with a record in `[start, stop]`, oldest first; its hash, its link and its positions are checked.

        `stop` is at most the head at the time of the call, which is also its default: frames appended meanwhile don't
        come.

        Raises:
            NoSuchPosition: `start` is before 1. A start behind the head gives nothing.
            StoreCorrupt: from the iterator, when it reaches the damage.
        """
        ...

    def frames_backwards(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """The same frames as `frames(start, stop)`, checked in the same way, newest first."""
        ...

    def schemas(self) -> dict[str, bytes]:
        """The stored documents by name."""
        ...

    def put_schemas(self, epoch: int, documents: Mapping[str, bytes]) -> None:
        """Store documents, all or none; durable when this returns. A name that has these bytes already is left alone.

        Raises:
            StorageError: a name is stored with other bytes, is empty, or is too long.
            Fenced, StoreFull, OutcomeUnknown: as with `append`.
        """
        ...

    def close(self) -> None:
        """Release everything; a second call does nothing."""
        ...


def span(start: int, stop: int | None, head: Head) -> tuple[int, int]:
    """The first and last position that `frames(start, stop)` covers; first > last when there is none."""
    if start < 1:
        raise NoSuchPosition(f"position {start}: a log begins at position 1")
    return start, head.position if stop is None else min(stop, head.position)


def within(position: int, head: Head) -> int:
    """The position, if the log has it."""
    if not 1 <= position <= head.position:
        held = f"positions 1 to {head.position}" if head.position else "nothing yet"
        raise NoSuchPosition(f"position {position}: the log holds {held}")
    return position
