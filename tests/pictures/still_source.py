"""The recorded morning as something that a dashboard looks at: its frames, and a real engine on its log to be asked.

The engine is attached to as any is, through its socket. Nothing happens in it: it stands where the morning ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import final

import msgspec
from actum import ActumError, Engine, Options
from actum.monitor import Action, Attached, Frame, Question, Reply, RowsPage, Wanted, attach
from actum_tui.top.journal import Journal, RemoteJournal
from actum_tui.top.source import Found, Kind, Lost

from examples.shop import SHOP
from examples.shop.demo.troubles import TROUBLES
from tests.pictures.recorded_day import RecordedDay
from tests.support.clocks import FakeClock

#: Before the last frame.
REST_SECONDS = 0.5


@final
class StillSource:
    """An engine that seems to run, and always shows the same moment.

    Attributes:
        hello: who it was.
        journal: its log.
    """

    def __init__(self, attached: Attached, day: RecordedDay) -> None:
        """Attached to an engine on the log of that day."""
        self.hello = day.hello
        self.journal: Journal = RemoteJournal(lambda: attached)
        self._attached = attached
        self._day = day
        self._watch = Wanted()
        self._changed = asyncio.Event()
        #: Set when the screen that is to be drawn has come: only then the last two frames do.
        self.released = asyncio.Event()
        #: Set when only the last one is left.
        self.ended = asyncio.Event()

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "live"

    async def open(self) -> None:
        """It is."""

    async def close(self) -> None:
        """Leave."""
        await self._attached.close()

    async def frames(self) -> AsyncIterator[Frame | Lost | Found]:
        """All that there were, and the last one again whenever something else is wanted of it."""
        yield Found(self.hello)
        *before, last_but_one, _ = self._day.frames
        for frame in before:
            yield frame
        await self.released.wait()
        yield last_but_one
        await asyncio.sleep(REST_SECONDS)  # what a screen reads for a frame it has read when the next one comes
        self.ended.set()
        while True:
            self._changed.clear()
            yield await self._last()
            await self._changed.wait()

    async def _last(self) -> Frame:
        """The last frame with what is wanted."""
        watch, rows, failure = self._watch, None, None
        if watch.rows is not None:
            try:
                answer = await self._attached.ask(watch.rows)
                assert isinstance(answer, RowsPage)
                rows = answer
            except ActumError as error:
                failure = str(error)
        actors = self._day.actors if watch.actors else None
        return msgspec.structs.replace(self._day.frames[-1], actors=actors, rows=rows, rows_failure=failure)

    def watch(self, watch: Wanted) -> None:
        """Say what the last frame shall hold."""
        self._watch = watch
        self._changed.set()

    async def ask(self, request: Question | Action, progress: Callable[[int, int], None] | None = None) -> Reply:
        """Ask the engine."""
        return await self._attached.ask(request, progress=progress)


@asynccontextmanager
async def still_source(day: RecordedDay) -> AsyncIterator[StillSource]:
    """The morning's source, with its engine."""
    engine = Engine.open(
        day.log.reopen(),
        *SHOP.components,
        *TROUBLES,
        services=SHOP.services,
        options=Options(gc_policy="none"),
        clock=FakeClock(day.time_ns),
        automatic=False,
        monitor=True,
        admin=True,
    )
    async with engine:
        assert engine._monitor is not None
        source = StillSource(await attach(engine._monitor.path), day)
        try:
            yield source
        finally:
            await source.close()
