"""The work of one subscription: reads the log, handles what is wanted, waits where the log ends.

Catching up and going on live are one and the same path, so there is no gap between them. The position moves when a
batch is done; what is not an event's fault (the log, the bookmark, the user's `batch`) is tried again for ever, ever
more slowly, and shows as lag; an event that keeps failing is put aside, or stops the subscription.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, final

from actum_storage import StoreMismatch

from actum.errors import Invalid, SubscriptionStopped
from actum.logbook import facts
from actum.observer import during
from actum.subscriptions.bell import Bell
from actum.subscriptions.cursor import Cursor, first_of_command
from actum.subscriptions.delivery import Delivery, backoff_seconds, delivering, hash_of
from actum.subscriptions.failing import MISTAKES, Failing, known, told
from actum.subscriptions.keeping import Keeping
from actum.subscriptions.letters import describe, handle_marked, letter_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from actum_storage import Bookmark, Bookmarks

    from actum.subscriptions.cursor import Aside, Batch, Sighting
    from actum.subscriptions.delivery import Outcome
    from actum.subscriptions.kind import SubscriptionKind
    from actum.subscriptions.source import Source

log = logging.getLogger("actum.subscriptions")

#: Who waits says so often that it lives; then also a bookmark is written that only skipping has moved.
REST_SECONDS = 1.0
#: The shortest wait before something else than a handler is tried again.
TROUBLE_SECONDS_MIN = 0.01


@final
class Worker:
    """Does what a `Consumer` is asked for; all of it in one task, which the consumer starts and ends.

    Attributes:
        kind: the class, read.
        position: everything up to here is done.
        keeping: the bookmark and the dead letters.
        delivery: calls the handlers.
        handling: held while handlers are called.
        bell: wakes the task.
        loaded: whether `position` is known.
        entered: whether the user's `open` was called.
        opened: whether it has succeeded.
        unopened: why it has not, when that has lasted for too long or will not end by itself; or None.
        paused: whether to go no further for the time being.
        ending: whether to end.
        closed: whether it has ended, and its bookmark's file is closed.
        hurried: whether to try again at once.
        stopped: why it goes no further by itself, or None.
        trouble: what went wrong last, while it is being tried again, or None.
        failing: the event that failed last.
        news: what has to be told besides its state: an event was put aside.
        heartbeat_ns: when it last moved, or stood where the log ends.
        batches: handled since opening.
        failures: since opening.
        retries: since opening.
    """

    def __init__(
        self, kind: SubscriptionKind, tags: frozenset[str], source: Source, bookmarks: Bookmarks, aside: Aside
    ) -> None:
        """Nothing done yet."""
        self.kind = kind
        self.position = 0
        self.source = source
        self.aside = aside
        self.subscription = kind.subscription()
        self.keeping = Keeping(kind, self.subscription, bookmarks, source.log, source.store_id, aside, source.clock)
        self.delivery = Delivery(kind, self.subscription, source.codec, self.keeping, source.clock, source.observer)
        self.handling = asyncio.Lock()
        self.bell = Bell()
        self.entered = self.opened = self.loaded = self.paused = self.ending = self.closed = self.hurried = False
        self.stopped: str | None = None
        self.unopened: str | None = None
        self.trouble: str | None = None
        self.failing: Failing | None = None
        self.news = ""
        self.batches = self.failures = self.retries = 0
        self.heartbeat_ns = source.clock.monotonic_ns()
        self._tags = tags
        self._troubles = 0
        self._saved_ns = 0
        self._marked = True  # whether there may be dead letters that are to be handled again
        self._unsaved: Bookmark | None = None  # of a batch that is done
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._start: int | None = None  # where the batch begins that is being handled
        self._cursor = self._new_cursor()

    def twin(self, source: Source, bookmarks: Bookmarks) -> Worker:
        """Another one of the same class, which has done nothing yet; for building anew what this one has done."""
        return Worker(self.kind, self._tags, source, bookmarks, self.aside)

    async def work(self) -> None:
        """Until the end: one step after the other; what went wrong is tried again, later each time."""
        while not self.ending:
            if self.paused or self.stopped is not None:
                await self.bell.wait(REST_SECONDS)
                continue
            try:
                await self._step()
            except Exception as error:  # noqa: BLE001  # whatever the disk or the user's code raises
                if not self.loaded and isinstance(error, (StoreMismatch, Invalid)):
                    self._stop_at(describe(error))  # the bookmark is not of this log: no time heals that
                else:
                    self.loaded = self.loaded and not self.kind.commits_bookmark  # whether it did is not known now
                    await self._again_later(error)

    async def save(self) -> None:
        """Write the bookmark if it is behind; what goes wrong then costs no more than handling some events again."""
        try:
            if self.loaded and not self.keeping.is_in_batch:
                await self._save_skipped()
        except Exception as error:  # noqa: BLE001  # as in `work`
            said = facts("bookmark behind", error, subscription=self.kind.name)
            log.warning("subscription %s: the bookmark stays behind: %s", self.kind.name, describe(error), extra=said)

    def begin_anew(self, position: int) -> None:
        """Stand somewhere else; the task does not run."""
        self.position = position
        self.stopped = self.failing = self.trouble = self._unsaved = None
        self.delivery.begin_anew(position)
        self._cursor = self._new_cursor()
        self._tell()

    async def wait_for(self, position: int) -> None:
        """Wait until everything up to a position is done.

        Raises:
            SubscriptionStopped: it goes no further.
        """
        if self.loaded and self._done() >= position:
            return
        if self.stopped is not None:
            raise self.no_further()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((position, waiter))
        try:
            await waiter
        finally:
            self._waiters = [entry for entry in self._waiters if entry[1] is not waiter]

    def give_up(self, error: Callable[[], Exception]) -> None:
        """Tell those who wait that the position will not come."""
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(error())

    async def _step(self) -> None:
        """Prepare, or wait, or handle a batch."""
        await self._finish_earlier()
        head = self.source.head()
        if self.position >= head:
            self._progressed()
            if not await self.bell.wait(REST_SECONDS):
                await self._save_skipped()
            return
        stop, wanted_max = self._reach(head)
        batch = await self._cursor.batch(self.position + 1, stop, wanted_max)
        if not batch.wanted:
            await self._skip(batch)
            return
        start = self._start = self.position
        try:
            async with self.handling:
                with during(self.source.observer, lambda: delivering(self.kind.name, batch)):
                    outcome = await self.delivery.attempt(start, batch, self._may_go_on, self._move)
        except asyncio.CancelledError:
            self.loaded = not self.kind.commits_bookmark  # whether it did is not known now
            raise
        except Exception:
            if self.position > start:  # handled for good, but where the bookmark lies it could not be written
                self._unsaved = self.keeping.bookmark(self.position, hash_of(batch, self.position))
            raise
        else:
            if outcome.position > start:
                self._keep(batch, outcome)
        finally:
            self._start = None
        if outcome.position > start:
            await self._save_taken()
        if outcome.failed is not None and not self.ending:  # perhaps for that reason: it comes again
            assert outcome.error is not None
            await self._failed(outcome.failed, outcome.error)

    async def _finish_earlier(self) -> None:
        """Do what has to be done before the next batch."""
        await self.prepare()
        if not self.loaded:
            await self.load()
        if self._marked:
            await handle_marked(self)
            self._marked = False
        if self._unsaved is not None:
            await self._save_taken()
        if self.failing is not None and self.failing.given_up and self._is_next(self.failing.sighting):
            await self._put_aside(self.failing)

    async def prepare(self) -> None:
        """Call the user's `open`, until it has succeeded once."""
        if not self.opened:
            self.entered = True
            await self.subscription.open(self.source.services)
            self.opened, self.unopened = True, None

    async def load(self) -> None:
        """Find out where to go on."""
        await self.keeping.load_letters()
        self.position = await self.keeping.load(self.source.head())
        self.loaded = True
        self._saved_ns = self.source.clock.monotonic_ns()
        self._tell()

    def _reach(self, head: int) -> tuple[int, int]:
        """How far the next batch may go, and how much it may handle: an event that failed is handled alone.

        Where a batch can be undone it is handled with the rest of its command, until it is put aside.
        """
        failing, batch_max = self.failing, self.kind.options.batch_max
        if failing is None or failing.sighting.position <= self.position:
            self.failing = None
            return head, batch_max
        position = failing.sighting.position
        whole = self.kind.is_transactional and not failing.given_up
        before = (first_of_command(failing.sighting) if whole else position) - 1
        if before > self.position:
            return before, batch_max
        return head if whole else position, 1

    def _may_go_on(self) -> bool:
        """Whether a batch may go on to its next event."""
        return not (self.paused or self.ending)

    async def _skip(self, batch: Batch) -> None:
        """Nothing of a batch is wanted: the position moves, the bookmark now and then."""
        self._move(batch.last)
        if self.source.clock.monotonic_ns() - self._saved_ns > REST_SECONDS * 1e9:
            await self._save_skipped()
        self._tell()

    def _keep(self, batch: Batch, outcome: Outcome) -> None:
        """A batch is done up to a position, and its bookmark is to be written."""
        keeping, position = self.keeping, outcome.position
        if self.kind.keeps_bookmark and outcome.failed is None:
            keeping.saved = position  # it has done so itself
        else:
            self._unsaved = keeping.bookmark(position, hash_of(batch, position))
        self.batches += 1
        self._move(position)

    async def _save_taken(self) -> None:
        """Write the bookmark of the last batch, tell who waits. If that fails it has to succeed before the next one."""
        if self._unsaved is not None:
            await self.keeping.save(self._unsaved)
            self._unsaved = None
        self._saved_ns = self.source.clock.monotonic_ns()
        self._tell()

    def _move(self, position: int) -> None:
        """Everything up to here is done."""
        if position > self.position:
            self.position = position
            self._progressed()

    def _progressed(self) -> None:
        """It has moved, or stands where the log ends."""
        self.heartbeat_ns = self.source.clock.monotonic_ns()
        self.trouble, self._troubles = None, 0

    def _tell(self) -> None:
        """Let those go on who waited for a position that is done."""
        done = self._done()
        for position, waiter in self._waiters:
            if position <= done and not waiter.done():
                waiter.set_result(None)

    def _done(self) -> int:
        """Everything up to here is handled, and its bookmark written or not needed."""
        if self._unsaved is not None:
            return self.keeping.saved
        return self.position if self._start is None else self._start

    async def _save_skipped(self) -> None:
        """Write the bookmark that only skipping has moved."""
        if self.position > self.keeping.saved >= 0:
            await self.keeping.save(await self.keeping.at(self.position))
            self._saved_ns = self.source.clock.monotonic_ns()

    async def _failed(self, sighting: Sighting, error: Exception) -> None:
        """A handler raised: try it again later, or put the event aside, or stop there."""
        options, before = self.kind.options, self.failing
        attempts = 1
        if before is not None and before.sighting.position == sighting.position:
            attempts += before.attempts
        failing = self.failing = Failing(sighting, attempts, error)
        self.failures += 1
        self.trouble = told(failing)
        said = facts("event failed", error, **known(failing, self.kind.name))
        log.warning("subscription %s: %s", self.kind.name, self.trouble, exc_info=error, extra=said)
        if attempts <= options.retry_max:
            seconds = backoff_seconds(
                self.kind.name, sighting.position, attempts, options.retry_seconds_min, options.retry_seconds_max
            )
            await self._wait(seconds)
            self.retries += 1
        elif options.on_failure == "stop":
            self._stop_at(f"{self.trouble}; mend it, then resume()")
        elif len(self.keeping.letters) >= options.dead_letters_max:
            count = len(self.keeping.letters)
            self._stop_at(f"{self.trouble}, and there are {count} dead letters (dead_letters_max): mend it, retry them")
        elif self._is_next(sighting):
            await self._put_aside(failing)
        else:
            self.failing = failing._replace(given_up=True)

    def _is_next(self, sighting: Sighting) -> bool:
        """Whether everything before an event is done."""
        return sighting.position == self.position + 1

    async def _put_aside(self, failing: Failing) -> None:
        """An event becomes a dead letter."""
        sighting = failing.sighting
        letter = letter_of(sighting, failing.attempts, failing.error, self.source.clock)
        await self.keeping.bury(letter, self.keeping.bookmark(sighting.position, sighting.frame.hash))
        self.news = f"{told(failing)}; it is put aside as a dead letter, one of {len(self.keeping.letters):,}"
        said = facts("event put aside", failing.error, **known(failing, self.kind.name))
        log.error("subscription %s: %s", self.kind.name, self.news, extra=said)
        self.failing = None
        self._move(sighting.position)
        self._tell()

    async def _again_later(self, error: Exception) -> None:
        """Something else than a handler failed: wait, then try again."""
        self._troubles += 1
        self.failures += 1
        self.trouble = describe(error)
        said = facts("delivery failed", error, subscription=self.kind.name, attempts=self._troubles)
        log.warning("subscription %s: %s; it tries again", self.kind.name, self.trouble, exc_info=error, extra=said)
        options = self.kind.options
        if not self.opened and (isinstance(error, MISTAKES) or self._troubles > options.retry_max):
            if self.unopened is None:
                said = facts("subscription not opened", error, subscription=self.kind.name)
                log.error("subscription %s can't be opened: %s", self.kind.name, self.trouble, extra=said)
            self.unopened = f"its open() raised {self.trouble} (attempt {self._troubles}); it is tried again"
        seconds_min = max(options.retry_seconds_min, TROUBLE_SECONDS_MIN)
        seconds_max = max(options.retry_seconds_max, TROUBLE_SECONDS_MIN)
        await self._wait(backoff_seconds(self.kind.name, self.position, self._troubles, seconds_min, seconds_max))
        self.retries += 1

    async def _wait(self, seconds: float) -> None:
        """Wait before trying again; `pause`, `resume` and the end of it all are not kept waiting."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        self.hurried = False
        while not (self.paused or self.ending or self.hurried) and (left := deadline - loop.time()) > 0:
            await self.bell.wait(left)

    def _stop_at(self, reason: str) -> None:
        """Go no further until somebody says so."""
        self.stopped = reason
        self.give_up(self.no_further)
        said = facts("subscription stopped", subscription=self.kind.name, position=self.position)
        log.error("subscription %s stopped: %s", self.kind.name, reason, extra=said)

    def no_further(self) -> SubscriptionStopped:
        """What those are told who wait for a position."""
        return SubscriptionStopped(f"subscription {self.kind.name} stands at position {self.position}: {self.stopped}")

    def _new_cursor(self) -> Cursor:
        """A reader that stands nowhere yet."""
        source = self.source
        return Cursor(
            source.log,
            self.aside,
            self._tags,
            array_like=self.kind.is_array_like,
            slice_events=source.options.replay_slice_events,
        )

    def __repr__(self) -> str:
        """Name and position."""
        return f"<Worker {self.kind.name} @{self.position}>"
