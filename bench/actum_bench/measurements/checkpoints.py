"""Checkpoints under load: what they cost those who wait for answers meanwhile, and the throughput over a long run."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

import actum
from actum import Engine, EngineStatistics, Options

from actum_bench.branches import VIEWS, Branch
from actum_bench.filled import Shape, copied_store, shown
from actum_bench.results import Check, Sample
from actum_bench.traffic import Part, Traffic


def window(*, clients: int, rows: int, dirty: int, windows: int, base: bool, workspace: str) -> Sample:
    """Checkpoints while clients wait for answers, compared with the same load just before each.

    The clients pay into `dirty` accounts of `rows`, one after the other, so when each has been paid into since the
    last checkpoint, exactly so many rows have to be saved. Each row has an aggregate of its own, which is awake.

    Args:
        clients: how many, each waiting for its answers.
        rows: of the view, all in a checkpoint already.
        dirty: rows that have changed when a checkpoint begins; more of them change while it is made.
        windows: checkpoints made.
        base: whether each writes all rows anew instead of what has changed.
        workspace: where filled stores are kept.
    """
    shape = Shape(branches=rows, accounts=rows, events=rows)

    async def main(path: str) -> Sample:
        options = Options(checkpoint_seconds=0, actors_max=max(100_000, dirty))
        async with Engine.open(path, Branch, VIEWS[0], options=options) as engine:
            load = Traffic(engine, shape, accounts=dirty, clients=clients)
            spans: list[Span] = []
            saved = True
            async with load:
                await load.reach(dirty)  # everybody is awake then
                saved &= await engine.checkpoint()
                for _ in range(windows):
                    begin = moment(engine)
                    await load.reach(load.answered + dirty)
                    middle = moment(engine)
                    saved &= await engine.checkpoint(base=base)
                    spans.append(Span(begin, middle, moment(engine)))
            statistics = engine.statistics()
            checks = [
                *shown(engine, shape, payments=load.answered),
                Check.equal("checkpoints made", windows + 1, checkpoints_of(statistics)),
                Check("every checkpoint was made", saved, str(statistics.checkpoints)),
            ]
        return Sample(compared(load, spans), checks)

    with copied_store(shape, workspace) as path:
        return actum.run(main(path))


class Moment(NamedTuple):
    """When, in nanoseconds of `time.perf_counter_ns`, and what the engine had committed by then."""

    at: int
    commits: int
    commit_seconds: float


class Span(NamedTuple):
    """From `begin` to `middle` there was no checkpoint, from `middle` to `end` one was made."""

    begin: Moment
    middle: Moment
    end: Moment


def moment(engine: Engine) -> Moment:
    """Now."""
    statistics = engine.statistics()
    return Moment(time.perf_counter_ns(), statistics.commits, statistics.commit_seconds)


def compared(load: Traffic, spans: list[Span]) -> dict[str, float]:
    """The figures of the spans before the checkpoints, and of those in which they were made.

    How long a commit takes says how much of a difference is the disk's, which both share.
    """
    before, during = Part(), Part()
    for span in spans:
        before.add(load, span.begin.at, span.middle.at)
        during.add(load, span.middle.at, span.end.at)
    return {
        "checkpoint": during.seconds / len(spans),
        "commands/s before": before.rate,
        "commands/s in the window": during.rate,
        "ack p99.9 before": before.quantile(0.999),
        "ack p99.9 in the window": during.quantile(0.999),
        "ack max in the window": during.quantile(1),
        "commit before": commit_of([(span.begin, span.middle) for span in spans]),
        "commit in the window": commit_of([(span.middle, span.end) for span in spans]),
    }


def commit_of(parts: list[tuple[Moment, Moment]]) -> float:
    """How long a commit took on average."""
    commits = sum(end.commits - begin.commits for begin, end in parts)
    return sum(end.commit_seconds - begin.commit_seconds for begin, end in parts) / max(1, commits)


def run(*, clients: int, rows: int, dirty: int, seconds: float, every: float, workspace: str) -> Sample:
    """Throughput over a while, with a checkpoint every few seconds or without.

    Args:
        clients: how many, each waiting for its answers.
        rows: of the view, all in a checkpoint already.
        dirty: rows that are paid into, one after the other.
        seconds: how long.
        every: the seconds between two checkpoints; 0 for none.
        workspace: where filled stores are kept.
    """
    shape = Shape(branches=rows, accounts=rows, events=rows)

    async def main(path: str) -> Sample:
        options = Options(checkpoint_seconds=every, checkpoint_events_min=1, actors_max=max(100_000, dirty))
        async with Engine.open(path, Branch, VIEWS[0], options=options) as engine:
            load = Traffic(engine, shape, accounts=dirty, clients=clients)
            async with load:
                await load.reach(dirty)  # everybody is awake then
                begin = time.perf_counter_ns()
                made = -checkpoints_of(engine.statistics())
                await asyncio.sleep(seconds)
                end = time.perf_counter_ns()
                made += checkpoints_of(engine.statistics())
            checks = shown(engine, shape, payments=load.answered)
            # One may be under way when the time is over, and each begins up to a second late.
            least = max(1, int(seconds / (every + 1)) - 1) if every else 0
            ok = made >= least if every else made == 0
            checks.append(Check("checkpoints meanwhile", ok, f"at least {least} expected, {made} made"))
        part = Part()
        part.add(load, begin, end)
        return Sample({"commands/s": part.rate, "ack p99.9": part.quantile(0.999), "checkpoints": made}, checks)

    with copied_store(shape, workspace) as path:
        return actum.run(main(path))


def checkpoints_of(statistics: EngineStatistics) -> int:
    """How many were made since opening."""
    assert statistics.checkpoints is not None, "a store on the disk has checkpoints"
    return statistics.checkpoints.count
