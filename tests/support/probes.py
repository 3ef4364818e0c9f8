"""Probes on engines of tests, and what of an engine they may touch only as long as somebody looks."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from actum import Engine
from actum.clock import Chance
from actum.core import Core
from actum.monitor.frames import Vitals
from actum.monitor.probe import Probe
from actum.monitor.sampling import Sampler

from tests.support.scenes import in_time

SEED = 20_261_128


def core_of(engine: Engine) -> Core:
    """The parts of an open engine."""
    assert engine._core is not None
    return engine._core


def probe_of(engine: Engine) -> Probe:
    """A probe to which nobody is attached."""
    return Probe(core_of(engine), seed=SEED)


@contextmanager
def attached(engine: Engine) -> Iterator[Probe]:
    """A probe with somebody at it."""
    probe = probe_of(engine)
    probe.attach()
    yield probe
    probe.detach()


@contextmanager
def sampled(engine: Engine) -> Iterator[Sampler]:
    """A sampler at work, whose ticks are the test's."""
    core = core_of(engine)
    sampler = Sampler(core.scheduler, core.clock, Chance(SEED))
    core.scheduler.look(sampler.look)
    yield sampler
    core.scheduler.look(None)


async def vitals_of(probe: Probe) -> Vitals:
    """What a probe measures, as soon as it says something."""
    await in_time(lambda: probe.vitals() is not None)
    vitals = probe.vitals()
    assert vitals is not None
    return vitals


def touched_by_probes(engine: Engine) -> list[Any]:
    """All that a probe changes of an engine and its process."""
    scheduler = core_of(engine).scheduler
    return [scheduler._look, scheduler._shown_at, scheduler.committer.background, list(gc.callbacks)]
