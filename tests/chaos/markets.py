"""Simulation of what follows from events and of what happens by itself; see `tests/simulation/market_world.py`."""

from __future__ import annotations

from tests.chaos.row import Outcome, Row, Violation
from tests.simulation.market_world import run_market


def run(first: int, count: int) -> Outcome:
    """So many markets. For processes of their own."""
    violations: list[Violation] = []
    counts = {"steps": 0, "crashes": 0, "process steps": 0, "deadlines": 0, "dead letters": 0}
    for seed in range(first, first + count):
        world = run_market(seed)
        counts["steps"] += len(world.trace)
        counts["crashes"] += sum(line.endswith(" crash") for line in world.trace)
        counts["process steps"] += sum(course.reacted for course in world.log.courses.values())
        counts["deadlines"] += len(world.log.deadlines)
        counts["dead letters"] += world.readers.buried
        violations += [Violation(seed, fault) for fault in world.faults]
    return Outcome(count, violations, counts)


ROW = Row(
    name="markets",
    title="simulation: subscriptions, processes, deadlines, sends as one, conditions: lost, twice, half, out of order",
    unit="seeds",
    short=400,
    full=40_000,
    part=400,
    run=run,
)
