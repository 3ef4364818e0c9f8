"""What the clients themselves cost."""

from __future__ import annotations

import asyncio

import pytest
from actum import Receipt
from actum_bench.bank import Deposited
from actum_bench.load.accounts import Accounts, LatestAccounts
from actum_bench.load.client_cost import client_cost
from actum_bench.load.plan import plan_of
from actum_bench.load.workloads import WORKLOADS

RECEIPT = Receipt(bytes(16), "acc-0000001", 1, 1, (Deposited(account_id="acc-0000001", amount=5),))


@pytest.mark.parametrize("clients", [None, 3], ids=["open", "closed"])
@pytest.mark.parametrize("subject", [Accounts(20), LatestAccounts(20)], ids=["accounts", "latest"])
def test_it_leaves_the_subject_alone(subject: Accounts, clients: int | None) -> None:
    """There is a cost, and what the subject was told does not change by measuring it."""
    for _ in range(20):
        subject.acknowledge(RECEIPT)
    told = dict(vars(subject))
    plan = plan_of(WORKLOADS["a"], "zipf", 20, 200, 1)
    assert asyncio.run(client_cost(subject, RECEIPT, plan, clients)) > 0
    assert vars(subject) == told
