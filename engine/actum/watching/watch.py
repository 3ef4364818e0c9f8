"""A watch: the reader's end of a live query."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

from actum.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from actum.watching.buffers import Buffer

C = TypeVar("C")


@final
class Watcher(Generic[C]):
    """One reader as the engine knows it.

    Attributes:
        buffer: what waits for it.
    """

    __slots__ = ("_ended", "_leave", "_left", "_waiting", "buffer")

    def __init__(self, buffer: Buffer[C], leave: Callable[[Watcher[Any]], None]) -> None:
        self.buffer = buffer
        self._leave = leave
        self._left = False
        self._ended = False
        self._waiting: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Have the reader look again, if it waits."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def end(self) -> None:
        """No change will come any more: the reader is given what waits, then its loop ends."""
        self._ended = True
        self.wake()

    def leave(self) -> None:
        """The reader wants nothing any more."""
        if not self._left:
            self._left = True
            self._leave(self)
            self.wake()

    async def next(self) -> C | None:
        """What comes next; None at the end. Cancelling ends the waiting and loses nothing."""
        if self._waiting is not None:
            raise Invalid("a watch is read by one task at a time: call engine.watch once for each")
        while not self._left:
            try:
                change = self.buffer.take()
            except BaseException:
                self.leave()
                raise
            if change is not None:
                return change
            if self._ended:
                self.leave()
                return None
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return None


@final
class Watch(Generic[C]):
    """What `Engine.watch` gives: `async for change in engine.watch(...)`.

    It ends when the loop is left (break, an error, cancelling), with `aclose`, and when the engine closes. A cancelled
    `anext` loses nothing: the change comes next time.
    """

    __slots__ = ("_watcher",)

    def __init__(self, watcher: Watcher[C]) -> None:
        """Use `Engine.watch`."""
        self._watcher = watcher

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> C:
        """The next change, waited for.

        Raises:
            StopAsyncIteration: the engine was closed, or the watch.
            ViewBroken: the view's handler failed.
            WatchClosed: too much waited.
        """
        try:
            change = await self._watcher.next()
        except asyncio.CancelledError:
            del self  # a cancelled task keeps its frames, and they would keep the watch alive
            raise
        if change is None:
            raise StopAsyncIteration
        return change

    async def aclose(self) -> None:
        """End it; whoever waits for a change is told that there are no more."""
        self._watcher.leave()

    async def __aenter__(self) -> Self:
        """For `async with engine.watch(...) as watch`."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        self._watcher.leave()

    def __del__(self) -> None:
        """End it: nobody reads any more."""
        self._watcher.leave()
