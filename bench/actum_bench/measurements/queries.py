"""Queries in the loop: one row by its key, and a page over an ordered index, from a view of many rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

import actum
from actum import Aggregate, Command, Engine, Event, MemoryLog, Page, Query, Row, View, answer, decide, evolve, project

from actum_bench.bank import key_of
from actum_bench.measurements.commands import equal
from actum_bench.results import Check, Sample

#: Rows that one command makes, so that filling the view is not what takes the time.
ROWS_EACH = 1_000
ROUNDS = 7
PAGE_ROWS = 20
#: Spreads amounts over the index: a number without a factor in common with powers of ten.
SPREAD = 7_919


class Open(Command):
    """Open a thousand accounts."""

    branch_id: str
    first: int


class Opened(Event):
    """An account was opened."""

    account_id: str
    amount: int


class Branch(Aggregate, key="branch_id"):
    """Where accounts are opened."""

    opened_count: int = 0

    @decide
    def open(self, command: Open) -> list[Opened]:
        """A thousand accounts with amounts in no order."""
        return [
            Opened(account_id=key_of(number), amount=number * SPREAD % 1_000_003)
            for number in range(command.first, command.first + ROWS_EACH)
        ]

    @evolve
    def opened(self, event: Opened) -> None:  # noqa: ARG002  # its type says it all
        """One more."""
        self.opened_count += 1


class Account(Row, key="account_id", indexes=["amount"]):
    """An account with its amount, in order of which it can be paged through."""

    account_id: str
    amount: int


class OneAccount(Query[Account | None]):
    """By its key."""

    account_id: str


class AccountPage(Query[Page[Account]]):
    """In the order of amounts, from a cursor on."""

    cursor: str | None = None
    limit: int = PAGE_ROWS


class Accounts(View[Account]):
    """All accounts."""

    @project
    def opened(self, event: Opened) -> None:
        """One more row."""
        self.put(Account(account_id=event.account_id, amount=event.amount))

    @answer
    def one(self, query: OneAccount) -> Account | None:
        """By its key."""
        return self.get(query.account_id)

    @answer
    def page_of(self, query: AccountPage) -> Page[Account]:
        """In the order of amounts."""
        return self.page("amount", limit=query.limit, cursor=query.cursor)


def engine(*, rows: int, queries: int) -> Sample:
    """Seconds for one query of each kind, the median of seven rounds in one engine.

    Args:
        rows: in the view, a multiple of 1,000.
        queries: of each kind in a round.
    """

    async def main() -> Sample:
        async with Engine.open(MemoryLog(), Branch, Accounts) as engine:
            await engine.send_many([Open(branch_id="one", first=first) for first in range(0, rows, ROWS_EACH)])
            keys = [key_of(number * SPREAD % rows) for number in range(queries)]
            cursors: list[str | None] = [None]
            while len(cursors) < queries and (len(cursors) == 1 or cursors[-1] is not None):
                cursors.append((await engine.ask(AccountPage(cursor=cursors[-1]))).cursor)

            async def point(number: int) -> object:
                return await engine.ask(OneAccount(account_id=keys[number]))

            async def page(number: int) -> object:
                return await engine.ask(AccountPage(cursor=cursors[number % len(cursors)]))

            seconds = {"point": await rounds(point, queries), "page": await rounds(page, queries)}
            found, paged = await point(0), await engine.ask(AccountPage())
            amounts = [row.amount for row in paged.rows]
            checks = [
                equal("rows", rows, len(engine.rows(Accounts))),
                Check("the row asked for", isinstance(found, Account) and found.account_id == keys[0], str(found)),
                Check("the page is in order", amounts == sorted(amounts) and len(amounts) == PAGE_ROWS, str(amounts)),
            ]
        return Sample(seconds, checks)

    return actum.run(main())


async def rounds(ask: Callable[[int], Awaitable[object]], queries: int) -> float:
    """Seconds for one query: the median of some rounds, the first left out."""
    taken: list[float] = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        for number in range(queries):
            await ask(number)
        taken.append((time.perf_counter() - started) / queries)
        await asyncio.sleep(0)
    return median(taken[1:])
