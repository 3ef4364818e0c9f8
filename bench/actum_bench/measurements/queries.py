"""Queries in the loop: one row by its key, and a page over an ordered index, from a view of many rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

import actum
from actum import Engine, MemoryLog

from actum_bench.bank import key_of
from actum_bench.branches import AccountByBalance, AccountPage, AccountsByBalance, Branch, OneAccount, Open, scattered
from actum_bench.filled import calls
from actum_bench.results import Check, Sample

#: Rows that one command makes, so that filling the view is not what takes the time.
ROWS_EACH = 1_000
ROUNDS = 7
PAGE_ROWS = 20


def engine(*, rows: int, queries: int) -> Sample:
    """Seconds for one query of each kind, the median of seven rounds in one engine.

    Args:
        rows: in the view, a multiple of 1,000.
        queries: of each kind in a round.
    """

    async def main() -> Sample:
        async with Engine.open(MemoryLog(), Branch, AccountsByBalance) as engine:
            firsts = range(0, rows, ROWS_EACH)
            for part in calls(Open(branch_id="one", first=first, count=ROWS_EACH) for first in firsts):
                await engine.send_many(part)
            keys = [key_of(scattered(step, rows)) for step in range(queries)]
            cursors: list[str | None] = [None]
            while len(cursors) < queries and (len(cursors) == 1 or cursors[-1] is not None):
                cursors.append((await engine.ask(AccountPage(limit=PAGE_ROWS, cursor=cursors[-1]))).cursor)

            async def point(number: int) -> object:
                return await engine.ask(OneAccount(account_id=keys[number]))

            async def page(number: int) -> object:
                return await engine.ask(AccountPage(limit=PAGE_ROWS, cursor=cursors[number % len(cursors)]))

            seconds = {"point": await rounds(point, queries), "page": await rounds(page, queries)}
            found, paged = await point(0), await engine.ask(AccountPage(limit=PAGE_ROWS))
            balances = [row.balance for row in paged.rows]
            checks = [
                Check.equal("rows", rows, len(engine.rows(AccountsByBalance))),
                Check(
                    "the row asked for", isinstance(found, AccountByBalance) and found.account_id == keys[0], str(found)
                ),
                Check(
                    "the page is in order", balances == sorted(balances) and len(balances) == PAGE_ROWS, str(balances)
                ),
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
