"""`send_atomic` in the life of a whole engine, against the list of events that is the engine's model.

Everything that the machine of `test_engine` does goes on: crashes, reopening, full disks, rebuilds. Besides, commands
are sent as one: alone, among others, with a commit that fails, cancelled, and again with the same id. The model decides
them one after the other on a copy of itself; what it would refuse must be refused by the command that it refuses, and
nothing of it may be anywhere. What is accepted lies side by side in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from copy import deepcopy
from typing import Any, NamedTuple

from actum import Invalid, OutcomeUnknown, Overloaded, Receipt, Rejected, StoreFull
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful.test_engine import (
    FAULTS,
    KEYS,
    EngineInMemory,
    EngineOnDisk,
    Fact,
    Model,
    commands,
    options,
    some_commands,
)
from tests.support.bank import Account, Deposit, Glance, Withdraw
from tests.support.scenes import turns


def moved_through(account_id: str, amount: int) -> list[Any]:
    """What is accepted only if each command is decided on what the one before it left."""
    return [
        Deposit(account_id=account_id, amount=amount),
        Withdraw(account_id=account_id, amount=amount),
        Withdraw(account_id=account_id, amount=amount),
        Deposit(account_id=account_id, amount=amount),
    ]


#: Any commands, and the beginnings of a row that depend on each other.
groups = st.lists(commands, min_size=1, max_size=5) | st.builds(
    lambda account_id, amount, count: moved_through(account_id, amount)[:count],
    st.sampled_from(KEYS),
    st.integers(30, 60),
    st.integers(2, 4),
)


class Sent(NamedTuple):
    """A send that took effect."""

    commands: list[Any]
    command_id: str
    receipts: list[Receipt]


async def told(sent: Coroutine[Any, Any, list[Receipt]]) -> list[Receipt] | Exception:
    """The receipts, or the error that was raised."""
    try:
        return await sent
    except Exception as error:  # noqa: BLE001  # the model says which it must be
        return error


def refused_by(model: Model, given: list[Any]) -> int | None:
    """The index of the command that makes the whole fail; None if all are accepted."""
    trial = deepcopy(model)
    for index, command in enumerate(given):
        changes = trial.decide(command)
        if changes is None:
            return index
        for amount in changes:
            trial.facts[len(trial.facts) + 1] = Fact(command.account_id, amount, 0)
    return None


def event_count(model: Model, given: list[Any]) -> int:
    """How many events commands lead to that are all accepted; the state does not matter for that."""
    decided = [model.decide(command) for command in given]
    return sum(1 if changes is None else len(changes) for changes in decided)


class AtomicRules(EngineOnDisk):
    """Sends of several commands as one."""

    def __init__(self) -> None:
        """None yet."""
        super().__init__()
        self.sent: list[Sent] = []

    def expect_all(self, given: list[Any], command_id: str, outcome: object) -> None:
        """Take the answer of one send."""
        index = refused_by(self.model, given)
        if index is not None:
            assert isinstance(outcome, Rejected), f"{given} gave {outcome!r}"
            assert outcome.command_index == index
            return
        if event_count(self.model, given) > self.options["frame_events_max"]:
            assert isinstance(outcome, Invalid)
            return
        assert isinstance(outcome, list), f"{given} gave {outcome!r}"
        before = set(self.model.facts)
        for command, receipt in zip(given, outcome, strict=True):
            if receipt is not None:
                self.model.expect(command, receipt)
        new = sorted(set(self.model.facts) - before)
        assert new == list(range(new[0], new[0] + len(new))) if new else True
        if new and None not in outcome:
            self.sent.append(Sent(given, command_id, outcome))

    @rule(given=groups)
    def send_as_one(self, given: list[Any]) -> None:
        """Alone."""
        (made,) = self.fresh_ids(1)
        self.expect_all(given, made, self.run(told(self.engine.send_atomic(given, command_id=made))))

    @rule(given=groups, fault=st.sampled_from(list(FAULTS)), chosen=options)
    def send_as_one_with_a_fault(self, given: list[Any], fault: str, chosen: dict[str, Any]) -> None:
        """The commit fails; when the outcome is known, the send is sent again and has its effect once."""
        error, written = FAULTS[fault]
        self.log.fail(error, written=written)
        (made,) = self.fresh_ids(1)
        outcome: Any = self.run(told(self.engine.send_atomic(given, command_id=made)))
        self.log.clear()
        if self.engine.statistics().state == "failed":
            assert isinstance(outcome, OutcomeUnknown)
            self.reopen(chosen, remove_derived=False, revise=False)
            there = self.run(self.engine.outcome(made)) is not None
            assert there is (fault == "written")
            outcome = self.run(told(self.engine.send_atomic(given, command_id=made)))
            if there:  # it took effect under the options of before
                self.options["frame_events_max"], kept = 100, self.options["frame_events_max"]
                self.expect_all(given, made, outcome)
                self.options["frame_events_max"] = kept
                return
        if not isinstance(outcome, StoreFull):
            self.expect_all(given, made, outcome)

    @rule(
        given=st.lists(groups, min_size=1, max_size=5),
        alone=some_commands,
        cancelled=st.sets(st.integers(0, 9), max_size=3),
        patience=st.integers(0, 6),
    )
    def send_as_one_among_others(
        self, given: list[list[Any]], alone: list[Any], cancelled: set[int], patience: int
    ) -> None:
        """Several at once, crossing each other, among commands of their own; some callers go away."""
        whole_ids, ids = self.fresh_ids(len(given)), self.fresh_ids(len(alone))

        async def all_told() -> list[Any]:
            sends: list[Any] = []
            for index in range(max(len(given), len(alone))):
                if index < len(given):
                    sends.append(self.engine.send_atomic(given[index], command_id=whole_ids[index]))
                if index < len(alone):
                    sends.append(self.engine.send(alone[index], command_id=ids[index]))
            tasks = [asyncio.create_task(send) for send in sends]
            await turns(patience)
            for index in cancelled & set(range(len(tasks))):
                tasks[index].cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            keys = {command.account_id for group in (*given, alone) for command in group}
            await asyncio.gather(*(self.engine.send(Glance(account_id=key)) for key in keys))
            return outcomes

        outcomes = iter(self.run(all_told()))
        for index in range(max(len(given), len(alone))):
            if index < len(given):
                self.take(given[index], whole_ids[index], next(outcomes))
            if index < len(alone):
                outcome = next(outcomes)
                if isinstance(outcome, asyncio.CancelledError):
                    outcome = self.run(self.engine.outcome(ids[index]))
                if outcome is not None and not isinstance(outcome, Overloaded):
                    self.model.expect(alone[index], outcome)

    def take(self, given: list[Any], made: str, outcome: object) -> None:
        """The answer of one of several sends; one that nobody waited for is read from the log."""
        if isinstance(outcome, Overloaded):
            return
        if isinstance(outcome, asyncio.CancelledError):
            last = self.run(self.engine.outcome(made))
            if last is None:
                return
            outcome = [self.written_by(command, last.command_id_bytes, index) for index, command in enumerate(given)]
        self.expect_all(given, made, outcome)

    def written_by(self, command: Any, member_id: bytes, index: int) -> Receipt | None:
        """The receipt of one command of a send, made from its records; None if it wrote nothing."""
        command_id = member_id[:14] + index.to_bytes(2)
        records = [
            record
            for record in self.run(self.engine.history(Account, command.account_id))
            if record.command_id_bytes == command_id
        ]
        if not records:
            return None
        events = tuple(record.event for record in records)
        return Receipt(command_id, command.account_id, records[-1].version, records[-1].position, events)

    @rule(age=st.integers(0, 5))
    def send_as_one_again(self, age: int) -> None:
        """One that a target still remembers: the same receipts, and no effect."""
        if age >= len(self.sent):
            return
        sent = self.sent[-1 - age]
        if any(receipt.events and self.remembered(receipt) for receipt in sent.receipts):
            again = self.run(told(self.engine.send_atomic(sent.commands, command_id=sent.command_id)))
            assert again == sent.receipts

    def remembered(self, receipt: Receipt) -> bool:
        """Whether its aggregate has the command in its window."""
        newest = self.model.commands[receipt.key][-self.options["dedup_commands_max"] :]
        return any(one.command_id_bytes == receipt.command_id_bytes for one in newest)


class AtomicOnDisk(AtomicRules):
    """In a directory."""


class AtomicInMemory(AtomicRules, EngineInMemory):
    """On a log in memory."""


AtomicOnDisk.TestCase.settings = AtomicInMemory.TestCase.settings = settings(EngineOnDisk.TestCase.settings)

TestAtomicOnDisk = AtomicOnDisk.TestCase
TestAtomicInMemory = AtomicInMemory.TestCase
