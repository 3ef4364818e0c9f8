"""The quickstart: an account that takes deposits, and a view of who has most.

Run it with `python examples/quickstart.py [directory]`. Without a directory it works in a temporary one, so that every
run starts anew; with one, the balance is there again at the next run, and grows.
"""

import sys
from tempfile import TemporaryDirectory

from actum import Aggregate, Command, Engine, Event, Query, Rejected, Row, View, answer, decide, evolve, project, run


class Deposit(Command):
    """Put money into an account."""

    account_id: str
    amount: int


class Deposited(Event):
    """Money was put into an account."""

    account_id: str
    amount: int


class Account(Aggregate, key="account_id"):  # the field of a command that names its target
    """An account: its state, what may happen to it, and what that changes."""

    balance: int = 0  # state: typed fields; this is also the snapshot

    @decide
    def deposit(self, command: Deposit) -> Deposited:
        """Say what happens, or refuse; nothing is changed here."""
        if command.amount <= 0:
            raise Rejected("amount must be positive")
        return Deposited(account_id=command.account_id, amount=command.amount)

    @evolve
    def deposited(self, event: Deposited) -> None:
        """Change the state by what has happened: now, and again at every replay."""
        self.balance += event.amount


class Balance(Row, key="account_id", indexes=["balance"]):  # immutable
    """One row of the view."""

    account_id: str
    balance: int = 0


class TopBalances(Query[list[Balance]]):
    """Who has most?"""

    limit: int = 10


class Balances(View[Balance]):
    """A read model: changed by events only, asked by queries."""

    @project
    def deposited(self, event: Deposited) -> None:
        """Change a row by what has happened."""
        row = self.get(event.account_id) or Balance(account_id=event.account_id)
        self.put(row.replace(balance=row.balance + event.amount))

    @answer
    def top(self, query: TopBalances) -> list[Balance]:
        """Answer from memory."""
        return self.order_by("balance", descending=True, limit=query.limit)


async def main(directory: str) -> None:
    """Send one command, then ask: what was just written is there."""
    async with Engine.open(directory, Account, Balances) as engine:
        receipt = await engine.send(Deposit(account_id="alice", amount=50))  # durable, and every view shows it
        print(receipt.position, await engine.ask(TopBalances()))  # read your own write, no waiting


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(main(sys.argv[1]))
    else:
        with TemporaryDirectory() as temporary:
            run(main(f"{temporary}/bank"))
