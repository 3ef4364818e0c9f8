"""One point of the growth curve: what opening, memory and a command cost with so many events, aggregates and rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

import actum
from actum import Engine, Options

from actum_bench.bank import CLIENT_STRIDE, key_of
from actum_bench.branches import PAYMENT, VIEWS, Branch, Pay, scattered
from actum_bench.filled import Shape, copied_store, shown
from actum_bench.measurements.commands import closed_loop
from actum_bench.resident import resident_bytes
from actum_bench.results import Sample

#: Commands of one call while aggregates are woken.
WAKE_COMMANDS = 1_000


def point(
    *,
    branches: int,
    accounts: int,
    events: int,
    working: int,
    clients: int,
    commands: int,
    workspace: str,
) -> Sample:
    """Open a store with full durability, wake the accounts that will be worked on, and let clients pay into them.

    Args:
        branches: aggregates in the store.
        accounts: rows in the store.
        events: in its log.
        working: accounts that are paid into, spread over all of them and taken in an order without locality; their
            aggregates are all awake before the clock starts.
        clients: each waiting for its answers.
        commands: of all of them together.
        workspace: where filled stores are kept.
    """
    shape = Shape(branches=branches, accounts=accounts, events=events)

    async def main(path: str) -> Sample:
        options = Options(checkpoint_seconds=0, actors_max=max(100_000, working), passivate_seconds=1e6)
        before = resident_bytes()
        started = time.perf_counter()
        async with Engine.open(path, Branch, VIEWS[0], options=options) as engine:
            opening = time.perf_counter() - started
            memory = resident_bytes() - before
            payments = work(shape, working)
            await wake(engine, payments)
            await engine.checkpoint()
            scatter = [payments[scattered(step, working)] for step in range(working)]

            def send(client: int, step: int) -> Awaitable[object]:
                return engine.send(scatter[(client * CLIENT_STRIDE + step) % working])

            sample = await closed_loop(send, clients=clients, commands=commands)
            checks = shown(engine, shape, payments=working + int(sample.values["sent"]))
        values = sample.values | {
            "cost per command": 1 / sample.values["commands/s"],
            "opening": opening,
            "memory after opening": float(memory),
        }
        return Sample(values, checks)

    with copied_store(shape, workspace) as path:
        return actum.run(main(path))


def work(shape: Shape, working: int) -> list[Pay]:
    """A payment into each account that is worked on: every so-manieth of all, in the order of the log."""
    numbers = range(0, shape.accounts, shape.accounts // working)[:working]
    return [Pay(branch_id=shape.branch_of(number), account_id=key_of(number), amount=PAYMENT) for number in numbers]


async def wake(engine: Engine, payments: list[Pay]) -> None:
    """Make them all once."""
    for first in range(0, len(payments), WAKE_COMMANDS):
        await engine.send_many(payments[first : first + WAKE_COMMANDS])
        await asyncio.sleep(0)
