"""What an actor does with its state, without anything around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actum_bench.bank import Account, Deposit, Deposited, key_of

if TYPE_CHECKING:
    from micro.conftest import Bench


def test_decide(bench: Bench) -> None:
    """Decide a command."""
    account, command = Account(), Deposit(account_id=key_of(1), amount=5)
    bench(lambda: account.deposit(command))


def test_evolve(bench: Bench) -> None:
    """Evolve a state by an event."""
    account, event = Account(), Deposited(account_id=key_of(1), amount=5)
    bench(lambda: account.deposited(event))
