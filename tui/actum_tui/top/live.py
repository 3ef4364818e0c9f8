"""A running engine as a source: attached to, lost when it ends, found again when it is opened again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, final

from actum import ActumError
from actum.monitor import Attached, Detached, Frame, NoEngine, Wanted, attach, store_vitals
from msgspec import structs

from actum_tui.top.journal import DirectoryJournal, Journal, RemoteJournal
from actum_tui.top.source import Found, Kind, Lost

if TYPE_CHECKING:
    from actum.monitor import Action, Question, Reply

#: How often it is looked for an engine that has ended.
AGAIN_SECONDS = 1.0


@final
class LiveSource:
    """An engine that runs, perhaps again and again.

    Attributes:
        hello: who it is.
        journal: its log.
    """

    def __init__(self, target: str | None = None) -> None:
        """Not attached yet.

        Args:
            target: as `actum.monitor.attach` takes it.
        """
        self._target = target
        self._attached: Attached | None = None
        self._watch = Wanted()
        self.journal: Journal = RemoteJournal(self._engine)

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "live"

    async def open(self) -> None:
        """Attach.

        Raises:
            ActumError: there is no such engine, or it does not answer.
        """
        self._take(await attach(self._target))

    def _take(self, attached: Attached) -> None:
        """This is the engine from now on: the same store's, whatever process it is."""
        self._attached = attached
        self.hello = hello = attached.hello
        if self._target is None or not os.path.isdir(self._target):  # noqa: PTH112  # it may be a name
            self._target = hello.store or hello.name
        if hello.store is not None and hello.pid != os.getpid() and isinstance(self.journal, RemoteJournal):
            self.journal = DirectoryJournal(hello.store, any_file_system=True)
        attached.watch(self._watch)

    def _engine(self) -> Attached:
        """The engine that is attached to.

        Raises:
            Detached: none is, now.
        """
        if self._attached is None:
            raise Detached(f"{self.hello.name} is not running")
        return self._attached

    async def frames(self) -> AsyncIterator[Frame | Lost | Found]:
        """What the engine shows; when it ends that is said, and it is looked for until it is there again."""
        while True:
            attached = self._engine()
            yield Found(attached.hello)
            async for frame in attached.frames():
                yield await self._with_store(frame)
            self._attached = None
            yield Lost(f"{self.hello.name} (pid {self.hello.pid}) has ended: waiting until it is opened again")
            while self._attached is None:
                await asyncio.sleep(AGAIN_SECONDS)
                try:
                    self._take(await attach(self._target))
                except (NoEngine, Detached):
                    continue
                except ActumError as error:
                    yield Lost(str(error))

    async def _with_store(self, frame: Frame) -> Frame:
        """The same with what the directory says; it is read here, at no cost to the engine."""
        if not isinstance(self.journal, DirectoryJournal):
            return frame
        try:
            return structs.replace(frame, store=await self.journal.read(store_vitals))
        except ActumError:
            return frame  # who reads records from it is told why

    def watch(self, watch: Wanted) -> None:
        """Say what the next frames shall hold."""
        self._watch = watch
        if self._attached is not None:
            self._attached.watch(watch)

    async def ask(self, request: Question | Action, progress: Callable[[int, int], None] | None = None) -> Reply:
        """Ask the engine.

        Raises:
            Unanswered: it refuses.
            Detached: it is not there.
        """
        return await self._engine().ask(request, progress=progress)

    async def close(self) -> None:
        """Leave. Again: nothing."""
        attached, self._attached = self._attached, None
        if attached is not None:
            await attached.close()
        await self.journal.close()
