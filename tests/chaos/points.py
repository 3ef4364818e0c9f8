"""kill -9 at every call that changes a file: before it and behind it, through a store's whole life.

The script creates a store, commits, saves checkpoints, takes a backup, compacts and reopens; a shim kills the process
at call number n. Case 2n-2 dies before call n, case 2n-1 behind it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.chaos import script
from tests.chaos.row import Outcome, Row, Violation
from tests.chaos.runner import Runner
from tests.support import shim

#: Openings of the store in the script, as many as it takes for a thousand points.
TURNS = 16


def calls_of(runner: Runner, turns: int) -> int:
    """How many calls the script makes."""
    with tempfile.TemporaryDirectory() as directory:
        base = Path(directory)
        (base / "life").mkdir()
        failed = runner.live(base / "life", turns, log=str(base / "log"))
        assert failed == "", failed
        return shim.recorded(base / "log")[-1].number


def run(first: int, count: int, mutant: str = "") -> Outcome:
    """So many points, as far as there are any."""
    violations: list[Violation] = []
    told = cases = 0
    with Runner(mutant) as runner, tempfile.TemporaryDirectory() as directory:
        points = 2 * calls_of(runner, TURNS)
        for number in range(first, min(first + count, points)):
            base = Path(directory) / "life"
            base.mkdir()
            ended = runner.live(base, TURNS, kill=1 + number // 2, after=bool(number % 2))
            acknowledged = script.acknowledged(base)
            found = runner.judge(base, acknowledged, max(acknowledged, default=0) + 2)
            if ended != "died: SIGKILL":
                found = f"it was not killed, but ended: {ended}; {found}"
            if found:
                violations.append(Violation(number, found))
            told += len(acknowledged)
            cases += 1
            shutil.rmtree(base)
            script.acks_of(base).unlink(missing_ok=True)
    return Outcome(cases, violations, {"acknowledged": told})


ROW = Row(
    name="points",
    title="kill -9 before and behind every write, sync, create, rename: acknowledged lost, not opening by itself",
    unit="points",
    short=200,
    full=1_600,
    part=170,
    run=run,
)
