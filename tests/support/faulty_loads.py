"""Subjects of the load benchmark with planted faults, which its checks have to find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actum import Command, Row, View, answer, project
from actum_bench.bank import BalanceOf, Deposited
from actum_bench.load.accounts import Accounts


class Kept(Row, key="account_id"):
    """One account."""

    account_id: str
    balance: int = 0


class Losing(View[Kept]):
    """Does not see deposits of two: its sum is wrong, now and when it is rebuilt."""

    @project
    def deposited(self, event: Deposited) -> None:
        """All but those."""
        row = self.get(event.account_id) or Kept(account_id=event.account_id)
        self.put(row.replace(balance=row.balance + event.amount * (event.amount != 2)))

    @answer
    def balance_of(self, query: BalanceOf) -> Kept | None:
        """By its key."""
        return self.get(query.account_id)


SEEN: list[str] = []


class Forgetful(View[Kept]):
    """Takes the first deposit for another account's: its sum is right, and a rebuild is not what was served."""

    @project
    def deposited(self, event: Deposited) -> None:
        """The first one goes astray."""
        key = event.account_id if SEEN else "somebody else"
        SEEN.append(key)
        row = self.get(key) or Kept(account_id=key)
        self.put(row.replace(balance=row.balance + event.amount))

    @answer
    def balance_of(self, query: BalanceOf) -> Kept | None:
        """By its key."""
        return self.get(query.account_id) or self.get("somebody else")


class LosingAccounts(Accounts):
    """The bank with a view that is wrong."""

    views: Sequence[type[View[Any]]] = (Losing,)


class ForgetfulAccounts(Accounts):
    """The bank with a view that depends on more than events."""

    views: Sequence[type[View[Any]]] = (Forgetful,)


class ForgettingClients(Accounts):
    """Clients that lose a receipt."""

    def command(self, number: int) -> Command:
        """The last of the filling is forgotten."""
        if self.receipts == self.keys:
            self.receipts -= 1
            self.events -= 1
        return super().command(number)
