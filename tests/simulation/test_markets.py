"""Hundreds of markets without a fault; each planted bug found; every market the same when it is run again."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.chaos.forked import forked
from tests.chaos.markets import ROW
from tests.simulation.market_world import run_market
from tests.simulation.planted_market import PLANTED_MARKET
from tests.support.processes import ENVIRONMENT, SECONDS_MAX

PARTS = 4
#: How many seeds of the short row a planted bug may take.
SEEDS_MAX = 120
#: Where in the short row the search for rare ones begins, so that it takes seconds.
BEGINNINGS = {
    "note_what_is_not_considered": 280,
    "old_bookmark_over_a_new_one": 1_000,
    "retry_goes_on_behind_the_failure": 260,
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("part", range(PARTS))
def test_markets_without_a_fault(part: int) -> None:
    """No promise is broken in this part of the short row, and everything that can happen has happened."""
    count = ROW.short // PARTS

    def work() -> str:
        return json.dumps(ROW.run(part * count, count))

    cases, violations, counts = json.loads(forked(work, seconds=100))
    assert violations == []
    assert cases == count
    assert all(seen > count / 2 for seen in counts.values()), counts


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", PLANTED_MARKET)
def test_a_planted_bug_is_found(name: str) -> None:
    """Some seed of the short row shows it."""
    first = BEGINNINGS.get(name, 0)

    def work() -> str:
        PLANTED_MARKET[name]()
        seeds = range(first, first + SEEDS_MAX)
        return next((f"seed {seed}: {found[0]}" for seed in seeds if (found := run_market(seed).faults)), "")

    assert forked(work, seconds=100).startswith("seed ")


def digests(hash_seed: str) -> list[str]:
    """What some seeds come to in a process with another order of sets and another layout of memory."""
    code = "from tests.simulation.market_world import run_market\nfor seed in range(20): print(run_market(seed).digest)"
    environment = {**ENVIRONMENT, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=SECONDS_MAX)
    return done.stdout.split()


def test_a_market_is_the_same_again() -> None:
    """Bit for bit, whatever the process and its hash seed."""
    assert len({tuple(digests(hash_seed)) for hash_seed in ("0", "1", "4711")}) == 1
