"""The bank as the documentation of `eventsourcing` writes such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from actum_bench.peers.ledger import Balance

from tests.support.peers import need_package

if TYPE_CHECKING:
    from actum_bench.peers.eventsourcing_bank import Bank

ENVIRONMENT = {"PERSISTENCE_MODULE": "eventsourcing.popo"}


@pytest.fixture
def bank() -> Bank:
    """A bank in memory with two accounts."""
    need_package("eventsourcing")
    from actum_bench.peers.eventsourcing_bank import Bank  # noqa: PLC0415  # an extra

    bank = Bank(ENVIRONMENT)
    bank.create(["a", "b"])
    return bank


def test_a_deposit_is_kept_and_shown(bank: Bank) -> None:
    """One event, one row; creating an account shows nothing."""
    from actum_bench.peers.eventsourcing_bank import Account  # noqa: PLC0415

    account_id = Account.create_id("a")
    bank.deposit(account_id, 5)
    bank.deposit(account_id, 7)
    assert bank.recorder.max_notification_id() == 4
    assert bank.projection.view.rows == {account_id: Balance(12, 2)}


def test_a_rejected_deposit_keeps_nothing(bank: Bank) -> None:
    """Neither the store nor the cached aggregate is touched by a command that is refused."""
    from actum_bench.peers.eventsourcing_bank import Account  # noqa: PLC0415

    account_id = Account.create_id("a")
    with pytest.raises(ValueError, match="positive"):
        bank.deposit(account_id, 0)
    bank.deposit(account_id, 5)
    assert bank.recorder.max_notification_id() == 3
    assert bank.shown == 3


def test_the_cache_is_on(bank: Bank) -> None:
    """An account comes out of the cache, as a copy."""
    from actum_bench.peers.eventsourcing_bank import Account  # noqa: PLC0415

    account_id = Account.create_id("b")
    cache = bank.repository.cache
    assert cache is not None
    account: Account = bank.repository.get(account_id)
    assert account == cache.get(account_id)
    assert account is not cache.get(account_id)
    assert not bank.repository.fastforward


def test_the_view_is_fed_in_order(bank: Bank) -> None:
    """What another thread saved later waits for what was saved before it."""
    from actum_bench.peers.eventsourcing_bank import Account  # noqa: PLC0415

    saved = []
    for name in "ab":
        account: Account = bank.repository.get(Account.create_id(name))
        account.deposit(5)
        saved.append(bank.save(account))
    bank.feed(saved[1])
    assert bank.projection.view.rows == {}
    bank.feed(saved[0])
    assert len(bank.projection.view.rows) == 2
    assert bank.projection.view.max_tracking_id("bank") == bank.shown == 4


def test_threads_on_one_account_lose_nothing() -> None:
    """Threads that are in each other's way try again."""
    need_package("eventsourcing")
    from actum_bench.peers.eventsourcing_bank import measured  # noqa: PLC0415

    sample = measured(ENVIRONMENT, clients=4, commands=100, accounts=1, threads=4)
    assert [check for check in sample.checks if not check.ok] == []
