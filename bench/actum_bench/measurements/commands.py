"""Durable commands by clients that wait for each answer: the engine and the floor, the same clients and accounts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import actum
from actum import Engine, Options, Receipt

from actum_bench import bank, floor
from actum_bench.results import Check, Sample
from actum_bench.stores import store_path
from actum_bench.timing import quantile

#: Before the clock starts, each client sends so many, so that actors, rows and caches are there.
WARM_UP_COMMANDS = 3

Send = Callable[[int, int], Awaitable[Any]]


async def closed_loop(send: Send, *, clients: int, commands: int) -> Sample:
    """Let clients send one command after the other, each waiting for its answer; how many came through, how fast.

    Args:
        send: sends what a client sends at a step.
        clients: how many.
        commands: of all of them together, beside the warm-up.
    """
    each = max(1, commands // clients)
    latencies: list[int] = []

    async def client(number: int, first: int, count: int, *, timed: bool) -> None:
        clock, note = time.perf_counter_ns, latencies.append
        for step in range(first, first + count):
            started = clock()
            await send(number, step)
            if timed:
                note(clock() - started)

    async def phase(first: int, count: int, *, timed: bool) -> float:
        started = time.perf_counter()
        await asyncio.gather(*(client(number, first, count, timed=timed) for number in range(clients)))
        return time.perf_counter() - started

    await phase(0, WARM_UP_COMMANDS, timed=False)
    seconds = await phase(WARM_UP_COMMANDS, each, timed=True)
    return Sample(
        {
            "commands/s": each * clients / seconds,
            "ack p50": quantile(latencies, 0.5) / 1e9,
            "ack p99": quantile(latencies, 0.99) / 1e9,
            "sent": clients * (each + WARM_UP_COMMANDS),
        }
    )


def engine(*, clients: int, commands: int, accounts: int, directory: str | None, durability: str = "full") -> Sample:
    """The engine, with everything that it does by default."""

    async def main(path: str) -> Sample:
        options = Options(durability=durability)  # type: ignore[arg-type]  # checked by Options
        async with Engine.open(path, bank.Account, bank.Balances, options=options) as engine:

            def send(client: int, step: int) -> Awaitable[object]:
                return engine.send(bank.Deposit(account_id=bank.account_of(client, step, accounts), amount=5))

            sample = await closed_loop(send, clients=clients, commands=commands)
            statistics = engine.statistics()
            deposits = sum(row.deposits for row in engine.rows(bank.Balances))
            checks = [
                Check.equal("acknowledged == stored", sample.values["sent"], statistics.position),
                Check.equal("stored == shown", statistics.position, deposits),
            ]
            sample.values["commits"] = statistics.commits
            sample.values["commit seconds"] = statistics.commit_seconds
            return Sample(sample.values, checks)

    with store_path(directory) as path:
        return actum.run(main(path))


def many(*, commands: int, size: int, accounts: int, directory: str | None, durability: str = "full") -> Sample:
    """The engine, by one client that sends `size` commands with each `send_many`."""

    async def main(path: str) -> Sample:
        options = Options(durability=durability)  # type: ignore[arg-type]  # checked by Options
        async with Engine.open(path, bank.Account, bank.Balances, options=options) as engine:

            def batch(first: int) -> list[bank.Deposit]:
                numbers = range(first, first + size)
                return [bank.Deposit(account_id=bank.key_of(number % accounts), amount=5) for number in numbers]

            batches = [batch(first) for first in range(0, commands, size)]
            for warming in range(WARM_UP_COMMANDS):
                await engine.send_many(batch(warming * size))
            answers: list[object] = []
            started = time.perf_counter()
            for each in batches:
                answers += await engine.send_many(each)
            seconds = time.perf_counter() - started
            receipts = sum(isinstance(answer, Receipt) for answer in answers) + WARM_UP_COMMANDS * size
            deposits = sum(row.deposits for row in engine.rows(bank.Balances))
            position = engine.statistics().position
        checks = [
            Check.equal("acknowledged == stored", receipts, position),
            Check.equal("stored == shown", position, deposits),
        ]
        return Sample({"commands/s": len(answers) / seconds}, checks)

    with store_path(directory) as path:
        return actum.run(main(path))


def bare(*, clients: int, commands: int, accounts: int, directory: str | None, durability: str = "full") -> Sample:
    """The floor."""

    async def main(path: str) -> Sample:
        loop = floor.Floor(path, durable=durability == "full")
        try:

            def send(client: int, step: int) -> Awaitable[object]:
                return loop.send(floor.client_command(client, step, accounts))

            sample = await closed_loop(send, clients=clients, commands=commands)
        finally:
            loop.close()
        deposits = sum(row.deposits for row in loop.rows.values())
        checks = [
            Check.equal("acknowledged == stored", sample.values["sent"], loop.position),
            Check.equal("stored == shown", loop.position, deposits),
        ]
        sample.values["commits"] = loop.commits
        return Sample(sample.values, checks)

    with store_path(directory) as path:
        return actum.run(main(path))
