"""Simulation: the whole engine in one thread on virtual time, a world for each seed; see `tests/simulation`."""

from __future__ import annotations

from tests.chaos.row import Outcome, Row, Violation
from tests.simulation.world import run_seed


def run(first: int, count: int) -> Outcome:
    """So many worlds. For processes of their own."""
    violations: list[Violation] = []
    counts = {"steps": 0, "crashes": 0}
    for seed in range(first, first + count):
        world = run_seed(seed)
        counts["steps"] += len(world.trace)
        counts["crashes"] += sum(line.endswith(" crash") for line in world.trace)
        violations += [Violation(seed, fault) for fault in world.faults]
    return Outcome(count, violations, counts)


ROW = Row(
    name="seeds",
    title="simulation: crashes, delays, failed and unknown commits, cancellations, overload: broken histories",
    unit="seeds",
    short=1_000,
    full=100_000,
    part=1_000,
    run=run,
)
