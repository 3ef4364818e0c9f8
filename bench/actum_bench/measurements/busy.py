"""Acknowledgements while other code keeps the loop busy: queries, or code that never calls the engine."""

from __future__ import annotations

import asyncio
import time
from typing import Literal, TypeAlias

import actum
from actum import Engine

from actum_bench import bank
from actum_bench.measurements.commands import closed_loop
from actum_bench.results import Check, Sample
from actum_bench.stores import store_path

Kind: TypeAlias = Literal["queries", "strangers"]

#: A busy task works so long before it lets others have the loop.
SLICE_SECONDS = 0.0001


def engine(*, clients: int, commands: int, accounts: int, tasks: int, kind: Kind, directory: str | None) -> Sample:
    """Clients beside busy tasks.

    Args:
        clients: how many, each waiting for its answers.
        commands: of all of them together.
        accounts: that they pay into.
        tasks: how many are busy.
        kind: what they do: ask the engine for one row after another, or compute without ever calling it; each gives
            the loop a turn after about 0.1 ms.
        directory: on which disk; the system's temporary directory if None.
    """

    async def main(path: str) -> Sample:
        async with Engine.open(path, bank.Account, bank.Balances) as engine:
            ended = False
            turns = 0

            async def asking() -> None:
                nonlocal turns
                clock = time.perf_counter
                step = 0
                while not ended:
                    until = clock() + SLICE_SECONDS
                    while clock() < until:
                        step += 1
                        await engine.ask(bank.BalanceOf(account_id=bank.key_of(step % accounts)))
                    turns += 1
                    await asyncio.sleep(0)

            async def computing() -> None:
                nonlocal turns
                clock = time.perf_counter
                while not ended:
                    until = clock() + SLICE_SECONDS
                    while clock() < until:
                        sum(range(100))
                    turns += 1
                    await asyncio.sleep(0)

            work = asking if kind == "queries" else computing
            others = [asyncio.create_task(work(), name=f"busy {number}") for number in range(tasks)]

            async def send(client: int, step: int) -> object:
                return await engine.send(bank.Deposit(account_id=bank.account_of(client, step, accounts), amount=5))

            sample = await closed_loop(send, clients=clients, commands=commands, accounts=accounts)
            ended = True
            await asyncio.gather(*others)
            position = engine.statistics().position
        sample.values["busy turns"] = turns
        return Sample(sample.values, [Check.equal("acknowledged == stored", sample.values["sent"], position)])

    with store_path(directory) as path:
        return actum.run(main(path))
