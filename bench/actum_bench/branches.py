"""Branches with accounts: the domain whose aggregates, rows and events grow independently of each other.

A branch is an aggregate and opens accounts; each account is one row of a view. One command can open many accounts or
make many payments, so that millions of events are there in seconds; one payment a command is what is measured.
"""

from __future__ import annotations

from typing import Any, Final

from actum import Aggregate, Command, Event, Page, Query, Rejected, Row, View, answer, decide, evolve, project

from actum_bench.bank import key_of

#: Spreads amounts and accesses: a prime, so without a factor in common with a power of ten.
SPREAD: Final = 514_229
#: First balances lie below this, in no order.
AMOUNT_MAX: Final = 1_000_003
PAYMENT: Final = 5


class Open(Command):
    """Open accounts with numbers that follow each other."""

    branch_id: str
    first: int
    count: int


class Pay(Command):
    """Pay into one account."""

    branch_id: str
    account_id: str
    amount: int


class PayOften(Command):
    """Pay into one account many times."""

    branch_id: str
    account_id: str
    amount: int
    times: int


class Opened(Event):
    """An account was opened."""

    account_id: str
    branch_id: str
    amount: int


class Paid(Event):
    """Money came in."""

    account_id: str
    amount: int


class Branch(Aggregate, key="branch_id"):
    """Where accounts are opened and paid into."""

    accounts: int = 0
    balance: int = 0

    @decide
    def open(self, command: Open) -> list[Opened]:
        """Each account begins with an amount of its own."""
        return [
            Opened(account_id=key_of(number), branch_id=command.branch_id, amount=first_amount(number))
            for number in range(command.first, command.first + command.count)
        ]

    @decide
    def pay(self, command: Pay) -> Paid:
        """Positive amounts only."""
        if command.amount <= 0:
            raise Rejected("amount must be positive")
        return Paid(account_id=command.account_id, amount=command.amount)

    @decide
    def pay_often(self, command: PayOften) -> list[Paid]:
        """One event for each payment."""
        return [Paid(account_id=command.account_id, amount=command.amount)] * command.times

    @evolve
    def opened(self, event: Opened) -> None:
        """One more."""
        self.accounts += 1
        self.balance += event.amount

    @evolve
    def paid(self, event: Paid) -> None:
        """The balance grows."""
        self.balance += event.amount


class Account(Row, key="account_id"):
    """An account, found by its key alone."""

    account_id: str
    branch_id: str
    balance: int
    payments: int = 0


class AccountByBalance(Row, key="account_id", indexes=["balance"]):
    """The same with one secondary index."""

    account_id: str
    branch_id: str
    balance: int
    payments: int = 0


class AccountByBoth(Row, key="account_id", indexes=["balance", "branch_id"]):
    """The same with two secondary indexes."""

    account_id: str
    branch_id: str
    balance: int
    payments: int = 0


class OneAccount(Query[AccountByBalance | None]):
    """By its key."""

    account_id: str


class AccountPage(Query[Page[AccountByBalance]]):
    """In the order of balances, from a cursor on."""

    limit: int
    cursor: str | None = None


class Accounts(View[Account]):
    """All accounts, without a secondary index."""

    @project
    def opened(self, event: Opened) -> None:
        """One more row."""
        self.put(Account(account_id=event.account_id, branch_id=event.branch_id, balance=event.amount))

    @project
    def paid(self, event: Paid) -> None:
        """Its balance grows."""
        row = self.get(event.account_id)
        assert row is not None, "an account is opened before it is paid into"
        self.put(row.replace(balance=row.balance + event.amount, payments=row.payments + 1))


class AccountsByBalance(View[AccountByBalance]):
    """All accounts, with one."""

    @project
    def opened(self, event: Opened) -> None:
        """One more row."""
        self.put(AccountByBalance(account_id=event.account_id, branch_id=event.branch_id, balance=event.amount))

    @project
    def paid(self, event: Paid) -> None:
        """Its balance grows."""
        row = self.get(event.account_id)
        assert row is not None, "an account is opened before it is paid into"
        self.put(row.replace(balance=row.balance + event.amount, payments=row.payments + 1))

    @answer
    def one(self, query: OneAccount) -> AccountByBalance | None:
        """By its key."""
        return self.get(query.account_id)

    @answer
    def page_of(self, query: AccountPage) -> Page[AccountByBalance]:
        """In the order of balances."""
        return self.page("balance", limit=query.limit, cursor=query.cursor)


class AccountsByBoth(View[AccountByBoth]):
    """All accounts, with two."""

    @project
    def opened(self, event: Opened) -> None:
        """One more row."""
        self.put(AccountByBoth(account_id=event.account_id, branch_id=event.branch_id, balance=event.amount))

    @project
    def paid(self, event: Paid) -> None:
        """Its balance grows."""
        row = self.get(event.account_id)
        assert row is not None, "an account is opened before it is paid into"
        self.put(row.replace(balance=row.balance + event.amount, payments=row.payments + 1))


#: The view and its rows, by the number of secondary indexes.
VIEWS: Final[tuple[type[View[Any]], ...]] = (Accounts, AccountsByBalance, AccountsByBoth)
ROWS: Final[tuple[type[Account | AccountByBalance | AccountByBoth], ...]] = (Account, AccountByBalance, AccountByBoth)


def first_amount(number: int) -> int:
    """What an account begins with."""
    return number * SPREAD % AMOUNT_MAX


def branch_key(number: int) -> str:
    """The key of the branch with a number."""
    return f"branch-{number:07d}"


def scattered(step: int, count: int) -> int:
    """A number below `count`: each once in `count` steps, in no order that a cache could follow.

    Args:
        step: any number.
        count: without the factor 514,229.
    """
    return step * SPREAD % count
