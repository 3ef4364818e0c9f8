"""A bank for the tests: accounts that take, give and refuse money, and two views of them.

It has one of everything that an engine can be asked to do: a command that writes one event, several, or none, one
that is rejected, two whose decisions wait for a service; a view with indexes, and one that looks at the records.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from actum import (
    Aggregate,
    Command,
    Engine,
    Event,
    MemoryLog,
    Options,
    Query,
    Record,
    Rejected,
    Row,
    Subscription,
    View,
    answer,
    decide,
    evolve,
    project,
)
from actum_storage import Log


class Deposit(Command):
    """Put money in: one event."""

    account_id: str
    amount: int


class DepositEach(Command):
    """Put several amounts in, each an event of its own; none at all if one of them is not positive."""

    account_id: str
    amounts: list[int]


class Withdraw(Command):
    """Take money out, if there is enough: one event, or `Rejected`."""

    account_id: str
    amount: int


class Glance(Command):
    """Look at the account: no event."""

    account_id: str


class Note(Command):
    """Keep a text of any length: one event."""

    account_id: str
    text: str


class Lend(Command):
    """Put money in after an assessor has approved: the decision waits."""

    account_id: str
    amount: int


class WithdrawAll(Command):
    """Take out all that is there, after an assessor has approved: the decision waits, and depends on the state."""

    account_id: str


class Deposited(Event):
    """Money came in."""

    account_id: str
    amount: int


class Withdrawn(Event):
    """Money went out."""

    account_id: str
    amount: int


class Noted(Event):
    """A text was kept."""

    account_id: str
    text: str


@runtime_checkable
class Assessor(Protocol):
    """Approves loans, perhaps later."""

    async def approves(self, account_id: str, amount: int) -> bool:
        """Whether the money may be lent."""
        ...


class HeldAssessor:
    """An assessor that answers when the test lets it.

    Attributes:
        asked: the amounts that it was asked about, in order.
        verdict: what it says then.
        free: set to let everyone go; cleared to hold them.
    """

    def __init__(self, *, verdict: bool = True, held: bool = False) -> None:
        """Approve or not; hold the askers or not."""
        self.asked: list[int] = []
        self.verdict = verdict
        self.free = asyncio.Event()
        if not held:
            self.free.set()

    async def approves(self, account_id: str, amount: int) -> bool:
        """Wait until the test allows it."""
        self.asked.append(amount)
        await self.free.wait()
        return self.verdict


class Account(Aggregate, key="account_id"):
    """One account."""

    balance: int = 0
    movements: int = 0
    notes: list[str] = []

    @decide
    def deposit(self, command: Deposit) -> Deposited:
        """Positive amounts only."""
        if command.amount <= 0:
            raise Rejected("amount must be positive")
        return Deposited(account_id=command.account_id, amount=command.amount)

    @decide
    def deposit_each(self, command: DepositEach) -> Iterator[Deposited]:
        """One event each, as a generator."""
        for amount in command.amounts:
            if amount <= 0:
                raise Rejected("amount must be positive")
            yield Deposited(account_id=command.account_id, amount=amount)

    @decide
    def withdraw(self, command: Withdraw) -> Withdrawn:
        """Not more than there is."""
        if command.amount > self.balance:
            raise Rejected(f"only {self.balance} there")
        return Withdrawn(account_id=command.account_id, amount=command.amount)

    @decide
    def glance(self, command: Glance) -> None:
        """Nothing happens."""

    @decide
    def note(self, command: Note) -> list[Noted]:
        """A list of one."""
        return [Noted(account_id=command.account_id, text=command.text)]

    @decide
    async def lend(self, command: Lend, assessor: Assessor) -> Deposited:
        """Ask, then decide."""
        if not await assessor.approves(command.account_id, command.amount):
            raise Rejected("the assessor said no")
        return Deposited(account_id=command.account_id, amount=command.amount)

    @decide
    async def withdraw_all(self, command: WithdrawAll, assessor: Assessor) -> Withdrawn | None:
        """Look, ask, then decide on what was seen: nothing may have come between."""
        balance = self.balance
        if not balance:
            return None
        if not await assessor.approves(command.account_id, balance):
            raise Rejected("the assessor said no")
        return Withdrawn(account_id=command.account_id, amount=balance)

    @evolve
    def deposited(self, event: Deposited) -> None:
        """More."""
        self.balance += event.amount
        self.movements += 1

    @evolve
    def withdrawn(self, event: Withdrawn) -> None:
        """Less."""
        self.balance -= event.amount
        self.movements += 1

    @evolve
    def noted(self, event: Noted) -> None:
        """One more text."""
        self.notes.append(event.text)


class Balance(Row, key="account_id", indexes=["balance", ("branch", "balance")], hash_indexes=["branch"]):
    """What an account holds; its branch is the part of its id before the dash."""

    account_id: str
    branch: str
    balance: int = 0


class TopBalances(Query[list[Balance]]):
    """The richest accounts."""

    limit: int = 10


class BalanceOf(Query[int | None]):
    """What one account holds; None for an account that isn't there."""

    account_id: str


class BranchBalances(Query[list[Balance]]):
    """The accounts of a branch."""

    branch: str


class AllBalances(Query[dict[str, int]]):
    """Everything: what a model can be compared with."""


class Balances(View[Balance]):
    """The balances, with an ordered, a composite and a hash index; an account that is emptied disappears."""

    @project
    def deposited(self, event: Deposited) -> None:
        """More."""
        self._move(event.account_id, event.amount)

    @project
    def withdrawn(self, event: Withdrawn) -> None:
        """Less."""
        self._move(event.account_id, -event.amount)

    def _move(self, account_id: str, amount: int) -> None:
        row = self.get(account_id) or Balance(account_id=account_id, branch=account_id.partition("-")[0])
        row = row.replace(balance=row.balance + amount)
        if row.balance == 0:
            self.remove(account_id)
        else:
            self.put(row)

    @answer
    def top(self, query: TopBalances) -> list[Balance]:
        """By the ordered index."""
        return self.order_by("balance", descending=True, limit=query.limit)

    @answer
    def of(self, query: BalanceOf) -> int | None:
        """By the key."""
        row = self.get(query.account_id)
        return None if row is None else row.balance

    @answer
    def of_branch(self, query: BranchBalances) -> list[Balance]:
        """By the hash index."""
        return self.where(branch=query.branch)

    @answer
    def everything(self, query: AllBalances) -> dict[str, int]:
        """By walking."""
        return {row.account_id: row.balance for row in self}


class Activity(Row, key="account_id"):
    """The last event of an account, from its record."""

    account_id: str
    events: int = 0
    version: int = 0
    position: int = 0
    timestamp_ns: int = 0
    user_id: str | None = None


class ActivityOf(Query[Activity | None]):
    """The last event of one account."""

    account_id: str


class AllActivity(Query[list[Activity]]):
    """Everything, by account."""


class Activities(View[Activity]):
    """Who did what when: a view that takes the record for some events and does without it for others."""

    @project
    def deposited(self, event: Deposited, record: Record) -> None:
        """With its record."""
        self._note(record)

    @project
    def withdrawn(self, event: Withdrawn, record: Record) -> None:
        """With its record."""
        self._note(record)

    @project
    def noted(self, event: Noted) -> None:
        """Without: only counted."""
        row = self.get(event.account_id) or Activity(account_id=event.account_id)
        self.put(row.replace(events=row.events + 1))

    def _note(self, record: Record) -> None:
        row = self.get(record.key) or Activity(account_id=record.key)
        self.put(
            row.replace(
                events=row.events + 1,
                version=record.version,
                position=record.position,
                timestamp_ns=record.timestamp_ns,
                user_id=record.user_id,
            )
        )

    @answer
    def of(self, query: ActivityOf) -> Activity | None:
        """By the key."""
        return self.get(query.account_id)

    @answer
    def everything(self, query: AllActivity) -> list[Activity]:
        """By walking, in the order of the keys."""
        return sorted(self, key=lambda row: row.account_id)


def open_bank(
    store: Any = None,
    *more: type[Aggregate | View[Any] | Subscription],
    assessor: Assessor | None = None,
    services: Sequence[object] = (),
    monitor: bool = False,
    admin: bool = False,
    **options: Any,
) -> Engine:
    """A bank's engine, in memory unless a store is given; other keywords are options.

    The gate is short, so that a test that holds a commit doesn't wait long for its turns. There is no ballast file: a
    thousand tests would fill the disk with them.
    """
    log: Log | Any = MemoryLog() if store is None else store
    defaults = {"gate_seconds": 0.0005, "gc_policy": "none", "durability": "relaxed", "ballast_bytes": 0}
    chosen = Options(**{**defaults, **options})
    given = [assessor or HeldAssessor(), *services]
    return Engine.open(
        log, Account, Balances, Activities, *more, services=given, options=chosen, monitor=monitor, admin=admin
    )
