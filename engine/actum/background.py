"""Where disk work is done while the loop goes on: a thread that commits, and one for everything else.

The committing thread needs the interpreter lock back when its fsync returns, and a busy loop never lets go of it for
long enough: it drops the lock at every `select` and takes it back before the thread wakes (acknowledgements then take
seconds). So, while a commit is under way, one callback stays in the loop, the gate, which blocks on the commit for at
most `gate_seconds` and comes again until it is done. Rejected: `setswitchinterval` and uvloop (no cure), a gate only
inside engine calls (starves under code that never calls the engine), committing on the loop (stalls it for the whole
fsync).

A simulation gives the engine a `Background` of its own, which has no threads: `Engine.open(..., background=...)`.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: Blocked gates in a row after which the disk counts as hanging: from then on the loop looks only now and then.
GATES_MAX = 200
HANGING_POLL_SECONDS = 0.05


class Background(Protocol):
    """What the engine asks of whoever does its disk work. Everything is called in the loop."""

    def commit(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Do the work, which never raises, beside the loop; then call `done` in the loop, once. One at a time."""
        ...

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do other work beside the loop, in the order in which it comes; the future of its result.

        Cancelling the future drops work that has not begun; what has begun ends.
        """
        ...

    def stop(self) -> None:
        """End, with all work that was begun; no more will come."""
        ...


@final
class ThreadBackground:
    """Two threads, each started by its first work."""

    __slots__ = ("_done", "_executor", "_finished", "_gate_seconds", "_gates", "_loop", "_queue", "_thread")

    def __init__(self, loop: asyncio.AbstractEventLoop, *, gate_seconds: float) -> None:
        """Nothing to do yet.

        Args:
            loop: the engine's event loop.
            gate_seconds: the longest that the gate blocks the loop at a time.
        """
        self._loop = loop
        self._gate_seconds = gate_seconds
        self._gates = 0
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._finished = threading.Lock()
        self._finished.acquire()
        self._done: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None
        self._executor: ThreadPoolExecutor | None = None

    def commit(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """See `Background.commit`."""
        assert self._done is None, "a commit is under way already"
        self._done = done
        self._gates = 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="actum-writer", daemon=True)
            self._thread.start()
        self._queue.put(work)
        self._loop.call_soon(self._gate)

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """See `Background.run`."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "actum-disk")
        return asyncio.wrap_future(self._executor.submit(work), loop=self._loop)

    def stop(self) -> None:
        """See `Background.stop`."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        if self._executor is not None:
            self._executor.shutdown(wait=True)

    def _work(self) -> None:
        """The committing thread: do what comes, then open the gate."""
        while (work := self._queue.get()) is not None:
            work()
            self._finished.release()

    def _gate(self) -> None:
        """Give the thread the interpreter while it commits; go on in the loop when it has."""
        if self._finished.acquire(timeout=self._gate_seconds):
            done, self._done = self._done, None
            assert done is not None
            done()
        elif self._gates < GATES_MAX:
            self._gates += 1
            self._loop.call_soon(self._gate)
        else:
            self._loop.call_later(HANGING_POLL_SECONDS, self._gate)

    def __repr__(self) -> str:
        """Whether a commit is under way."""
        return f"<ThreadBackground {'committing' if self._done is not None else 'idle'}>"
