"""A dashboard on a stage: it is shown frames that a test has in its hands, made by real engines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from actum import EngineStatistics, StoredRecord
from actum.monitor import Action, Frame, Hello, Question, Reply, StoreVitals, Vitals, Wanted
from actum_tui.top.app import Dashboard
from actum_tui.top.journal import Journal
from actum_tui.top.source import Found, Kind, Lost, Unavailable
from textual.pilot import Pilot

SECOND_NS = 1_000_000_000
#: Longer than anything takes on a busy machine.
SECONDS_MAX = 30.0


class ListedJournal:
    """A log that is a list of records."""

    def __init__(self, records: list[StoredRecord]) -> None:
        """Records at positions 1, 2, 3 ..."""
        self.listed = records
        self.read = 0
        self.failure: Exception | None = None

    async def head(self) -> int:
        """The last position."""
        return len(self.listed)

    async def records(self, start: int, stop: int) -> list[StoredRecord]:
        """Some of them."""
        if self.failure is not None:
            raise self.failure
        found = self.listed[max(1, start) - 1 : stop]
        self.read += len(found)
        return found

    async def history(self, aggregate: str, key: str) -> list[StoredRecord]:
        """Those of one aggregate."""
        return [record for record in self.listed if (record.aggregate, record.key) == (aggregate, key)]

    async def close(self) -> None:
        """Nothing to release."""


class StagedSource:
    """Shows what it is given."""

    def __init__(self, kind: Kind = "live", records: list[StoredRecord] | None = None) -> None:
        """Nothing shown yet.

        Args:
            kind: what it says it is.
            records: of its log.
        """
        self.kind: Kind = kind
        self.hello = Hello(
            version="1",
            name="shop",
            store="/srv/shop",
            store_id="",
            pid=4_121,
            python="3.11",
            loop="uvloop",
            opened_ns=0,
            durability="full",
            admin=False,
        )
        self.log = ListedJournal(records or [])
        self.journal: Journal = self.log
        self.shown = 0
        self._items: asyncio.Queue[Frame | Lost | Found] = asyncio.Queue()

    async def open(self) -> None:
        """It is there."""

    async def close(self) -> None:
        """It may go."""

    async def frames(self) -> AsyncIterator[Frame | Lost | Found]:
        """What it is given."""
        while True:
            yield await self._items.get()

    def show(
        self,
        statistics: EngineStatistics | None = None,
        vitals: Vitals | None = None,
        store: StoreVitals | None = None,
    ) -> None:
        """Show a moment, a second after the one before."""
        self.shown += 1
        at = self.shown * SECOND_NS
        self._items.put_nowait(Frame(time_ns=at, monotonic_ns=at, statistics=statistics, vitals=vitals, store=store))

    def watch(self, watch: Wanted) -> None:
        """It shows what it has."""

    async def ask(self, request: Question | Action, progress: Callable[[int, int], None] | None = None) -> Reply:
        """It answers nothing."""
        raise Unavailable("a stage answers nothing")


@asynccontextmanager
async def staged(
    source: StagedSource, page: str, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Dashboard, Pilot[None]]]:
    """The dashboard on a stage, with one of its screens up."""
    dashboard = Dashboard(source, interval=1.0)
    async with dashboard.run_test(size=size, notifications=True) as pilot:
        await pilot.press(page)
        await pilot.pause()
        yield dashboard, pilot


def screen_of(app: Any) -> str:
    """What stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def stands(pilot: Pilot[None], *words: str) -> str:
    """Wait until all of these words stand on the screen; what stands there then."""
    end = time.monotonic() + SECONDS_MAX
    while not all(word in screen_of(pilot.app) for word in words):
        assert time.monotonic() < end, f"{words} did not come; the screen is:\n{screen_of(pilot.app)}"
        await pilot.pause(0.02)
    return screen_of(pilot.app)
