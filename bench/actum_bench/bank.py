"""The bank: the smallest domain in which something has to be decided, kept and shown. All subjects do this work.

A client deposits into one account after another. Each deposit is decided (the amount must be positive), kept as one
event, and shown in one view: balance and number of deposits of each account.
"""

from __future__ import annotations

from actum import Aggregate, Command, Event, Query, Rejected, Row, View, answer, decide, evolve, project


class Deposit(Command):
    """Put money in."""

    account_id: str
    amount: int


class Deposited(Event):
    """Money came in."""

    account_id: str
    amount: int


class Account(Aggregate, key="account_id"):
    """One account."""

    balance: int = 0

    @decide
    def deposit(self, command: Deposit) -> Deposited:
        """Positive amounts only."""
        if command.amount <= 0:
            raise Rejected("amount must be positive")
        return Deposited(account_id=command.account_id, amount=command.amount)

    @evolve
    def deposited(self, event: Deposited) -> None:
        """The balance grows."""
        self.balance += event.amount


class Balance(Row, key="account_id"):
    """One account as it is shown."""

    account_id: str
    balance: int = 0
    deposits: int = 0


class BalanceOf(Query[Balance | None]):
    """One account."""

    account_id: str


class Balances(View[Balance]):
    """All accounts."""

    @project
    def deposited(self, event: Deposited) -> None:
        """One deposit more."""
        row = self.get(event.account_id)
        if row is None:
            self.put(Balance(account_id=event.account_id, balance=event.amount, deposits=1))
        else:
            self.put(row.replace(balance=row.balance + event.amount, deposits=row.deposits + 1))

    @answer
    def balance_of(self, query: BalanceOf) -> Balance | None:
        """By its key."""
        return self.get(query.account_id)


def key_of(number: int) -> str:
    """The key of the account with a number."""
    return f"acc-{number:07d}"


#: Each client walks over the accounts from a place of its own, in steps of one; a prime keeps clients apart.
CLIENT_STRIDE = 7_919


def account_of(client: int, step: int, accounts: int) -> str:
    """The account that a client pays into at a step."""
    return key_of((client * CLIENT_STRIDE + step) % accounts)
