"""Whatever comes between, a subscription sees exactly the log: each event that it handles, in order, at least once."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TypeAlias

from actum import Command, Subscription
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.bank import Deposit, DepositEach, Note, Withdraw, open_bank
from tests.support.lives import Lives
from tests.support.scenes import turns
from tests.support.subscribers import Small, Watcher

Step: TypeAlias = "tuple[str, int]"

#: A batch may be larger by the rest of a command.
COMMAND_EVENTS_MAX = 7
#: What can happen, and how much of it.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["deposit", "withdraw", "note", "each"]), st.integers(1, COMMAND_EVENTS_MAX)),
        st.tuples(st.just("turns"), st.integers(0, 12)),
        st.tuples(st.sampled_from(["pause", "resume", "crash", "stop", "hold", "release"]), st.just(0)),
        st.tuples(st.just("fault"), st.integers(1, 12)),
    ),
    max_size=40,
)


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
        assert step == 1 or (number in lives.crashes and -batch_max - COMMAND_EVENTS_MAX < step <= 0), (number, seen)
    assert lives.consumer.dead_letters() == []
