"""`actum.follow`: subscriptions in a process of their own, beside the engine's, with the store open for reading.

The follower never writes to the log. It looks every `poll_seconds` whether there is more, and keeps its bookmarks in
the store's directory, under a lock for each subscription: the engine, or another follower, can't run the same one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, final

import msgspec
from actum_storage import StorageError, StoreDirectory

from actum.alert import Alert
from actum.arguments import check_arguments, check_observer
from actum.background import ThreadBackground
from actum.clock import Clock, SystemClock
from actum.codec import Codec
from actum.errors import CatalogueError, EngineClosed, Invalid
from actum.freshness import time_at
from actum.kinds.catalogue import Catalogue
from actum.logbook import facts
from actum.options import Options
from actum.schemas.gate import SchemaGate
from actum.statistics import SubscriptionStatistics
from actum.subscriptions.monitor import Monitor
from actum.subscriptions.source import Source
from actum.subscriptions.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike
    from types import TracebackType
    from typing import NoReturn, Self

    from actum.alert import AlertCallback
    from actum.observer import Observer
    from actum.subscriptions.consumer import Consumer
    from actum.subscriptions.subscription import Subscription


log = logging.getLogger("actum.follower")


class FollowerStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """A follower.

    Attributes:
        head: the last position that it has found in the log, at most `poll_seconds` ago.
        subscriptions: one each.
        alerts: the last one of each subscription that is slow, stalled or failed.
        alerts_raised: since opening.
    """

    head: int
    subscriptions: tuple[SubscriptionStatistics, ...]
    alerts: tuple[Alert, ...]
    alerts_raised: int


def follow(
    store: str | PathLike[str],
    /,
    *subscriptions: type[Subscription],
    services: Sequence[object] = (),
    upcasters: Sequence[Callable[[Any], object]] = (),
    alerts: Sequence[AlertCallback] = (),
    observer: Observer | None = None,
    options: Options | None = None,
    clock: Clock | None = None,
    paused: bool = False,
) -> Follower:
    """Subscriptions of a store that another process writes; `async with` opens it, `await follower.run()` stays.

    Args:
        store: the directory; it must exist.
        subscriptions: their classes.
        services: what `@handle` methods take by annotation.
        upcasters: what events of older types mean today; those for other events too, as the engine has them.
        alerts: called with an `Alert` when a subscription falls behind, stops, or recovers.
        observer: told of deliveries while they happen: `actum.otel.Tracing()`.
        options: see `Options`; `poll_seconds` above all.
        clock: the machine's unless given.
        paused: handle nothing until `follower.subscription(...).resume()`: for tools that reset one, or look after its
            dead letters.

    Raises:
        CatalogueError: the classes don't fit together.
        Invalid: another argument is not what it has to be.

    Example:
        async def main() -> None:
            async with actum.follow("shop", Mailer, services=[mail]) as follower:
                await follower.run()

        actum.run(main())
    """
    check_arguments(store, options, services=services, upcasters=upcasters, alerts=alerts)
    check_observer(observer)
    try:
        catalogue = Catalogue.build(subscriptions, services, upcasters)
    except CatalogueError as error:
        raise CatalogueError(error.faults, who="follow") from None
    if catalogue.aggregates or catalogue.views or not catalogue.subscriptions:
        raise Invalid("follow takes Subscription classes, one at least: aggregates and views are the engine's")
    return Follower(
        store, catalogue, tuple(alerts), options or Options(), clock or SystemClock(), observer=observer, paused=paused
    )


@final
class Follower:
    """Reads a store beside its engine; from `follow`."""

    def __init__(
        self,
        store: str | PathLike[str],
        catalogue: Catalogue,
        alerts: Sequence[AlertCallback],
        options: Options,
        clock: Clock,
        *,
        observer: Observer | None = None,
        paused: bool = False,
    ) -> None:
        """Use `follow`."""
        self._path = store
        self._catalogue = catalogue
        self._options = options
        self._clock = clock
        self._paused = paused
        self._observer = observer
        self._monitor = Monitor(clock, alerts)
        self._head = 0
        self._store: StoreDirectory | None = None
        self._subscriptions: Subscriptions | None = None
        self._tasks: list[asyncio.Task[NoReturn]] = []

    async def __aenter__(self) -> Self:
        """Open the store, take the locks, begin.

        Raises:
            StoreMismatch: there is no store, a bookmark is of another one, or the classes can't read the log's events.
            StoreCorrupt: it is damaged.
            SubscriptionInUse: one of the subscriptions runs somewhere else.
        """
        if self._store is not None:
            raise EngineClosed("this follower was opened already: make another one with follow")
        options = self._options
        store = self._store = StoreDirectory.open(self._path, write=False, any_file_system=options.any_file_system)
        try:
            await self._start(store)
        except BaseException:
            await self._stop(0.0)
            raise
        return self

    async def _start(self, store: StoreDirectory) -> None:
        """Begin."""
        catalogue, options, loop = self._catalogue, self._options, asyncio.get_running_loop()
        self._head = store.log.head.position
        codec = Codec(catalogue.event_types, options, catalogue.upcasts)
        gate = SchemaGate(store.log, catalogue, codec, slice_events=options.replay_slice_events, partial=True)
        await gate.check_part()
        source = Source(
            store.log,
            lambda: self._head,
            codec,
            store.manifest.store_id,
            catalogue.services,
            self._clock,
            options,
            self._observer,
        )
        self._subscriptions = Subscriptions(
            catalogue.subscriptions,
            catalogue.upcasts,
            source,
            store.subscriptions,
            lambda: ThreadBackground(loop, gate_seconds=options.gate_seconds),
        )
        await self._subscriptions.start(
            self._monitor,
            lambda: self._true_head(store),
            lambda position: time_at(store.log, position),
            paused=self._paused,
        )
        self._tasks = [
            asyncio.create_task(self._poll(store, self._subscriptions), name="actum follower"),
            asyncio.create_task(self._monitor.run(), name="actum lag monitor"),
        ]

    async def _poll(self, store: StoreDirectory, subscriptions: Subscriptions) -> NoReturn:
        """Look for more, until the store can't be read any more."""
        while True:
            await asyncio.sleep(self._options.poll_seconds)
            try:
                head = store.log.head.position
            except Exception as error:
                said = facts("follower stopped", error, store=str(self._path))
                log.exception("the follower of %s can't go on", self._path, extra=said)
                for consumer in subscriptions:
                    consumer.fail(f"{type(error).__name__}: {error}")
                raise
            if head != self._head:
                self._head = head
                subscriptions.wake()

    def _true_head(self, store: StoreDirectory) -> int:
        """The log's last position now: what lag is measured by, however seldom, or no longer, it is looked for more."""
        try:
            return store.log.head.position
        except StorageError:  # then the subscriptions have failed, or are about to
            return self._head

    async def run(self) -> None:
        """Stay until cancelled, as SIGTERM does to what `actum.run` runs.

        Raises:
            StoreFailed: the store was compacted or replaced under the reader: open another follower.
            StoreCorrupt: it is damaged.
            EngineClosed: the follower is not open.
        """
        if not self._tasks:
            raise EngineClosed("this follower is not open: use it inside `async with follow(...)`")
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.cancelled():
                raise EngineClosed("this follower was closed")
            error = task.exception()
            assert error is not None, "these tasks don't end by themselves"
            raise error

    def subscription(self, subscription: type[Subscription]) -> Consumer:
        """A subscription at work, to be paused, reset, waited for and asked.

        Raises:
            Invalid: the class was not given to `follow`.
            EngineClosed: the follower is not open.
        """
        return self._open().of(subscription)

    def statistics(self) -> FollowerStatistics:
        """Where it stands.

        Raises:
            EngineClosed: it is not open.
        """
        return FollowerStatistics(
            head=self._head,
            subscriptions=tuple(consumer.statistics() for consumer in self._open()),
            alerts=tuple(self._monitor.active.values()),
            alerts_raised=self._monitor.raised,
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the events that are being handled end, write the bookmarks, close."""
        await self._stop(self._options.close_seconds_max)

    async def _stop(self, seconds_max: float) -> None:
        """End everything."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        subscriptions, self._subscriptions = self._subscriptions, None
        try:
            if subscriptions is not None:
                await subscriptions.stop(seconds_max)
        finally:
            if self._store is not None:
                self._store.close()

    def _open(self) -> Subscriptions:
        """Those that run."""
        if self._subscriptions is None:
            raise EngineClosed("this follower is not open: use it inside `async with follow(...)`")
        return self._subscriptions

    def __repr__(self) -> str:
        """What it follows."""
        return f"<Follower {self._path!s} head {self._head}>"
