"""Where batches end: with a transaction around them, a reader never sees half a command, nor half a `send_atomic`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from actum import Bookmark, Command, DeadLetter, Engine
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.bank import Deposit, DepositEach, Note, Withdraw, open_bank
from tests.support.lives import Lives
from tests.support.scenes import turns
from tests.support.subscribers import Journal, Watcher

Step: TypeAlias = "tuple[str, int]"

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["deposit", "each", "atomic", "withdraw"]), st.integers(1, 6)),
        st.tuples(st.just("turns"), st.integers(0, 12)),
        st.tuples(st.sampled_from(["pause", "resume", "crash", "stop", "hold", "release"]), st.just(0)),
        st.tuples(st.sampled_from(["fault", "fault for ever"]), st.integers(1, 20)),
    ),
    max_size=40,
)


class Ledger(Journal):
    """A journal that can be undone, with the bookmark and the dead letters in it.

    Attributes:
        commits: the length of `seen` after each transaction.
        bookmark: where it stands.
        letters: what was put aside, by position.
    """

    def __init__(self) -> None:
        """Empty."""
        super().__init__()
        self.commits: list[int] = []
        self.bookmark: Bookmark | None = None
        self.letters: dict[int, DeadLetter] = {}


class Accountant(Watcher, name="accountant", batch_max=2, retry_max=2, retry_seconds_min=0, retry_seconds_max=0):
    """Keeps everything in one transaction."""

    ledger: Ledger

    async def open(self, services: Sequence[object]) -> None:
        """Find the ledger."""
        (self.ledger,) = (service for service in services if isinstance(service, Ledger))

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """All of it, or nothing."""
        ledger = self.ledger
        count, before = len(ledger.seen), (ledger.bookmark, dict(ledger.letters))
        try:
            yield
        except BaseException:
            del ledger.seen[count:]
            ledger.bookmark, ledger.letters = before
            raise
        ledger.commits.append(len(ledger.seen))

    async def load_bookmark(self) -> Bookmark | None:
        """Where it stands."""
        return self.ledger.bookmark

    async def save_bookmark(self, bookmark: Bookmark) -> None:
        """Within the transaction."""
        self.ledger.bookmark = bookmark

    async def load_dead_letters(self) -> list[DeadLetter]:
        """What was put aside."""
        return list(self.ledger.letters.values())

    async def save_dead_letter(self, letter: DeadLetter) -> None:
        """Within the transaction."""
        self.ledger.letters[letter.position] = letter

    async def drop_dead_letter(self, position: int) -> bool:
        """Within the transaction."""
        return self.ledger.letters.pop(position, None) is not None


async def happens(lives: Lives, engine: Engine, ends: set[int], step: Step) -> None:
    """One step; where commands end is noted."""
    what, count = step
    consumer, journal = lives.consumer, lives.journal
    match what:
        case "deposit" | "each" | "atomic" | "withdraw":
            for commands in sent(what, count):
                alone = len(commands) == 1
                receipt = await engine.send(commands[0]) if alone else (await engine.send_atomic(commands))[-1]
                ends.add(receipt.position)
        case "turns":
            await turns(count)
        case "pause" | "resume":
            (consumer.pause if what == "pause" else consumer.resume)()
        case "crash" | "stop":
            await (lives.crash if what == "crash" else lives.stop)()
        case "hold" | "release":
            (journal.free.clear if what == "hold" else journal.free.set)()
        case _:
            journal.faults[count] = 1 if what == "fault" else -1
    lives.consumer.wake()


def sent(what: str, count: int) -> list[list[Command]]:
    """Commands that are sent one after the other, each list as one."""
    one = Deposit(account_id="a", amount=1)
    each = DepositEach(account_id="c", amounts=[1] * count)
    match what:
        case "deposit":
            return [[one]] * count
        case "each":
            return [[each]]
        case "withdraw":
            return [[one], [Withdraw(account_id="a", amount=1)]]
        case _:
            note = Note(account_id="b", text="x")
            return [[one, note, each, Withdraw(account_id="c", amount=1), note]]


#: A fault in the middle of a `send_atomic`, for a while and for ever; a pause in the middle of one.
FAILING = [("fault", 4), ("atomic", 3)]
HOPELESS = [("fault for ever", 4), ("fault", 5), ("atomic", 3)]
PAUSED = [("deposit", 1), ("hold", 0), ("atomic", 3), ("turns", 12), ("pause", 0), ("release", 0), ("turns", 12)]


@settings(max_examples=80)
@example(FAILING)
@example(HOPELESS)
@example(PAUSED)
@given(STEPS)
def test_a_transaction_ends_where_a_command_does(steps: list[Step]) -> None:
    """Whatever fails, is paused or crashes: each event has its effect once, and no commit parts a command.

    Where an event is put aside as a dead letter its command is parted by that, and by nothing before it.
    """

    async def main() -> None:
        async with open_bank() as engine:
            core = engine._open_core()
            ledger, ends = Ledger(), set[int]()
            lives = Lives(core, Accountant, ledger)
            await lives.begin()
            for step in steps:
                await happens(lives, engine, ends, step)
            ledger.free.set()
            lives.consumer.resume()
            await lives.consumer.caught_up()
            await lives.consumer.stop(10)
            wanted = [
                position
                for frame in core.log.frames()
                for position, record in enumerate(core.codec.records(frame.first, frame.body), frame.first)
                if type(record.event).__name__ in ("Deposited", "Withdrawn")
            ]
        check(ledger, wanted, ends)

    asyncio.run(main())


def check(ledger: Ledger, wanted: list[int], ends: set[int]) -> None:
    """Compare what was committed with the log."""
    assert ledger.seen == [position for position in wanted if position not in ledger.letters]
    broken = {command_of(position, ends) for position in ledger.letters}
    for count in ledger.commits:
        if not 0 < count < len(ledger.seen):
            continue
        last, following = ledger.seen[count - 1], ledger.seen[count]
        parted = command_of(last, ends) == command_of(following, ends)
        assert not parted or command_of(last, ends) in broken, (last, following)


def command_of(position: int, ends: set[int]) -> int:
    """Where the command ends that an event is of."""
    return min(end for end in ends if end >= position)
