"""The n-th write, sync, create or rename fails: with EIO, ENOSPC, EINTR, or after half of its bytes.

The script goes on as far as the engine lets it, and asks a query after each error. Then the store is opened again:
everything acknowledged is there; of the rest, whole commands only. An error is never an acknowledgement. Four cases for
each n: case 4n-4 is EIO at call n.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

from tests.chaos import script
from tests.chaos.row import Outcome, Row, Violation
from tests.chaos.runner import Runner

TURNS = 2
#: A short write is written as error 0.
ERRORS = (errno.EIO, errno.ENOSPC, errno.EINTR, 0)


def run(first: int, count: int, mutant: str = "") -> Outcome:
    """So many faults."""
    violations: list[Violation] = []
    counts = {"acknowledged": 0, "commands failed": 0, "lives ended": 0}
    with Runner(mutant) as runner, tempfile.TemporaryDirectory() as directory:
        for number in range(first, first + count):
            base = Path(directory) / "life"
            base.mkdir()
            said = runner.live(base, TURNS, fail=1 + number // len(ERRORS), error=ERRORS[number % len(ERRORS)])
            told = script.acknowledged(base)
            found = runner.judge(base, told, TURNS * script.COMMITS)
            lines = said.splitlines()
            found += "; ".join(line for line in lines if line.startswith(("died", "hung", "raised", "wrong")))
            counts["acknowledged"] += len(told)
            counts["commands failed"] += sum(line[0].isdigit() for line in lines)
            counts["lives ended"] += sum(line.startswith("ended") for line in lines)
            if found:
                violations.append(Violation(number, found))
            shutil.rmtree(base)
            script.acks_of(base).unlink(missing_ok=True)
    return Outcome(count, violations, counts)


ROW = Row(
    name="faults",
    title="EIO, ENOSPC, EINTR, short writes at the n-th call: false acknowledgements, losses, deaths, hangs",
    unit="faults",
    short=4 * 20,
    full=4 * 150,
    part=60,
    run=run,
)
