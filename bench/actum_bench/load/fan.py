"""Twenty views of the same event: what workload h folds into."""

from __future__ import annotations

from typing import Any

from actum import View, project

from actum_bench.bank import Balance, Balances, Deposited
from actum_bench.load.workloads import VIEWS


def one_more(number: int) -> type[View[Balance]]:
    """A view of balances with a name of its own."""

    class Copy(View[Balance], name=f"Balances{number}"):
        @project
        def deposited(self, event: Deposited) -> None:
            row = self.get(event.account_id) or Balance(account_id=event.account_id)
            self.put(row.replace(balance=row.balance + event.amount, deposits=row.deposits + 1))

    Copy.__name__ = f"Balances{number}"
    return Copy


#: The one that answers, and as many beside it as make twenty.
FANNED: tuple[type[View[Any]], ...] = (Balances, *(one_more(number) for number in range(2, VIEWS + 1)))
