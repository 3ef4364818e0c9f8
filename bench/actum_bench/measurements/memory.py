"""Memory of an aggregate that is awake, and of a row: the engine, and a dict of the same states or rows by hand.

Both are counted in one process by `tracemalloc`: every byte that Python or msgspec asked for and has not given back,
without what the allocator loses between blocks, without the pages of the log that the file system maps, and without
what was there before. What a user would have anyway is a dict from keys to states (instances of the same class) or
rows, with its keys; the difference to it is the engine's share.

Counted after a checkpoint, which is how an engine spends most of its time, and just before it, when everything is
changed and waits to be saved.
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import actum
from actum import Engine, Options

from actum_bench.bank import key_of
from actum_bench.branches import (
    PAYMENT,
    ROWS,
    VIEWS,
    Branch,
    Pay,
    branch_key,
    first_amount,
)
from actum_bench.filled import Shape, calls, copied_store, shown
from actum_bench.results import Check, Sample
from actum_bench.stores import store_path

#: Commands sent at once.
PART = 1_000


def aggregates(*, aggregates: int, events: int, payments: int, ids: bool, workspace: str) -> Sample:
    """Bytes of one aggregate that was woken after opening, with the head and the snapshot of its stream.

    Args:
        aggregates: how many.
        events: of each before opening. With 16 of them a checkpoint saves its state.
        payments: that wake it, and keep it awake.
        ids: whether these come with ids, as those of a caller do that wants to repeat them safely; the aggregate
            then remembers the last 64 of them.
        workspace: where filled stores are kept.
    """
    shape = Shape(branches=aggregates, accounts=aggregates, events=aggregates * events)

    def state(number: int) -> tuple[str, Branch]:
        return branch_key(number), Branch(accounts=1, balance=first_amount(number))

    async def pay(engine: Engine) -> None:
        for payment in range(payments):
            for first in range(0, aggregates, PART):
                part = [
                    Pay(branch_id=branch_key(number), account_id=key_of(number), amount=PAYMENT)
                    for number in range(first, min(first + PART, aggregates))
                ]
                if ids:
                    await asyncio.gather(*(engine.send(one, command_id=f"{payment} {one.branch_id}") for one in part))
                else:
                    await engine.send_many(part)

    async def check(engine: Engine) -> list[Check]:
        statistics = engine.statistics()
        last = await engine.state(Branch, branch_key(aggregates - 1))
        balance = first_amount(aggregates - 1) + PAYMENT * (events - 1 + payments)
        return [
            Check.equal("aggregates awake", aggregates, statistics.awake),
            Check.equal("events stored", aggregates * (events + payments), statistics.position),
            Check.equal("balance of the last", balance, last.balance),
        ]

    with copied_store(shape, workspace) as path:
        options = Options(checkpoint_seconds=0, actors_max=max(100_000, aggregates), passivate_seconds=1e6)
        engine = Engine.open(path, Branch, options=options)
        return actum.run(beyond(by_hand(state, aggregates), engine, pay, check, aggregates))


def rows(*, rows: int, indexes: int, workspace: str) -> Sample:
    """Bytes of one row.

    Args:
        rows: how many, a multiple of 10, opened by 10 aggregates.
        indexes: secondary indexes of the view: 0, 1 or 2.
        workspace: on which disk.
    """
    shape = Shape(branches=10, accounts=rows, events=rows, indexes=indexes)
    row_type: Any = ROWS[indexes]

    def row(number: int) -> tuple[str, Any]:
        key = key_of(number)
        branch = branches[number // shape.each]
        return key, row_type(account_id=key, branch_id=branch, balance=first_amount(number))

    async def fill(engine: Engine) -> None:
        for call in calls(shape.commands()):
            await engine.send_many(call)

    async def check(engine: Engine) -> list[Check]:
        return shown(engine, shape)

    branches = [branch_key(number) for number in range(shape.branches)]
    with store_path(workspace) as path:
        engine = Engine.open(path, Branch, VIEWS[indexes], options=Options(checkpoint_seconds=0))
        return actum.run(beyond(by_hand(row, rows), engine, fill, check, rows))


def by_hand(made: Callable[[int], tuple[str, Any]], count: int) -> float:
    """Bytes of one entry in a dict of so many."""
    tracemalloc.start()
    before = held()
    kept = dict(map(made, range(count)))
    each = (held() - before) / len(kept)
    tracemalloc.stop()
    return each


async def beyond(hand: float, engine: Engine, fill: Any, check: Any, count: int) -> Sample:  # noqa: ANN401
    """What an engine holds for each of many things, and how much of that a dict would not."""
    tracemalloc.start()
    before = await settled()
    async with engine:
        await fill(engine)
        dirty = (await settled() - before) / count
        saved = await engine.checkpoint()
        clean = (await settled() - before) / count
        tracemalloc.stop()
        checks = [Check("the checkpoint was made", saved, str(engine.statistics().checkpoints)), *await check(engine)]
    values = {"by hand": hand, "engine": clean, "engine, unsaved": dirty, "beyond": clean - hand}
    return Sample(values, checks)


async def settled() -> int:
    """Bytes held when the loop has had some turns and all garbage is gone."""
    for _ in range(3):
        await asyncio.sleep(0)
    return held()


def held() -> int:
    """Bytes that are held now."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
