"""A log in memory: the reference model that `LmdbLog` is compared with, and the log for tests that need no disk.

It keeps the whole contract of `Log` except durability: the same frames, hashes and errors. It is as small as possible
on purpose.
"""

from __future__ import annotations

from bisect import bisect_right
from threading import Lock
from typing import TYPE_CHECKING, final

from actum_storage.errors import Fenced, PositionConflict, StoreClosed
from actum_storage.frame import seal
from actum_storage.log import EMPTY, Head, span, within
from actum_storage.schema import changed_schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from actum_storage.frame import Batch, Frame


@final
class MemoryLog:
    """A `Log` that lives as long as the process."""

    def __init__(self) -> None:
        """Start empty."""
        self._frames: list[Frame] = []
        self._firsts: list[int] = []
        self._schemas: dict[str, bytes] = {}
        self._epoch = 0
        self._closed = False
        self._writing = Lock()

    def reopen(self) -> MemoryLog:
        """Close this log and give a new one that holds what it held, as opening a directory again would."""
        self.close()
        log = MemoryLog()
        log._frames, log._firsts = self._frames.copy(), self._firsts.copy()
        log._schemas = self._schemas.copy()
        return log

    @property
    def head(self) -> Head:
        """See `Log.head`."""
        if not self._frames:
            return EMPTY
        frame = self._frames[-1]
        return Head(frame.last, frame.hash)

    def acquire(self) -> int:
        """See `Log.acquire`."""
        with self._writing:
            self._check_open()
            self._epoch += 1
            return self._epoch

    def append(self, epoch: int, batch: Batch) -> Head:
        """See `Log.append`."""
        with self._writing:
            self._check_writer(epoch)
            head = self.head
            if batch.first != head.position + 1:
                raise PositionConflict(f"a batch from position {batch.first}: the next position is {head.position + 1}")
            frame = seal(batch, head.hash)
            self._firsts.append(frame.first)
            self._frames.append(frame)
            return Head(frame.last, frame.hash)

    def frame_at(self, position: int) -> Frame:
        """See `Log.frame_at`."""
        self._check_open()
        return self._frames[self._index(within(position, self.head))]

    def frames(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """See `Log.frames`."""
        return iter(self._slice(start, stop))

    def frames_backwards(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """See `Log.frames_backwards`."""
        return reversed(self._slice(start, stop))

    def schemas(self) -> dict[str, bytes]:
        """See `Log.schemas`."""
        self._check_open()
        return self._schemas.copy()

    def put_schemas(self, epoch: int, documents: Mapping[str, bytes]) -> None:
        """See `Log.put_schemas`."""
        with self._writing:
            self._check_writer(epoch)
            self._schemas |= changed_schemas(self._schemas, documents)

    def close(self) -> None:
        """See `Log.close`."""
        self._closed = True

    def __repr__(self) -> str:
        """Head and state."""
        return f"<MemoryLog head {self.head.position}{' closed' * self._closed}>"

    def _slice(self, start: int, stop: int | None) -> list[Frame]:
        self._check_open()
        first, last = span(start, stop, self.head)
        return self._frames[self._index(first) : self._index(last) + 1] if first <= last else []

    def _index(self, position: int) -> int:
        return bisect_right(self._firsts, position) - 1

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed("the log is closed: open it again")

    def _check_writer(self, epoch: int) -> None:
        self._check_open()
        if not 0 < epoch == self._epoch:
            raise Fenced(f"epoch {epoch}: the log is at epoch {self._epoch}. Acquire it to write.")
