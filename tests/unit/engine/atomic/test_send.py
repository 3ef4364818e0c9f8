"""`send_atomic`: all of it or nothing, in one frame, in order, with retries, without waiting in circles."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from actum import (
    Aggregate,
    Command,
    CommandFailed,
    CommandTimeout,
    Conflict,
    Engine,
    EngineClosed,
    Envelope,
    Event,
    Invalid,
    MemoryLog,
    Options,
    OutcomeUnknown,
    Overloaded,
    Quarantined,
    Receipt,
    Reentrant,
    Rejected,
    StoreFailed,
    StoreFull,
    decide,
    evolve,
)
from actum_storage import ActumError

from tests.support.bank import (
    Account,
    AllBalances,
    Deposit,
    DepositEach,
    Glance,
    HeldAssessor,
    Lend,
    Note,
    Withdraw,
    WithdrawAll,
    open_bank,
)
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, turns, until

T = TypeVar("T")


def deposit(account_id: str, amount: int) -> Deposit:
    """Money in."""
    return Deposit(account_id=account_id, amount=amount)


def withdraw(account_id: str, amount: int) -> Withdraw:
    """Money out."""
    return Withdraw(account_id=account_id, amount=amount)


def transfer(source: str, target: str, amount: int) -> list[Command]:
    """Money from one account to another."""
    return [withdraw(source, amount), deposit(target, amount)]


def begun(sent: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task of a send."""
    return asyncio.create_task(sent)


async def balances(bank: Engine) -> dict[str, int]:
    """What the view says."""
    return await bank.ask(AllBalances())


class TestTogether:
    """What is written, where, and what is told."""

    @scene
    async def test_all_events_are_in_one_frame(self) -> None:
        """Receipts in the order of the commands, positions one behind the other, one commit, one step of the view."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(deposit("ann", 10))
            taken, given = await bank.send_atomic(transfer("ann", "bob", 3))
            assert (taken.key, taken.version, taken.position) == ("ann", 2, 2)
            assert (given.key, given.version, given.position) == ("bob", 1, 3)
            assert [type(event).__name__ for event in (*taken.events, *given.events)] == ["Withdrawn", "Deposited"]
            assert await balances(bank) == {"ann": 7, "bob": 3}
            assert (await bank.state(Account, "ann")).balance == 7
            assert await bank.send_atomic([]) == []
            figures = bank.statistics()
            assert (figures.accepted, figures.rejected, figures.pending) == (3, 0, 0)
        assert log.counts == [1, 2]

    @scene
    async def test_commands_of_one_target_see_each_other(self) -> None:
        """Each is decided on the state that the one before left; the live state is what they made together."""
        async with open_bank() as bank:
            receipts = await bank.send_atomic(
                [
                    deposit("ann", 5),
                    withdraw("ann", 5),
                    DepositEach(account_id="ann", amounts=[1, 2]),
                    Glance(account_id="ann"),
                    Note(account_id="ann", text="well"),
                    deposit("bob", 1),
                ]
            )
            assert [receipt.version for receipt in receipts] == [1, 2, 4, 4, 5, 1]
            assert [receipt.position for receipt in receipts] == [1, 2, 4, 4, 5, 6]
            assert len({receipt.command_id for receipt in receipts}) == 6
            with pytest.raises(Rejected, match="only 3 there"):
                await bank.send(withdraw("ann", 4))
            state = await bank.state(Account, "ann")
            assert (state.balance, state.notes) == (3, ["well"])
            records = await bank.history(Account, "ann")
            assert [(record.version, record.previous) for record in records] == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]

    @scene
    async def test_the_first_that_fails_undoes_all(self) -> None:
        """The error is the one that the command alone would get, and says which command it was."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(deposit("ann", 5))
            for commands, index in (
                ([deposit("bob", 5), withdraw("ann", 6)], 1),
                ([withdraw("ann", 6), deposit("bob", 5)], 0),
                ([deposit("ann", 1), deposit("ann", 1), withdraw("ann", 8), deposit("bob", 5)], 2),
            ):
                with pytest.raises(Rejected, match="only . there") as caught:
                    await bank.send_atomic(commands)
                assert caught.value.command_index == index
                assert caught.value.__notes__ == [
                    f"send_atomic: command {index + 1} of {len(commands)}, Withdraw; nothing was written"
                ]
            assert await balances(bank) == {"ann": 5}
            assert [(await bank.state(Account, key)).balance for key in ("ann", "bob")] == [5, 0]
            assert (await bank.send(withdraw("ann", 5))).version == 2
            assert bank.statistics().pending == 0
        assert log.counts == [1, 1]

    @scene
    async def test_commands_that_write_nothing(self) -> None:
        """They get receipts; alone they wait only for what they were decided on."""
        async with open_bank() as bank:
            receipts = await bank.send_atomic([Glance(account_id="ann"), Glance(account_id="bob")])
            assert [(one.key, one.version, one.position, one.events) for one in receipts] == [
                ("ann", 0, 0, ()),
                ("bob", 0, 0, ()),
            ]
            assert (bank.statistics().position, bank.statistics().pending) == (0, 0)

    @scene
    async def test_metadata_are_the_whole_s_or_the_command_s(self) -> None:
        """An envelope says what belongs to one command alone."""
        async with open_bank() as bank:
            await bank.send_atomic(
                [deposit("ann", 1), Envelope(command=deposit("bob", 1), user_id="joe")],
                user_id="eve",
                correlation_id="c",
                causation_id="d",
            )
            records = [(await bank.history(Account, key))[0] for key in ("ann", "bob")]
            assert [record.user_id for record in records] == ["eve", "joe"]
            assert {(record.correlation_id, record.causation_id) for record in records} == {("c", "d")}
            assert len({record.timestamp_ns for record in records}) == 1

    @scene
    async def test_expected_versions_are_those_that_each_command_meets(self) -> None:
        """A wrong one is a conflict of all; one may count what a command before it has written."""
        async with open_bank() as bank:
            first = Envelope(command=deposit("ann", 1), expected_version=0)
            second = Envelope(command=deposit("ann", 1), expected_version=1)
            with pytest.raises(Conflict, match="is at version 1, not 0") as caught:
                await bank.send_atomic([deposit("bob", 1), first, first])
            assert (caught.value.command_index, caught.value.version) == (2, 1)
            await bank.send_atomic([first, second])
            assert await balances(bank) == {"ann": 2}

    @scene
    async def test_too_much_for_a_frame_is_refused(self) -> None:
        """By the events and by the bytes of all together."""
        async with open_bank(frame_events_max=3) as bank:
            with pytest.raises(Invalid, match=r"one send_atomic may write 3 events \(frame_events_max\)"):
                await bank.send_atomic([deposit(key, 1) for key in "abcd"])
            await bank.send_atomic([deposit(key, 1) for key in "abc"])
            assert await balances(bank) == dict.fromkeys("abc", 1)
        async with open_bank(frame_bytes_max=16_384, event_bytes_max=5_000) as bank:
            with pytest.raises(Invalid, match="half of frame_bytes_max"):
                await bank.send_atomic([Note(account_id=key, text="x" * 3_000) for key in "ab"])

    @scene
    async def test_it_waits_for_a_batch_with_room(self) -> None:
        """While a commit is held and the next batch fills, it comes into one of its own, whole."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log, frame_events_max=4) as bank:
            log.hold()
            tasks = [begun(bank.send(deposit("eve", 1)))]
            await until(log.arrived.is_set)
            tasks += [begun(bank.send(deposit(f"joe-{number}", 1))) for number in range(3)]
            await turns()
            whole = begun(bank.send_atomic([deposit(key, 1) for key in "abcd"]))
            await turns()
            tasks += [begun(bank.send(deposit(f"sue-{number}", 1))) for number in range(3)]
            log.release()
            receipts = await whole
            await asyncio.gather(*tasks)
            assert [receipt.position for receipt in receipts] == [5, 6, 7, 8]
        assert 4 in log.counts

    @scene
    async def test_snapshots_and_sleep(
        self,
    ) -> None:
        """Targets that sleep are woken first; long streams get their snapshots."""
        async with open_bank(actors_max=1, snapshot_events_max=2, snapshot_events_min=1) as bank:
            for number in range(1, 8):
                await bank.send_atomic([deposit(key, 1) for key in ("ann", "bob", "eve", "ann")])
                assert await balances(bank) == {"ann": 2 * number, "bob": number, "eve": number}
            assert (await bank.verify_snapshots(Account)).ok
            assert bank.statistics().aggregates[0].snapshots == 3


class TestOrder:
    """Who is before whom."""

    @scene
    async def test_mailboxes_keep_their_order(self) -> None:
        """What was sent before is decided before, what was sent behind behind, on all targets."""
        async with open_bank() as bank:
            before = [begun(bank.send(deposit(key, 5))) for key in ("ann", "bob")]
            await turns(1)
            whole = begun(bank.send_atomic([withdraw("ann", 5), withdraw("bob", 5)]))
            await turns(1)
            behind = [begun(bank.send(withdraw(key, 1))) for key in ("ann", "bob")]
            await asyncio.gather(*before, whole)
            for task in behind:
                with pytest.raises(Rejected, match="only 0 there"):
                    await task

    @scene
    async def test_while_it_decides_its_targets_do_nothing_else(self) -> None:
        """A slow decision holds the others; they go on when all is written."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            await bank.send_atomic([deposit("ann", 7), deposit("bob", 1)])
            whole = begun(bank.send_atomic([WithdrawAll(account_id="ann"), Lend(account_id="bob", amount=7)]))
            await until(lambda: assessor.asked)
            others = [begun(bank.send(deposit(key, 1))) for key in ("ann", "bob")]
            await bank.send(deposit("eve", 1))
            await turns()
            assert not any(task.done() for task in others)
            assert "deciding" in repr(bank._core.directory.streams["Account"].actors["bob"])  # type: ignore[union-attr]
            assessor.free.set()
            assert [receipt.version for receipt in await whole] == [2, 2]
            assert [receipt.version for receipt in await asyncio.gather(*others)] == [3, 3]
            assert await balances(bank) == {"ann": 1, "bob": 9, "eve": 1}

    @pytest.mark.parametrize("count", [2, 5])
    @scene
    async def test_crossing_sends_never_wait_for_each_other(self, count: int) -> None:
        """In any order of targets, many at once, with decisions that wait: all end, no money is made or lost."""
        names = [f"account-{number}" for number in range(count)]
        async with open_bank() as bank:
            await bank.send_atomic([deposit(name, 100) for name in names])
            sends = []
            for number in range(60):
                source, target = names[number % count], names[(number * 7 + 1) % count]
                sends.append(bank.send_atomic(transfer(source, target, 1)))
                sends.append(bank.send_atomic([*transfer(target, source, 2), Lend(account_id=source, amount=1)]))
            receipts = await asyncio.gather(*sends)
            assert len(receipts) == 120
            assert sum((await balances(bank)).values()) == 100 * count + 60
            assert bank.statistics().pending == 0

    @scene
    async def test_hundreds_with_overlapping_targets_end_soon(self) -> None:
        """However many ways there are through those that wait, finding out whether there is a circle costs little."""
        random = Random(1)
        names = [f"account-{number}" for number in range(300)]
        async with open_bank() as bank:
            sends = [bank.send_atomic([deposit(name, 1) for name in random.sample(names, 20)]) for _ in range(200)]
            await asyncio.wait_for(asyncio.gather(*sends), 10)
            assert sum((await balances(bank)).values()) == 20 * 200

    @scene
    async def test_a_long_queue_of_sends_that_wait_for_each_other(self) -> None:
        """Deeper than the interpreter's stack, with a decision that sends at its end."""
        courier, pace = Courier(), asyncio.Event()
        async with open_bank(assessor=courier) as bank:

            async def errand() -> None:
                await pace.wait()
                await bank.send(deposit("eve", 1))

            courier.errands["0"] = errand
            loan = begun(bank.send(Lend(account_id="0", amount=1)))
            await turns()
            sends = [begun(bank.send_atomic([deposit(f"{n + 1}", 1), deposit(f"{n}", 1)])) for n in range(1_500)]
            await turns()
            pace.set()
            await asyncio.gather(loan, *sends)
            assert (await balances(bank))["1500"] == 1
            assert (await balances(bank))["0"] == 2

    @scene
    async def test_a_rejection_decided_on_tentative_events_waits_for_them(self) -> None:
        """Nobody hears of events before they are durable, not even by a refusal."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.hold()
            paid = begun(bank.send(deposit("ann", 5)))
            refused = begun(bank.send_atomic([deposit("bob", 1), withdraw("ann", 6)]))
            await until(log.arrived.is_set)
            await turns()
            assert not refused.done()
            log.release()
            await paid
            with pytest.raises(Rejected):
                await refused


class TestCancellation:
    """Abandoned whole, or complete."""

    @scene
    async def test_before_it_is_decided_it_is_abandoned_whole(self) -> None:
        """Waiting for one target: the others are let go at once, and nothing is written."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            loan = begun(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            whole = begun(bank.send_atomic([deposit("bob", 1), deposit("ann", 1)]))
            await turns()
            behind = begun(bank.send(deposit("bob", 5)))
            await turns()
            assert not behind.done()
            whole.cancel()
            assert (await behind).version == 1
            assessor.free.set()
            await loan
            assert (await bank.send(deposit("ann", 1))).version == 2
            assert await balances(bank) == {"ann": 2, "bob": 5}
            assert bank.statistics().pending == 0

    @scene
    async def test_once_it_decides_it_completes(self) -> None:
        """Its caller has gone, and all of it happens."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            whole = begun(bank.send_atomic([deposit("bob", 1), Lend(account_id="ann", amount=1)]))
            await until(lambda: assessor.asked)
            whole.cancel()
            assessor.free.set()
            assert await bank.ask(AllBalances(), after=2) == {"ann": 1, "bob": 1}
            assert bank.statistics().pending == 0

    @scene
    async def test_a_timeout_says_what_it_means(self) -> None:
        """As for a single command."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            loan = begun(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            with pytest.raises(CommandTimeout, match="no answer to send_atomic within"):
                await bank.send_atomic([deposit("bob", 1), deposit("ann", 1)], timeout=0.01)
            with pytest.raises(Invalid, match="is not a time"):
                await bank.send_atomic([deposit("bob", 1)], timeout=float("nan"))
            assessor.free.set()
            await loan
            assert await balances(bank) == {"ann": 1}

    @scene
    async def test_closing_lets_it_end(self) -> None:
        """What was accepted is decided, what waits for a target as well."""
        assessor = HeldAssessor(held=True)
        bank = open_bank(assessor=assessor)
        await bank
        loan = begun(bank.send(Lend(account_id="ann", amount=1)))
        await until(lambda: assessor.asked)
        whole = begun(bank.send_atomic([deposit("bob", 1), Lend(account_id="ann", amount=1)]))
        await turns()
        closing = begun(bank.close())
        await turns()
        assessor.free.set()
        await closing
        assert [receipt.version for receipt in await whole] == [1, 2]
        await loan
        with pytest.raises(EngineClosed):
            await bank.send_atomic([deposit("bob", 1)])

    @scene
    async def test_closing_cancels_what_does_not_end(self) -> None:
        """A decision that would take for ever is cancelled, and so is what waits for its actor."""
        assessor = HeldAssessor(held=True)
        bank = open_bank(assessor=assessor, close_seconds_max=0.01)
        await bank
        first = begun(bank.send_atomic([deposit("bob", 1), Lend(account_id="ann", amount=1)]))
        await until(lambda: assessor.asked)
        second = begun(bank.send_atomic([deposit("eve", 1), Lend(account_id="ann", amount=1)]))
        await turns()
        await bank.close()
        for task in (first, second):
            with pytest.raises(CommandFailed, match="CancelledError"):
                await task


class Courier:
    """An assessor that does something before it approves.

    Attributes:
        errands: what to do, by the account that is decided.
    """

    def __init__(self) -> None:
        """Nothing to do."""
        self.errands: dict[str, Any] = {}

    async def approves(self, account_id: str, amount: int) -> bool:
        """Do it."""
        del amount
        if account_id in self.errands:
            await self.errands[account_id]()
        return True


class TestDecisionsThatSend:
    """No circle is closed, and nobody who is not in one is refused."""

    @scene
    async def test_a_decision_that_sends_to_a_target_of_its_own_send_is_refused(self) -> None:
        """Whether the target is decided already or not; all of it is undone."""
        courier = Courier()
        async with open_bank(assessor=courier) as bank:
            courier.errands["ann"] = lambda: bank.send(deposit("bob", 1))
            for commands in (
                [Lend(account_id="ann", amount=1), deposit("bob", 1)],
                [deposit("bob", 1), Lend(account_id="ann", amount=1)],
            ):
                with pytest.raises(Reentrant, match="sends Deposit to <Actor Account/bob") as caught:
                    await bank.send_atomic(commands)
                assert isinstance(commands[caught.value.command_index or 0], Lend)
            courier.errands["ann"] = lambda: bank.send(deposit("eve", 1))
            await bank.send_atomic([Lend(account_id="ann", amount=1), deposit("bob", 1)])
            assert await balances(bank) == {"eve": 1, "ann": 1, "bob": 1}

    @scene
    async def test_a_send_that_only_waits_steps_back_for_a_decision(self) -> None:
        """It holds one target and waits for the other, whose decision sends to the first: that goes first."""
        courier, pace = Courier(), asyncio.Event()
        async with open_bank(assessor=courier) as bank:

            async def errand() -> None:
                await pace.wait()
                assert (await bank.send(deposit("bob", 1))).version == 1

            courier.errands["ann"] = errand
            loan = begun(bank.send(Lend(account_id="ann", amount=1)))
            await turns()
            whole = begun(bank.send_atomic([deposit("bob", 10), deposit("ann", 10)]))
            await turns()
            pace.set()
            assert (await loan).version == 1
            assert [receipt.version for receipt in await whole] == [2, 2]
            assert await balances(bank) == {"bob": 11, "ann": 11}
            assert bank.statistics().pending == 0

    @scene
    async def test_it_steps_back_for_what_came_behind_it(self) -> None:
        """A decision of one target waits for a command that stands behind the send in the other's mailbox."""
        courier, pace, busy = Courier(), asyncio.Event(), asyncio.Event()
        async with open_bank(assessor=courier) as bank:

            async def errand() -> None:
                await pace.wait()
                await bank.send(deposit("bob", 1))

            courier.errands |= {"ann": errand, "bob": busy.wait}
            loans = [begun(bank.send(Lend(account_id=name, amount=1))) for name in ("ann", "bob")]
            await turns()
            whole = begun(bank.send_atomic([deposit("bob", 10), deposit("ann", 10)]))
            await turns()
            pace.set()
            await turns()
            busy.set()
            await asyncio.gather(*loans)
            assert [receipt.version for receipt in await whole] == [3, 2]
            assert await balances(bank) == {"bob": 12, "ann": 11}
            assert bank.statistics().pending == 0

    @scene
    async def test_a_circle_through_another_send(self) -> None:
        """A decision of one send waits for an actor that a second one holds, which waits for the first."""
        courier, pace = Courier(), asyncio.Event()
        async with open_bank(assessor=courier) as bank:

            async def errand() -> None:
                await pace.wait()
                await bank.send(deposit("eve", 1))

            courier.errands["ann"] = errand
            first = begun(bank.send_atomic([Lend(account_id="ann", amount=1), deposit("bob", 1)]))
            await turns()
            second = begun(bank.send_atomic([deposit("eve", 10), deposit("bob", 10)]))
            await turns()
            pace.set()
            await asyncio.gather(first, second)
            assert await balances(bank) == {"eve": 11, "ann": 1, "bob": 11}

    @scene
    async def test_a_decision_may_send_as_one_to_others(self) -> None:
        """But not to itself, nor to who waits for it."""
        courier = Courier()
        async with open_bank(assessor=courier) as bank:
            courier.errands["ann"] = lambda: bank.send_atomic([deposit("bob", 1), deposit("eve", 1)])
            await bank.send(Lend(account_id="ann", amount=1))
            courier.errands["ann"] = lambda: bank.send_atomic([deposit("bob", 1), deposit("ann", 1)])
            with pytest.raises(Reentrant, match="sends a send_atomic to"):
                await bank.send(Lend(account_id="ann", amount=1))
            await bank.send_atomic([deposit("bob", 1), deposit("ann", 1)])
            assert await balances(bank) == {"bob": 2, "eve": 1, "ann": 2}


class TestRetries:
    """The same id has its effect once, and gives the same receipts."""

    @pytest.mark.parametrize("reopened", [False, True])
    @scene
    async def test_all_first_receipts_come_again(self, *, reopened: bool, tmp_path: Path) -> None:
        """Also those of commands that wrote nothing, whatever has happened since; also after reopening."""
        commands = [
            Glance(account_id="joe"),
            Glance(account_id="eve"),
            Glance(account_id="ann"),
            *transfer("ann", "bob", 3),
            Glance(account_id="ann"),
            DepositEach(account_id="ann", amounts=[1, 1]),
            Glance(account_id="bob"),
        ]
        bank = open_bank(tmp_path / "bank")
        await bank
        await bank.send_many([deposit("ann", 10), deposit("joe", 1)])
        first = await bank.send_atomic(commands, command_id="a transfer")
        await bank.send_many([deposit("joe", 1), deposit("ann", 1)])
        if reopened:
            await bank.close()
            bank = open_bank(tmp_path / "bank")
            await bank
        assert await bank.send_atomic(commands, command_id="a transfer") == first
        assert [receipt.version for receipt in first] == [1, 0, 1, 2, 1, 2, 4, 1]
        assert await balances(bank) == {"ann": 10, "joe": 2, "bob": 3}
        assert bank.statistics().pending == 0
        await bank.send_atomic(commands, command_id="another")
        assert (await balances(bank))["bob"] == 6
        await bank.close()

    @scene
    async def test_one_target_that_remembers_is_enough(self) -> None:
        """One aggregate's window has forgotten the command: the frame has not."""
        async with open_bank(dedup_commands_max=2) as bank:
            await bank.send(deposit("ann", 10))
            first = await bank.send_atomic(transfer("ann", "bob", 3), command_id="a transfer")
            await bank.send_many([deposit("ann", 1)] * 5)
            assert await bank.send_atomic(transfer("ann", "bob", 3), command_id="a transfer") == first
            assert await balances(bank) == {"ann": 12, "bob": 3}

    @pytest.mark.parametrize("reopened", [False, True])
    @scene
    async def test_an_id_is_for_the_same_commands_in_the_same_order(self, *, reopened: bool, tmp_path: Path) -> None:
        """Otherwise it is a mistake, which would have its effect twice, or none."""
        first = [deposit("ann", 1), deposit("bob", 2), deposit("ann", 3)]
        bank = await open_bank(tmp_path / "bank")
        await bank.send_atomic(first, command_id="t")
        if reopened:
            await bank.close()
            bank = await open_bank(tmp_path / "bank")
        for other in (first[::-1][1:] + first[2:], first[:2], [first[2]], [deposit("eve", 9), first[1]], first[1:]):
            with pytest.raises(
                Invalid, match=r"was that of another send_atomic, at position .* to Account/(ann|bob), now"
            ):
                await bank.send_atomic(other, command_id="t")
        assert [one.position for one in await bank.send_atomic([*first, deposit("bob", 0)][:3], command_id="t")] == [
            1,
            2,
            3,
        ]
        assert await balances(bank) == {"ann": 4, "bob": 2}
        await bank.close()

    @scene
    async def test_a_retry_before_the_commit_waits_for_it(self) -> None:
        """Nobody is told of what is not durable; both are told the same."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.hold()
            sends = [begun(bank.send_atomic([deposit("ann", 1), deposit("bob", 1)], command_id="x")) for _ in range(3)]
            await until(log.arrived.is_set)
            await turns()
            assert not any(send.done() for send in sends)
            log.release()
            first, *others = await asyncio.gather(*sends)
            assert others == [first, first]
            assert await balances(bank) == {"ann": 1, "bob": 1}

    @scene
    async def test_outcome_knows_the_whole_by_its_id(self) -> None:
        """The receipt of its last command that wrote; None for one that never happened."""
        async with open_bank() as bank:
            receipts = await bank.send_atomic(
                [deposit("ann", 1), deposit("bob", 1), Glance(account_id="eve")], command_id="x"
            )
            assert await bank.outcome("x") == receipts[1]
            assert await bank.outcome("y") is None

    @scene
    async def test_a_command_of_its_own_with_the_same_id_is_another(self) -> None:
        """The ids of the parts are derived: they never are that of a command sent alone."""
        async with open_bank() as bank:
            await bank.send(deposit("ann", 1), command_id="x")
            await bank.send_atomic([deposit("ann", 1), deposit("bob", 1)], command_id="x")
            await bank.send(deposit("bob", 1), command_id="x")
            assert await balances(bank) == {"ann": 2, "bob": 2}


class TestLoss:
    """Commits that fail."""

    @scene
    async def test_a_full_disk_undoes_all(self) -> None:
        """The one in the batch and the one behind it; then it goes on."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(deposit("ann", 10))
            log.hold()
            log.fail(StoreFull("no space left"))
            sends = [begun(bank.send_atomic(transfer("ann", "bob", 3)))]
            await until(log.arrived.is_set)
            sends.append(begun(bank.send_atomic([*transfer("ann", "bob", 2), deposit("ann", 1)])))
            await turns()
            log.release()
            for send in sends:
                with pytest.raises(StoreFull, match="no space left"):
                    await send
            assert await balances(bank) == {"ann": 10}
            assert [receipt.version for receipt in await bank.send_atomic(transfer("ann", "bob", 3))] == [2, 1]
            assert bank.statistics().pending == 0

    @scene
    async def test_what_was_decided_on_lost_ground_is_lost(self) -> None:
        """A decision under way when the batch before it is lost; a send that has not begun to decide waits again."""
        log, assessor = FaultyLog(MemoryLog()), HeldAssessor(held=True)
        async with open_bank(log, assessor=assessor) as bank:
            log.hold()
            log.fail(StoreFull("no space left"))
            paid = begun(bank.send_many([deposit(key, 10) for key in ("ann", "bob", "eve")]))
            deciding = begun(bank.send_atomic([deposit("ann", 1), Lend(account_id="bob", amount=1)]))
            waiting = begun(bank.send_atomic([deposit("eve", 1), deposit("bob", 1)]))
            await until(lambda: assessor.asked)
            await until(log.arrived.is_set)
            log.release()
            assert all(isinstance(outcome, StoreFull) for outcome in await paid)
            assessor.free.set()
            with pytest.raises(StoreFull):
                await deciding
            assert [receipt.version for receipt in await waiting] == [1, 1]
            assert await balances(bank) == {"eve": 1, "bob": 1}

    @pytest.mark.parametrize("written", [False, True])
    @scene
    async def test_an_unknown_outcome_is_all_or_nothing(self, *, written: bool) -> None:
        """After reopening, the same id gives the first receipts or has its effect then: once in both cases."""
        inner = MemoryLog()
        log = FaultyLog(inner)
        commands = [deposit("ann", 1), deposit("bob", 1)]
        async with open_bank(log) as bank:
            log.fail(OSError(5, "Input/output error"), written=written)
            with pytest.raises(OutcomeUnknown):
                await bank.send_atomic(commands, command_id="x")
            with pytest.raises(StoreFailed):
                await bank.send_atomic(commands, command_id="x")
            assert bank.statistics().pending == 0
        async with open_bank(inner.reopen()) as bank:
            assert await balances(bank) == ({"ann": 1, "bob": 1} if written else {})
            assert [receipt.position for receipt in await bank.send_atomic(commands, command_id="x")] == [1, 2]
            assert await balances(bank) == {"ann": 1, "bob": 1}

    @scene
    async def test_a_store_that_fails_while_it_waits(self) -> None:
        """One that waits for a target and one that waits for room are both told."""
        log, assessor = FaultyLog(MemoryLog()), HeldAssessor(held=True)
        async with open_bank(log, assessor=assessor, frame_events_max=2) as bank:
            loan = begun(bank.send(Lend(account_id="joe", amount=1)))
            await until(lambda: assessor.asked)
            log.hold()
            log.fail(OSError(5, "Input/output error"))
            paid = begun(bank.send(deposit("ann", 1)))
            await until(log.arrived.is_set)
            more = begun(bank.send(deposit("sue", 1)))
            await turns()
            sends = [
                begun(bank.send_atomic([deposit("bob", 1), deposit("eve", 1)])),
                begun(bank.send_atomic([deposit("tim", 1), deposit("joe", 1)])),
            ]
            await turns()
            log.release()
            for task in (paid, more, *sends):
                with pytest.raises((OutcomeUnknown, StoreFailed)):
                    await task
            assessor.free.set()
            with pytest.raises(ActumError):
                await loan
            assert bank.statistics().pending == 0


#: What handlers raise, by the name of the handler.
FAULTS: dict[str, BaseException] = {}


class Add(Command):
    """One more."""

    key: str


class Added(Event):
    """One more."""

    key: str


class Fragile(Aggregate, key="key"):
    """Counts, unless it is made to fail."""

    count: int = 0

    @decide
    def add(self, command: Add) -> Iterator[Added]:
        """Perhaps."""
        if f"decide {command.key}" in FAULTS:
            raise FAULTS[f"decide {command.key}"]
        yield Added(key=command.key)

    @evolve
    def added(self, event: Added) -> None:
        """Perhaps, and not before something has changed."""
        self.count += 1
        if f"evolve {event.key}" in FAULTS:
            raise FAULTS[f"evolve {event.key}"]


class TestBugs:
    """Handlers that raise, and what is malformed."""

    @pytest.mark.parametrize("fault", ["decide b", "evolve b"])
    @pytest.mark.parametrize("keys", ["abc", "abbc", "aabc"])
    @scene
    async def test_a_bug_undoes_all(self, fault: str, keys: str) -> None:
        """The states are what they were, the aggregate with the bug is counted as failing; mended, all goes on."""
        async with Engine.open(MemoryLog(), Fragile) as engine:
            await engine.send_atomic([Add(key=key) for key in "abc"])
            FAULTS[fault] = ValueError("a bug")
            try:
                for _ in range(3):
                    with pytest.raises(
                        CommandFailed, match="a handler of Fragile/b raised ValueError: a bug"
                    ) as caught:
                        await engine.send_atomic([Add(key=key) for key in keys])
                    assert caught.value.command_index == keys.index("b")
                    assert (await engine.send(Add(key="c"))).position == engine.statistics().position
                with pytest.raises(Quarantined) as refused:
                    await engine.send_atomic([Add(key=key) for key in keys])
                assert refused.value.command_index == keys.index("b")
            finally:
                FAULTS.clear()
            assert engine.release(Fragile, "b")
            receipts = await engine.send_atomic([Add(key=key) for key in "abc"])
            assert [receipt.version for receipt in receipts] == [2, 2, 5]
            assert [(await engine.state(Fragile, key)).count for key in "abc"] == [2, 2, 5]
            assert engine.statistics().pending == 0

    @scene
    async def test_what_is_malformed_is_invalid(self) -> None:
        """A command with a wrong field, one that nobody takes, a wrong key; nothing happens."""
        async with open_bank() as bank:
            wrong: list[Any] = [deposit("ann", "much"), Add(key="x"), deposit("", 1), 7]  # type: ignore[arg-type]
            for command in wrong:
                with pytest.raises(Invalid) as caught:
                    await bank.send_atomic([deposit("bob", 1), command])
                assert caught.value.command_index == 1
            assert await balances(bank) == {}
            assert bank.statistics().pending == 0

    @scene
    async def test_a_full_mailbox_or_engine_refuses_at_once(self) -> None:
        """Nothing happened, in no mailbox."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor, mailbox_size_max=1, commands_pending_max=4) as bank:
            loan = begun(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            behind = begun(bank.send(deposit("ann", 1)))
            await turns(1)
            with pytest.raises(Overloaded, match="the mailbox of"):
                await bank.send_atomic([deposit("bob", 1), deposit("ann", 1)])
            with pytest.raises(Overloaded, match="the engine is full"):
                await bank.send_atomic([deposit(key, 1) for key in "abc"])
            assert bank.statistics().pending == 2
            assessor.free.set()
            await asyncio.gather(loan, behind)
            assert await balances(bank) == {"ann": 2}

    @scene
    async def test_what_never_fits_is_invalid(self) -> None:
        """It would be Overloaded whenever it comes again."""
        async with open_bank(commands_pending_max=3) as bank:
            await bank.send_atomic([deposit(name, 1) for name in "abc"])
            with pytest.raises(Invalid, match="to 4 aggregates never fits .commands_pending_max=3"):
                await bank.send_atomic([deposit(name, 1) for name in "abcd"])

    @scene
    async def test_each_caller_gets_an_error_of_its_own(self) -> None:
        """Two sends refused for the same reason don't share the object."""
        async with open_bank() as bank:
            sends = [bank.send_atomic([deposit("bob", 1), withdraw("ann", 1)]) for _ in range(2)]
            errors = await asyncio.gather(*sends, return_exceptions=True)
            assert errors[0] is not errors[1]
            assert all(isinstance(error, Rejected) for error in errors)


@scene
async def test_options_of_every_kind_and_all_at_once() -> None:
    """Small frames, two actors awake, snapshots of one, one command a turn: plain sends and whole ones mixed."""
    options = Options(
        frame_events_max=4, actors_max=2, snapshot_events_max=1, turn_commands_max=1, gc_policy="none",
        replay_slice_events=1, durability="relaxed",
    )  # fmt: skip
    async with Engine.open(MemoryLog(), Fragile, options=options) as engine:
        sends: list[Coroutine[Any, Any, Any]] = []
        for number in range(50):
            sends.append(engine.send(Add(key=f"{number % 5}")))
            sends.append(engine.send_atomic([Add(key=f"{(number * step) % 7}") for step in (1, 2, 3)]))
        outcomes: list[Receipt | list[Receipt]] = await asyncio.gather(*sends)
        for outcome in outcomes:
            if isinstance(outcome, list):
                positions = [receipt.position for receipt in outcome]
                assert positions == list(range(positions[0], positions[0] + 3))
        assert sum([(await engine.state(Fragile, f"{number}")).count for number in range(7)]) == 200
