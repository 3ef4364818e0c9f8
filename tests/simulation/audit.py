"""What an engine says of the past and of the present, compared with the log: views, states, histories, outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from actum import Engine, StoreFailed
from actum.core import Core
from actum.records import command_id_bytes

from tests.simulation.facts import Fact
from tests.simulation.history import History, says
from tests.support.bank import Account, Activities, AllBalances, Balances


def core_of(bank: Engine) -> Core:
    """The parts of an open engine."""
    core = bank._core
    assert core is not None
    return core


class Audit:
    """Asks one incarnation's engine."""

    def __init__(self, bank: Engine, history: History, random: Random, faults: list[str]) -> None:
        """Nothing is asked yet; faults are added to the list."""
        self._bank = bank
        self._history = history
        self._random = random
        self._faults = faults
        self._views_position = 0

    async def opened(self) -> None:
        """What was told before is still so; views, states and outcomes are what the log says."""
        self._history.check_log()
        self.views()
        for identity in list(self._history.sent)[-3:]:
            await self.outcome(identity)
        await self._every_state()

    async def at_rest(self) -> None:
        """When everybody is done, views equal a rebuild, and everything says what the log says."""
        for view in (Balances, Activities):
            differences = await self._bank.verify_view(view)
            if not differences.ok:
                self._faults.append(f"{view.__name__} is not what a rebuild gives: {differences}")
        for identity in self._random.sample(list(self._history.sent), min(3, len(self._history.sent))):
            await self.outcome(identity)
        for key in list(self._history.facts.of):
            await self.past(key)
        await self._every_state()

    def closed(self) -> None:
        """Nothing is left behind; without a loss everything that was approved is there."""
        self._history.check_log()
        statistics = self._bank.statistics()
        if statistics.pending:
            self._faults.append(f"{statistics.pending} commands are pending after the close")
        if not statistics.commit_losses:
            self._history.check_approved()

    def views(self) -> None:
        """A view is what the log says up to its position, and has not gone back."""
        core, facts = core_of(self._bank), self._history.facts
        position, balances = core.views["Balances"].position, core.bus.answer(AllBalances())
        self._history.read()
        if position > len(facts):
            self._faults.append(f"a view is at {position}, the log at {len(facts)}")
        elif balances != facts.balances(position):
            self._faults.append(f"a view at {position} says {balances}, the log {facts.balances(position)}")
        if position < self._views_position:
            self._faults.append(f"a view went back from {self._views_position} to {position}")
        self._views_position = position

    @property
    def failed(self) -> bool:
        """Whether the store has failed; the engine may learn of it later."""
        log: Any = core_of(self._bank).log
        return bool(log.failed)

    def limits(self) -> None:
        """Nothing waits that there is no place for."""
        core = core_of(self._bank)
        if core.scheduler.pending > core.options.commands_pending_max:
            self._faults.append(f"{core.scheduler.pending} commands are pending")
        for actor in core.directory.actors():
            if len(actor.mailbox or ()) > core.options.mailbox_size_max:
                self._faults.append(f"{actor} has more mail than there is place")

    def is_full(self, key: str) -> bool:
        """Whether there is no place for one more command to this account."""
        core = core_of(self._bank)
        actor = core.directory.streams["Account"].actors.get(key)
        waiting = 0 if actor is None else len(actor.mailbox or ())
        return core.scheduler.pending >= core.options.commands_pending_max or waiting >= core.options.mailbox_size_max

    def is_waiting(self, command: object) -> bool:
        """Whether a command has not been taken from its mailbox."""
        actors = core_of(self._bank).directory.actors()
        return any(delivery[0] is command for actor in actors for delivery in actor.mailbox or ())

    def _told(self, facts: Iterable[Fact]) -> int:
        """How many of these facts the engine knows to be durable: a commit may have landed that it was not told of."""
        durable = core_of(self._bank).scheduler.durable
        return sum(fact.position <= durable for fact in facts)

    def _is_decided(self, identity: bytes) -> bool:
        """Whether a command's events are on their way to the disk."""
        committer = core_of(self._bank).scheduler.committer
        batches = [batch for batch in (committer.open, committer.under_way) if batch is not None]
        return any(receipt.command_id_bytes == identity for batch in batches for _, receipt in batch.receipts)

    async def outcome(self, identity: str) -> None:
        """An outcome is what the log says, in full; there is one if there was an effect, or one under way."""
        committer, command_id = core_of(self._bank).scheduler.committer, command_id_bytes(identity)
        self._history.read()
        effects = self._history.facts.of_command.get(command_id, [])
        durable = self._told(effect.last for effect in effects)
        decided, losses = self._is_decided(command_id), committer.losses
        try:
            receipt = await self._bank.outcome(identity)
        except StoreFailed:
            if not self.failed:
                raise
            return
        self._history.read()
        effects = self._history.facts.of_command.get(command_id, [])[max(0, durable - 1) :]
        if receipt is None and (durable or (decided and losses == committer.losses)):
            self._faults.append(f"{identity}: there is no outcome, and yet it has {effects}")
        if receipt is not None and not any(says(receipt, effect) for effect in effects):
            self._faults.append(f"{identity}: the outcome is {receipt!r} {receipt.events}, the log has {effects}")

    async def past(self, key: str) -> None:
        """History, and the states of the past, are what the log says."""
        bank, facts = self._bank, self._history.facts
        durable = self._told(facts.of.get(key, ()))
        version = self._random.randint(0, durable)
        at = facts.at(key, version)
        try:
            records = await bank.history(Account, key)
            state = await bank.state(Account, key, version=version)
            then = None if at is None else await bank.state(Account, key, at=records[version - 1].timestamp)
        except StoreFailed:
            if not self.failed:
                raise
            return
        self._history.read()
        said = [
            (record.position, record.key, record.version, record.timestamp_ns, record.command_id_bytes, record.user_id,
             record.correlation_id, record.causation_id) for record in records
        ]  # fmt: skip
        if said != [fact[:8] for fact in facts.of.get(key, [])[: len(said)]] or len(said) < durable:
            self._faults.append(f"the history of {key} is {said}, the log has {facts.of.get(key)}")
        if (state.movements, state.balance) != (version, 0 if at is None else at.balance):
            self._faults.append(f"the state of {key} at version {version} is {state}, the log says {at}")
        if at is not None and then is not None:
            later = [fact for fact in facts.of[key] if fact.timestamp_ns // 1000 <= at.timestamp_ns // 1000]
            fact = facts.at(key, then.movements)
            right = version <= then.movements <= later[-1].version and fact is not None and fact.balance == then.balance
            if not right:
                self._faults.append(f"the state of {key} at {at.timestamp_ns} is {then}, the log says {later[-1]}")

    async def _every_state(self) -> None:
        """Each account's state is the fold of its events; some may have come meanwhile."""
        for key, facts in list(self._history.facts.of.items()):
            durable = self._told(facts)
            state = await self._bank.state(Account, key)
            self._history.read()
            fact = self._history.facts.at(key, state.movements)
            if state.movements < durable or state.balance != (0 if fact is None else fact.balance):
                self._faults.append(f"the state of {key} is {state}, the log says {facts}")
