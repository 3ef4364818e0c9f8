"""The user's classes on a store that is looked at: an engine opened read-only, in a thread with a loop of its own.

What it computes, and whatever the user's code does, never holds up the screen. It shows the moment at which it was
opened; it is opened again when that is asked for, or when the store has been.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar, final

import actum
from actum.monitor import Beside

if TYPE_CHECKING:
    from actum.monitor import Hello, Question, Reply

    from actum_tui.application import Application

T = TypeVar("T")


@final
class EngineBeside:
    """A read-only engine on the files of a store that is open.

    Attributes:
        position: as of which it shows views; 0 before it is open.
    """

    def __init__(self, application: Application) -> None:
        """Not open yet."""
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="actum engine beside", daemon=True)
        self._engine: actum.Engine | None = None
        self._beside: Beside | None = None
        self.position = 0

    def _run(self) -> None:
        """The thread."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the other loop. Cancelling cancels it there."""
        if not self._thread.is_alive():
            self._thread.start()
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return await asyncio.wrap_future(future)

    async def open(self, store: actum.Store) -> Hello:
        """Open it on the files of a store; who it is.

        Raises:
            ActumError: the classes don't fit the log, or each other.
        """
        return await self._there(self._open(store))

    async def _open(self, store: actum.Store) -> Hello:
        await self._close()
        application = self._application
        engine = actum.Engine.open(
            store.lend(),
            *application.components,
            services=application.services,
            upcasters=application.upcasters,
            options=actum.Options(any_file_system=True, gc_policy="none"),
            read_only=True,
        )
        self._engine = await engine
        self._beside = Beside(engine)
        self.position = engine.statistics().position
        return self._beside.hello

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return self._beside is not None

    async def statistics(self) -> actum.EngineStatistics | None:
        """Its figures; None while it is not open."""

        async def read() -> actum.EngineStatistics | None:
            return None if self._engine is None else self._engine.statistics()

        return await self._there(read())

    async def ask(self, request: Question, progress: Callable[[int, int], None] | None) -> Reply:
        """Ask it. Cancelling ends the work for it.

        Raises:
            ActumError: there is no answer; why.
        """
        here = asyncio.get_running_loop()

        def told(done: int, whole: int) -> None:
            if progress is not None:
                here.call_soon_threadsafe(progress, done, whole)

        async def answer() -> Reply:
            if self._beside is None:
                raise actum.EngineClosed("the engine on this store is not open")
            return await self._beside.ask(request, told)

        return await self._there(answer())

    async def close(self) -> None:
        """Close the engine; its thread stays."""
        if self._thread.is_alive():
            await self._there(self._close())

    async def _close(self) -> None:
        beside, self._beside = self._beside, None
        engine, self._engine = self._engine, None
        self.position = 0
        if beside is not None:
            beside.close()
        if engine is not None:
            await engine.close()

    async def end(self) -> None:
        """Close it, and end the thread. Again: nothing."""
        if self._thread.is_alive():
            await self.close()
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)
