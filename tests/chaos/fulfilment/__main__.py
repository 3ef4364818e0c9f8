"""`make fulfilment`: 20,000 real baskets through the shop, which is killed with -9 every few seconds.

python -m tests.chaos.fulfilment --baskets 2000 --kills 20 --seed 7

Exits with 1 if anything does not add up.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from examples.shop.demo.__main__ import positive
from examples.shop.demo.progress import open_progress
from tests.chaos.fulfilment.databases import databases
from tests.chaos.fulfilment.report import report_lines
from tests.chaos.fulfilment.show import run

#: Faults shown; there may be one for each order.
SHOWN_MAX = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.fulfilment", description="The shop's fulfilment under kill -9."
    )
    parser.add_argument("--baskets", type=positive, default=20_000, metavar="N", help="of the real year (20,000)")
    parser.add_argument("--kills", type=positive, default=100, metavar="N", help="how often it is killed (100)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is random (0)")
    options = parser.parse_args(arguments)
    print(f"{options.baskets:,} baskets of The Complete Journey, and {options.kills} times kill -9", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        with databases(directory) as urls, open_progress("baskets", options.baskets) as progress:
            figures = run(directory, options.baskets, options.kills, urls, seed=options.seed, show=progress.show)
    end = f"{len(figures.faults):,} VIOLATIONS" if figures.faults else "everything adds up"
    print(*report_lines(figures), *figures.faults[:SHOWN_MAX], end, sep="\n")
    return int(bool(figures.faults))


if __name__ == "__main__":
    sys.exit(main())
