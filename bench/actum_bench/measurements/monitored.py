"""What it costs an engine that somebody looks: the same process with and without, again and again.

Pairs of rounds, one with an onlooker attached and one without, the order of a pair drawn by turns. Clients that wait
for their answers saturate the engine all the time. Rates of one pair are compared with each other only, so that what
changes on the machine in minutes is in no ratio; what changes in seconds is, and needs many pairs.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from math import comb
from statistics import median
from typing import NamedTuple

import actum
from actum import Engine, Options

from actum_bench import bank
from actum_bench.onlooker import Onlooker, Seen, onlooker
from actum_bench.results import Check, Sample
from actum_bench.stores import store_path

#: Between attaching, or leaving, and the beginning of a round: the first frame is out, and so is what comes with it.
SETTLE_SECONDS = 0.5
#: How sure an interval is.
CONFIDENCE = 0.95


class Round(NamedTuple):
    """One round.

    Attributes:
        rate: commands a second.
        processor: seconds of the engine's process for each command.
    """

    rate: float
    processor: float


def engine(
    *,
    clients: int,
    accounts: int,
    pairs: int,
    seconds: float,
    directory: str | None,
    durability: str = "full",
    actors: bool = False,
    rows: bool = False,
) -> Sample:
    """Measure pairs of rounds.

    Args:
        clients: each waiting for its answers.
        accounts: that they pay into.
        pairs: of rounds.
        seconds: of a round; whole ones have as many frames as there are.
        directory: on which disk; the system's temporary directory if None.
        durability: "full" or "relaxed".
        actors: whether the onlooker wants the actors that stand out.
        rows: whether it wants a page of a view, ordered.
    """

    async def main(path: str) -> Sample:
        options = Options(durability=durability, checkpoint_seconds=0)  # type: ignore[arg-type]  # checked by Options
        async with (
            Engine.open(path, bank.Account, bank.Balances, options=options, monitor=True) as engine,
            onlooker(os.getpid()) as other,
        ):
            async with asyncio.TaskGroup() as group:
                sending = Sending(engine, clients, accounts, group)
                measured, seen = await rounds(engine, other, pairs, seconds, actors=actors, rows=rows)
                sent = await sending.end()
            position = engine.statistics().position
            deposits = sum(row.deposits for row in engine.rows(bank.Balances))
        frames = int(pairs * seconds)
        checks = [
            Check.equal("acknowledged == stored", sent, position),
            Check.equal("stored == shown", position, deposits),
            Check("frames with vitals came", seen.vitals >= frames, f"wanted {frames}, found {seen.vitals}"),
            Check("actors came only if wanted", bool(seen.actors) == actors, f"in {seen.actors} frames"),
            Check("rows came only if wanted", bool(seen.rows) == rows, f"in {seen.rows} frames"),
        ]
        return Sample(figures(measured), checks)

    with store_path(directory) as path:
        return actum.run(main(path))


class Sending:
    """Clients at work until they are told to end."""

    def __init__(self, engine: Engine, clients: int, accounts: int, group: asyncio.TaskGroup) -> None:
        """Begin."""
        self._engine = engine
        self._accounts = accounts
        self._ended = False
        self._clients = [group.create_task(self._send(number), name=f"client {number}") for number in range(clients)]

    async def _send(self, number: int) -> int:
        """Send one command after the other; how many were acknowledged."""
        step = 0
        while not self._ended:
            account_id = bank.account_of(number, step, self._accounts)
            await self._engine.send(bank.Deposit(account_id=account_id, amount=5))
            step += 1
        return step

    async def end(self) -> int:
        """How many were acknowledged, when the last has been."""
        self._ended = True
        return sum(await asyncio.gather(*self._clients))


async def rounds(
    engine: Engine, other: Onlooker, pairs: int, seconds: float, *, actors: bool, rows: bool
) -> tuple[list[tuple[Round, Round]], Seen]:
    """Measure pairs, each unattended and attended; and what was seen meanwhile."""
    view = bank.Balances.__name__ if rows else None
    seen = Seen()
    measured: list[tuple[Round, Round]] = []
    await asyncio.sleep(SETTLE_SECONDS)
    for pair in range(pairs):
        found: dict[bool, Round] = {}
        for attended in (False, True) if pair % 2 else (True, False):
            if attended:
                await other.come(actors=actors, rows=view, order="account_id" if rows else None)
            await asyncio.sleep(SETTLE_SECONDS)
            found[attended] = await one_round(engine, seconds)
            if attended:
                seen = added(seen, await other.go())
        measured.append((found[False], found[True]))
    return measured, seen


async def one_round(engine: Engine, seconds: float) -> Round:
    """Measure for some time."""
    accepted, started, used = engine.statistics().accepted, time.perf_counter(), sum(os.times()[:2])
    await asyncio.sleep(seconds)
    commands = engine.statistics().accepted - accepted
    return Round(commands / (time.perf_counter() - started), (sum(os.times()[:2]) - used) / max(1, commands))


def added(one: Seen, other: Seen) -> Seen:
    """What was seen in both."""
    return Seen(
        frames=one.frames + other.frames,
        vitals=one.vitals + other.vitals,
        actors=one.actors + other.actors,
        rows=one.rows + other.rows,
    )


def figures(measured: Sequence[tuple[Round, Round]]) -> dict[str, float]:
    """Medians of the rates, and of the ratios of each pair, with the interval in which the true one lies."""
    values = {
        "commands/s": median(without.rate for without, _ in measured),
        "commands/s, attached": median(attended.rate for _, attended in measured),
    }
    ratios = {
        "throughput": [attended.rate / without.rate for without, attended in measured if without.rate],
        "processor": [attended.processor / without.processor for without, attended in measured if without.processor],
    }
    for name, found in ratios.items():
        low, high = interval(found)
        values |= {name: median(found) if found else 0.0, f"{name}, from": low, f"{name}, to": high}
    return values


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the median: from one value to another, by how improbable it is that it lies outside.

    So many values are left out on both sides that half of all values lie beyond them with less than 2.5 %. With fewer
    than six values that are none, and the interval is less sure.
    """
    ordered = sorted(values)
    if not ordered:
        return 0.0, 0.0
    count, outside, left_out = len(ordered), 0.0, 0
    while (outside := outside + comb(count, left_out) / 2**count) < (1 - CONFIDENCE) / 2:
        left_out += 1
    first = max(0, left_out - 1)
    return ordered[first], ordered[count - 1 - first]
