"""A disk for the simulation: commits take time, fail, or have an unknown outcome; checkpoints can be broken off.

Everything that lasts is in `Platter`; it survives the crash of whoever writes to it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, TypeVar

from actum.codec import decoder_of, encode_chunk
from actum_storage import (
    Batch,
    Checkpoint,
    Chunk,
    Frame,
    Head,
    MemoryBookmarks,
    MemoryLog,
    OutcomeUnknown,
    StorageError,
    StoreFailed,
    StoreFull,
)

T = TypeVar("T")

decode_plain = decoder_of(list[Any])


class Platter:
    """What lasts.

    Attributes:
        log: the durable frames.
        checkpoints: the complete ones of the current generation.
        bookmarks: those of subscriptions, by name.
    """

    def __init__(self) -> None:
        """Empty."""
        self.log = MemoryLog()
        self.checkpoints: list[Checkpoint] = []
        self.bookmarks: dict[str, MemoryBookmarks] = {}

    def mislabel(self, random: Random) -> str:
        """Have the newest checkpoint say that it is of another log; "ahead" if of one that went on."""
        head = self.log.head
        *earlier, newest = self.checkpoints
        position, digest, *rest = decode_plain(newest.closing)
        if not 0 < position < head.position:
            return ""  # it would hold all there is, whatever it says of itself
        last = self.log.frame_at(head.position)
        labels = {"ahead": (head.position + 1, digest), "other": (head.position, digest)}
        if last.count > 1:
            labels["inside a frame"] = (head.position - 1, last.hash)
        name = random.choice(list(labels))
        self.checkpoints = [*earlier, Checkpoint(encode_chunk([*labels[name], *rest]), newest.chunks)]
        return name


class SimulatedLog:
    """A log on a platter for one incarnation of the engine; a commit may fail."""

    def __init__(self, platter: Platter, random: Random, troubles: float, trace: Callable[[str], None]) -> None:
        """`troubles` is the probability that a commit fails."""
        self.troubles = troubles
        self._log = platter.log
        self._random = random
        self._trace = trace
        self._failure: OutcomeUnknown | None = None

    @property
    def failed(self) -> bool:
        """Whether a commit had an unknown outcome."""
        return self._failure is not None

    @property
    def head(self) -> Head:
        """See `Log.head`."""
        return self._log.head

    def acquire(self) -> int:
        """See `Log.acquire`."""
        return self._log.acquire()

    def append(self, epoch: int, batch: Batch) -> Head:
        """See `Log.append`."""
        self._check()
        if self._random.random() >= self.troubles:
            head = self._log.append(epoch, batch)
            self._trace(f"committed {batch.first}..{head.position}")
            return head
        kind = self._random.choice(["full", "full", "landed", "lost"])
        self._trace(f"commit of {batch.first} fails: {kind}")
        if kind == "full":
            raise StoreFull("simulated: the disk is full")
        if kind == "landed":
            self._log.append(epoch, batch)
        self._failure = OutcomeUnknown("simulated: the commit failed")
        raise self._failure

    def frame_at(self, position: int) -> Frame:
        """See `Log.frame_at`."""
        self._check()
        return self._log.frame_at(position)

    def frames(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """See `Log.frames`."""
        self._check()
        return self._log.frames(start, stop)

    def frames_backwards(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """See `Log.frames_backwards`."""
        self._check()
        return self._log.frames_backwards(start, stop)

    def schemas(self) -> dict[str, bytes]:
        """See `Log.schemas`."""
        return self._log.schemas()

    def put_schemas(self, epoch: int, documents: Mapping[str, bytes]) -> None:
        """See `Log.put_schemas`."""
        self._log.put_schemas(epoch, documents)

    def close(self) -> None:
        """See `Log.close`."""

    def _check(self) -> None:
        if self._failure is not None:
            raise StoreFailed("simulated: an earlier commit failed") from self._failure


class SimulatedWriter:
    """A checkpoint that is being written."""

    def __init__(self, derived: SimulatedDerived, *, base: bool) -> None:
        """Nothing written yet."""
        self._derived = derived
        self._base = base
        self._chunks: list[Chunk] = []

    def write(self, chunk: Chunk) -> None:
        """See `CheckpointWriter.write`."""
        if self._derived.trouble():
            raise StoreFull("simulated: no room for a checkpoint")
        self._chunks.append(Chunk(chunk.section, chunk.count, memoryview(bytes(chunk.body))))

    def close(self, closing: bytes) -> None:
        """See `CheckpointWriter.close`."""
        made = Checkpoint(closing, self._chunks)
        kept = [] if self._base else self._derived.platter.checkpoints
        self._derived.platter.checkpoints = [*kept, made]

    def abort(self) -> None:
        """See `CheckpointWriter.abort`."""


class SimulatedDerived:
    """`derived/` on a platter."""

    def __init__(self, platter: Platter, random: Random, troubles: float) -> None:
        """`troubles` is the probability that writing a chunk fails."""
        self.platter = platter
        self._random = random
        self._troubles = troubles

    def trouble(self) -> bool:
        """Whether the next write fails."""
        return self._random.random() < self._troubles

    def read(self) -> list[Checkpoint]:
        """See `Derived.read`."""
        return self.platter.checkpoints

    @property
    def size_base(self) -> int:
        """See `Derived.size_base`."""
        return sum(len(chunk.body) for checkpoint in self.platter.checkpoints[:1] for chunk in checkpoint.chunks)

    @property
    def size_deltas(self) -> int:
        """See `Derived.size_deltas`."""
        return sum(len(chunk.body) for checkpoint in self.platter.checkpoints[1:] for chunk in checkpoint.chunks)

    def begin(self, *, base: bool) -> SimulatedWriter:
        """See `Derived.begin`."""
        if not base and not self.platter.checkpoints:
            raise StorageError("simulated: there is no base")
        return SimulatedWriter(self, base=base)


class SimulatedStore:
    """An `OpenStore` on a platter."""

    def __init__(self, platter: Platter, random: Random, troubles: float, trace: Callable[[str], None]) -> None:
        """For one incarnation."""
        self.log: Any = SimulatedLog(platter, random, troubles, trace)
        self.derived: Any = SimulatedDerived(platter, random, troubles)
        self.warnings: tuple[str, ...] = ()
        self._ballast = False

    def hold_ballast(self, size_max: int) -> bool:
        """See `OpenStore.hold_ballast`."""
        self._ballast = size_max > 0
        return self._ballast

    def drop_ballast(self) -> bool:
        """See `OpenStore.drop_ballast`."""
        dropped, self._ballast = self._ballast, False
        return dropped

    def close(self) -> None:
        """Nothing to release."""


class SimulatedBackground:
    """Disk work in the loop: it takes place some virtual time later, and is told some time after that."""

    def __init__(self, loop: asyncio.AbstractEventLoop, random: Random, slowness: float) -> None:
        """`slowness` is the longest that work takes, in seconds."""
        self._loop = loop
        self._random = random
        self._slowness = slowness
        self._queue: deque[Callable[[], None]] = deque()
        self._working = False

    def commit(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """See `Background.commit`. A crash may come before the work, behind it, or after it was told."""

        def take_place() -> None:
            work()
            self._loop.call_later(self._delay() / 4, done)

        self._loop.call_later(self._delay(), take_place)

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """See `Background.run`."""
        answer: asyncio.Future[T] = self._loop.create_future()

        def take_place() -> None:
            if not answer.cancelled():
                try:
                    result = work()
                except Exception as error:  # noqa: BLE001  # it is the answer
                    answer.set_exception(error)
                else:
                    answer.set_result(result)
            self._next()

        self._queue.append(take_place)
        if not self._working:
            self._next()
        return answer

    def stop(self) -> None:
        """See `Background.stop`."""

    def _next(self) -> None:
        self._working = bool(self._queue)
        if self._queue:
            self._loop.call_later(self._delay(), self._queue.popleft())

    def _delay(self) -> float:
        return self._random.random() * self._slowness
