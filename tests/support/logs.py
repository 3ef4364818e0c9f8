"""A log that fails when it is told to, and that holds commits until it is told to let them go."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import final

from actum import Engine, MemoryLog
from actum.core import OpenStore
from actum_storage import Batch, Frame, Head, Log

#: A held commit goes on by itself after this time, so that a failing test ends.
HOLD_SECONDS_MAX = 20.0


@final
class FaultyLog:
    """Any log, with faults on demand.

    Attributes:
        inner: the log that does the work.
        appends: how many appends were begun.
        counts: how many records each append had that was done.
        arrived: set while an append stands at the gate or has passed it.
        read_error: raised by `frame_at` and `frames` if set.
    """

    def __init__(self, inner: Log) -> None:
        """Faultless yet."""
        self.inner = inner
        self.appends = 0
        self.counts: list[int] = []
        self.arrived = threading.Event()
        self.read_error: Exception | None = None
        self._gate = threading.Event()
        self._gate.set()
        self._faults: dict[int, tuple[BaseException, bool]] = {}

    def fail(self, error: BaseException, *, after: int = 0, written: bool = False) -> None:
        """Let an append fail: the next one, or the one so many after it.

        Before the real append, or when it is written.
        """
        self._faults[self.appends + 1 + after] = (error, written)

    def clear(self) -> None:
        """Forget what was to fail."""
        self._faults.clear()

    def hold(self) -> None:
        """Let appends wait."""
        self.arrived.clear()
        self._gate.clear()

    def release(self) -> None:
        """Let them go."""
        self._gate.set()

    @property
    def head(self) -> Head:
        """See `Log.head`."""
        return self.inner.head

    def acquire(self) -> int:
        """See `Log.acquire`."""
        return self.inner.acquire()

    def append(self, epoch: int, batch: Batch) -> Head:
        """See `Log.append`; waits while held, and fails if it was told to."""
        self.appends += 1
        error, written = self._faults.pop(self.appends, (None, False))
        self.arrived.set()
        assert self._gate.wait(HOLD_SECONDS_MAX), "a test held a commit and never let it go"
        if error is not None and not written:
            raise error
        head = self.inner.append(epoch, batch)
        if error is not None:
            raise error
        self.counts.append(len(batch.offsets))
        return head

    def frame_at(self, position: int) -> Frame:
        """See `Log.frame_at`."""
        self._check_reading()
        return self.inner.frame_at(position)

    def frames(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """See `Log.frames`."""
        self._check_reading()
        return self.inner.frames(start, stop)

    def frames_backwards(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """See `Log.frames_backwards`."""
        self._check_reading()
        return self.inner.frames_backwards(start, stop)

    def schemas(self) -> dict[str, bytes]:
        """See `Log.schemas`."""
        return self.inner.schemas()

    def put_schemas(self, epoch: int, documents: Mapping[str, bytes]) -> None:
        """See `Log.put_schemas`."""
        self.inner.put_schemas(epoch, documents)

    def close(self) -> None:
        """See `Log.close`."""
        self.inner.close()

    def _check_reading(self) -> None:
        if self.read_error is not None:
            raise self.read_error


def intercepted(engine: Engine) -> FaultyLog:
    """The faulty log that an engine, not open yet, will have between itself and its directory."""
    faulty = FaultyLog(MemoryLog())
    open_log = engine._open_log

    def opened() -> tuple[Log, OpenStore | None]:
        faulty.inner, directory = open_log()
        return faulty, directory

    engine._open_log = opened  # type: ignore[method-assign]
    return faulty
