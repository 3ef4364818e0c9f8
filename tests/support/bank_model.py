"""The balances of the bank as a few lines say them, for properties."""

from __future__ import annotations

from typing import Any

from actum import Receipt
from hypothesis import strategies as st

from tests.support.bank import Deposit, Deposited, Withdraw, Withdrawn

ACCOUNTS = st.sampled_from([f"a{number}" for number in range(6)])
COMMANDS = st.lists(
    st.builds(Deposit, account_id=ACCOUNTS, amount=st.integers(1, 3))
    | st.builds(Withdraw, account_id=ACCOUNTS, amount=st.integers(1, 3)),
    min_size=1,
    max_size=6,
)


class Model:
    """What the balances were at each position."""

    def __init__(self) -> None:
        self.at: list[dict[str, int]] = [{}]

    def add(self, receipts: list[Any]) -> None:
        """What commands did."""
        for event in (event for receipt in receipts if isinstance(receipt, Receipt) for event in receipt.events):
            assert isinstance(event, (Deposited, Withdrawn))
            balances = dict(self.at[-1])
            change = event.amount if isinstance(event, Deposited) else -event.amount
            balances[event.account_id] = balances.get(event.account_id, 0) + change
            self.at.append({account: balance for account, balance in balances.items() if balance})
