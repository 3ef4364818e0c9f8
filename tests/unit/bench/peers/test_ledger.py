"""The read model of peers that are written by hand."""

from __future__ import annotations

from actum_bench.peers.ledger import AMOUNT, Balance, Ledger, checks


def test_deposits_are_shown() -> None:
    """Balance and count grow with each deposit."""
    ledger = Ledger()
    for account_id in ("a", "b", "a"):
        ledger.deposited(account_id, AMOUNT)
    assert ledger.rows == {"a": Balance(2 * AMOUNT, 2), "b": Balance(AMOUNT, 1)}
    assert ledger.deposits == 3
    assert all(check.ok for check in ledger.checks(3, 3))


def test_each_kind_of_loss_is_found() -> None:
    """A lost event, a row that was not changed, and a wrong amount each fail a check of their own."""
    right = [Balance(2 * AMOUNT, 2)]
    assert [check.ok for check in checks(2, 1, right)] == [False, False, True]
    assert [check.ok for check in checks(2, 2, [Balance(2 * AMOUNT, 1)])] == [True, False, True]
    assert [check.ok for check in checks(2, 2, [Balance(AMOUNT, 2)])] == [True, True, False]
