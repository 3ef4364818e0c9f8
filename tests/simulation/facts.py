"""The log as it lies on the disk, read without the engine: facts, and the effects that commands had.

What holds for any log of a bank, whoever wrote it, is checked while it is read: positions and versions are dense, time
does not go back, no frame is larger than its writer's limit, and no account was ever overdrawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from actum import MemoryLog
from actum.codec import decode_stored
from actum.records import StoredRecord


class Fact(NamedTuple):
    """A record as it lies in the log; the balance is the account's behind it."""

    position: int
    key: str
    version: int
    timestamp_ns: int
    command_id: bytes
    user_id: str | None
    correlation_id: str | None
    causation_id: str | None
    change: int
    balance: int

    @property
    def source(self) -> tuple[str, bytes, str | None]:
        """What all facts of one effect share."""
        return self.key, self.command_id, self.user_id


class Effect(NamedTuple):
    """What one command wrote at one time: facts that lie together.

    Attributes:
        last: its last fact.
        changes: of all its facts.
        number: 1, 2, 3 ... within its account.
    """

    last: Fact
    changes: tuple[int, ...]
    number: int

    @property
    def before(self) -> int:
        """The account's version before it."""
        return self.last.version - len(self.changes)


def change_of(kind: str, amount: int) -> int:
    """What an event does to the balance."""
    return -amount if kind == "Withdrawn" else amount


class Facts:
    """All that is in the log; each record is decoded once.

    Attributes:
        of: each account's facts, oldest first.
        effects: by the position of their last fact.
        of_command: the effects under each command id, oldest first.
    """

    def __init__(self, log: MemoryLog, faults: list[str], frame_events_max: Callable[[int], int]) -> None:
        """Nothing is read yet.

        Args:
            log: what is read.
            faults: where to add what does not hold.
            frame_events_max: the limit of who wrote at some time.
        """
        self.of: dict[str, list[Fact]] = {}
        self.effects: dict[int, Effect] = {}
        self.of_command: dict[bytes, list[Effect]] = {}
        self._log = log
        self._faults = faults
        self._frame_events_max = frame_events_max
        self._facts: list[Fact] = []
        self._numbers: dict[str, int] = {}
        self._balances: dict[str, int] = {}
        self._balances_position = 0

    def __len__(self) -> int:
        """The last position."""
        return len(self._facts)

    def read(self) -> list[Effect]:
        """Take in what is new; the effects that it shows."""
        new: list[Effect] = []
        if self._log.head.position == len(self._facts):
            return new
        for frame in self._log.frames(len(self._facts) + 1):
            gathered: list[Fact] = []
            for record in decode_stored(frame.first, frame.body):
                fact = self._take(record)
                if gathered and gathered[-1].source != fact.source:
                    new.append(self._effect(gathered))
                    gathered = []
                gathered.append(fact)
            new.append(self._effect(gathered))
            if frame.count > self._frame_events_max(self._facts[-1].timestamp_ns):
                self._faults.append(f"a frame of {frame.count} events at {frame.first}")
        return new

    def _take(self, record: StoredRecord) -> Fact:
        """One more record."""
        event: Any = record.event
        change = change_of(record.tag, event["amount"])
        facts = self.of.setdefault(record.key, [])
        balance = change + (facts[-1].balance if facts else 0)
        fact = Fact(
            record.position, record.key, record.version, record.timestamp_ns, record.command_id_bytes, record.user_id,
            record.correlation_id, record.causation_id, change, balance,
        )  # fmt: skip
        if (fact.position, fact.version) != (len(self._facts) + 1, len(facts) + 1):
            self._faults.append(f"{fact} at place {len(self._facts) + 1}, version {len(facts) + 1}")
        if record.previous != (facts[-1].position if facts else 0):
            self._faults.append(f"{fact} says that {record.previous} is before it, {facts[-1:]} is")
        if self._facts and fact.timestamp_ns < self._facts[-1].timestamp_ns:
            self._faults.append(f"time goes back to {fact}, from {self._facts[-1]}")
        if balance < 0:
            self._faults.append(f"{fact} was accepted, although it overdraws the account")
        facts.append(fact)
        self._facts.append(fact)
        return fact

    def _effect(self, gathered: list[Fact]) -> Effect:
        """Facts that lie together, of one command."""
        last = gathered[-1]
        number = self._numbers[last.key] = self._numbers.get(last.key, 0) + 1
        effect = Effect(last, tuple(fact.change for fact in gathered), number)
        self.effects[last.position] = effect
        self.of_command.setdefault(last.command_id, []).append(effect)
        return effect

    def version(self, key: str) -> int:
        """The durable version of an account."""
        return len(self.of.get(key, ()))

    def at(self, key: str, version: int) -> Fact | None:
        """An account's fact with this version; None before the first."""
        return self.of[key][version - 1] if version else None

    def balances(self, position: int) -> dict[str, int]:
        """What the view has to say at a position; emptied accounts disappear."""
        if position < self._balances_position:
            self._balances, self._balances_position = {}, 0
        for fact in self._facts[self._balances_position : position]:
            self._balances[fact.key] = fact.balance
            if not fact.balance:
                del self._balances[fact.key]
        self._balances_position = position
        return self._balances
