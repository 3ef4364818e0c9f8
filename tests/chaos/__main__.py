"""`make chaos`: runs every row in as many processes as there are cores, prints one table, fails on any violation.

python -m tests.chaos                             all rows, in full
python -m tests.chaos kill power --scale 0.1      two rows, a tenth of the cases
python -m tests.chaos seeds --first 4711 --count 1     one case again
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

import actum
from actum_storage import StoreDirectory
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.chaos.row import Outcome, Row, merged
from tests.chaos.rows import ROWS

#: Wide enough for the table where nobody looks.
PIPE_WIDTH = 220
#: Violations shown for each row; the table counts them all.
SHOWN_MAX = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if a promise did not hold."""
    options = parser().parse_args(arguments)
    chosen = [row for row in ROWS if not options.rows or row.name in options.rows]
    console = Console()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    started = time.monotonic()
    table = Table("", "cases", "violations", "also seen", "seconds", title=f"actum under attack: {machine()}")
    failed = False
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for row in chosen:
            count = options.count or max(1, round(row.full * options.scale))
            begun = time.monotonic()
            outcome = run_row(row, options.first, count, options.workers, progress)
            seconds = time.monotonic() - begun
            failed = failed or bool(outcome.violations)
            also = ", ".join(f"{number:,} {name}" for name, number in sorted(outcome.counts.items()))
            table.add_row(
                row.title, f"{outcome.cases:,} {row.unit}", f"{len(outcome.violations):,}", also, f"{seconds:.0f}"
            )
            progress.console.print(f"{row.name}: {outcome.cases:,} {row.unit}, {len(outcome.violations):,} violations")
            for violation in outcome.violations[:SHOWN_MAX]:
                again = f"python -m tests.chaos {row.name} --first {violation.case} --count 1"
                progress.console.print(f"  {again}\n    {violation.what}", markup=False)
    console.print(table)
    console.print(f"{time.monotonic() - started:.0f} seconds; {'VIOLATIONS' if failed else 'no violations'}")
    return int(failed)


def machine() -> str:
    """What the figures hold for."""
    with tempfile.TemporaryDirectory() as directory:
        StoreDirectory.open(directory, write=True).close()
        found = {finding.name: finding.what for finding in actum.diagnose(directory)}
    return f"{os.cpu_count()} cores, {found['file system']}, {found['versions']}, durability full"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m tests.chaos", description="Attack actum and count what breaks.")
    made.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(row.name for row in ROWS))
    made.add_argument("--scale", type=float, default=1.0, help="how much of the full number of cases")
    made.add_argument("--first", type=int, default=0, help="the first case's number")
    made.add_argument("--count", type=int, help="so many cases of each row, instead of the full number")
    made.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    return made


def parts(row: Row, first: int, count: int) -> Iterator[tuple[int, int]]:
    """The row's cases in parts: first number and how many."""
    for start in range(first, first + count, row.part):
        yield start, min(row.part, first + count - start)


def run_row(row: Row, first: int, count: int, workers: int, progress: Progress) -> Outcome:
    """All parts of a row, in processes of their own."""
    task = progress.add_task(row.name, total=count)
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(row.run, start, cases): cases for start, cases in parts(row, first, count)}
        for done in as_completed(running):
            outcomes.append(done.result())
            progress.advance(task, running[done])
    progress.remove_task(task)
    return merged(outcomes)


if __name__ == "__main__":
    sys.exit(main())
