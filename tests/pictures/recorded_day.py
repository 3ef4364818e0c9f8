"""A morning in the made-up shop, the same to the last byte each time: on virtual time, a simulated disk, seeded chance.

What a frame says is what the engine says of itself, and what the probe has measured of it: commands, commits and
answers take the time that the simulated disk takes. What the machine says (memory, processor, collector) is made up.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import NamedTuple

import msgspec
from actum import Engine, MemoryLog, Options
from actum.clock import TimeOrderedIds
from actum.monitor import Actors, Frame, Hello, Quantiles, StoreVitals, Vitals
from actum.monitor.probe import Probe
from actum.monitor.server import hello_of

from examples.shop.card_network import CardNetwork
from examples.shop.customer_directory import CustomerDirectory
from examples.shop.demo.ordinary_day import OrdinaryDay
from examples.shop.demo.town import Town
from examples.shop.demo.troubles import TROUBLES
from examples.shop.inventory import Inventory
from examples.shop.storefront import COMPONENTS, FULFILMENT
from tests.simulation.disk import SimulatedBackground
from tests.simulation.lives import VirtualClock
from tests.simulation.loop import VirtualLoop

SEED = 3
#: 2026-03-02 09:00 UTC, a Monday.
OPENED = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPENED_NS = int(OPENED.timestamp()) * 1_000_000_000
#: How long the shop has been open, and the last part of it, of which there are frames.
OPEN_SECONDS = 120
FRAMES = 60
#: The longest that a commit takes.
COMMIT_SECONDS_MAX = 0.006

#: The simulated disk writes in no time, and says so only later: what a real one would take.
WRITE_SECONDS = 0.0028

STORE = "/var/lib/shop"
MEGABYTE = 1_000_000


class RecordedDay(NamedTuple):
    """What is left of it.

    Attributes:
        log: everything that happened.
        hello: who the engine was.
        frames: one a second, the last ones.
        actors: those that stood out at the end.
        time_ns: when that was.
    """

    log: MemoryLog
    hello: Hello
    frames: tuple[Frame, ...]
    actors: Actors
    time_ns: int


def shop_engine(
    log: MemoryLog,
    clock: VirtualClock,
    background: SimulatedBackground,
    customers: CustomerDirectory,
    inventory: Inventory,
) -> Engine:
    """The shop, not open."""
    return Engine.open(
        log,
        *COMPONENTS,
        *FULFILMENT,
        *TROUBLES,
        services=[inventory, customers, CardNetwork()],
        options=Options(gc_policy="none"),
        clock=clock,
        ids=TimeOrderedIds(SEED),
        background=background,
    )


@cache
def recorded_day() -> RecordedDay:
    """Live through it; the second time it is remembered."""
    loop = VirtualLoop()
    logger = logging.getLogger("actum")
    before = logger.level
    logger.setLevel(logging.CRITICAL)  # what goes wrong is meant to
    try:
        return loop.run_until_complete(live(loop))
    finally:
        logger.setLevel(before)
        loop.close()


async def live(loop: VirtualLoop) -> RecordedDay:
    """The morning, with somebody who looks."""
    clock = VirtualClock(loop, OPENED_NS)
    log, inventory, customers = MemoryLog(), Inventory(), CustomerDirectory()
    background = SimulatedBackground(loop, Random(SEED), COMMIT_SECONDS_MAX)
    async with shop_engine(log, clock, background, customers, inventory) as engine:
        inventory.connect(engine)
        customers.connect(engine)
        core = engine._core
        assert core is not None
        hello = msgspec.structs.replace(
            hello_of(core, admin=True),
            name="shop",
            store=STORE,
            store_id="0" * 32,
            pid=4121,
            python="3.13.1",
            loop="uvloop",
        )
        probe = Probe(core, seed=SEED)
        probe.attach()
        trading = loop.create_task(OrdinaryDay(engine, Town(SEED), now=lambda: now(clock)).trade(), name="trading")
        frames: list[Frame] = []
        for second in range(OPEN_SECONDS):
            await asyncio.sleep(1)
            if second >= OPEN_SECONDS - FRAMES:
                frames.append(frame(engine, probe, clock, second))
        actors, time_ns = probe.actors(), clock.now_ns()
        trading.cancel()
        with suppress(asyncio.CancelledError):
            await trading
        probe.detach()
        return RecordedDay(log, hello, tuple(frames), actors, time_ns)


def now(clock: VirtualClock) -> datetime:
    """The time of day."""
    return datetime.fromtimestamp(clock.now_ns() // MEGABYTE / 1_000, UTC)


def frame(engine: Engine, probe: Probe, clock: VirtualClock, second: int) -> Frame:
    """One look."""
    statistics, vitals = engine.statistics(), probe.vitals()
    assert vitals is not None
    statistics = msgspec.structs.replace(
        statistics, commit_seconds=statistics.commits * WRITE_SECONDS, commit_seconds_max=2 * WRITE_SECONDS
    )
    return Frame(
        time_ns=clock.now_ns(),
        monotonic_ns=clock.monotonic_ns(),
        statistics=statistics,
        vitals=machine(vitals, second),
        store=StoreVitals(
            position=statistics.position,
            timestamp_ns=clock.now_ns(),
            writer="4121",
            log_bytes=statistics.position * 412,
            map_bytes=1_024 * MEGABYTE,
            readers=2,
            derived_bytes=3 * MEGABYTE,
            checkpoint_position=statistics.checkpoints.position if statistics.checkpoints else 0,
            free_bytes=182_000 * MEGABYTE,
        ),
    )


def machine(vitals: Vitals, second: int) -> Vitals:
    """The same on a made-up machine."""
    random = Random(second)
    return msgspec.structs.replace(
        vitals,
        write=Quantiles(
            vitals.commit.count, WRITE_SECONDS, *(0.8 * one for one in (vitals.commit.p99, vitals.commit.maximum))
        ),
        loop_lag=Quantiles(200, 0.0001 + random.random() / 10_000, 0.0008 + random.random() / 2_000, 0.004),
        collections=12 + second // 20,
        collection_seconds=0.031 + second / 5_000,
        collection_seconds_max=0.0061,
        memory_bytes=61 * MEGABYTE + second * 9_000,
        cpu_seconds=1.9 + second * 0.034,
    )
