"""The domain that good.py and bad.py talk about; itself user code that must type-check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from actum import (
    Aggregate,
    Cancel,
    Command,
    Done,
    Event,
    Page,
    Process,
    Query,
    Record,
    Rejected,
    Row,
    Schedule,
    Subscription,
    Value,
    View,
    answer,
    decide,
    evolve,
    handle,
    project,
    react,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Note(Value):
    text: str
    urgent: bool = False


class Deposit(Command):
    account_id: str
    amount: int
    note: Note | None = None


class Transfer(Command):
    account_id: str
    to: str
    amount: int


class Deposited(Event, tag="deposited"):
    account_id: str
    amount: int


class Sent(Event):
    account_id: str
    to: str
    amount: int


class Overdrawn(Rejected):
    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} missing")
        self.missing = missing


@runtime_checkable
class Limits(Protocol):
    async def limit_of(self, account_id: str) -> int: ...


class Account(Aggregate, key="account_id", name="account", revision="2"):
    balance: int = 0
    notes: list[str] = []

    @decide
    def deposit(self, command: Deposit) -> Deposited:
        return Deposited(account_id=command.account_id, amount=command.amount)

    @decide
    async def transfer(self, command: Transfer, limits: Limits) -> list[Sent | Deposited]:
        if self.balance - command.amount < -await limits.limit_of(command.account_id):
            raise Overdrawn(command.amount - self.balance)
        return [Sent(account_id=command.account_id, to=command.to, amount=command.amount)]

    @evolve
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount

    @evolve
    def sent(self, event: Sent) -> None:
        self.balance -= event.amount


class Split(Aggregate, key="account_id"):
    count: int = 0

    @decide
    def transfer(self, command: Transfer) -> Iterator[Sent]:
        yield Sent(account_id=command.account_id, to=command.to, amount=command.amount // 2)
        yield Sent(account_id=command.account_id, to=command.to, amount=command.amount - command.amount // 2)

    @evolve
    def sent(self, event: Sent) -> None:
        self.count += 1


class Balance(Row, key="account_id", indexes=["balance", ("owner", "balance")], hash_indexes=["owner"]):
    account_id: str
    owner: str = ""
    balance: int = 0


class TopBalances(Query[list[Balance]]):
    limit: int = 10


class BalanceOf(Query[Balance | None]):
    account_id: str


class BalancePage(Query[Page[Balance]]):
    owner: str
    cursor: str | None = None


class Total(Query[int]):
    pass


class Balances(View[Balance], name="balances", revision="1"):
    @project
    def deposited(self, event: Deposited) -> None:
        row = self.get(event.account_id) or Balance(account_id=event.account_id)
        self.put(row.replace(balance=row.balance + event.amount))

    @project
    def sent(self, event: Sent, record: Record) -> None:
        row = self.get(record.key)
        if row is not None:
            self.put(row.replace(balance=row.balance - event.amount, owner=record.user_id or ""))

    @answer
    def top(self, query: TopBalances) -> list[Balance]:
        return self.order_by("balance", descending=True, limit=query.limit)

    @answer
    def one(self, query: BalanceOf) -> Balance | None:
        return self.get(query.account_id)

    @answer
    def pages(self, query: BalancePage) -> Page[Balance]:
        return self.page(("owner", "balance"), limit=20, cursor=query.cursor, where={"owner": query.owner})

    @answer
    def total(self, query: Total) -> int:
        return sum(row.balance for row in self)


class Interest(Process, key="account_id", name="interest", start="beginning", strict=True, stuck_seconds=86_400):
    paid: int = 0
    payers: list[str] = []

    @react(starts=True)
    def deposited(self, event: Deposited, record: Record) -> Iterator[Command | Schedule]:
        self.payers.append(record.user_id or "")
        yield Deposit(account_id=event.account_id, amount=event.amount // 100)
        yield Schedule(command=Deposit(account_id=event.account_id, amount=1), after=60.0, name="bonus")

    @react
    def sent(self, event: Sent) -> list[Cancel | Done]:
        self.paid += event.amount
        return [Cancel(name="bonus"), Done()]

    @refused
    def rejected(self, command: Deposit, error: Rejected) -> Done:
        print(command.amount, error)
        return Done()


class Mail(Protocol):
    async def send(self, to: str, *, once: str) -> None: ...


class Mailer(Subscription, name="mailer", start="now", batch_max=10, on_failure="stop"):
    @handle
    async def sent(self, event: Sent, record: Record, mail: Mail) -> None:
        await mail.send(event.to, once=str(record.position))

    @handle
    def deposited(self, event: Deposited) -> None:
        print(event.amount)
