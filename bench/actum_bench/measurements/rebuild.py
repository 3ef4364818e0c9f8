"""Rebuilding a view from the log: the engine, and the floor's loop that decodes and folds."""

from __future__ import annotations

import asyncio
import gc
import time

import actum
from actum import Engine, MemoryLog

from actum_bench import bank, floor
from actum_bench.results import Check, Sample

BATCH = 1_000


def engine(*, events: int, accounts: int) -> Sample:
    """The engine: `rebuild` of a view from a log in memory, so that the disk is not what is measured."""

    async def main() -> Sample:
        async with Engine.open(MemoryLog(), bank.Account, bank.Balances) as engine:
            for first in range(0, events, BATCH):
                numbers = range(first, min(first + BATCH, events))
                await engine.send_many(
                    [bank.Deposit(account_id=bank.key_of(number % accounts), amount=5) for number in numbers]
                )
            gc.collect()
            await asyncio.sleep(0)
            started = time.perf_counter()
            await engine.rebuild(bank.Balances)
            seconds = time.perf_counter() - started
            deposits = sum(row.deposits for row in engine.rows(bank.Balances))
        return Sample({"events/s": events / seconds}, [Check.equal("stored == shown", events, deposits)])

    return actum.run(main())


def bare(*, events: int, accounts: int) -> Sample:
    """The floor: frames that are in memory already."""
    frames = floor.frames(events, accounts)
    gc.collect()
    started = time.perf_counter()
    rows = floor.rebuild(frames)
    seconds = time.perf_counter() - started
    deposits = sum(row.deposits for row in rows.values())
    return Sample({"events/s": events / seconds}, [Check.equal("stored == shown", events, deposits)])
