"""A subscription without its engine: begun, ended and killed as often as a test likes, over the log of one engine."""

from __future__ import annotations

from actum import Options, Subscription
from actum.clock import SystemClock
from actum.core import Core
from actum.subscriptions.consumer import Consumer
from actum.subscriptions.kind import read_subscription
from actum.subscriptions.lag import Lag
from actum.subscriptions.source import Source
from actum.subscriptions.subscriptions import Inline
from actum.subscriptions.worker import Worker
from actum_storage import MemoryBookmarks

from tests.support.subscribers import Journal


class Lives:
    """One subscription, in many lives, over the log of one engine.

    Attributes:
        crashes: where in the journal a life ended without a word.
    """

    def __init__(self, core: Core, subscription: type[Subscription], journal: Journal | None = None) -> None:
        """Not born yet."""
        self.journal = journal or Journal()
        self.crashes: set[int] = set()
        faults: list[str] = []
        self._kind = read_subscription(subscription, [self.journal], faults)
        assert faults == []
        self._bookmarks = MemoryBookmarks()
        self._source = Source(
            core.log,
            lambda: core.scheduler.durable,
            core.codec,
            "",
            (self.journal,),
            SystemClock(),
            Options(replay_slice_events=3),
        )
        self.consumer: Consumer = self._new()

    def _new(self) -> Consumer:
        worker = Worker(self._kind, self._kind.tags({}), self._source, self._bookmarks, Inline())
        return Consumer(worker)

    async def begin(self) -> None:
        """A life."""
        await self.consumer.start(lambda: Lag("live", 0, 0, 0, 0.0, 0.0, ""))

    async def crash(self) -> None:
        """The end of a life, without writing anything."""
        await self.consumer._cancel()
        self.crashes.add(len(self.journal.seen))
        self.consumer = self._new()
        await self.begin()

    async def stop(self) -> None:
        """The end of a life, as it should be."""
        self.journal.free.set()
        await self.consumer.stop(10)
        self.consumer = self._new()
        await self.begin()
