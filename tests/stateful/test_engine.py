"""The whole engine against a list of events.

Whatever is sent, lost, crashed and reopened, the answers are those of the model.

The model keeps, by position, what the log must hold, and decides every command by itself from what came before in its
account. After every step the views must equal the fold of that list, row order included; now and then histories,
states and receipts are compared one by one, and at the end the store is opened again without its derived state.
Options are drawn anew at every opening, small enough that every bound is near: two actors awake, frames of three
events, snapshots and slices of one.

A crash is a copy of the directory, taken while the engine lives. A commit can be lost to a full disk, or fail with
the frame written or not; who was in doubt then is asked by `outcome`, and must have happened wholly or not at all.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import types
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import uvloop
from actum import (
    Command,
    Conflict,
    Engine,
    MemoryLog,
    Options,
    OutcomeUnknown,
    Receipt,
    Rejected,
    StoreFailed,
    StoreFull,
)
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.bank import (
    Account,
    Activities,
    AllActivity,
    AllBalances,
    Balances,
    BranchBalances,
    Deposit,
    DepositEach,
    Glance,
    Lend,
    TopBalances,
    Withdraw,
)
from tests.support.copies import copy_store
from tests.support.logs import FaultyLog, intercepted
from tests.support.scenes import turns

T = TypeVar("T")

KEYS = ("north-a", "north-b", "south-c", "d")
STEPS = int(os.environ.get("ACTUM_STATEFUL_STEPS", "25"))
EXAMPLES = int(os.environ.get("ACTUM_STATEFUL_EXAMPLES", "30"))

keys = st.sampled_from(KEYS)
amounts = st.integers(-1, 4)
commands = st.one_of(
    st.builds(Deposit, account_id=keys, amount=amounts),
    st.builds(Withdraw, account_id=keys, amount=st.integers(1, 4)),
    st.builds(DepositEach, account_id=keys, amounts=st.lists(amounts, max_size=3)),
    st.builds(Lend, account_id=keys, amount=amounts),
    st.builds(Glance, account_id=keys),
)
some_commands = st.lists(commands, min_size=1, max_size=10)
options = st.fixed_dictionaries(
    {
        "actors_max": st.sampled_from([1, 2, 100]),
        "snapshot_events_min": st.integers(1, 4),
        "snapshot_events_max": st.sampled_from([1, 2, 5, 100]),
        "frame_events_max": st.integers(3, 6) | st.just(100),
        "turn_commands_max": st.sampled_from([1, 3, 1_000]),
        "replay_slice_events": st.sampled_from([1, 2, 1_000]),
        "dedup_commands_max": st.sampled_from([1, 3, 64]),
        "mailbox_size_max": st.sampled_from([10, 100]),
        "checkpoint_deltas_ratio_max": st.sampled_from([1e-9, 1.0, 1e9]),
    }
)

#: What happens to the next commit.
FAULTS = {
    "full": (StoreFull("no space"), False),
    "unwritten": (OSError(5, "broken"), False),
    "written": (OSError(5, "broken"), True),
}


class Fact(NamedTuple):
    """One event of the model."""

    key: str
    amount: int
    command: int


class SillyAssessor:
    """Approves odd amounts, after a turn of the loop."""

    async def approves(self, account_id: str, amount: int) -> bool:
        """A decision that waits."""
        await asyncio.sleep(0)
        return amount % 2 == 1


class Model:
    """What must be true.

    Attributes:
        facts: the events by position.
        commands: the receipts of all commands that wrote, by account, oldest first.
    """

    def __init__(self) -> None:
        """An empty bank."""
        self.facts: dict[int, Fact] = {}
        self.commands: dict[str, list[Receipt]] = {key: [] for key in KEYS}

    def events(self, key: str) -> list[Fact]:
        """The events of an account, oldest first."""
        return [fact for _, fact in sorted(self.facts.items()) if fact.key == key]

    def balance(self, key: str) -> int:
        """What an account holds."""
        return sum(fact.amount for fact in self.events(key))

    def decide(self, command: Any) -> list[int] | None:
        """The changes that a command leads to; None if it is rejected."""
        match command:
            case Deposit():
                return [command.amount] if command.amount > 0 else None
            case DepositEach():
                return command.amounts if all(amount > 0 for amount in command.amounts) else None
            case Withdraw():
                return [-command.amount] if command.amount <= self.balance(command.account_id) else None
            case Lend():
                return [command.amount] if command.amount % 2 == 1 else None
            case _:
                return []

    def expect(self, command: Any, outcome: object) -> None:
        """Take one answer; it must be the model's own, and its events are true from now on."""
        changes, key = self.decide(command), command.account_id
        if changes is None:
            assert isinstance(outcome, Rejected), f"{command} gave {outcome!r}, it should be rejected"
            return
        assert isinstance(outcome, Receipt), f"{command} gave {outcome!r}"
        before = self.events(key)
        assert outcome.version == len(before) + len(changes)
        assert [signed(event) for event in outcome.events] == changes
        if changes:
            first = outcome.position - len(changes) + 1
            for position, amount in enumerate(changes, first):
                assert position not in self.facts, f"position {position} was given twice"
                self.facts[position] = Fact(key, amount, len(self.commands[key]))
            self.commands[key].append(outcome)

    def balances(self) -> dict[str, int]:
        """The rows of the view: those of accounts that hold something, in the order in which they came to."""
        rows: dict[str, int] = {}
        for _, fact in sorted(self.facts.items()):
            rows[fact.key] = rows.get(fact.key, 0) + fact.amount
            if rows[fact.key] == 0:
                del rows[fact.key]
        return rows


def signed(event: Any) -> int:
    """The change that an event makes."""
    return event.amount if type(event).__name__ == "Deposited" else -event.amount  # type: ignore[no-any-return]


class EngineOnDisk(RuleBasedStateMachine):
    """A bank in a directory."""

    def __init__(self) -> None:
        """A directory, a loop, an empty model."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="actum-stateful-"))
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.model = Model()
        self.options: dict[str, Any] = {}
        self.revision = ""
        self.stores = 0
        self.ids = 0

    @initialize(chosen=options)
    def begin(self, chosen: dict[str, Any]) -> None:
        """Open an empty bank."""
        self.store: Any = self.folder / "bank"
        self.open(chosen)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the loop, for a bounded time."""
        return self.runner.run(asyncio.wait_for(work, 30))

    def make(self) -> tuple[Engine, FaultyLog]:
        """An engine that is not open yet, and the log through which it writes."""
        balances = types.new_class("Balances", (Balances,), {"revision": self.revision})
        chosen = Options(
            **self.options, durability="relaxed", gate_seconds=0.001, gc_policy="none", checkpoint_pause_seconds=0
        )
        engine = Engine.open(self.store, Account, balances, Activities, services=[SillyAssessor()], options=chosen)
        return engine, intercepted(engine)

    def open(self, chosen: dict[str, Any]) -> None:
        """Open with other options."""
        self.options = chosen
        self.engine, self.log = self.make()
        self.run(self.engine.__aenter__())

    def fresh_ids(self, count: int) -> list[str]:
        """Command ids that were never used."""
        self.ids += count
        return [f"command-{number}" for number in range(self.ids - count, self.ids)]

    # ------------------------------------------------------------------------------------------------------- commands

    @rule(command=commands, with_id=st.booleans())
    def send(self, command: Any, *, with_id: bool) -> None:
        """One command, with an id of the caller's or of the engine's."""
        (made,) = self.fresh_ids(1)
        outcome = self.run(told(self.engine.send(command, command_id=made if with_id else None)))
        self.model.expect(command, outcome)

    @rule(given=some_commands)
    def send_many(self, given: list[Any]) -> None:
        """Several at once, in one call."""
        outcomes = self.run(self.engine.send_many(given))
        for command, outcome in zip(given, outcomes, strict=True):
            self.model.expect(command, outcome)

    @rule(
        given=some_commands,
        fault=st.sampled_from([None, None, *FAULTS]),
        after=st.integers(0, 2),
        cancelled=st.sets(st.integers(0, 9), max_size=3),
        patience=st.integers(0, 6),
        chosen=options,
    )
    def send_concurrently(
        self,
        given: list[Any],
        fault: str | None,
        after: int,
        cancelled: set[int],
        patience: int,
        chosen: dict[str, Any],
    ) -> None:
        """Several callers; some go away, and a commit may fail.

        Whoever is in doubt is looked up, after reopening if need be.
        """
        if fault is not None:
            error, written = FAULTS[fault]
            self.log.fail(error, after=after, written=written)
        ids = self.fresh_ids(len(given))
        outcomes = self.run(self.all_told(given, ids, cancelled, patience))
        self.log.clear()
        if self.engine.statistics().state == "failed":
            self.reopen(chosen, remove_derived=False, revise=False)
        for command, made, told in zip(given, ids, outcomes, strict=True):
            outcome: Any = told
            if isinstance(outcome, StoreFull):
                continue
            if isinstance(outcome, (OutcomeUnknown, StoreFailed, asyncio.CancelledError)):
                found = self.run(self.engine.outcome(made))
                if found is None:
                    continue
                assert not isinstance(outcome, StoreFailed), "a refused command was written"
                assert fault == "written" or not isinstance(outcome, OutcomeUnknown), "a lost command was written"
                outcome = found
            self.model.expect(command, outcome)

    async def all_told(
        self, given: list[Any], ids: list[str], cancelled: set[int], patience: int
    ) -> list[Receipt | BaseException]:
        """What each of some concurrent callers is told; returns when everything that was taken is settled."""
        tasks = [
            asyncio.create_task(self.engine.send(command, command_id=made))
            for command, made in zip(given, ids, strict=True)
        ]
        await turns(patience)
        for index in cancelled & set(range(len(tasks))):
            tasks[index].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(self.engine.send(Glance(account_id=key)) for key in KEYS), return_exceptions=True)
        return outcomes

    @rule(key=keys, age=st.integers(0, 63), other=commands)
    def send_again(self, key: str, age: int, other: Any) -> None:
        """A command of the window again: the same receipt, and no effect, whatever the command says now."""
        known = self.model.commands[key]
        if age < min(len(known), self.options["dedup_commands_max"]):
            first = known[-1 - age]
            if first.command_id.version == 8:  # an id of the caller's; those that the engine makes are not for retries
                again = other.replace(account_id=key)
                assert self.run(told(self.engine.send(again, command_id=first.command_id))) == first

    @rule(command=commands, offset=st.integers(-2, 2))
    def send_expecting(self, command: Any, offset: int) -> None:
        """With an expected version, right or wrong."""
        version = len(self.model.events(command.account_id))
        expected = max(0, version + offset)
        outcome = self.run(told(self.engine.send(command, expected_version=expected)))
        if expected == version:
            self.model.expect(command, outcome)
        else:
            assert isinstance(outcome, Conflict)
            assert (outcome.version, outcome.expected_version) == (version, expected)

    # --------------------------------------------------------------------------------------------------- derived state

    @rule(view=st.sampled_from([0, 1]), given=some_commands)
    def rebuild(self, view: int, given: list[Any]) -> None:
        """A view from the whole log, while commands go on."""

        async def both() -> list[Any]:
            kind = self.engine._catalogue.views[view].view
            rebuilding = asyncio.create_task(self.engine.rebuild(kind))
            outcomes = [await told(self.engine.send(command)) for command in given]
            await rebuilding
            return outcomes

        for command, outcome in zip(given, self.run(both()), strict=True):
            self.model.expect(command, outcome)

    @rule(given=some_commands, patience=st.none() | st.integers(0, 40))
    def checkpoint(self, given: list[Any], patience: int | None) -> None:
        """Derived state is saved while commands go on; perhaps it is broken off."""

        async def both() -> list[Any]:
            saving = asyncio.create_task(self.engine.checkpoint())
            if patience is not None:
                await turns(patience)
                saving.cancel()
            outcomes = [await told(self.engine.send(command)) for command in given]
            await asyncio.wait([saving])
            assert saving.cancelled() or saving.result() is self.saves
            return outcomes

        for command, outcome in zip(given, self.run(both()), strict=True):
            self.model.expect(command, outcome)

    saves = True

    @rule(chosen=options, remove_derived=st.booleans(), revise=st.booleans())
    def reopen(self, chosen: dict[str, Any], *, remove_derived: bool, revise: bool) -> None:
        """Close and open again, perhaps without derived state or with changed view code."""
        self.run(self.engine.close())
        if remove_derived:
            shutil.rmtree(self.store / "derived", ignore_errors=True)
        if revise:
            self.revision += "+"
        self.open(chosen)

    @rule(chosen=options, given=some_commands, checkpoint=st.booleans())
    def crash(self, chosen: dict[str, Any], given: list[Any], *, checkpoint: bool) -> None:
        """A copy of the directory of a live engine goes on; what the old one does afterwards is another history."""
        self.stores += 1
        copy = self.folder / f"bank-{self.stores}"

        async def copied() -> None:
            saving = asyncio.create_task(self.engine.checkpoint()) if checkpoint else None
            await turns(5)
            copy_store(self.store, copy)
            if saving is not None:
                await saving
            await asyncio.gather(*(told(self.engine.send(command)) for command in given))

        self.run(copied())
        self.run(self.engine.close())
        shutil.rmtree(self.store)
        self.store = copy
        self.open(chosen)

    # ------------------------------------------------------------------------------------------------------- comparing

    @invariant()
    def views_are_the_model_s(self) -> None:
        """Balances in the order of the rows, indexes, and the activity of every account."""
        balances = self.model.balances()
        rows = self.run(self.engine.ask(AllBalances()))
        assert list(rows.items()) == list(balances.items()), f"the view has {rows}, the model {balances}"
        richest = sorted(balances.items(), key=lambda item: (-item[1], item[0]))
        assert sorted(((row.account_id, row.balance) for row in self.run(self.engine.ask(TopBalances(limit=10)))),
                      key=lambda item: (-item[1], item[0])) == richest  # fmt: skip
        north = {row.account_id: row.balance for row in self.run(self.engine.ask(BranchBalances(branch="north")))}
        assert north == {key: balance for key, balance in balances.items() if key.startswith("north")}
        activity = {row.account_id: (row.events, row.version) for row in self.run(self.engine.ask(AllActivity()))}
        assert activity == {key: (len(self.model.events(key)),) * 2 for key in KEYS if self.model.events(key)}
        assert self.engine.statistics().position == len(self.model.facts)
        assert self.engine.statistics().pending == 0

    @rule()
    def compare_streams(self) -> None:
        """Histories, states and receipts, one by one."""
        self.compare(self.engine)

    def compare(self, engine: Engine) -> None:
        """Everything that can be read from the log."""
        assert sorted(self.model.facts) == list(range(1, len(self.model.facts) + 1))
        for key in KEYS:
            facts = {position: fact for position, fact in sorted(self.model.facts.items()) if fact.key == key}
            records = self.run(engine.history(Account, key))
            assert [record.version for record in records] == list(range(1, len(facts) + 1))
            assert [record.position for record in records] == list(facts)
            assert [signed(record.event) for record in records] == [fact.amount for fact in facts.values()]
            assert [record.previous for record in records] == [0, *facts][: len(facts)]
            state = self.run(engine.state(Account, key))
            assert (state.balance, state.movements) == (self.model.balance(key), len(facts))
            if self.model.commands[key]:
                receipt = self.model.commands[key][-1]
                assert self.run(engine.outcome(receipt.command_id)) == receipt

    def teardown(self) -> None:
        """The log alone gives the same answers, then everything is removed."""
        if hasattr(self, "engine"):
            try:
                self.reopen(self.options, remove_derived=True, revise=False)
                self.views_are_the_model_s()
                self.compare(self.engine)
            finally:
                self.run(self.engine.close())
                self.runner.close()
                shutil.rmtree(self.folder)


async def told(sent: Coroutine[Any, Any, Receipt]) -> Receipt | Exception:
    """A receipt, or the error that was raised."""
    try:
        return await sent
    except Exception as error:  # noqa: BLE001  # the model says which it must be
        return error


class EngineInMemory(EngineOnDisk):
    """The same bank on a log in memory: opening replays everything."""

    saves = False

    @initialize(chosen=options)
    def begin(self, chosen: dict[str, Any]) -> None:
        """Open an empty bank."""
        self.store = MemoryLog()
        self.open(chosen)

    @rule(chosen=options, remove_derived=st.booleans(), revise=st.booleans())
    def reopen(self, chosen: dict[str, Any], *, remove_derived: bool, revise: bool) -> None:
        """Close, and open a log with the same frames."""
        self.run(self.engine.close())
        self.store = self.store.reopen()
        self.open(chosen)

    @rule(chosen=options, given=some_commands, checkpoint=st.booleans())
    def crash(self, chosen: dict[str, Any], given: list[Any], *, checkpoint: bool) -> None:
        """There is nothing to copy; the same as reopening."""
        self.reopen(chosen, remove_derived=False, revise=False)


EngineOnDisk.TestCase.settings = EngineInMemory.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

TestEngineOnDisk = EngineOnDisk.TestCase
TestEngineInMemory = EngineInMemory.TestCase
assert issubclass(Deposit, Command)
