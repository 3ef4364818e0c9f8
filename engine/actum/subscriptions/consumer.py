"""A subscription at work, as its users see it: paused, resumed, reset, waited for, asked; its task begun and ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, final

from actum_storage import StoreFull

from actum.errors import EngineClosed, Invalid, shown
from actum.logbook import facts
from actum.statistics import SubscriptionStatistics
from actum.subscriptions.letters import describe, handle_again
from actum.subscriptions.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from actum_storage import DeadLetter

    from actum.statistics import RebuildStatistics
    from actum.subscriptions.lag import Lag, Standstill

log = logging.getLogger("actum.subscriptions")

#: How long a cancelled handler may take to end.
CANCEL_SECONDS_MAX = 1.0


@final
class Consumer:
    """A subscription at work; from `engine.subscription(...)` or `follower.subscription(...)`.

    Attributes:
        name: the subscription's.
        beginnings: how often it has begun anew, perhaps far from the head.
        rebuild: tells how far its effects are that are being made again beside, or None.
    """

    def __init__(self, worker: Worker) -> None:
        """An engine or a follower makes it."""
        self.name = worker.kind.name
        self.beginnings = 0
        self.rebuild: Callable[[], RebuildStatistics] | None = None
        self._worker = worker
        self._task: asyncio.Task[None] | None = None
        self._left: asyncio.Task[None] | None = None  # a task that was told to end, and has not yet
        self._gone: str | None = None  # why it can't go on, ever
        self._resetting = asyncio.Lock()
        self._stands = False  # from the end of one task to the beginning of the next
        self._lag: Callable[[], Lag] | None = None

    @property
    def worker(self) -> Worker:
        """What does its work; for those who build on it."""
        return self._worker

    @property
    def position(self) -> int:
        """Everything up to here is done."""
        return self._worker.position

    def pause(self) -> None:
        """Handle nothing further than the event that is being handled, until `resume()`. Again: nothing."""
        self._worker.paused = True
        self._worker.bell.ring()

    def resume(self) -> None:
        """Go on after `pause()`, after a failure that stopped it, or at once instead of after a wait for a retry.

        Raises:
            EngineClosed: the engine or follower was closed.
        """
        self._check_open()
        worker = self._worker
        worker.paused, worker.stopped, worker.failing, worker.hurried = False, None, None, True
        worker.heartbeat_ns = worker.source.clock.monotonic_ns()
        self.beginnings += 1
        if self._task is not None and self._task.done() and not self._stands:
            self._begin()
        worker.bell.ring()

    async def reset(self, position: int = 0) -> None:
        """Go to a position, backwards or forwards, and on from there; the dead letters behind it come again.

        A handler at work is cancelled. It stays paused if it was. Cancelling this leaves it where it was, or there.

        Raises:
            Invalid: the log does not have this position, its handler can't be cancelled, or it is a handler that asks.
            EngineClosed: the engine or follower was closed.
            Exception: what the user's `open`, `batch` or `save_bookmark` raise; it goes on where it was.
        """
        self._check_open()
        self.refuse_inside("reset")
        head = self._worker.source.head()
        if type(position) is not int or not 0 <= position <= head:
            raise Invalid(f"position={shown(position)}: the log has positions 1 to {head}; 0 is its beginning")

        async def go_there(worker: Worker) -> int:
            await worker.keeping.reset(position)
            return position

        await self.standing(go_there)

    async def standing(self, work: Callable[[Worker], Awaitable[int]]) -> None:
        """Do something while it handles nothing, for which a handler at work is cancelled; go on where that says.

        Cancelling this while the handler takes its time to end leaves the subscription where it was, at work.

        Raises:
            Invalid: the handler does not end.
            EngineClosed: the engine or follower was closed.
            Exception: what the work raises, or the user's `open`; it goes on where it was.
        """
        async with self._resetting:
            self._check_open()
            worker = self._worker
            known = worker.loaded
            self._stands = True
            try:
                if not await self._cancel():
                    raise Invalid(
                        f"subscription {self.name} stays where it was: its handler does not end when it is cancelled. "
                        "Let it pass CancelledError on"
                    )
                async with worker.handling:  # a dead letter may be retried beside
                    await worker.prepare()
                    worker.begin_anew(await work(worker))
                    worker.loaded = worker.loaded or known  # what was cancelled had left that open; the work has looked
                    self.beginnings += 1
            finally:
                self._stands = False
                if self._task is not None and not self._task.done():
                    self._left = self._task
                elif not worker.ending:
                    self._begin()

    async def caught_up(self, position: int | None = None) -> None:
        """Wait until everything up to a position is done: where the log ends now, unless given.

        It waits as long as that takes, also while the subscription is paused; cancelling only ends the waiting.

        Raises:
            Invalid: it is no position, or it is the handler that asks.
            SubscriptionStopped: it has stopped before, or does meanwhile.
            EngineClosed: the engine or follower was closed, or is meanwhile.
        """
        self._check_open()
        self.refuse_inside("caught_up")
        wanted = self._worker.source.head() if position is None else position
        if type(wanted) is not int or wanted < 0:
            raise Invalid(f"position={shown(wanted)} is not a position: give a receipt's")
        await self._worker.wait_for(wanted)

    def dead_letters(self) -> list[DeadLetter]:
        """The events that were put aside, by position."""
        return [letter for _, letter in sorted(self._worker.keeping.letters.items())]

    async def retry(self, position: int) -> None:
        """Handle a dead letter's event again, between two batches; if that succeeds it is no dead letter any more.

        Cancelling cancels the handler.

        Raises:
            Invalid: there is no dead letter at this position, or it is the handler that asks.
            EngineClosed: the engine or follower was closed, or is meanwhile.
            Exception: what the handler raised; the dead letter stays, with one attempt more.
        """
        worker = self._worker
        self.refuse_inside("retry")
        async with worker.handling:
            self._letter(position)
            await worker.prepare()
            await worker.keeping.is_buried(position)  # what was committed last may not have been heard of
            await handle_again(worker, self._letter(position))

    async def drop(self, position: int) -> None:
        """Forget a dead letter.

        Raises:
            Invalid: there is none at this position.
        """
        await self._worker.keeping.drop(self._letter(position).position)

    def statistics(self) -> SubscriptionStatistics:
        """Where it stands."""
        assert self._lag is not None, "nobody looks at how far it is behind"
        lag, worker = self._lag(), self._worker
        return SubscriptionStatistics(
            name=self.name,
            state=lag.state,
            position=lag.position,
            head=lag.head,
            lag=lag.events,
            lag_seconds=lag.seconds,
            heartbeat_seconds=lag.heartbeat_seconds,
            bookmark=max(worker.keeping.saved, 0),
            handled=worker.delivery.handled,
            batches=worker.batches,
            failures=worker.failures,
            retries=worker.retries,
            dead_letters=len(worker.keeping.letters),
            failure=worker.stopped or worker.unopened or worker.trouble,
            rebuild=None if self.rebuild is None else self.rebuild(),
        )

    async def start(self, lag: Callable[[], Lag], *, paused: bool = False) -> None:
        """Find the bookmark, if it is in the file, and begin. `lag` looks at how far it is behind.

        On a full disk it begins without, and finds it when there is room.

        One that is paused from the beginning has found its bookmark and its dead letters, wherever they lie, when this
        returns.

        Raises:
            Exception: what the user's `open` and `load_bookmark` raise, if it is paused.
            StoreMismatch: the bookmark is of another store or history.
            StoreCorrupt, StorageError: the file can't be read.
        """
        self._lag = lag
        try:
            if not self._worker.kind.keeps_dead_letters:
                await self._worker.keeping.load_letters()
            if not self._worker.kind.keeps_bookmark:
                await self._worker.load()
        except StoreFull as error:
            self._worker.trouble = describe(error)
            said = facts("delivery failed", error, subscription=self.name)
            log.warning("subscription %s: %s; it tries again", self.name, self._worker.trouble, extra=said)
        self._worker.paused = paused
        if paused and not self._worker.loaded:
            await self._worker.prepare()
            await self._worker.load()
        self._begin()

    def wake(self) -> None:
        """There may be more in the log."""
        self._worker.bell.ring()

    def condition(self) -> Standstill | None:
        """What it is in, other than being at work, and why; see `lag`."""
        worker = self._worker
        reason = worker.stopped or worker.unopened
        if reason is not None:
            return "failed", reason
        if worker.paused:
            return "paused", ""
        idle_seconds = (worker.source.clock.monotonic_ns() - self.heartbeat_ns()) / 1e9
        is_at_work = idle_seconds <= worker.source.options.stalled_seconds
        return ("rebuilding", "") if self.rebuild is not None and is_at_work else None

    def trouble(self) -> str:
        """What is being tried again."""
        return self._worker.trouble or ""

    def news(self) -> str:
        """What has to be told besides its state; once."""
        news, self._worker.news = self._worker.news, ""
        return news

    def fail(self, reason: str) -> None:
        """What it reads from is gone: it never goes on."""
        self._worker.stopped = self._gone = reason
        self._worker.give_up(lambda: EngineClosed(f"subscription {self.name} can't go on: {reason}"))
        self._worker.bell.ring()

    def next_time(self) -> tuple[int, int] | None:
        """The position and the time of the next event that it wants, if it knows."""
        sighting = self._worker.delivery.next
        return None if sighting is None else (sighting.position, sighting.timestamp_ns)

    def heartbeat_ns(self) -> int:
        """When it last moved, handled an event of a batch for the first time, or stood where the log ends."""
        return max(self._worker.heartbeat_ns, self._worker.delivery.heartbeat_ns)

    def end(self) -> None:
        """Begin no other event."""
        self._worker.ending = True
        self._worker.bell.ring()

    async def stop(self, seconds_max: float) -> None:
        """End: after the event that is being handled, or, if that takes longer, by cancelling its handler."""
        worker = self._worker
        self.end()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds_max)
            if await self._cancel():
                await worker.save()
            else:
                said = facts("handler left behind", subscription=self.name)
                log.error("subscription %s: its handler can't be cancelled and is left behind", self.name, extra=said)
        with contextlib.suppress(TimeoutError):  # a dead letter may be retried
            async with asyncio.timeout(seconds_max), worker.handling:
                pass
        self._worker.closed = True
        try:
            if worker.entered:
                await worker.subscription.close()
        except Exception:
            log.exception(
                "subscription %s: close() failed", self.name, extra=facts("close failed", subscription=self.name)
            )
        worker.give_up(lambda: EngineClosed(f"subscription {self.name} was closed before the position came"))
        await worker.keeping.close()

    def _begin(self) -> None:
        """Start the task."""
        self._worker.heartbeat_ns = self._worker.source.clock.monotonic_ns()
        self._task = asyncio.create_task(self._worker.work(), name=f"actum subscription {self.name}")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """The task has ended: if nobody has asked for that, it failed, and says so; after its time: the next begins."""
        error = None if task.cancelled() else task.exception()
        worker = self._worker
        if worker.ending or self._stands:
            return
        if task is self._left:
            self._begin()
        else:
            why = "it was cancelled" if error is None else describe(error)
            worker.stopped = f"its task is dead: {why}; resume() starts another one"
            worker.give_up(worker.no_further)
            said = facts("subscription dead", error, subscription=self.name)
            log.error("subscription %s: %s", self.name, worker.stopped, exc_info=error, extra=said)

    async def _cancel(self) -> bool:
        """End the task at once; whether it has ended: a handler may swallow that."""
        task = self._task
        if task is None or task.done():
            return True
        task.cancel()
        _, stuck = await asyncio.wait([task], timeout=CANCEL_SECONDS_MAX)
        return not stuck

    def refuse_inside(self, what: str) -> None:
        """Refuse what would wait for the handler that asks for it.

        Raises:
            Invalid: always, if this is called in the task of the handlers.
        """
        if self._task is not None and asyncio.current_task() is self._task:
            raise Invalid(
                f"a handler of subscription {self.name} calls {what}, which waits for the handler: do it in a task of "
                "its own"
            )

    def _letter(self, position: int) -> DeadLetter:
        """The dead letter at a position."""
        self._check_open()
        letter = self._worker.keeping.letters.get(position)
        if letter is None:
            raise Invalid(f"subscription {self.name} has no dead letter at position {shown(position)}")
        return letter

    def _check_open(self) -> None:
        if self._worker.ending:
            raise EngineClosed(f"subscription {self.name} is closed with its engine or follower")
        if self._gone is not None:
            raise EngineClosed(f"subscription {self.name} can't go on: {self._gone}")

    def __repr__(self) -> str:
        """Name and position."""
        condition = self.condition()
        return f"<Consumer {self.name} @{self.position} {'at work' if condition is None else condition[0]}>"
