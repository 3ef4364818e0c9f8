"""All subscriptions of an engine or a follower: made, begun, woken when there is more to read, ended together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar, final

from actum_storage import BookmarkFile, MemoryBookmarks

from actum.errors import Invalid, shown
from actum.subscriptions.consumer import Consumer
from actum.subscriptions.lag import LagTracker
from actum.subscriptions.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from actum_storage import Bookmarks

    from actum.subscriptions.cursor import Aside
    from actum.subscriptions.kind import SubscriptionKind
    from actum.subscriptions.monitor import Monitor
    from actum.subscriptions.source import Source
    from actum.subscriptions.subscription import Subscription
    from actum.upcasting import Upcasts

T = TypeVar("T")


@final
class Subscriptions:
    """Those of one engine or follower."""

    def __init__(
        self,
        kinds: Sequence[SubscriptionKind],
        upcasts: Upcasts,
        source: Source,
        directory: Path | None,
        make_aside: Callable[[], Aside],
    ) -> None:
        """None of them runs yet.

        Args:
            kinds: the classes, read.
            upcasts: what older events mean.
            source: where they read.
            directory: where bookmarks are kept; None: in memory.
            make_aside: what does the blocking work of one of them.
        """
        self._kinds = kinds
        self._upcasts = upcasts
        self._source = source
        self._directory = directory
        self._make_aside = make_aside
        self._consumers: dict[type[Subscription], Consumer] = {}
        self._stopped = False

    async def start(
        self,
        monitor: Monitor,
        head: Callable[[], int],
        time_at: Callable[[int], int | None],
        *,
        paused: bool = False,
    ) -> None:
        """Take the locks, load the bookmarks, begin.

        Args:
            monitor: looks at them from now on.
            head: the true one.
            time_at: when the event at a position was decided.
            paused: whether they handle nothing until they are resumed.

        Raises:
            SubscriptionInUse: one of them runs somewhere else.
            StoreMismatch, StoreCorrupt, StorageError: see `Consumer.start`.
        """
        source = self._source
        for kind in self._kinds:
            aside = self._make_aside()
            try:
                bookmarks = await aside.run(lambda name=kind.name: self._bookmarks(name))  # type: ignore[misc]  # bound now
            except BaseException:
                aside.stop()
                raise
            try:
                consumer = Consumer(Worker(kind, kind.tags(self._upcasts), source, bookmarks, aside))
            except BaseException:  # the user's class can't be made
                await aside.run(bookmarks.close)
                aside.stop()
                raise
            self._consumers[kind.subscription] = consumer
            tracker = LagTracker(
                consumer, head=head, time_at=time_at, clock=source.clock, options=source.options, caught_up=False
            )
            await consumer.start(tracker.look, paused=paused)
            monitor.add("subscription", tracker)

    def _bookmarks(self, name: str) -> Bookmarks:
        """Where one keeps its bookmark; beside the loop."""
        return MemoryBookmarks() if self._directory is None else BookmarkFile.open(self._directory, name)

    def of(self, subscription: type[Subscription]) -> Consumer:
        """The one of a class.

        Raises:
            Invalid: it was not given, or does not run here.
        """
        consumer = self._consumers.get(subscription)
        if consumer is None:
            raise Invalid(f"{shown(subscription)} does not run here: give the class when you open")
        return consumer

    def refuse_inside(self, what: str) -> None:
        """Refuse what would wait for the handler that asks for it.

        Raises:
            Invalid: this is called in the task of a subscription's handlers.
        """
        for consumer in self._consumers.values():
            consumer.refuse_inside(what)

    def wake(self) -> None:
        """There may be more to read."""
        for consumer in self._consumers.values():
            consumer.wake()

    def end(self) -> None:
        """Begin no other event: what a handler sends from now on is refused, which is not its event's fault."""
        for consumer in self._consumers.values():
            consumer.end()

    async def stop(self, seconds_max: float) -> None:
        """End all of them at the same time; handlers that take longer are cancelled."""
        consumers = [] if self._stopped else list(self._consumers.values())
        self._stopped = True
        results = await asyncio.gather(*(consumer.stop(seconds_max) for consumer in consumers), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def __iter__(self) -> Iterator[Consumer]:
        """Those that run."""
        return iter(self._consumers.values())

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._consumers)

    def __repr__(self) -> str:
        """Who they are."""
        return f"<Subscriptions {', '.join(consumer.name for consumer in self)}>"


@final
class Inline:
    """An `Aside` that does the work at once: for what is in memory, and for a loop on virtual time."""

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """See `Aside.run`."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001  # it is whoever awaits the future that gets it
            future.set_exception(error)
        return future

    def stop(self) -> None:
        """See `Aside.stop`."""
