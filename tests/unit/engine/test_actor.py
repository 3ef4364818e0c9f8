"""The actor: decide, check, accept; what it answers when, and what happens to it when something fails."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest
from actum import (
    Aggregate,
    Command,
    CommandFailed,
    Conflict,
    Engine,
    Event,
    Invalid,
    MemoryLog,
    Options,
    OutcomeUnknown,
    Quarantined,
    Receipt,
    Rejected,
    StoreCorrupt,
    StoreFailed,
    StoreFull,
    decide,
    evolve,
)

from tests.support import fragile
from tests.support.bank import (
    Account,
    AllBalances,
    BalanceOf,
    Deposit,
    DepositEach,
    Deposited,
    Glance,
    HeldAssessor,
    Lend,
    Note,
    Withdraw,
    open_bank,
)
from tests.support.fragile import Do, Fragile, Mistyped, Wait, open_fragile
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, turns, until

QUIET = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Shout(Command):
    """A text of any length."""

    key: str
    text: str


class Shouted(Event):
    """A text of any length."""

    key: str
    text: str


class Crier(Aggregate, key="key"):
    """Decides on one event, returned alone."""

    @decide
    def shout(self, command: Shout) -> Shouted:
        """Always."""
        return Shouted(key=command.key, text=command.text)

    @evolve
    def shouted(self, event: Shouted) -> None:
        """Nothing to remember."""


def deposit(amount: int, account_id: str = "ann") -> Deposit:
    """Money for Ann, or for somebody else."""
    return Deposit(account_id=account_id, amount=amount)


async def done(engine: Engine, key: str = "a") -> list[str]:
    """What the log says was done."""
    return [record.event.how for record in await engine.history(Fragile, key)]  # type: ignore[attr-defined]


class TestDeciding:
    """What a command leads to."""

    @scene
    async def test_one_event(self) -> None:
        """The receipt has it, with version and position."""
        async with open_bank() as bank:
            receipt = await bank.send(deposit(5))
            assert (receipt.key, receipt.version, receipt.position) == ("ann", 1, 1)
            assert receipt.events == (Deposited(account_id="ann", amount=5),)
            assert receipt.command_id.version == 7

    @scene
    async def test_several_events(self) -> None:
        """All of them, in order; version and position are the last one's."""
        async with open_bank() as bank:
            await bank.send(deposit(5, "bob"))
            receipt = await bank.send(DepositEach(account_id="ann", amounts=[1, 2, 3]))
            assert (receipt.version, receipt.position) == (3, 4)
            assert [event.amount for event in receipt.events] == [1, 2, 3]  # type: ignore[attr-defined]
            assert (await bank.state(Account, "ann")).balance == 6

    @scene
    async def test_no_event(self) -> None:
        """The receipt says where the aggregate stands; nothing is written."""
        async with open_bank() as bank:
            nothing = await bank.send(Glance(account_id="ann"))
            assert (nothing.version, nothing.position, nothing.events) == (0, 0, ())
            await bank.send(deposit(5))
            await bank.send(deposit(5, "bob"))
            nothing = await bank.send(Glance(account_id="ann"))
            assert (nothing.version, nothing.position, nothing.events) == (1, 1, ())
            empty = await bank.send(DepositEach(account_id="ann", amounts=[]))
            assert (empty.version, empty.events) == (1, ())
            assert bank.statistics().position == 2

    @scene
    async def test_a_list_of_events(self) -> None:
        """A handler may return a list as well as one event or a generator."""
        async with open_bank() as bank:
            assert (await bank.send(Note(account_id="ann", text="hello"))).version == 1

    @scene
    async def test_rejected(self) -> None:
        """The caller gets the very error that the handler raised, nothing is written, and the actor goes on."""
        async with open_bank() as bank:
            await bank.send(deposit(5))
            with pytest.raises(Rejected, match="only 5 there"):
                await bank.send(Withdraw(account_id="ann", amount=6))
            assert (await bank.send(Withdraw(account_id="ann", amount=5))).version == 2

    @scene
    async def test_a_rejection_of_its_own_class_keeps_its_class(self) -> None:
        """A subclass of Rejected reaches the caller as it is."""

        class TooOld(Rejected):
            pass

        class Strict(HeldAssessor):
            async def approves(self, account_id: str, amount: int) -> bool:
                raise TooOld("by far")

        async with open_bank(assessor=Strict()) as bank:
            with pytest.raises(TooOld):
                await bank.send(Lend(account_id="ann", amount=1))

    @scene
    async def test_several_events_all_or_none(self) -> None:
        """A rejection after the first event has been yielded leaves nothing of it."""
        async with open_bank() as bank:
            with pytest.raises(Rejected):
                await bank.send(DepositEach(account_id="ann", amounts=[1, 2, -3]))
            assert await bank.history(Account, "ann") == []
            assert (await bank.send(deposit(5))).version == 1
            assert (await bank.state(Account, "ann")).balance == 5

    @scene
    async def test_each_command_sees_what_the_one_before_it_did(self) -> None:
        """Also when both are decided before either is durable."""
        async with open_bank() as bank:
            outcomes = await bank.send_many(
                [deposit(5), Withdraw(account_id="ann", amount=3), Withdraw(account_id="ann", amount=3)]
            )
            assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt, Rejected]
            assert await bank.ask(BalanceOf(account_id="ann")) == 2


class TestMistakes:
    """Commands and events that are malformed."""

    @scene
    async def test_an_event_of_a_wrong_type_is_invalid_and_nothing_is_written(self) -> None:
        """The message names event and field; the events before it in the same command are not written either."""
        async with open_fragile() as engine:
            with pytest.raises(
                Invalid, match=r"event Done can't be stored: Expected `int`, got `str` - at `\$.number`"
            ):
                await engine.send(Do(key="a", how="mistyped"))
            assert await done(engine) == []
            assert (await engine.send(Do(key="a"))).version == 1

    @scene
    async def test_a_malformed_command_is_invalid_and_never_quarantines(self) -> None:
        """Whatever it makes the handler raise, the caller is to blame; also in an asynchronous handler."""
        async with open_fragile(quarantine_failures_max=1) as engine:
            for command in (
                Do(key="a", how="changed", number="7"),  # type: ignore[arg-type]
                Deposit(account_id="a", amount="7"),  # type: ignore[arg-type]
                DepositEach(account_id="a", amounts=7),  # type: ignore[arg-type]
            ):
                for _ in range(3):
                    with pytest.raises(Invalid, match=f"command {type(command).__name__} is malformed"):
                        await engine.send(command)
            await engine.send(Do(key="a"))
            await engine.send(deposit(1, "a"))

    @scene
    async def test_a_malformed_command_that_its_handler_takes_is_found_in_the_event(self) -> None:
        """A wrong type that goes through `decide` is refused before the log."""
        async with open_bank() as bank:
            with pytest.raises(Invalid, match=r"event Noted can't be stored: .*\$.text"):
                await bank.send(Note(account_id="ann", text=5))  # type: ignore[arg-type]
            assert bank.statistics().position == 0


class TestAnsweringLater:
    """No answer leaves before what it was decided on is durable."""

    @scene
    async def test_a_rejection_decided_on_tentative_events_waits_for_them(self) -> None:
        """If the events were lost, the rejection would have been a lie."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.hold()
            paid = asyncio.create_task(bank.send(deposit(5)))
            refused = asyncio.create_task(bank.send(Withdraw(account_id="ann", amount=6)))
            looked = asyncio.create_task(bank.send(Glance(account_id="ann")))
            unlike = asyncio.create_task(bank.send(deposit(5), expected_version=0))
            await turns(20)
            assert not any(task.done() for task in (paid, refused, looked, unlike))
            log.release()
            await asyncio.wait([paid, refused, looked, unlike])
            assert isinstance(refused.exception(), Rejected)
            assert looked.result().version == 1
            assert isinstance(unlike.exception(), Conflict)

    @scene
    async def test_an_answer_waits_for_the_batch_that_its_events_are_in(self) -> None:
        """An answer decided on events of the gathering batch waits for that one, not for the one under way."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.hold()
            other = asyncio.create_task(bank.send(deposit(1, "bob")))
            await until(log.arrived.is_set)
            asyncio_paid = asyncio.create_task(bank.send(deposit(5)))
            refused = asyncio.create_task(bank.send(Withdraw(account_id="ann", amount=6)))
            early = asyncio.create_task(bank.send(Withdraw(account_id="eve", amount=6)))
            await until(early.done)
            assert isinstance(early.exception(), Rejected)  # nothing tentative: at once
            log.fail(StoreFull("no space"))
            log.release()
            await asyncio.wait([other, asyncio_paid, refused])
            assert other.exception() is None
            assert isinstance(asyncio_paid.exception(), StoreFull)
            assert isinstance(refused.exception(), StoreFull)  # not Rejected: it was decided on money that never came

    @scene
    async def test_an_actor_with_durable_events_only_answers_at_once(self) -> None:
        """A commit of somebody else's is nothing to wait for."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(deposit(5))
            log.hold()
            other = asyncio.create_task(bank.send(deposit(1, "bob")))
            await until(log.arrived.is_set)
            assert (await bank.send(Glance(account_id="ann"))).version == 1
            with pytest.raises(Rejected):
                await bank.send(Withdraw(account_id="ann", amount=6))
            assert not other.done()
            log.release()
            await other


class TestDuplicates:
    """The same command id has its effect once."""

    @scene
    async def test_after_the_first_is_done(self) -> None:
        """The first receipt comes again, whatever the command now says."""
        async with open_bank() as bank:
            first = await bank.send(DepositEach(account_id="ann", amounts=[1, 2]), command_id="once")
            await bank.send(deposit(10))
            again = await bank.send(DepositEach(account_id="ann", amounts=[1, 2]), command_id="once")
            assert again == first
            assert await bank.send(deposit(100), command_id="once") == first
            assert (await bank.state(Account, "ann")).balance == 13

    @scene
    async def test_while_the_first_is_in_flight(self) -> None:
        """In one turn, and while the commit is held: both callers get the same receipt, after the commit."""
        log = FaultyLog(MemoryLog())
        some_id = uuid4()
        async with open_bank(log) as bank:
            log.hold()
            tasks = [asyncio.create_task(bank.send(deposit(5), command_id=some_id)) for _ in range(3)]
            await until(log.arrived.is_set)
            tasks.append(asyncio.create_task(bank.send(deposit(5), command_id=some_id)))
            await turns(20)
            assert not any(task.done() for task in tasks)
            log.release()
            receipts = [await task for task in tasks]
            assert len(set(map(repr, receipts))) == 1
            assert receipts[0].command_id == some_id
            assert len(await bank.history(Account, "ann")) == 1

    @scene
    async def test_while_the_first_is_being_decided(self) -> None:
        """A duplicate of an asynchronous command waits its turn."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            tasks = [
                asyncio.create_task(bank.send(Lend(account_id="ann", amount=5), command_id="loan")) for _ in range(2)
            ]
            await until(lambda: assessor.asked)
            await turns(20)
            assert assessor.asked == [5]
            assessor.free.set()
            one, two = [await task for task in tasks]
            assert one == two
            assert assessor.asked == [5]

    @scene
    async def test_after_a_restart(self) -> None:
        """The ids are found again in the stream, as text and as UUIDs, with all events of each command."""
        log, some_id = MemoryLog(), uuid4()
        async with open_bank(log) as bank:
            one = await bank.send(DepositEach(account_id="ann", amounts=[1, 2]), command_id="one")
            two = await bank.send(deposit(3), command_id=some_id)
            await bank.send(deposit(4))
        async with open_bank(log.reopen()) as bank:
            assert await bank.send(DepositEach(account_id="ann", amounts=[1, 2]), command_id="one") == one
            assert await bank.send(deposit(3), command_id=str(some_id)) == two
            assert (await bank.send(deposit(5), command_id="new")).version == 5

    @scene
    async def test_after_sleeping(self) -> None:
        """An actor that was put to sleep finds its window again."""
        async with open_bank(actors_max=1) as bank:
            first = await bank.send(deposit(1), command_id="one")
            await bank.send(deposit(1, "bob"))
            await until(lambda: bank.statistics().passivations)
            assert await bank.send(deposit(1), command_id="one") == first

    @pytest.mark.parametrize("restart", [False, True])
    @scene
    async def test_the_window_holds_the_last_commands(self, *, restart: bool) -> None:
        """The last `dedup_commands_max` writing commands are known, however many events each wrote.

        Older ones are new.
        """
        log = MemoryLog()
        async with open_bank(log, dedup_commands_max=3) as bank:
            first = [
                await bank.send(DepositEach(account_id="ann", amounts=[number] * 4), command_id=f"id-{number}")
                for number in (1, 2, 3, 4)
            ]
            if not restart:
                await self.expect_window(bank, first)
        if restart:
            async with open_bank(log.reopen(), dedup_commands_max=3) as bank:
                await self.expect_window(bank, first)

    @staticmethod
    async def expect_window(bank: Engine, first: list[Receipt]) -> None:
        """Three of four are known."""
        for number in (2, 3, 4):
            again = await bank.send(DepositEach(account_id="ann", amounts=[number] * 4), command_id=f"id-{number}")
            assert again == first[number - 1]
        assert (await bank.send(DepositEach(account_id="ann", amounts=[1] * 4), command_id="id-1")).version == 20

    @scene
    async def test_the_window_is_64_commands(self) -> None:
        """By default."""
        async with open_bank() as bank:
            first = await bank.send(deposit(1), command_id="id-0")
            for number in range(1, 64):
                await bank.send(deposit(1), command_id=f"id-{number}")
            assert await bank.send(deposit(1), command_id="id-0") == first
            await bank.send(deposit(1), command_id="id-64")
            assert (await bank.send(deposit(1), command_id="id-0")).version == 66

    @scene
    async def test_ids_are_remembered_per_aggregate(self) -> None:
        """The same id for another aggregate is another command."""
        async with open_bank() as bank:
            await bank.send(deposit(1), command_id="one")
            assert (await bank.send(deposit(1, "bob"), command_id="one")).key == "bob"

    @scene
    async def test_what_wrote_nothing_is_decided_again(self) -> None:
        """A rejection is not remembered, nor is a command without events."""
        async with open_bank() as bank:
            with pytest.raises(Rejected):
                await bank.send(Withdraw(account_id="ann", amount=5), command_id="one")
            await bank.send(Glance(account_id="ann"), command_id="two")
            await bank.send(deposit(5))
            assert (await bank.send(Withdraw(account_id="ann", amount=5), command_id="one")).version == 2
            assert (await bank.send(Glance(account_id="ann"), command_id="two")).version == 2

    @scene
    async def test_the_id_is_in_the_receipt(self) -> None:
        """Also of a command that wrote nothing."""
        async with open_bank() as bank:
            some_id = UUID(int=7)
            assert (await bank.send(Glance(account_id="ann"), command_id=some_id)).command_id == some_id
            assert (await bank.send(deposit(1), command_id=some_id)).command_id == some_id

    @scene
    async def test_a_lost_command_can_be_sent_again(self) -> None:
        """An id whose commit did not happen is not remembered."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.fail(StoreFull("no space"))
            with pytest.raises(StoreFull):
                await bank.send(deposit(5), command_id="one")
            assert (await bank.send(deposit(5), command_id="one")).version == 1
            assert (await bank.send(deposit(5), command_id="one")).version == 1

    @scene
    async def test_a_log_that_can_not_be_read_answers_the_caller(self) -> None:
        """The window or the receipt can't be read: that caller gets the error, the actor goes on."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(deposit(5), command_id="one")
            log.read_error = StoreCorrupt("frame at 1 is damaged")
            with pytest.raises(StoreCorrupt):  # known, but its receipt can't be read
                await bank.send(deposit(5), command_id="one")
            log.read_error = None
            assert (await bank.send(deposit(5), command_id="one")).version == 1
        log = FaultyLog(log.inner.reopen())  # type: ignore[attr-defined]
        async with open_bank(log) as bank:
            await bank.send(Glance(account_id="ann"))  # awake, the window not read yet
            log.read_error = StoreCorrupt("frame at 1 is damaged")
            with pytest.raises(StoreCorrupt):
                await bank.send(deposit(5), command_id="one")
            log.read_error = None
            assert (await bank.send(deposit(5), command_id="one")).version == 1


class TestExpectedVersion:
    """Optimistic concurrency."""

    @scene
    async def test_the_right_version_passes(self) -> None:
        """0 for an aggregate that does not exist yet."""
        async with open_bank() as bank:
            assert (await bank.send(deposit(1), expected_version=0)).version == 1
            assert (await bank.send(deposit(1), expected_version=1)).version == 2

    @scene
    async def test_a_wrong_version_is_a_conflict(self) -> None:
        """The error says both versions; nothing is written."""
        async with open_bank() as bank:
            await bank.send(deposit(1))
            with pytest.raises(Conflict, match="Account/ann is at version 1, not 5") as caught:
                await bank.send(deposit(1), expected_version=5)
            assert (caught.value.expected_version, caught.value.version) == (5, 1)
            assert bank.statistics().position == 1

    @scene
    async def test_of_two_at_once_one_wins(self) -> None:
        """Both were right when they were sent.

        The second is a conflict with the first, although that is not durable yet.
        """
        async with open_bank() as bank:
            one, two = await asyncio.gather(
                bank.send(deposit(1), expected_version=0),
                bank.send(deposit(2), expected_version=0),
                return_exceptions=True,
            )
            assert isinstance(one, Receipt)
            assert isinstance(two, Conflict)

    @scene
    async def test_a_duplicate_is_no_conflict(self) -> None:
        """A retry with the version that was right at first gets the first receipt."""
        async with open_bank() as bank:
            first = await bank.send(deposit(1), expected_version=0, command_id="one")
            assert await bank.send(deposit(1), expected_version=0, command_id="one") == first


class TestAsynchronousDecisions:
    """The actor waits, the others run on."""

    @scene
    async def test_others_run_on_while_one_waits(self) -> None:
        """And its own later commands wait behind it, in order."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=5)))
            await until(lambda: assessor.asked)
            later = [asyncio.create_task(bank.send(Withdraw(account_id="ann", amount=amount))) for amount in (2, 3)]
            for number in range(20):
                assert (await bank.send(deposit(1, f"other-{number}"))).version == 1
            assert not loan.done()
            assert not any(task.done() for task in later)
            assessor.free.set()
            assert (await loan).version == 1
            assert [(await task).version for task in later] == [2, 3]

    @scene
    async def test_it_may_reject(self) -> None:
        """After waiting, as before."""
        async with open_bank(assessor=HeldAssessor(verdict=False)) as bank:
            with pytest.raises(Rejected, match="the assessor said no"):
                await bank.send(Lend(account_id="ann", amount=5))
            assert (await bank.send(deposit(1))).version == 1

    @scene
    async def test_it_may_fail(self) -> None:
        """A service's bug is a bug: CommandFailed with the cause, and the next command works."""

        class Broken(HeldAssessor):
            async def approves(self, account_id: str, amount: int) -> bool:
                raise ConnectionError("down")

        async with open_bank(assessor=Broken()) as bank:
            await bank.send(deposit(7))
            with pytest.raises(CommandFailed, match="ConnectionError: down") as caught:
                await bank.send(Lend(account_id="ann", amount=5))
            assert isinstance(caught.value.__cause__, ConnectionError)
            assert (await bank.send(Withdraw(account_id="ann", amount=7))).version == 2

    @scene
    async def test_the_state_it_sees_does_not_change_while_it_waits(self) -> None:
        """One command at a time: two loans are decided one after the other."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            tasks = [asyncio.create_task(bank.send(Lend(account_id="ann", amount=amount))) for amount in (1, 2, 3)]
            await until(lambda: assessor.asked)
            await turns(20)
            assert assessor.asked == [1]
            assessor.free.set()
            assert [(await task).version for task in tasks] == [1, 2, 3]
            assert assessor.asked == [1, 2, 3]

    @scene
    async def test_lost_ground_under_a_decision(self) -> None:
        """Events that it was deciding on are lost to a full disk: the decision is not accepted either."""
        log, assessor = FaultyLog(MemoryLog()), HeldAssessor(held=True)
        async with open_bank(log, assessor=assessor) as bank:
            log.hold()
            log.fail(StoreFull("no space"))
            paid = asyncio.create_task(bank.send(deposit(5)))
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            log.release()
            with pytest.raises(StoreFull):
                await paid
            assert not loan.done()
            assessor.free.set()
            with pytest.raises(StoreFull):
                await loan
            assert (await bank.send(deposit(7))).version == 1
            assert (await bank.state(Account, "ann")).balance == 7


class TestBugs:
    """A handler that fails is isolated."""

    @pytest.mark.parametrize(
        ("how", "cause"),
        [
            ("badly", ZeroDivisionError),
            ("half", ZeroDivisionError),
            ("unknown", TypeError),
            ("unevolvable", ZeroDivisionError),
            ("unevolvable-rejected", Rejected),
            ("unevolvable-invalid", Invalid),
            ("cancelled", asyncio.CancelledError),
            ("unevolvable-cancelled", asyncio.CancelledError),
        ],
    )
    @QUIET
    @scene
    async def test_a_bug_fails_its_command_and_nothing_else(self, how: str, cause: type[BaseException]) -> None:
        """The caller gets the cause; commands before and behind it in the same turn, and other actors, don't notice."""
        log = FaultyLog(MemoryLog())
        async with open_fragile(log) as engine:
            log.hold()
            tasks = [asyncio.create_task(engine.send(Do(key="a", how=word))) for word in ("one", how, "two")]
            other = asyncio.create_task(engine.send(Do(key="b")))
            await until(log.arrived.is_set)
            await turns(5)
            tasks.append(asyncio.create_task(engine.send(Do(key="a", how="three"))))
            await turns(5)
            log.release()
            await until(lambda: all(task.done() for task in tasks) and other.done())
            error = tasks[1].exception()
            assert isinstance(error, CommandFailed)
            assert isinstance(error.__cause__, cause)
            assert [tasks[index].result().version for index in (0, 2, 3)] == [1, 2, 3]
            assert other.result().version == 1
            assert await done(engine) == ["one", "two", "three"]
            assert (await engine.state(Fragile, "a")).done == ["one", "two", "three"]
            assert engine.statistics().pending == 0

    @pytest.mark.parametrize("how", ["unevolvable", "unevolvable-rejected", "unevolvable-invalid"])
    @scene
    async def test_a_half_changed_state_is_read_again_from_the_log(self, how: str) -> None:
        """What a failing `evolve` has changed already is not there for the next command."""
        async with open_fragile(snapshot_events_max=2) as engine:
            await engine.send(Do(key="a", how="one"))
            with pytest.raises(CommandFailed):
                await engine.send(Do(key="a", how=how))
            await engine.send(Do(key="a", how="two"))  # a snapshot of the live state is taken here
            assert (await engine.state(Fragile, "a")).done == ["one", "two"]

    @scene
    async def test_the_state_is_read_again_when_the_events_are_durable(self) -> None:
        """A bug while a commit is under way: the actor waits for it, then goes on with everything in place."""
        log = FaultyLog(MemoryLog())
        async with open_fragile(log) as engine:
            log.hold()
            one = asyncio.create_task(engine.send(Do(key="a", how="one")))
            await until(log.arrived.is_set)
            tasks = [asyncio.create_task(engine.send(Do(key="a", how=how))) for how in ("badly", "two", "three")]
            await turns(20)
            assert not any(task.done() for task in tasks[1:])
            log.release()
            await one
            assert isinstance((await asyncio.gather(*tasks, return_exceptions=True))[0], CommandFailed)
            assert await done(engine) == ["one", "two", "three"]

    @scene
    async def test_an_actor_that_fails_again_and_again_is_quarantined(self) -> None:
        """After the third failure in a row its commands are refused, with the cause; others work; `release` ends it."""
        async with open_fragile() as engine:
            for _ in range(3):
                with pytest.raises(CommandFailed):
                    await engine.send(Do(key="a", how="badly"))
            with pytest.raises(
                Quarantined, match=r"Fragile/a is quarantined after 3 failures.*engine.release\(Fragile, 'a'\)"
            ) as caught:
                await engine.send(Do(key="a"))
            assert isinstance(caught.value.__cause__, ZeroDivisionError)
            assert (await engine.send(Do(key="b"))).version == 1
            assert engine.statistics().aggregates[1].quarantined == ("a",)

            assert engine.release(Fragile, "a")
            assert not engine.release(Fragile, "a")
            assert not engine.release(Fragile, "never heard of")
            assert (await engine.send(Do(key="a"))).version == 1
            assert engine.statistics().aggregates[1].quarantined == ()

    @scene
    async def test_commands_in_the_mailbox_of_one_that_is_quarantined_are_refused(self) -> None:
        """They don't wait for ever."""
        async with open_fragile(quarantine_failures_max=2) as engine:
            outcomes = await engine.send_many([Do(key="a", how="badly")] * 2 + [Do(key="a")] * 3)
            assert [type(outcome) for outcome in outcomes] == [CommandFailed] * 2 + [Quarantined] * 3

    @pytest.mark.parametrize("between", ["well", "nothing"])
    @scene
    async def test_a_success_between_two_failures_counts_anew(self, between: str) -> None:
        """Only failures in a row lead to quarantine."""
        async with open_fragile(quarantine_failures_max=2) as engine:
            for _ in range(3):
                with pytest.raises(CommandFailed):
                    await engine.send(Do(key="a", how="badly"))
                await engine.send(Do(key="a", how=between))

    @scene
    async def test_rejections_never_quarantine(self) -> None:
        """Saying no is an actor's right."""
        async with open_bank(quarantine_failures_max=1) as bank:
            for _ in range(5):
                with pytest.raises(Rejected):
                    await bank.send(deposit(0))
            await bank.send(deposit(1))

    @scene
    async def test_a_quarantined_actor_is_not_put_to_sleep(self) -> None:
        """Sleep would end the quarantine by itself."""
        async with open_fragile(quarantine_failures_max=1, actors_max=1) as engine:
            with pytest.raises(CommandFailed):
                await engine.send(Do(key="a", how="badly"))
            for key in "bcde":
                await engine.send(Do(key=key))
            with pytest.raises(Quarantined):
                await engine.send(Do(key="a"))

    @pytest.mark.parametrize("replay_slice_events", [1, 1_000])
    @scene
    async def test_a_log_that_evolve_does_not_take(
        self, monkeypatch: pytest.MonkeyPatch, replay_slice_events: int
    ) -> None:
        """A waking that fails answers everyone who waits, and the mailbox counts right; later it may work."""
        async with open_fragile(actors_max=1, replay_slice_events=replay_slice_events) as engine:
            await engine.send_many([Do(key="a", how=how) for how in ("one", "two", "three")])
            await engine.send(Do(key="b"))
            await until(lambda: engine.statistics().awake == 1)
            monkeypatch.setattr(fragile, "EVOLVE_FAILS_ON", "two")
            outcomes = await engine.send_many([Do(key="a", how="four")] * 2)
            assert [type(outcome) for outcome in outcomes] == [CommandFailed, CommandFailed]
            assert engine.statistics().pending == 0
            assert (await engine.send(Do(key="b"))).version == 2
            monkeypatch.setattr(fragile, "EVOLVE_FAILS_ON", "")
            assert (await engine.send(Do(key="a", how="five"))).version == 4
            assert engine.statistics().pending == 0

    @scene
    async def test_a_damaged_log_fails_the_waking_as_what_it_is(self) -> None:
        """The storage's own error reaches the caller, not a CommandFailed."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log, actors_max=1) as bank:
            await bank.send(deposit(1))
            await bank.send(deposit(1, "bob"))
            await until(lambda: bank.statistics().awake == 1)
            log.read_error = StoreCorrupt("frame at 1 is damaged")
            with pytest.raises(StoreCorrupt):
                await bank.send(deposit(1))
            log.read_error = None
            assert (await bank.send(deposit(1))).version == 2

    @scene
    async def test_a_decision_kept_through_a_failed_waking_is_answered(self) -> None:
        """The ground under an asynchronous decision is lost, and the log can't be read then.

        Its caller still gets an answer.
        """
        log, assessor = FaultyLog(MemoryLog()), HeldAssessor(held=True)
        async with open_bank(log, assessor=assessor) as bank:
            await bank.send(deposit(1))
            log.hold()
            log.fail(StoreFull("no space"))
            paid = asyncio.create_task(bank.send(deposit(5)))
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            log.release()
            with pytest.raises(StoreFull):
                await paid
            log.read_error = StoreCorrupt("damaged")
            assessor.free.set()
            await until(loan.done)
            assert isinstance(loan.exception(), (StoreFull, StoreCorrupt))
            log.read_error = None
            assert (await bank.send(deposit(7))).version == 2

    def test_an_exit_in_a_handler_ends_the_loop_and_keeps_what_was_accepted(self) -> None:
        """SystemExit goes up to the loop.

        What was decided before it in the same turn is committed all the same, once.
        """
        log = MemoryLog()

        async def main() -> None:
            async with open_fragile(log) as engine:
                await asyncio.gather(*(engine.send(Do(key="a", how=how)) for how in ("one", "exit", "two")))

        with pytest.raises(SystemExit) as caught:
            asyncio.run(main())
        assert caught.value.code == 3
        events = [event for frame in log.frames() for event in frame.data.split(b"\xa3how")[1:]]
        assert [event[1:4] for event in events][:1] == [b"one"]
        assert sum(event[1:4] == b"one" for event in events) == 1


class TestSnapshots:
    """States that are awkward to keep."""

    @scene
    async def test_a_state_that_can_not_be_encoded_costs_nothing_but_the_snapshot(self) -> None:
        """Commands go on, each once, and the actor sleeps and wakes by replaying."""
        log = FaultyLog(MemoryLog())
        async with open_fragile(log, snapshot_events_max=1, snapshot_events_min=1, actors_max=1) as engine:
            log.hold()
            tasks = [asyncio.create_task(engine.send(Do(key="a", how=how))) for how in ("unencodable", "two")]
            await until(log.arrived.is_set)
            tasks.append(asyncio.create_task(engine.send(Do(key="a", how="three"))))
            await turns(5)
            log.release()
            await until(lambda: all(task.done() for task in tasks))
            assert [task.result().version for task in tasks] == [1, 2, 3]
            await engine.send(Do(key="b"))
            assert (await engine.send(Do(key="a", how="four"))).version == 4
            assert await done(engine) == ["unencodable", "two", "three", "four"]

    @scene
    async def test_a_snapshot_that_can_not_be_decoded_is_replayed_instead(self) -> None:
        """The log knows better; snapshots can always be thrown away."""
        async with open_fragile(snapshot_events_max=1, actors_max=1) as engine:
            await engine.send(Wait(key="a"))
            await engine.send(Wait(key="b"))
            await until(lambda: engine.statistics().awake == 1)
            assert (await engine.send(Wait(key="a"))).version == 2
            assert (await engine.state(Mistyped, "a")).count == 2


class TestFullBatches:
    """A frame has a bounded size; what doesn't fit waits for the next one."""

    @pytest.mark.parametrize("turn_commands_max", [1, 2, 1_024])
    @scene
    async def test_order_is_kept_and_nothing_is_lost(self, turn_commands_max: int) -> None:
        """Commands of one to three events from many callers, with room for three per frame."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log, frame_events_max=3, turn_commands_max=turn_commands_max) as bank:
            tasks = [
                asyncio.create_task(bank.send(DepositEach(account_id=key, amounts=[number + 1] * (1 + number % 3))))
                for number in range(12)
                for key in ("ann", "bob", "eve")
            ]
            receipts = [await task for task in tasks]
            for key in ("ann", "bob", "eve"):
                versions = [receipt.version for receipt in receipts if receipt.key == key]
                assert versions == sorted(versions)
                records = await bank.history(Account, key)
                assert [record.version for record in records] == list(range(1, 25))
                amounts = [record.event.amount for record in records]  # type: ignore[attr-defined]
                assert amounts == [number + 1 for number in range(12) for _ in range(1 + number % 3)]
            assert max(log.counts) <= 3
            assert sum(log.counts) == 72
            assert await bank.ask(AllBalances()) == {key: sum(amounts) for key in ("ann", "bob", "eve")}  # type: ignore[possibly-undefined]

    @scene
    async def test_a_decision_that_waits_for_room_is_made_once(self) -> None:
        """Its service is asked once, and its events come when there is room."""
        log, assessor = FaultyLog(MemoryLog()), HeldAssessor()
        async with open_bank(log, assessor=assessor, frame_events_max=1) as bank:
            log.hold()
            one = asyncio.create_task(bank.send(deposit(1, "bob")))
            await until(log.arrived.is_set)
            two = asyncio.create_task(bank.send(deposit(1, "eve")))
            await turns(5)  # the gathering batch is full now
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=5)))
            later = asyncio.create_task(bank.send(Withdraw(account_id="ann", amount=5)))
            await turns(20)
            log.release()
            await asyncio.wait([one, two, loan, later])
            assert assessor.asked == [5]
            assert (loan.result().version, later.result().version) == (1, 2)
            assert log.counts == [1, 1, 1, 1]

    @pytest.mark.parametrize("error", [StoreFull("no space"), OSError(5, "broken")], ids=["full", "failed"])
    @scene
    async def test_a_decision_that_waits_for_room_when_the_commit_is_lost(self, error: Exception) -> None:
        """Every caller gets an answer, and nothing was half done."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log, frame_events_max=2) as bank:
            log.hold()
            log.fail(error)
            commands = [DepositEach(account_id="ann", amounts=[1, 1]) for _ in range(4)]
            tasks = [asyncio.create_task(bank.send(command)) for command in commands]
            await until(log.arrived.is_set)
            await turns(20)
            log.release()
            await until(lambda: all(task.done() for task in tasks))
            kinds = [type(task.exception()) for task in tasks]
            if isinstance(error, StoreFull):
                lost = kinds.count(StoreFull)
                assert kinds == [StoreFull] * lost + [type(None)] * (4 - lost)
                assert lost >= 2
                assert (await bank.send(Glance(account_id="ann"))).version == 2 * (4 - lost)
            else:
                assert kinds[:2] == [OutcomeUnknown, OutcomeUnknown]
                assert set(kinds[2:]) <= {OutcomeUnknown, StoreFailed}

    @scene
    async def test_more_events_than_a_frame_holds_are_invalid(self) -> None:
        """At the limit it works, above it the message names the option."""
        async with open_bank(frame_events_max=3) as bank:
            await bank.send(DepositEach(account_id="ann", amounts=[1] * 3))
            with pytest.raises(Invalid, match="3 events \\(frame_events_max\\)"):
                await bank.send(DepositEach(account_id="ann", amounts=[1] * 4))
            assert bank.statistics().position == 3

    @scene
    async def test_more_bytes_than_half_a_frame_are_invalid(self) -> None:
        """For one event as for several: no frame is larger than `frame_bytes_max`."""
        async with open_bank(frame_bytes_max=8_192) as bank:
            await bank.send(Note(account_id="ann", text="x" * 1_000))
            with pytest.raises(Invalid, match="frame_bytes_max"):
                await bank.send(Note(account_id="ann", text="x" * 9_000))
            with pytest.raises(Invalid, match="frame_bytes_max"):
                await bank.send(DepositEach(account_id="a" * 200, amounts=[2**62] * 5))

    @scene
    async def test_a_single_event_as_large_as_a_frame_is_invalid(self) -> None:
        """Also when the handler returns it alone."""
        options = Options(frame_bytes_max=8_192, gc_policy="none")
        async with Engine.open(MemoryLog(), Crier, options=options) as engine:
            await engine.send(Shout(key="a", text="x" * 1_000))
            with pytest.raises(Invalid, match="frame_bytes_max"):
                await engine.send(Shout(key="a", text="x" * 9_000))
