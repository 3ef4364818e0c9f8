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

#: Before the clock starts, so many are sent by each client, or calls made.
WARM_UP_COMMANDS = 3

Send = Callable[[int, int], Awaitable[Any]]


async def closed_loop(send: Send, *, clients: int, commands: int, accounts: int = 0) -> Sample:
    """Let clients send one command after the other, each waiting for its answer; how many came through, how fast.

    Before the clock starts each account has been paid into once, so that actors, rows and caches are there; or each
    client has sent three.

    Args:
        send: sends what a client sends at a step.
        clients: how many.
        commands: of all of them together, beside the warm-up.
        accounts: how many to pay into first; 0 for three commands of each client.
    """
    each = max(1, commands // clients)
    steps = 0 if accounts else WARM_UP_COMMANDS
    latencies: list[int] = []

    async def warm_up(number: int) -> None:
        for account in range(number, accounts, clients):
            await send(0, account)
        for step in range(steps):
            await send(number, step)

    async def client(number: int) -> None:
        clock, note = time.perf_counter_ns, latencies.append
        for step in range(steps, steps + each):
            started = clock()
            await send(number, step)
            note(clock() - started)

    await asyncio.gather(*(warm_up(number) for number in range(clients)))
    started = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    seconds = time.perf_counter() - started
    return Sample(
        {
            "commands/s": each * clients / seconds,
            "ack p50": quantile(latencies, 0.5) / 1e9,
            "ack p99": quantile(latencies, 0.99) / 1e9,
            "sent": clients * (steps + each) + accounts,
        }
    )


def engine(
    *,
    clients: int,
    commands: int,
    accounts: int,
    directory: str | None,
    durability: str = "full",
    awake: bool = True,
) -> Sample:
    """The engine, with everything that it does by default; `awake`: every account before the clock starts."""

    async def main(path: str) -> Sample:
        options = Options(durability=durability)  # type: ignore[arg-type]  # checked by Options
        async with Engine.open(path, bank.Account, bank.Balances, options=options) as engine:

            def send(client: int, step: int) -> Awaitable[object]:
                return engine.send(bank.Deposit(account_id=bank.account_of(client, step, accounts), amount=5))

            sample = await closed_loop(send, clients=clients, commands=commands, accounts=accounts if awake else 0)
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

            sample = await closed_loop(send, clients=clients, commands=commands, accounts=accounts)
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
