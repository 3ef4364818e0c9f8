"""The committer: one batch under way, the next gathers; what is lost and what is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from actum import MemoryLog, Options, StoreFull
from actum.background import ThreadBackground
from actum.batch import OpenBatch
from actum.committer import Committer
from actum_storage import Fenced, Head

from tests.support.bank import Deposited
from tests.support.clocks import FakeClock
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, turns, until

EVENT = Deposited(account_id="a", amount=1)
NOTHING = b"\x90"


class Told:
    """What a committer told its owner.

    Attributes:
        settled: durable batches, in order.
        lost: batches that were given up, and why.
        under_way: what was being committed when each batch was settled.
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self.settled: list[OpenBatch] = []
        self.lost: list[tuple[list[OpenBatch], Exception]] = []
        self.under_way: list[OpenBatch | None] = []
        self.committer: Committer | None = None

    def settle(self, batch: OpenBatch) -> None:
        """Note a durable batch."""
        assert self.committer is not None
        self.settled.append(batch)
        self.under_way.append(self.committer.under_way)

    def lose(self, batches: list[OpenBatch], error: Exception) -> None:
        """Note lost batches."""
        self.lost.append((batches, error))


@contextmanager
def working(log: FaultyLog, clock: FakeClock | None = None) -> Iterator[tuple[Committer, Told]]:
    """A committer at work, stopped at the end."""
    told = Told()
    options = Options(gate_seconds=0.0005, frame_events_max=3)
    loop = asyncio.get_running_loop()
    background = ThreadBackground(loop, gate_seconds=options.gate_seconds)
    committer = Committer(log, background, clock or FakeClock(), options, settled=told.settle, lost=told.lose)
    told.committer = committer
    try:
        yield committer, told
    finally:
        log.release()
        background.stop()


def fill(committer: Committer, count: int = 1) -> OpenBatch:
    """Put some records into the open batch."""
    batch = committer.open
    for _ in range(count):
        batch.offsets.append(len(batch.records))
        batch.records += NOTHING
        batch.streams.append(bytes(8))
        batch.events.append(EVENT)
    return batch


@scene
async def test_a_batch_is_told_when_it_is_in_the_log() -> None:
    """Not before: while the commit is held nothing is told, whatever the loop does."""
    log = FaultyLog(MemoryLog())
    with working(log) as (committer, told):
        log.hold()
        batch = fill(committer, 2)
        committer.flush()
        await until(log.arrived.is_set)
        await turns(20)
        assert (told.settled, committer.durable, committer.under_way) == ([], 0, batch)
        log.release()
        await until(lambda: told.settled)
        assert (told.settled, committer.durable, committer.under_way) == ([batch], 2, None)
        assert committer.head == log.head == Head(2, log.head.hash)


@scene
async def test_an_empty_batch_is_not_committed() -> None:
    """A flush without events costs nothing."""
    log = FaultyLog(MemoryLog())
    with working(log) as (committer, told):
        committer.flush()
        await turns()
        assert (log.appends, committer.commits, told.settled) == (0, 0, [])


@scene
async def test_the_next_batch_gathers_while_one_is_under_way() -> None:
    """Three flushes during a commit become one commit, which begins before the first batch is told."""
    log = FaultyLog(MemoryLog())
    with working(log) as (committer, told):
        log.hold()
        first = fill(committer)
        committer.flush()
        second = committer.open
        for _ in range(3):
            fill(committer)
            committer.flush()
        assert (first.first, second.first, len(second.events)) == (1, 2, 3)
        log.release()
        await until(lambda: len(told.settled) == 2)
        assert told.settled == [first, second]
        assert told.under_way == [second, None]
        assert log.counts == [1, 3]
        assert committer.commits == 2


@scene
async def test_holding_names_the_batch_that_an_answer_waits_for() -> None:
    """Nothing for a durable position, the batch under way or the open one for a tentative position."""
    log = FaultyLog(MemoryLog())
    with working(log) as (committer, told):
        fill(committer)
        committer.flush()
        await until(lambda: told.settled)
        log.hold()
        under_way = fill(committer)
        committer.flush()
        fill(committer)
        assert committer.holding(0) is None
        assert committer.holding(1) is None
        assert committer.holding(2) is under_way
        assert committer.holding(3) is committer.open
        assert repr(committer) == (
            f"<Committer durable @1 under way <OpenBatch @2 1 events {len(NOTHING)} bytes> "
            f"open <OpenBatch @3 1 events {len(NOTHING)} bytes>>"
        )


@scene
async def test_a_full_disk_loses_the_batch_and_the_one_behind_it() -> None:
    """Both are given up, their positions are given again, and the next commit works without reopening."""
    log = FaultyLog(MemoryLog())
    with working(log) as (committer, told):
        fill(committer)
        committer.flush()
        await until(lambda: told.settled)
        log.hold()
        full = StoreFull("no space")
        log.fail(full)
        lost = fill(committer)
        committer.flush()
        behind = fill(committer)
        log.release()
        await until(lambda: told.lost)
        assert told.lost == [([lost, behind], full)]
        assert (committer.full, committer.failure, committer.losses, committer.durable) == (True, None, 1, 1)
        assert (committer.open.first, committer.open.events) == (2, [])

        again = fill(committer)
        committer.flush()
        await until(lambda: len(told.settled) == 2)
        assert told.settled[1] is again
        assert (committer.full, committer.durable, log.head.position) == (False, 2, 2)


@pytest.mark.parametrize(
    "error", [OSError(5, "input/output error"), Fenced("another writer"), ValueError("a bug")], ids=repr
)
@scene
async def test_any_other_failure_stops_the_writing(error: Exception) -> None:
    """The outcome is not known, so nothing is written any more, whatever is flushed."""
    log = FaultyLog(MemoryLog())
    with working(log) as (committer, told):
        log.fail(error)
        lost = fill(committer)
        committer.flush()
        await until(lambda: told.lost)
        assert told.lost[0][0][0] is lost
        assert (committer.failure, committer.full, committer.losses) == (error, False, 1)
        fill(committer)
        committer.flush()
        await turns()
        assert (log.appends, committer.under_way) == (1, None)


@scene
async def test_an_interrupted_writer_thread_is_a_failure_too() -> None:
    """A KeyboardInterrupt in the thread neither ends it nor leaves the loop waiting for ever."""
    log = FaultyLog(MemoryLog())
    with working(log) as (committer, told):
        log.fail(KeyboardInterrupt())
        fill(committer)
        committer.flush()
        await until(lambda: told.lost)
        assert isinstance(committer.failure, RuntimeError)
        assert "the writer was interrupted: KeyboardInterrupt()" in str(committer.failure)


@scene
async def test_commits_are_measured_by_the_clock_that_was_given() -> None:
    """The sum, the longest, and how many."""
    clock = FakeClock()
    log = FaultyLog(MemoryLog())
    with working(log, clock) as (committer, told):
        for seconds in (3, 5, 2):
            log.hold()
            fill(committer)
            committer.flush()
            await asyncio.to_thread(log.arrived.wait)
            clock.advance(seconds)
            log.release()
            settled = len(told.settled)
            await until(lambda settled=settled: len(told.settled) > settled)  # type: ignore[misc]
        assert (committer.commits, committer.commit_ns, committer.commit_ns_max) == (3, 10 * 10**9, 5 * 10**9)


@scene
async def test_it_begins_behind_what_the_log_holds() -> None:
    """A new committer on a log with records goes on at the next position, as its only writer."""
    inner = MemoryLog()
    log = FaultyLog(inner)
    with working(log) as (committer, told):
        fill(committer, 3)
        committer.flush()
        await until(lambda: told.settled)
        older = committer.epoch
    with working(log) as (committer, told):
        assert (committer.epoch, committer.durable, committer.open.first) == (older + 1, 3, 4)
