"""A thousand worlds without a fault; each planted bug found; every world the same when it is run again."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.chaos.forked import forked
from tests.chaos.seeds import ROW
from tests.simulation.planted import PLANTED
from tests.simulation.world import run_seed
from tests.support.processes import ENVIRONMENT, SECONDS_MAX

PARTS = 4
#: How many seeds a planted bug may take; the hardest takes 287.
SEEDS_MAX = ROW.short


@pytest.mark.timeout(120)
@pytest.mark.parametrize("part", range(PARTS))
def test_worlds_without_a_fault(part: int) -> None:
    """No promise is broken in this part of the short row, and every kind of trouble was there."""
    count = ROW.short // PARTS

    def work() -> str:
        return json.dumps(ROW.run(part * count, count))

    cases, violations, counts = json.loads(forked(work, seconds=100))
    assert violations == []
    assert cases == count
    assert counts["crashes"] > count / 2


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str) -> None:
    """Some seed of the short row shows it."""

    def work() -> str:
        PLANTED[name]()
        return next((f"seed {seed}: {found[0]}" for seed in range(SEEDS_MAX) if (found := run_seed(seed).faults)), "")

    assert forked(work, seconds=100).startswith("seed ")


def digests(hash_seed: str) -> list[str]:
    """What some seeds come to in a process with another order of sets and another layout of memory."""
    code = "from tests.simulation.world import run_seed\nfor seed in range(40): print(run_seed(seed).digest)"
    environment = {**ENVIRONMENT, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=SECONDS_MAX)
    return done.stdout.split()


def test_a_seed_is_the_same_again() -> None:
    """Bit for bit, whatever the process and its hash seed."""
    assert len({tuple(digests(hash_seed)) for hash_seed in ("0", "1", "4711")}) == 1


def test_a_failing_seed_can_be_seen() -> None:
    """The command prints all that happened in a world, and its digest."""
    command = [sys.executable, "-m", "tests.simulation", "3"]
    done = subprocess.run(command, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].endswith("incarnation 0")
    assert len(lines[-1]) == 64
