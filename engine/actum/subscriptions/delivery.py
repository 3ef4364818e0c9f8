"""Handles batches: calls the user's handlers, and says how far that led and what stopped it."""

from __future__ import annotations

import asyncio
import inspect
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, final

from msgspec.structs import replace

from actum.atomic.ids import inseparable
from actum.codec import decode_link
from actum.observer import Delivering, Handling
from actum.records import Record
from actum.subscriptions.kind import Given
from actum.upcasting import events_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from actum.clock import Clock
    from actum.codec import Codec
    from actum.messages import Event
    from actum.observer import Observer
    from actum.subscriptions.cursor import Batch, Sighting
    from actum.subscriptions.keeping import Keeping
    from actum.subscriptions.kind import SubscriptionKind
    from actum.subscriptions.subscription import Subscription

#: How long handlers that never wait may keep the loop, and how many of them.
TURN_NS = 1_000_000
TURN_EVENTS_MAX = 100


class Outcome(NamedTuple):
    """What became of a batch.

    Attributes:
        position: everything up to here is done.
        failed: the event whose handler raised, or None.
        error: what it raised.
    """

    position: int
    failed: Sighting | None = None
    error: Exception | None = None


@final
class Delivery:
    """Calls handlers.

    Attributes:
        handle: handles one event; what `batch()` gave goes along.
        handled: events whose handlers have returned.
        next: the event that is being handled, or will be when it is tried again.
        heartbeat_ns: when an event was handled for the first time, if only in a batch that was undone.
    """

    def __init__(
        self,
        kind: SubscriptionKind,
        subscription: Subscription,
        codec: Codec,
        keeping: Keeping,
        clock: Clock,
        observer: Observer | None = None,
    ) -> None:
        """Nothing handled yet.

        Args:
            kind: the class, read.
            subscription: the user's object.
            codec: decodes what is handled.
            keeping: makes the bookmarks that the user's object may keep.
            clock: says when the loop needs a turn.
            observer: told of batches and events.
        """
        self._kind = kind
        self._subscription = subscription
        self._codec = codec
        self._keeping = keeping
        self._clock = clock
        self._observer = observer
        self.handle = self._handle if observer is None else self._handle_observed
        self._turn_ns = clock.monotonic_ns()
        self._handled_in_turn = 0
        self._handlers = {
            event: (handling.function.__get__(subscription), handling.arguments)
            for event, handling in kind.handlers.items()
        }
        self.handled = 0
        self.next: Sighting | None = None
        self.heartbeat_ns = self._turn_ns
        self._farthest = 0

    def begin_anew(self, position: int) -> None:
        """Handle what is behind a position, for the first time."""
        self.next, self._farthest = None, position

    def _advanced(self, position: int) -> None:
        """An event is handled: the first time that shows that there is progress, however long its batch takes."""
        if position > self._farthest:
            self._farthest, self.heartbeat_ns = position, self._clock.monotonic_ns()

    async def attempt(
        self, start: int, batch: Batch, go_on: Callable[[], bool], moved: Callable[[int], None]
    ) -> Outcome:
        """Handle a batch, or as much of it as `go_on` allows; an exception of a handler is in the outcome.

        Args:
            start: the position before it.
            batch: what to handle.
            go_on: asked before each event but the first; a batch that can be undone ends where a command does.
            moved: told of each position that is done, unless the batch can be undone.

        Raises:
            Exception: whatever `batch()` or `save_bookmark` of the user's class raise by themselves, and what its
                `is_outage` takes for something that will come back.
        """
        kind, subscription = self._kind, self._subscription
        position, failed = start, None
        try:
            async with self._keeping.batch() as given:
                for sighting in batch.wanted:
                    if position > start and not go_on() and self._may_part(batch, position, sighting):
                        break
                    self.next = sighting
                    record = self.read(sighting)  # where that fails it is the classes that are wrong, not the event
                    failed = sighting
                    await self.handle(record, given)
                    failed, position = None, sighting.position
                    self._advanced(position)
                    if not kind.is_transactional:
                        moved(position)
                    await self._give_turn()
                else:
                    position = batch.last
                if kind.keeps_bookmark:
                    await subscription.save_bookmark(self._keeping.bookmark(position, hash_of(batch, position)))
        except asyncio.CancelledError as error:
            if being_cancelled() or failed is None:
                raise
            return Outcome(start if kind.is_transactional else position, failed, cancelled(error))
        except Exception as error:
            if failed is None or subscription.is_outage(error):
                raise
            return Outcome(start if kind.is_transactional else position, failed, error)
        if failed is not None:  # the user's `batch` has swallowed what the handler raised
            swallowed = RuntimeError("its handler raised, and batch() swallowed the exception: let it pass")
            return Outcome(start if kind.is_transactional else position, failed, swallowed)
        return Outcome(position)

    def _may_part(self, batch: Batch, position: int, behind: Sighting) -> bool:
        """Whether a batch may end at a position of it: one that can be undone shows all of a command, or nothing."""
        if not self._kind.is_transactional:
            return True
        here = next(sighting for sighting in batch.wanted if sighting.position == position)
        return not inseparable(decode_link(here.data), decode_link(behind.data))

    async def _give_turn(self) -> None:
        """Let others go on now and then: handlers that never wait would keep the loop for a whole batch."""
        self._handled_in_turn += 1
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._turn_ns > TURN_NS or self._handled_in_turn >= TURN_EVENTS_MAX:
            await asyncio.sleep(0)
            self._turn_ns, self._handled_in_turn = self._clock.monotonic_ns(), 0

    def read(self, sighting: Sighting) -> Record:
        """Decode one event.

        Raises:
            StoreMismatch: today's classes can't read it.
        """
        return self._codec.record(sighting.position, sighting.data)

    async def _handle(self, record: Record, given: object) -> None:
        """Call the handler of one event; each handler, if it has become several events. `batch()` gave this."""
        for event in events_of(record.event):
            found = self._handlers.get(type(event))
            if found is None:
                continue
            function, arguments = found
            taken = (self._argument(argument, record, event, given) for argument in arguments)
            result: Any = function(event, *taken)
            if inspect.isawaitable(result):
                await result
        self.handled += 1

    async def _handle_observed(self, record: Record, given: object) -> None:
        """The same, observed; who is not pays nothing for it."""
        assert self._observer is not None
        with self._observer.during(Handling(self._kind.name, record)):
            await self._handle(record, given)

    @staticmethod
    def _argument(argument: object, record: Record, event: Event, given: object) -> object:
        """A service, what `batch()` gave, or the record that holds just this event."""
        if argument is Given:
            return given
        if argument is not Record:
            return argument
        return record if record.event is event else replace(record, event=event)

    def __repr__(self) -> str:
        """How much it has done."""
        return f"<Delivery {self._kind.name} {self.handled} handled>"


def hash_of(batch: Batch, position: int) -> bytes:
    """The hash of the frame that holds a position of a batch: its last one, or one of what was wanted."""
    if position == batch.last:
        return batch.hash
    return next(sighting.frame.hash for sighting in batch.wanted if sighting.position == position)


def being_cancelled() -> bool:
    """Whether somebody cancels this task; a handler may raise `CancelledError` for reasons of its own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def cancelled(error: BaseException) -> Exception:
    """What a handler raised that was cancelled by something inside it, as an error like any other."""
    failure = RuntimeError("its handler raised CancelledError, and nobody had cancelled it")
    failure.__cause__ = error
    return failure


def backoff_seconds(name: str, position: int, attempts: int, seconds_min: float, seconds_max: float) -> float:
    """How long to wait after so many failed attempts: twice as long each time, less up to a half.

    The half keeps subscriptions that failed together from coming back together. It is not drawn, but made of the
    name, the position and the attempt, so that a test sees the same again.
    """
    longest = seconds_max if attempts > 64 else min(seconds_max, seconds_min * 2 ** (attempts - 1))  # noqa: PLR2004
    digest = blake2b(f"{name} {position} {attempts}".encode(), digest_size=4).digest()
    chance = int.from_bytes(digest) / 2**32
    return longest * (1 - chance / 2)


def delivering(name: str, batch: Batch) -> Delivering:
    """A batch, as an observer is told of it."""
    return Delivering(name, batch.wanted[0].position, batch.last, len(batch.wanted))
