"""kill -9 while money is transferred: after reopening both sides of a `send_atomic` are there, or neither, and once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import actum
import pytest
from actum_storage import failpoints

from tests.chaos.transfers import CHILD, ROW, check, told_by
from tests.support.processes import ENVIRONMENT, SECONDS_MAX

POINTS = [name for name in failpoints.POINTS if name.startswith(("log", "derived"))]


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("nth", [1, 4])
def test_death_at_a_place_parts_nothing(name: str, nth: int, tmp_path: Path) -> None:
    """Before the commit, in it and behind it; and at every step of a checkpoint."""
    store = tmp_path / "bank"
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(store), name, str(nth)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        env=ENVIRONMENT,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    actum.run(check(store, told_by(child.stdout)))


@pytest.mark.timeout(180)
def test_a_kill_from_outside_parts_nothing() -> None:
    """At whatever moment it strikes, after so many receipts."""
    outcome = ROW.run(0, ROW.short)
    assert outcome.violations == []
    assert outcome.counts["transfers acknowledged"] > ROW.short
