"""What clients were told, checked against the log: the oracle of the simulation.

The log is read as it lies on the disk, without the engine. What is checked: a receipt's events are there, once, as it
says; so they stay over crashes. A rejection and a conflict were decided on a state that is durable. Views are the fold
of the log up to their position, and never go back. A command id has its effect once. Positions and versions are dense.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

from actum import Conflict, Engine, MemoryLog, Receipt
from actum.codec import decode_stored
from actum.records import command_id_bytes

from tests.support.bank import Account, Activities, AllBalances, Balances


class Fact(NamedTuple):
    """A record as it lies in the log."""

    position: int
    key: str
    version: int
    command_id: bytes
    change: int


class History:
    """What was sent, and what was promised about it.

    Attributes:
        sent: commands with ids, by id.
    """

    def __init__(self, log: MemoryLog, faults: list[str]) -> None:
        """Nothing sent; faults are added to the list."""
        self.sent: dict[str, Any] = {}
        self._log = log
        self._faults = faults
        self._facts: list[Fact] = []
        self._promised: dict[str, tuple[str, int, int, int]] = {}
        self._views_position = 0
        self._tries: Counter[str] = Counter()

    def facts(self) -> list[Fact]:
        """All records in the log; each is decoded once."""
        for frame in self._log.frames(len(self._facts) + 1):
            for record in decode_stored(frame.first, frame.body):
                event: Any = record.event
                change = -event["amount"] if record.tag == "Withdrawn" else event["amount"]
                self._facts.append(Fact(record.position, record.key, record.version, record.command_id_bytes, change))
        return self._facts

    def balances(self, position: int) -> dict[str, int]:
        """What the view has to say at a position; emptied accounts disappear."""
        totals: dict[str, int] = {}
        for fact in self.facts()[:position]:
            totals[fact.key] = totals.get(fact.key, 0) + fact.change
        return {key: total for key, total in totals.items() if total}

    def started(self, command: Any, identity: str | None) -> int:
        """A command is sent: the version of its account that is durable now."""
        if identity is not None:
            self._tries[identity] += 1
        return self.version(command.account_id)

    def version(self, key: str) -> int:
        """The durable version of an account."""
        return sum(fact.key == key for fact in self.facts())

    def check_receipt(self, command: Any, identity: str | None, expected: int | None, receipt: Receipt) -> None:
        """The receipt's events are in the log, in one piece, under its id, up to its version."""
        count = len(receipt.events)
        if not count:
            if receipt.position > len(self.facts()):
                self._faults.append(f"{identity}: an empty answer seen on an event that is not durable")
            return
        facts = self.facts()[receipt.position - count : receipt.position]
        changes = [
            getattr(event, "amount", 0) * (-1 if type(event).__name__ == "Withdrawn" else 1) for event in receipt.events
        ]
        versions = list(range(receipt.version - count + 1, receipt.version + 1))
        if (
            [fact.change for fact in facts] != changes
            or [fact.version for fact in facts] != versions
            or {fact.key for fact in facts} != {command.account_id}
            or {fact.command_id for fact in facts} != {receipt.command_id_bytes}
        ):
            self._faults.append(f"{identity}: the log does not hold what the receipt says: {receipt}, {facts}")
        if identity is None:
            return
        promise = (command.account_id, receipt.version, receipt.position, count)
        if self._promised.setdefault(identity, promise) != promise:
            self._faults.append(f"{identity}: two receipts, {self._promised[identity]} and {promise}")
        elif self._tries[identity] == 1 and expected is not None and versions[0] != expected + 1:
            self._faults.append(f"{identity}: accepted at version {versions[0] - 1}, expected {expected}")

    def check_rejected(self, command: Any, message: str, before: int) -> None:
        """The balance that a rejection names was durable at some version, not older than when it was sent."""
        named = re.fullmatch(r"only (-?[0-9]+) there", message)
        if named is None:
            return
        total, seen = 0, {0} if before == 0 else set[int]()
        for fact in self.facts():
            if fact.key == command.account_id:
                total += fact.change
                if fact.version >= before:
                    seen.add(total)
        if int(named[1]) not in seen:
            self._faults.append(f"rejected because of {named[1]}, which was never durable: {sorted(seen)}")

    def check_conflict(self, command: Any, error: Conflict, before: int) -> None:
        """The version that a conflict names is durable, and not older than when the command was sent."""
        durable = self.version(command.account_id)
        if not before <= error.version <= durable:
            self._faults.append(f"a conflict with version {error.version}; durable were {before} to {durable}")

    def check_views(self, position: int, balances: dict[str, int]) -> None:
        """A view is what the log says up to its position, and has not gone back."""
        if position > len(self.facts()):
            self._faults.append(f"a view is at {position}, the log at {len(self.facts())}")
        elif balances != self.balances(position):
            self._faults.append(f"a view at {position} says {balances}, the log {self.balances(position)}")
        if position < self._views_position:
            self._faults.append(f"a view went back from {self._views_position} to {position}")
        self._views_position = position

    def check_log(self) -> None:
        """Positions and versions are dense; promises are kept; an id has its effect once."""
        versions: dict[str, int] = {}
        groups: dict[bytes, list[Fact]] = {}
        for place, fact in enumerate(self.facts(), 1):
            versions[fact.key] = versions.get(fact.key, 0) + 1
            if (fact.position, fact.version) != (place, versions[fact.key]):
                self._faults.append(f"{fact} at place {place}, version {versions[fact.key]}")
            groups.setdefault(fact.command_id, []).append(fact)
        for facts in groups.values():
            if facts[-1].position - facts[0].position != len(facts) - 1:
                self._faults.append(f"a command had its effect twice, or in parts: {facts}")
        for identity, command in self.sent.items():
            facts = groups.get(command_id_bytes(identity), [])
            amounts = getattr(command, "amounts", None) or [getattr(command, "amount", 0)]
            if facts and [abs(fact.change) for fact in facts] != amounts:
                self._faults.append(f"{identity} {command} left {facts}")
            promise = self._promised.get(identity)
            if promise is not None and (not facts or facts[-1].position != promise[2] or len(facts) != promise[3]):
                self._faults.append(f"{identity}: promised {promise}, the log has {facts}")

    async def check_opened(self, bank: Engine) -> None:
        """After opening everything promised is there, and outcomes say what the log says."""
        self.check_log()
        self._views_position = 0
        self.check_views(bank.statistics().position, await bank.ask(AllBalances()))
        there = {fact.command_id for fact in self.facts()}
        for identity in list(self.sent)[-3:]:
            found = await bank.outcome(identity)
            if (found is not None) != (command_id_bytes(identity) in there):
                self._faults.append(f"{identity}: outcome says {found}")
        await self._check_states(bank)

    async def check_rest(self, bank: Engine) -> None:
        """When everybody is done, views equal a rebuild and states the events."""
        for view in (Balances, Activities):
            differences = await bank.verify_view(view)
            if not differences.ok:
                self._faults.append(f"{view.__name__} is not what a rebuild gives: {differences}")
        await self._check_states(bank)

    async def _check_states(self, bank: Engine) -> None:
        """Each account's state is the fold of its events."""
        for key in sorted({fact.key for fact in self.facts()}):
            position = bank.statistics().position
            state = await bank.state(Account, key)
            facts = [fact for fact in self.facts() if fact.key == key]
            known = facts[: state.movements]
            if (state.balance, state.movements) != (sum(fact.change for fact in known), len(known)) or any(
                fact.position <= position for fact in facts[state.movements :]
            ):
                self._faults.append(f"the state of {key} is {state}, its events say {facts}")

    def check_closed(self, bank: Engine) -> None:
        """Nothing is left behind."""
        self.check_log()
        if bank.statistics().pending:
            self._faults.append(f"{bank.statistics().pending} commands are pending after the close")
