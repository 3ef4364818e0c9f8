"""Frames appended to the log one after the other, by hand: what a commit costs when nobody waits for anything else."""

from __future__ import annotations

import time

import actum

from actum_bench import floor
from actum_bench.results import Check, Sample
from actum_bench.stores import store_path

ACCOUNTS = 10_000
WARM_UP_COMMITS = 10


def bare(*, batch: int, commits: int, directory: str | None, durability: str = "full") -> Sample:
    """The floor's log, with frames that are encoded already.

    Args:
        batch: events of a frame.
        commits: how many frames.
        directory: on which disk.
        durability: "full": each commit is synced.
    """
    wanted = (commits + WARM_UP_COMMITS) * batch
    bodies = floor.frames(wanted, ACCOUNTS, batch)

    async def main(path: str) -> Sample:
        log = floor.Floor(path, durable=durability == "full")
        try:
            positions = range(1, wanted + 1, batch)
            for first, body in zip(positions[:WARM_UP_COMMITS], bodies[:WARM_UP_COMMITS], strict=True):
                log.commit(first, body)
            started = time.perf_counter()
            for first, body in zip(positions[WARM_UP_COMMITS:], bodies[WARM_UP_COMMITS:], strict=True):
                log.commit(first, body)
            seconds = time.perf_counter() - started
            stored = log.stored()
        finally:
            log.close()
        checks = [Check.equal("appended == stored", len(bodies), stored)]
        return Sample({"events/s": commits * batch / seconds, "commit": seconds / commits}, checks)

    with store_path(directory) as path:
        return actum.run(main(path))
