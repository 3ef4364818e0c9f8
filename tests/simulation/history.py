"""What clients sent and what they were told, checked against the log: the oracle of the simulation.

Every sending is a try of its own, known in the log by its user id, so that each effect has one try that wrote it. What
is checked: an effect is what its command does, whole, on the state that was there; an id has its effect once within
its window; a receipt is what the log says, in full; an error that says "nothing happened" is true; a rejection and a
conflict were decided on a state that is durable; who gave up before his command was taken has no effect, and who was
approved has one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from actum import (
    ActumError,
    CommandFailed,
    CommandTimeout,
    Conflict,
    Invalid,
    MemoryLog,
    Options,
    OutcomeUnknown,
    Overloaded,
    Receipt,
    Rejected,
    StoreFailed,
)
from actum.records import command_id_bytes
from actum_storage import StoreFull

from tests.simulation.facts import Effect, Facts, change_of
from tests.support.bank import Deposit, DepositEach, Glance, Lend, Withdraw, WithdrawAll

#: Lives begin so far apart: a timestamp tells in which life it was given.
LIFE_NS = 10**12
NEW_YEAR_NS = 1_767_225_600_000_000_000

#: What a caller may be told so that he knows that his command wrote nothing.
NOTHING = (Rejected, Conflict, Invalid, Overloaded, CommandFailed, StoreFull, StoreFailed)
#: What leaves it open.
PERHAPS = (OutcomeUnknown, CommandTimeout)


@dataclass(eq=False)
class Try:
    """One sending of a command.

    Attributes:
        command: an object of its own for each try.
        identity: its command id.
        user_id: its alone; None for a try without anything beside the command.
        correlation_id: what is sent with it.
        causation_id: what is sent with it.
        expected: the version that it is to find.
        life: in which it was sent.
        sent_ns: when; 0 for not yet.
        before: the durable version of its account then.
        nothing: why it must have no effect, "" for it may have one.
        effect: what it wrote.
    """

    command: Any
    identity: str | None = None
    user_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    expected: int | None = None
    life: int = 0
    sent_ns: int = 0
    before: int = 0
    nothing: str = ""
    effect: Effect | None = None

    def writes(self, effect: Effect) -> bool:
        """Whether this is what its command does, on the state that was there."""
        command, last = self.command, effect.last
        if last.key != command.account_id:
            return False
        match command:
            case Deposit() | Lend():
                return effect.changes == (command.amount,)
            case DepositEach():
                return effect.changes == tuple(command.amounts)
            case Withdraw():
                return effect.changes == (-command.amount,)
            case WithdrawAll():
                return len(effect.changes) == 1 and effect.changes[0] < 0 and not last.balance
            case _:
                return False


class History:
    """What was sent, and what was promised about it.

    Attributes:
        sent: commands with ids, by id.
        facts: what the log says.
    """

    def __init__(self, log: MemoryLog, faults: list[str]) -> None:
        """Nothing sent; faults are added to the list."""
        self.sent: dict[str, Any] = {}
        self.facts = Facts(log, faults, lambda timestamp_ns: self._options_at(timestamp_ns).frame_events_max)
        self._faults = faults
        self._lives: list[Options] = []
        self._by_user: dict[str, Try] = {}
        self._plain: list[Try] = []
        self._plain_effects: list[Effect] = []
        self._approved: list[Any] = []

    def begin(self, options: Options) -> None:
        """Another life."""
        self._lives.append(options)
        self._approved.clear()

    def _options_at(self, timestamp_ns: int) -> Options:
        """Those of the life in which a timestamp was given; time that is in no life is a fault of its own."""
        life = (timestamp_ns - NEW_YEAR_NS) // LIFE_NS
        if not 0 <= life < len(self._lives):
            self._faults.append(f"a timestamp of no time: {timestamp_ns}")
        return self._lives[life if 0 <= life < len(self._lives) else -1]

    def started(self, attempt: Try, now_ns: int) -> None:
        """A command is sent now."""
        self.read()
        attempt.life, attempt.sent_ns = len(self._lives) - 1, now_ns
        attempt.before = self.facts.version(attempt.command.account_id)
        if attempt.user_id is None:
            self._plain.append(attempt)
        else:
            self._by_user[attempt.user_id] = attempt

    def approved(self, command: Any) -> None:
        """A decision that waited is approved: its command was taken, so it takes effect, whoever still waits for it."""
        self._approved.append(command)

    def has_no_effect(self, attempt: Try, why: str) -> None:
        """From now on, and ever."""
        attempt.nothing = why
        self.read()
        if attempt.effect is not None:
            self._faults.append(f"{attempt} has an effect")

    # The log.

    def read(self) -> None:
        """Take in what is new in the log: each effect has a try that may have written it."""
        for effect in self.facts.read():
            if effect.last.user_id is None:
                self._plain_effects.append(effect)
                continue
            attempt = self._by_user.get(effect.last.user_id)
            if attempt is None:
                self._faults.append(f"nobody sent what led to {effect}")
            else:
                self._check_effect(attempt, effect)

    def _check_effect(self, attempt: Try, effect: Effect) -> None:
        """What a try wrote."""
        last = effect.last
        if attempt.effect is not None or attempt.nothing or not attempt.writes(effect):
            self._faults.append(f"{attempt} led to {effect}")
        attempt.effect = effect
        if (last.correlation_id, last.causation_id) != (attempt.correlation_id, attempt.causation_id):
            self._faults.append(f"{effect} was sent with {attempt.correlation_id} and {attempt.causation_id}")
        if attempt.expected is not None and effect.before != attempt.expected:
            self._faults.append(f"{attempt} was accepted at version {effect.before}")
        if last.timestamp_ns < attempt.sent_ns:
            self._faults.append(f"{effect} is older than {attempt}")
        if attempt.identity is None:
            return
        if last.command_id != command_id_bytes(attempt.identity):
            self._faults.append(f"{effect} has another id than {attempt}")
        window = self._lives[attempt.life].dedup_commands_max
        for earlier in self.facts.of_command[last.command_id]:
            if 0 < effect.number - earlier.number <= window:
                self._faults.append(f"{attempt} had its effect twice, within {window} commands: {earlier}, {effect}")

    def check_log(self) -> None:
        """What was written by tries that can't be told apart is not more than what they may have written."""
        self.read()
        may: Counter[tuple[object, ...]] = Counter(
            (attempt.command.account_id, *changes_of(attempt.command)) for attempt in self._plain if not attempt.nothing
        )
        did = Counter((effect.last.key, *effect.changes) for effect in self._plain_effects)
        if did - may:
            self._faults.append(f"nobody sent, or nobody should have sent: {did - may}")

    def check_approved(self) -> None:
        """At a good end without a loss: what was approved is there."""
        self.read()
        approved = {id(command) for command in self._approved}
        for attempt in self._by_user.values():
            if id(attempt.command) in approved and attempt.effect is None:
                self._faults.append(f"{attempt} was approved and had no effect")

    # What clients are told.

    def check_receipt(self, attempt: Try, receipt: Receipt) -> None:
        """A receipt is what the log says, in full."""
        self.read()
        if not receipt.events:
            self._check_empty(attempt, receipt)
            return
        effect = self.facts.effects.get(receipt.position)
        if effect is None or not says(receipt, effect):
            self._faults.append(f"{attempt} got {receipt!r} {receipt.events}; the log has {effect}")
        elif attempt.effect not in (None, effect):
            self._faults.append(f"{attempt} got the receipt of {effect}")
        elif attempt.identity is not None and effect.last.command_id != command_id_bytes(attempt.identity):
            self._faults.append(f"{attempt} got the receipt of another command, {effect}")
        elif attempt.identity is None and effect.last.user_id != attempt.user_id:
            self._faults.append(f"{attempt} got the receipt of somebody else, {effect}")

    def _check_empty(self, attempt: Try, receipt: Receipt) -> None:
        """Nothing was written; the state on which that was decided is durable, and not older than the command."""
        key = attempt.command.account_id
        durable = self.facts.version(key)
        if receipt.key != key or not attempt.before <= receipt.version <= durable:
            self._faults.append(f"{attempt} got {receipt!r}; durable were {attempt.before} to {durable}")
            return
        fact = self.facts.at(key, receipt.version)
        if receipt.position != (0 if fact is None else fact.position):
            self._faults.append(f"{attempt} got {receipt!r}, which was never so: {fact}")
        emptied = isinstance(attempt.command, WithdrawAll) and (fact is None or not fact.balance)
        if attempt.effect is not None or not (emptied or isinstance(attempt.command, Glance)):
            self._faults.append(f"{attempt} wrote nothing: {receipt!r}")

    def check_error(self, attempt: Try, error: ActumError, *, failed: bool) -> None:
        """An error is one that this command can get, and true.

        Args:
            attempt: who got it.
            error: what he got.
            failed: whether the store has failed.
        """
        command = attempt.command
        self.read()
        match error:
            case Rejected():
                true = self._is_right(attempt, str(error))
            case Conflict():
                durable = self.facts.version(command.account_id)
                true = attempt.before <= error.version <= durable and error.version != attempt.expected
            case Invalid():
                true = isinstance(command, DepositEach) and any(type(amount) is not int for amount in command.amounts)
            case CommandFailed():
                true = isinstance(command, (Lend, WithdrawAll))
            case StoreFailed() | OutcomeUnknown():
                true = failed
            case Overloaded() | StoreFull() | CommandTimeout():
                true = True
            case _:
                true = False
        if not true:
            self._faults.append(f"{attempt} got {type(error).__name__}, wrongly: {error}")
        if isinstance(error, NOTHING):
            self.has_no_effect(attempt, f"{type(error).__name__}: {error}")

    def _is_right(self, attempt: Try, message: str) -> bool:
        """The balance that a rejection names was durable at some version, not older than when it was sent."""
        command = attempt.command
        named = re.fullmatch(r"only ([0-9]+) there", message)
        if named is None:
            return isinstance(command, (Lend, WithdrawAll)) or (
                isinstance(command, DepositEach) and 0 in command.amounts
            )
        facts = self.facts.of.get(command.account_id, [])
        seen = {fact.balance for fact in facts if fact.version >= attempt.before} | (
            {0} if not attempt.before else set()
        )
        return isinstance(command, Withdraw) and command.amount > int(named[1]) and int(named[1]) in seen


def changes_of(command: Any) -> Iterable[int]:
    """What a command does that does not depend on the state."""
    match command:
        case DepositEach():
            return command.amounts
        case Withdraw():
            return [-command.amount]
        case Glance():
            return []
        case _:
            return [command.amount]


def says(receipt: Receipt, effect: Effect) -> bool:
    """Whether a receipt is that of an effect."""
    last = effect.last
    changes: Callable[[Any], int] = lambda event: change_of(type(event).__name__, event.amount)  # noqa: E731
    return (receipt.command_id_bytes, receipt.key, receipt.version, receipt.position) == (
        last.command_id, last.key, last.version, last.position,
    ) and tuple(map(changes, receipt.events)) == effect.changes  # fmt: skip
