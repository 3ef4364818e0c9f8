"""One run: fill, warm up, measure, check. It is called in a process of its own."""

from __future__ import annotations

import gc
from array import array
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import actum
import msgspec
from actum import Engine, Options, Receipt

from actum_bench.load.client import Client
from actum_bench.load.client_cost import client_cost
from actum_bench.load.closed_loop import closed_loop
from actum_bench.load.collector import collector
from actum_bench.load.loop_lag import loop_lag
from actum_bench.load.open_loop import open_loop
from actum_bench.load.pace import Pace
from actum_bench.load.plan import plan_of
from actum_bench.load.reading import CLIENT_COST, Reading, histograms_of, values_of
from actum_bench.load.recording import Recording
from actum_bench.load.schedule import send_times
from actum_bench.load.settings import Settings
from actum_bench.load.subject import Subject
from actum_bench.load.subjects import subject_of
from actum_bench.process import VoidRunError
from actum_bench.resident import resident_bytes
from actum_bench.results import Check, Parameter, Sample
from actum_bench.stores import store_path

#: Operations that the clients of a closed loop go through again and again.
CLOSED_OPERATIONS = 100_000


def measure(**given: Parameter) -> Sample:
    """Run a workload once.

    Args:
        given: the fields of `Settings`.
    """
    settings = msgspec.convert(given, Settings)
    return measured(settings, subject_of(settings.mix, settings.domain)(settings.keys_used))


def measured(settings: Settings, subject: Subject) -> Sample:
    """Run a workload once on a subject.

    Raises:
        VoidRunError: the subject could not be filled.
    """

    async def main(path: str) -> Sample:
        options = Options(durability=settings.durability)
        if actors_max := settings.mix.actors_max(settings.keys_used):
            options = msgspec.structs.replace(options, actors_max=actors_max)
        async with subject.open(path, options) as engine:
            receipt = await fill(engine, subject)
            await run(operations(engine, subject, settings, settings.warm_up_seconds, settings.seed + 2))
            phase = operations(engine, subject, settings, settings.seconds, settings.seed)
            gc.collect()
            async with watched(engine, Path(path)) as reading:
                recording = await run(phase)
            closed = settings.clients is not None
            values = values_of(recording, reading, settings.seconds, closed=closed)
            values[CLIENT_COST] = await client_cost(subject, receipt, phase.client.plan, settings.clients)
            sent = Check("there was something to send", recording.planned > 0, f"{recording.planned:,} operations")
            checks = [sent, *await subject.checks(engine)]
            return Sample(values, checks, histograms_of(recording, closed=closed))

    with store_path(settings.directory) as path:
        return actum.run(main(path))


async def fill(engine: Engine, subject: Subject) -> Receipt:
    """Make what is there before the run; the last receipt.

    Raises:
        VoidRunError: a command was not accepted.
    """
    receipt: Receipt | None = None
    for part in subject.filling():
        for answer in await engine.send_many(part):
            if not isinstance(answer, Receipt):
                raise VoidRunError(f"filling: {type(answer).__name__}: {answer}")
            subject.acknowledge(answer)
            receipt = answer
    assert receipt is not None, "there is a key at least"
    return receipt


class Operations(NamedTuple):
    """What is sent in a phase of a run.

    Attributes:
        client: with the plan.
        times: when to send in an open loop.
        settings: of the run.
        seconds: how long a closed loop goes on.
    """

    client: Client
    times: array[int]
    settings: Settings
    seconds: float


def operations(engine: Engine, subject: Subject, settings: Settings, seconds: float, seed: int) -> Operations:
    """Make all that can be made before the clock runs."""
    times, count = array("q"), CLOSED_OPERATIONS
    if settings.clients is None:
        times = send_times(settings.rate, seconds, settings.spacing, seed)
        count = len(times)
    plan = plan_of(settings.mix, settings.distribution, settings.keys_used, count, seed)
    return Operations(Client(engine, subject, plan, Pace()), times, settings, seconds)


async def run(phase: Operations) -> Recording:
    """Send operations for some time, and wait for all answers."""
    if phase.settings.clients is not None:
        return await closed_loop(phase.client, clients=phase.settings.clients, seconds=phase.seconds)
    return await open_loop(phase.client, phase.times)


@asynccontextmanager
async def watched(engine: Engine, path: Path) -> AsyncGenerator[Reading, None]:
    """Read the engine, the loop, the collector and the store around what happens inside."""
    reading = Reading(before=engine.statistics())
    with collector() as collected:
        async with loop_lag() as lags:
            yield reading
    reading.after = engine.statistics()
    reading.collected = collected
    reading.loop_lags = lags
    reading.resident_bytes = resident_bytes()
    reading.log_bytes = sum(file.stat().st_size for file in (path / "log").iterdir() if file.name != "lock.mdb")
