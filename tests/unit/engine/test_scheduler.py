"""The scheduler: turns, bounds, answers in order, failing commits, reentrancy, and the gate under a busy loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path

import pytest
from actum import (
    Aggregate,
    Command,
    CommandFailed,
    Engine,
    EngineClosed,
    Event,
    MemoryLog,
    OutcomeUnknown,
    Overloaded,
    Receipt,
    Reentrant,
    Rejected,
    StoreFailed,
    StoreFull,
    decide,
    evolve,
)

from tests.support.bank import (
    Account,
    AllBalances,
    Balances,
    Deposit,
    Glance,
    HeldAssessor,
    Lend,
    TopBalances,
    Withdraw,
    open_bank,
)
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, turns, until


def deposit(amount: int, account_id: str = "ann") -> Deposit:
    """Money for Ann, or for somebody else."""
    return Deposit(account_id=account_id, amount=amount)


class TestOrder:
    """Who is told what, when."""

    @scene
    async def test_nobody_sees_an_event_before_its_commit(self) -> None:
        """While the commit is held: no reply, no row, no answer, no state, no statistics; then all of them at once."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.hold()
            paid = asyncio.create_task(bank.send(deposit(5)))
            after = asyncio.create_task(bank.ask(AllBalances(), after=1))
            await until(log.arrived.is_set)
            await turns(30)
            assert not paid.done()
            assert not after.done()
            assert await bank.ask(AllBalances()) == {}
            assert await bank.history(Account, "ann") == []
            assert (await bank.state(Account, "ann")).balance == 0
            assert bank.statistics().position == 0
            log.release()
            assert (await paid).position == 1
            assert await bank.ask(AllBalances()) == await after == {"ann": 5}
            assert (await bank.state(Account, "ann")).balance == 5

    @scene
    async def test_views_have_the_event_when_the_caller_wakes(self) -> None:
        """Read your own write, every time, without waiting."""
        async with open_bank() as bank:

            async def client(name: str) -> None:
                for number in range(1, 21):
                    await bank.send(deposit(1, name))
                    assert (await bank.ask(AllBalances()))[name] == number

            await asyncio.gather(*(client(f"client-{number}") for number in range(10)))

    @scene
    async def test_callers_are_answered_in_position_order(self) -> None:
        """Whatever the aggregates, receipts come in the order of the log."""
        async with open_bank(frame_events_max=4) as bank:
            order: list[int] = []
            tasks = []
            for number in range(30):
                task = asyncio.create_task(bank.send(deposit(1, f"account-{number % 7}")))
                task.add_done_callback(lambda task: order.append(task.result().position))
                tasks.append(task)
            await asyncio.gather(*tasks)
            await turns(2)
            assert order == sorted(order)
            assert len(order) == 30

    @scene
    async def test_commands_of_one_turn_share_a_commit(self) -> None:
        """What is sent together is written together."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await asyncio.gather(*(bank.send(deposit(1, f"account-{number}")) for number in range(100)))
        assert log.counts == [100]

    @scene
    async def test_a_long_turn_ends_and_goes_on(self) -> None:
        """With a bound on commands per turn, the loop gets its turn in between, and everything is done all the same."""
        async with open_bank(turn_commands_max=3) as bank:
            seen: list[int] = []

            async def watch() -> None:
                while bank.statistics().accepted < 50:
                    seen.append(bank.statistics().pending)
                    await asyncio.sleep(0)

            watching = asyncio.create_task(watch())
            await asyncio.gather(*(bank.send(deposit(1, f"account-{number % 5}")) for number in range(50)))
            await watching
            assert len({pending for pending in seen if pending}) > 5
            assert sum((await bank.ask(AllBalances())).values()) == 50

    @scene
    async def test_no_actor_starves_behind_a_busy_one(self) -> None:
        """One actor's long mailbox lets others have their turns."""
        async with open_bank(turn_commands_max=2, frame_events_max=2) as bank:
            many = asyncio.create_task(bank.send_many([deposit(1)] * 200))
            await turns(1)
            assert (await bank.send(deposit(1, "bob"))).position < 100
            assert not many.done()
            await many


class TestOverload:
    """Bounds, and what is said at them."""

    @scene
    async def test_a_full_mailbox_refuses_at_once(self) -> None:
        """Nothing happened, with a hint when to try again; other aggregates are not concerned."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor, mailbox_size_max=3) as bank:
            tasks = [asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))]
            await until(lambda: assessor.asked)
            tasks += [asyncio.create_task(bank.send(deposit(1))) for _ in range(3)]
            await turns(2)
            with pytest.raises(Overloaded, match="the mailbox of <Actor Account/ann.*mailbox_size_max") as caught:
                await bank.send(deposit(1))
            assert caught.value.retry_after_seconds > 0
            await bank.send(deposit(1, "bob"))
            assert bank.statistics().pending == 4
            assessor.free.set()
            await asyncio.gather(*tasks)
            assert (await bank.state(Account, "ann")).balance == 4
            await bank.send(deposit(1))

    @scene
    async def test_a_full_engine_refuses_at_once(self) -> None:
        """All that is accepted and not answered has a bound, being decided included.

        When there is room again it goes on.
        """
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor, commands_pending_max=6) as bank:
            names = ("ann", "bob", "eve")
            tasks = [asyncio.create_task(bank.send(Lend(account_id=name, amount=1))) for name in names]
            await until(lambda: len(assessor.asked) == 3)
            tasks += [asyncio.create_task(bank.send(deposit(1, name))) for name in names]
            await turns(2)
            assert bank.statistics().pending == 6
            with pytest.raises(Overloaded, match="commands_pending_max"):
                await bank.send(deposit(1, "joe"))
            assessor.free.set()
            await asyncio.gather(*tasks)
            assert (await bank.send(deposit(1, "joe"))).version == 1
            assert bank.statistics().pending == 0

    @scene
    async def test_a_slow_disk_slows_the_callers_down(self) -> None:
        """While a commit is held and the next batch is full, commands wait in their mailboxes up to the bounds.

        Then are refused.
        """
        log = FaultyLog(MemoryLog())
        async with open_bank(log, frame_events_max=2, commands_pending_max=5) as bank:
            log.hold()
            tasks = [asyncio.create_task(bank.send(deposit(1, f"account-{number}"))) for number in range(20)]
            await until(log.arrived.is_set)
            await turns(20)
            refused = [task for task in tasks if task.done()]
            assert all(isinstance(task.exception(), Overloaded) for task in refused)
            assert refused
            assert bank.statistics().pending <= 5
            log.release()
            await asyncio.wait(tasks)
            assert bank.statistics().position == len(tasks) - len(refused)


class TestCancellation:
    """Abandons the reply, never half a command."""

    @scene
    async def test_in_the_mailbox_a_cancelled_command_is_dropped_whole(self) -> None:
        """It was not taken yet, so it has no effect; those around it do."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            one, two, three = (asyncio.create_task(bank.send(deposit(amount))) for amount in (10, 100, 1_000))
            await turns(2)
            two.cancel()
            await asyncio.wait([two])
            assert two.cancelled()
            assessor.free.set()
            await asyncio.gather(loan, one, three)
            assert (await bank.state(Account, "ann")).balance == 1_011
            assert bank.statistics().pending == 0

    @scene
    async def test_a_decided_command_completes(self) -> None:
        """Its commit is under way: the caller goes, the event stays, and the views show it."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.hold()
            paid = asyncio.create_task(bank.send(deposit(5)))
            refused = asyncio.create_task(bank.send(Withdraw(account_id="ann", amount=6)))
            looked = asyncio.create_task(bank.send(Glance(account_id="ann")))
            await until(log.arrived.is_set)
            for task in (paid, refused, looked):
                task.cancel()
            await asyncio.wait([paid, refused, looked])
            log.release()
            assert await bank.ask(AllBalances(), after=1) == {"ann": 5}
            assert (bank.statistics().accepted, bank.statistics().rejected) == (2, 1)

    @scene
    async def test_a_command_being_decided_completes(self) -> None:
        """An asynchronous decision goes on without its caller."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=5)))
            await until(lambda: assessor.asked)
            loan.cancel()
            await asyncio.wait([loan])
            assessor.free.set()
            assert await bank.ask(AllBalances(), after=1) == {"ann": 5}

    @scene
    async def test_a_lost_batch_whose_callers_have_gone(self) -> None:
        """Nobody to tell: no harm."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.hold()
            log.fail(StoreFull("no space"))
            paid = asyncio.create_task(bank.send(deposit(5)))
            await until(log.arrived.is_set)
            paid.cancel()
            await asyncio.wait([paid])
            log.release()
            await until(lambda: bank.statistics().commit_losses == 1)
            assert (await bank.send(deposit(7))).version == 1


class TestFullDisk:
    """The frame and those behind it are dropped, positions rewound, actors rebuilt."""

    @scene
    async def test_waiters_are_told_and_the_next_command_works(self) -> None:
        """Everyone in the lost batch and behind it gets StoreFull; views show nothing of it.

        With space writing resumes.
        """
        log = FaultyLog(MemoryLog())
        async with open_bank(log, snapshot_events_max=1) as bank:
            await bank.send(deposit(1))
            log.hold()
            log.fail(StoreFull("no space left"))
            first = [asyncio.create_task(bank.send(deposit(10, name))) for name in ("ann", "bob")]
            await until(log.arrived.is_set)
            behind = [asyncio.create_task(bank.send(deposit(100, name))) for name in ("ann", "eve")]
            await turns(5)
            log.release()
            for task in (*first, *behind):
                with pytest.raises(StoreFull, match="no space left"):
                    await task
            assert bank.statistics().state == "full"
            assert await bank.ask(AllBalances()) == {"ann": 1}
            assert (await bank.state(Account, "ann")).balance == 1

            receipts = await asyncio.gather(*(bank.send(deposit(5, name)) for name in ("ann", "bob", "eve")))
            assert [(receipt.version, receipt.position) for receipt in receipts] == [(2, 2), (1, 3), (1, 4)]
            assert await bank.ask(AllBalances()) == {"ann": 6, "bob": 5, "eve": 5}
            assert (bank.statistics().state, bank.statistics().commit_losses) == ("open", 1)
            assert [record.version for record in await bank.history(Account, "ann")] == [1, 2]

    @scene
    async def test_each_waiter_gets_an_error_of_its_own(self) -> None:
        """A raised error carries its traceback, so it must not be shared."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.fail(StoreFull("no space left"))
            errors = await asyncio.gather(*(bank.send(deposit(1)) for _ in range(3)), return_exceptions=True)
            assert len(set(map(id, errors))) == 3

    @scene
    async def test_queries_go_on_and_it_may_happen_again_and_again(self) -> None:
        """Ten full disks in a row, each answered, nothing written, nothing confused."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(deposit(1))
            for _ in range(10):
                log.fail(StoreFull("no space left"))
                outcomes = await bank.send_many([deposit(1), deposit(0), deposit(1, "bob")])
                assert [type(outcome) for outcome in outcomes] == [StoreFull] * 3 or isinstance(outcomes[1], Rejected)
                assert await bank.ask(AllBalances()) == {"ann": 1}
            assert (await bank.send(deposit(1))).version == 2
            assert bank.statistics().commit_losses == 10

    @scene
    async def test_what_was_sent_meanwhile_is_decided_on_what_is_there(self) -> None:
        """A command behind a lost one in the mailbox sees the state without it."""
        log, assessor = FaultyLog(MemoryLog()), HeldAssessor(held=True)
        async with open_bank(log, assessor=assessor) as bank:
            log.hold()
            log.fail(StoreFull("no space"))
            paid = asyncio.create_task(bank.send(deposit(5)))
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            taken = asyncio.create_task(bank.send(Withdraw(account_id="ann", amount=5)))
            looked = asyncio.create_task(bank.send(Glance(account_id="ann")))
            await turns(2)
            log.release()
            await asyncio.wait([paid])
            assert isinstance(paid.exception(), StoreFull)
            assessor.free.set()
            await asyncio.wait([loan, taken, looked])
            assert isinstance(loan.exception(), StoreFull)
            assert isinstance(taken.exception(), Rejected)  # there was never any money
            assert looked.result().version == 0


class TestUnknownOutcome:
    """Fail-stop."""

    @pytest.mark.parametrize("written", [False, True])
    @pytest.mark.parametrize("error", [OutcomeUnknown("the meta page"), OSError(5, "broken")], ids=["outcome", "os"])
    @scene
    async def test_waiters_are_told_and_nothing_is_written_any_more(self, error: Exception, *, written: bool) -> None:
        """OutcomeUnknown with its cause for those in the batch, StoreFailed for all later ones; queries go on."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(deposit(1))
            log.hold()
            log.fail(error, written=written)
            first = asyncio.create_task(bank.send(deposit(10), command_id="doubtful"))
            await until(log.arrived.is_set)
            behind = asyncio.create_task(bank.send(deposit(100)))
            await turns(5)
            log.release()
            for task in (first, behind):
                with pytest.raises(OutcomeUnknown, match="outcome is not known.*reopen") as unknown:
                    await task
                assert unknown.value.__cause__ is error
            for account_id in ("ann", "bob"):
                with pytest.raises(StoreFailed, match="until it is opened again") as failed:
                    await bank.send(deposit(1, account_id))
                assert failed.value.__cause__ is error
            assert await bank.ask(AllBalances()) == {"ann": 1}
            assert bank.statistics().state == "failed"
            assert log.appends == 2
        async with open_bank(log.inner.reopen()) as bank:  # type: ignore[attr-defined]
            outcome = await bank.outcome("doubtful")
            assert (outcome is not None) is written
            assert await bank.ask(AllBalances()) == {"ann": 11 if written else 1}

    @scene
    async def test_everything_that_waits_is_refused(self) -> None:
        """Mailboxes, decisions under way, actors that wait for the commit, and later parts of a `send_many`."""
        log, assessor = FaultyLog(MemoryLog()), HeldAssessor(held=True)
        async with open_bank(log, assessor=assessor, frame_events_max=2, mailbox_size_max=4) as bank:
            loan = asyncio.create_task(bank.send(Lend(account_id="eve", amount=1)))
            await until(lambda: assessor.asked)
            waits = asyncio.create_task(bank.send(deposit(1, "eve")))
            log.hold()
            log.fail(OSError(5, "broken"))
            many = asyncio.create_task(bank.send_many([deposit(1)] * 12))
            await until(log.arrived.is_set)
            await turns(10)
            log.release()
            kinds = [type(outcome) for outcome in await many]
            assert kinds[:4] == [OutcomeUnknown] * 4
            assert kinds[4:] == [StoreFailed] * 8
            await until(waits.done)
            assert isinstance(waits.exception(), StoreFailed)
            assert not loan.done()
            assessor.free.set()
            await until(loan.done)
            assert isinstance(loan.exception(), StoreFailed)
            assert bank.statistics().pending == 0


class Relay(Command):
    """Passes a command on while deciding."""

    name: str
    to: tuple[str, ...] = ()
    many: bool = False


class Relayed(Event):
    """It was passed on."""

    name: str


class Post:
    """A service that sends; the engine is put in when it is open."""

    engine: Engine

    async def send(self, command: Relay) -> None:
        """Send and wait."""
        if command.many:
            (outcome,) = await self.engine.send_many([command])
            if not isinstance(outcome, Receipt):
                raise outcome
        else:
            await self.engine.send(command)


class Messenger(Post):
    """A service that sends without waiting the first time; later senders wait.

    Attributes:
        tasks: what it sent without waiting.
    """

    def __init__(self) -> None:
        """Nothing sent."""
        self.tasks: list[asyncio.Task[Receipt | None]] = []

    async def send(self, command: Relay) -> None:
        """Leave it to a task, once."""
        if self.tasks:
            await super().send(command)
        else:
            self.tasks.append(asyncio.create_task(self._later(command)))
            await asyncio.sleep(0)  # the task sends before the decision ends

    async def _later(self, command: Relay) -> Receipt | None:
        if command.many:
            (outcome,) = await self.engine.send_many([command])
            assert isinstance(outcome, Receipt), outcome
            return outcome
        return await self.engine.send(command)


class Station(Aggregate, key="name"):
    """Decides by sending to the next one first."""

    count: int = 0

    @decide
    async def relay(self, command: Relay, post: Post) -> Relayed:
        """Send on what is left of the way, then say so."""
        if command.to:
            await post.send(Relay(name=command.to[0], to=command.to[1:], many=command.many))
        return Relayed(name=command.name)

    @evolve
    def relayed(self, event: Relayed) -> None:
        """One more."""
        self.count += 1


class TestReentrancy:
    """An actor that waits for itself gets an error instead of hanging."""

    @staticmethod
    async def relayed(*way: str, many: bool = False) -> BaseException | None:
        """What becomes of a way through some stations."""
        post = Post()
        async with open_bank(None, Station, services=[post]) as engine:
            post.engine = engine
            task = asyncio.create_task(engine.send(Relay(name=way[0], to=way[1:], many=many)))
            await until(task.done)
            assert (await engine.send(Relay(name="last"))).version >= 1  # the engine goes on
            return task.exception()

    @scene
    async def test_sending_to_others_is_fine(self) -> None:
        """A decision may wait for other aggregates."""
        assert await self.relayed("a", "b", "c") is None

    @pytest.mark.parametrize("many", [False, True])
    @pytest.mark.parametrize(
        "way", [("a", "a"), ("a", "b", "a"), ("a", "b", "c", "b"), ("a", "b", "c", "a")], ids="".join
    )
    @scene
    async def test_sending_to_oneself_is_an_error(self, way: tuple[str, ...], *, many: bool) -> None:
        """Directly or through others, by `send` or `send_many`: the caller learns the cause."""
        error = await self.relayed(*way, many=many)
        assert isinstance(error, Reentrant)
        assert f"Station/{way[-2]}" in str(error)
        assert f"Station/{way[-1]}" in str(error)

    @scene
    async def test_two_that_send_to_each_other(self) -> None:
        """Crossing commands of two callers: one gets Reentrant instead of both waiting for ever, the other is done."""
        post = Post()
        async with open_bank(None, Station, services=[post]) as engine:
            post.engine = engine
            ways = [("a", "b"), ("b", "a")]
            tasks = [asyncio.create_task(engine.send(Relay(name=way[0], to=way[1:]))) for way in ways]
            await until(lambda: all(task.done() for task in tasks))
            kinds = {type(task.exception()) for task in tasks}
            assert kinds == {Reentrant, type(None)}
            for name in "ab":
                assert (await engine.send(Relay(name=name))).version >= 1

    @pytest.mark.parametrize("many", [False, True])
    @scene
    async def test_a_task_that_outlives_its_decision_waits_for_nobody(self, *, many: bool) -> None:
        """A decision that starts a task and ends does not wait for what the task sends: sending back to it is fine."""
        post = Messenger()
        async with open_bank(None, Station, services=[post]) as engine:
            post.engine = engine
            first = await engine.send(Relay(name="a", to=("b", "a"), many=many))
            assert first.version == 1
            receipts = await asyncio.gather(*post.tasks)
            assert [receipt.key for receipt in receipts if receipt is not None] == ["b"]
            assert (await engine.state(Station, "a")).count == 2
            assert (await engine.state(Station, "b")).count == 1

    @scene
    async def test_the_same_way_twice_is_fine(self) -> None:
        """What was decided before is not what is being decided."""
        post = Post()
        async with open_bank(None, Station, services=[post]) as engine:
            post.engine = engine
            for version in (1, 2):
                assert (await engine.send(Relay(name="a", to=("b",)))).version == version

    @scene
    async def test_another_caller_may_send_to_an_actor_that_decides(self) -> None:
        """It waits in the mailbox; only the decision's own sending is reentrant."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            paid = asyncio.create_task(bank.send(deposit(1)))
            await turns(5)
            assert not paid.done()
            assessor.free.set()
            assert ((await loan).version, (await paid).version) == (1, 2)


@scene
async def test_a_command_that_comes_when_a_decision_ends() -> None:
    """Both want a turn for the same actor in the same iteration of the loop: one is enough, and the order holds."""
    assessor = HeldAssessor(held=True)
    async with open_bank(assessor=assessor) as bank:
        loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
        await until(lambda: assessor.asked)
        paid = asyncio.create_task(bank.send(deposit(1)))
        assessor.free.set()
        assert ((await loan).version, (await paid).version) == (1, 2)


class TestDraining:
    """What close waits for."""

    @scene
    async def test_close_lets_everything_end(self) -> None:
        """Mailboxes, decisions and commits; all callers are answered and the log has it all."""
        log, assessor = FaultyLog(MemoryLog()), HeldAssessor(held=True)
        bank = await open_bank(log, assessor=assessor, frame_events_max=2)
        loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
        await until(lambda: assessor.asked)
        log.hold()
        tasks = [
            asyncio.create_task(bank.send(deposit(1, name))) for name in ("ann", "ann", "bob", "eve", "joe", "bob")
        ]
        await until(log.arrived.is_set)
        closing = asyncio.create_task(bank.close())
        await turns(10)
        with pytest.raises(EngineClosed, match="closing"):
            await bank.send(deposit(1))
        assert not closing.done()
        log.release()
        await turns(10)
        assert not closing.done()
        assessor.free.set()
        await closing
        receipts = await asyncio.gather(loan, *tasks)
        assert sorted(receipt.position for receipt in receipts) == [1, 2, 3, 4, 5, 6, 7]
        assert log.head.position == 7

    @scene
    async def test_a_decision_that_never_ends_is_cancelled(self) -> None:
        """After `close_seconds_max`; its caller gets CommandFailed, and those behind it are answered too."""
        assessor = HeldAssessor(held=True)
        bank = await open_bank(assessor=assessor, close_seconds_max=0.01)
        loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
        await until(lambda: assessor.asked)
        behind = asyncio.create_task(bank.send(deposit(1)))
        await turns(2)
        await bank.close()
        assert isinstance(loan.exception(), CommandFailed)
        assert (await behind).version == 1

    @scene
    async def test_close_waits_for_a_slow_commit_beyond_its_time(self) -> None:
        """A commit can't be cancelled: its outcome is waited for."""
        log = FaultyLog(MemoryLog())
        bank = await open_bank(log, close_seconds_max=0.001)
        log.hold()
        paid = asyncio.create_task(bank.send(deposit(1)))
        await until(log.arrived.is_set)
        closing = asyncio.create_task(bank.close())
        await turns(20)
        assert not closing.done()
        log.release()
        await closing
        assert (await paid).version == 1


class TestBusyLoop:
    """The gate: a busy loop must not starve acknowledgements.

    Counted in turns of the busy tasks, not in time: one turn to decide, one to commit, one to wake the caller. Without
    the gate it is 5 to 20 on a real disk, since the writer's thread gets the interpreter when the loop happens to let
    go of it. The gate is long here, so that a slow disk counts as one turn too.
    """

    TURNS_PER_COMMAND_MAX = 3.6

    @staticmethod
    async def turns_per_command(bank: Engine, busy: Callable[[], Awaitable[None]], tasks: int) -> float:
        """How many turns each of some busy tasks has while one client sends 200 commands, one after the other."""
        counts = [0] * tasks
        stop = asyncio.Event()

        async def work(index: int) -> None:
            while not stop.is_set():
                await busy()
                counts[index] += 1
                await asyncio.sleep(0)

        working = [asyncio.create_task(work(index)) for index in range(tasks)]
        for _ in range(200):
            await bank.send(deposit(1))
        stop.set()
        await asyncio.gather(*working)
        return max(counts) / 200

    @pytest.mark.parametrize("tasks", [1, 4])
    @scene
    async def test_under_code_that_never_calls_the_engine(self, tmp_path: Path, tasks: int) -> None:
        """A command takes three turns, however much each turn computes."""

        async def compute() -> None:
            sum(range(2_000))

        async with open_bank(tmp_path / "bank", gate_seconds=0.1, durability="full") as bank:
            assert await self.turns_per_command(bank, compute, tasks) <= self.TURNS_PER_COMMAND_MAX

    @pytest.mark.parametrize("tasks", [1, 4])
    @scene
    async def test_under_queries(self, tmp_path: Path, tasks: int) -> None:
        """The same with tasks that ask."""
        async with open_bank(tmp_path / "bank", gate_seconds=0.1, durability="full") as bank:
            await bank.send_many([deposit(number + 1, f"account-{number}") for number in range(300)])

            async def query() -> None:
                await bank.ask(TopBalances(limit=100))

            assert await self.turns_per_command(bank, query, tasks) <= self.TURNS_PER_COMMAND_MAX


@scene
async def test_the_scheduler_shows_what_waits() -> None:
    """Pending, ready, deciding."""
    assessor = HeldAssessor(held=True)
    async with Engine.open(MemoryLog(), Account, Balances, services=[assessor]) as bank:
        loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
        await until(lambda: assessor.asked)
        paid = asyncio.create_task(bank.send(deposit(1)))
        await turns(2)
        core = bank._core
        assert core is not None
        assert repr(core.scheduler) == "<Scheduler 2 pending 0 ready 1 deciding>"
        assert repr(core.directory.streams["Account"].actors["ann"]) == "<Actor Account/ann@0 mailbox 1 deciding>"
        assessor.free.set()
        await asyncio.gather(loan, paid)
        assert repr(core.directory.streams["Account"].actors["ann"]) == "<Actor Account/ann@2 mailbox 0 awake>"


@scene
async def test_a_turn_is_not_in_the_context_of_whoever_came_first() -> None:
    """What a decision finds in context variables is not another caller's."""
    caller: ContextVar[str] = ContextVar("caller", default="nobody")
    found: list[str] = []

    class Bureau(HeldAssessor):
        async def approves(self, account_id: str, amount: int) -> bool:
            found.append(caller.get())
            return True

    async with open_bank(assessor=Bureau()) as bank:

        async def lend(name: str) -> None:
            caller.set(name)
            await bank.send(Lend(account_id=name, amount=5))

        await asyncio.gather(*map(lend, ("ann", "bob")))
    assert found == ["nobody", "nobody"]
