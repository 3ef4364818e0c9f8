"""Whatever comes between, a subscription sees exactly the log: each event that it handles, in order, at least once."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TypeAlias

from actum import Command, Options, Subscription
from actum.clock import SystemClock
from actum.core import Core
from actum.subscriptions.consumer import Consumer
from actum.subscriptions.kind import read_subscription
from actum.subscriptions.lag import Lag
from actum.subscriptions.subscriptions import Inline
from actum.subscriptions.worker import Source, Worker
from actum_storage import MemoryBookmarks
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.bank import Deposit, DepositEach, Note, Withdraw, open_bank
from tests.support.scenes import turns
from tests.support.subscribers import Journal, Small, Watcher

Step: TypeAlias = "tuple[str, int]"

#: What can happen, and how much of it.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["deposit", "withdraw", "note", "each"]), st.integers(1, 7)),
        st.tuples(st.just("turns"), st.integers(0, 12)),
        st.tuples(st.sampled_from(["pause", "resume", "crash", "stop", "hold", "release"]), st.just(0)),
        st.tuples(st.just("fault"), st.integers(1, 12)),
    ),
    max_size=40,
)


class Lives:
    """One subscription, in many lives, over the log of one engine.

    Attributes:
        crashes: where in the journal a life ended without a word.
    """

    def __init__(self, core: Core, subscription: type[Subscription]) -> None:
        """Not born yet."""
        self.journal = Journal()
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
            (),
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


async def happens(lives: Lives, send: object, step: Step) -> None:
    """One step."""
    what, count = step
    journal, consumer = lives.journal, lives.consumer
    commands: dict[str, Command] = {
        "deposit": Deposit(account_id="a", amount=10),
        "withdraw": Withdraw(account_id="a", amount=1),
        "note": Note(account_id="a", text="x"),
        "each": DepositEach(account_id="b", amounts=[1] * count),
    }
    match what:
        case "turns":
            await turns(count)
        case "pause":
            consumer.pause()
        case "resume":
            consumer.resume()
        case "crash":
            await lives.crash()
        case "stop":
            await lives.stop()
        case "hold":
            journal.free.clear()
        case "release":
            journal.free.set()
        case "fault":
            journal.faults[count] = 1
        case _:
            await send([commands[what]] * (1 if what == "each" else count))  # type: ignore[operator]
    lives.consumer.wake()


#: A crash while the third event of a batch is to be tried again, and one behind a pause in the middle of a batch.
FAILING = [("fault", 3), ("deposit", 5), ("turns", 12), ("crash", 0)]
PAUSED = [("hold", 0), ("deposit", 5), ("turns", 9), ("pause", 0), ("release", 0), ("turns", 9), ("crash", 0)]


@settings(max_examples=80)
@example(Watcher, FAILING)
@example(Watcher, PAUSED)
@given(st.sampled_from([Watcher, Small]), STEPS)
def test_it_sees_exactly_the_log(subscription: type[Subscription], steps: list[Step]) -> None:
    """With appends, faults, pauses, stops and crashes at any moment nothing is skipped; a batch at most comes again."""

    async def main() -> None:
        async with open_bank() as engine:
            core = engine._core
            assert core is not None
            lives = Lives(core, subscription)
            await lives.begin()
            for step in steps:
                await happens(lives, engine.send_many, step)
            lives.journal.free.set()
            lives.consumer.resume()
            await lives.consumer.caught_up()
            await lives.consumer.stop(10)
            wanted = [
                position
                for frame in core.log.frames()
                for position, record in enumerate(core.codec.records(frame.first, frame.body), frame.first)
                if type(record.event).__name__ in ("Deposited", "Withdrawn")
            ]
            check(lives, wanted, subscription.__subscription_options__.batch_max)

    asyncio.run(main())


def check(lives: Lives, wanted: list[int], batch_max: int) -> None:
    """Compare what was seen with the log."""
    seen = lives.journal.seen
    assert list(dict.fromkeys(seen)) == wanted
    index = {position: number for number, position in enumerate(wanted)}
    for number, (before, after) in enumerate(pairwise(seen), 1):
        step = index[after] - index[before]
        assert step == 1 or (number in lives.crashes and -batch_max < step <= 0), (number, seen)
    assert lives.consumer.dead_letters() == []
