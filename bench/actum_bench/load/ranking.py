"""The accounts in the order of their balances: what workload e pages over."""

from __future__ import annotations

from actum import Query, Row, View, answer, project

from actum_bench.bank import Deposited

PAGE_ROWS = 20


class Ranked(Row, key="account_id", indexes=["balance"]):
    """One account."""

    account_id: str
    balance: int = 0


class RankedFrom(Query[list[Ranked]]):
    """A page of accounts from a balance on, the smallest first."""

    balance: int
    limit: int = PAGE_ROWS


class Ranking(View[Ranked]):
    """All accounts."""

    @project
    def deposited(self, event: Deposited) -> None:
        """A row moves up."""
        row = self.get(event.account_id) or Ranked(account_id=event.account_id)
        self.put(row.replace(balance=row.balance + event.amount))

    @answer
    def ranked_from(self, query: RankedFrom) -> list[Ranked]:
        """A part of the index."""
        return self.order_by("balance", start=query.balance, limit=query.limit)
