"""The read model of peers that are written by hand: balance and number of deposits of each account, in memory.

It lies in memory because actum's views do; whoever opens such a store anew has to read its events first, as actum has
to without a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from actum_bench.results import Check

#: What every deposit brings.
AMOUNT: Final = 5


class Balance(msgspec.Struct, frozen=True, gc=False):
    """One account as it is shown."""

    balance: int
    deposits: int


class Ledger:
    """All accounts.

    Attributes:
        rows: by key.
        deposits: how many are shown.
    """

    def __init__(self) -> None:
        """No account."""
        self.rows: dict[str, Balance] = {}
        self.deposits = 0

    def deposited(self, account_id: str, amount: int) -> None:
        """One deposit more."""
        row = self.rows.get(account_id)
        if row is None:
            self.rows[account_id] = Balance(amount, 1)
        else:
            self.rows[account_id] = Balance(row.balance + amount, row.deposits + 1)
        self.deposits += 1

    def checks(self, acknowledged: float, stored: float) -> list[Check]:
        """What has to be true after a run."""
        return checks(acknowledged, stored, self.rows.values())


def checks(acknowledged: float, stored: float, rows: Iterable[Balance]) -> list[Check]:
    """That nothing is lost, nothing is there twice, and the read model shows it all.

    Args:
        acknowledged: commands that were answered.
        stored: events that the store says it has.
        rows: the read model.
    """
    shown = list(rows)
    return [
        Check.equal("acknowledged == stored", acknowledged, stored),
        Check.equal("stored == shown", stored, sum(row.deposits for row in shown)),
        Check.equal("money paid in == money shown", acknowledged * AMOUNT, sum(row.balance for row in shown)),
    ]
