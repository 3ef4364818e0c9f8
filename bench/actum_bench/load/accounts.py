"""The bank under load: deposits and balances, with a view of its own where a workload needs another one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from actum import Command, Engine, Options, Query, Receipt, View

from actum_bench import bank
from actum_bench.load.fan import FANNED
from actum_bench.load.ranking import RankedFrom, Ranking
from actum_bench.load.subject import Subject
from actum_bench.results import Check

#: Spreads first amounts over the index; without a factor in common with the number of amounts.
SPREAD = 7_919
AMOUNTS = 1_000_003
#: What a deposit brings lies between 1 and this, so that two that are mixed up show in the sum.
DEPOSIT_MAX = 97


def first_amount(number: int) -> int:
    """What an account has before the run."""
    return number * SPREAD % AMOUNTS + 1


class Accounts(Subject):
    """Deposits into accounts, and questions for one balance. For workloads a, b, c, g, i."""

    views: Sequence[type[View[Any]]] = (bank.Balances,)

    def __init__(self, keys: int) -> None:
        super().__init__(keys)
        self.amount = 0

    def open(self, path: str, options: Options) -> AbstractAsyncContextManager[Engine]:
        """The bank."""
        return Engine.open(path, bank.Account, *self.views, options=options)

    def filling(self) -> Sequence[Sequence[Command]]:
        """One deposit into each account."""
        return [
            [bank.Deposit(account_id=bank.key_of(number), amount=first_amount(number)) for number in range(self.keys)]
        ]

    def command(self, number: int) -> Command:
        """One deposit."""
        return bank.Deposit(account_id=bank.key_of(number), amount=1 + number % DEPOSIT_MAX)

    def query(self, number: int) -> Query[Any]:
        """One balance."""
        return bank.BalanceOf(account_id=bank.key_of(number))

    def acknowledge(self, receipt: Receipt) -> None:
        """Money that the client was told is there."""
        super().acknowledge(receipt)
        for event in receipt.events:
            assert isinstance(event, bank.Deposited)
            self.amount += event.amount

    def sums(self, engine: Engine) -> list[Check]:
        """All money of all views."""
        return [
            Check.equal(
                f"sum of {view.__name__} == acknowledged",
                self.amount,
                sum(row.balance for row in engine.rows(view)),
            )
            for view in self.views
        ]


class LatestAccounts(Accounts):
    """Each deposit opens an account, and questions are about those that were opened last. For workload d."""

    def __init__(self, keys: int) -> None:
        super().__init__(keys)
        self.opened = 0
        self.known: list[str] = []

    def acknowledge(self, receipt: Receipt) -> None:
        """One more account that may be asked for."""
        super().acknowledge(receipt)
        self.known.append(receipt.key)

    def command(self, number: int) -> Command:
        """A deposit into a new account."""
        self.opened += 1
        return bank.Deposit(account_id=bank.key_of(self.keys + self.opened), amount=1 + number % DEPOSIT_MAX)

    def query(self, number: int) -> Query[Any]:
        """The newest account for 0, the one before it for 1, and so on."""
        return bank.BalanceOf(account_id=self.known[-1 - number])


class RankedAccounts(Accounts):
    """Deposits, and pages of accounts in the order of their balances. For workload e."""

    views: Sequence[type[View[Any]]] = (Ranking,)

    def query(self, number: int) -> Query[Any]:
        """From what an account had at first; balances only grow, so there is at least one."""
        return RankedFrom(balance=first_amount(number))


class FannedAccounts(Accounts):
    """Deposits, each into twenty views. For workload h."""

    views: Sequence[type[View[Any]]] = FANNED
