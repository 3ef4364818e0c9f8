"""`make soak`: ten minutes and a million events past the dashboard; 1 if it has grown or has cost too much."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.soak.dashboard import SCREEN_SECONDS, SCREENS, Soaked, soak

MEGABYTE = 1_000_000
#: By so much its memory may grow from the second fifth of the time to the last.
GROWTH_BYTES_MAX = 10 * MEGABYTE
#: Of a core, on any screen, at one frame a second.
CPU_SHARE_MAX = 0.10
#: Until the first figures are seen, on a machine with nothing else to do.
START_SECONDS_MAX = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it, print it."""
    options = parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="actum-soak-") as directory:
        soaked = soak(
            Path(directory) / "bank",
            seconds=options.seconds,
            per_second=options.rate,
            screens=options.screens,
            each=min(SCREEN_SECONDS, options.seconds / 10),  # each fifth of the time has samples
        )
    show(soaked)
    faults = list(faults_of(soaked))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def parser() -> argparse.ArgumentParser:
    """What can be told."""
    made = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    made.add_argument("--seconds", type=float, default=600.0, help="how long (600)")
    made.add_argument("--rate", type=int, default=2_000, help="commands a second; 0 for as many as there can be (2000)")
    made.add_argument("--screens", default=SCREENS, help=f"which screens, in turn ({SCREENS})")
    return made


def show(soaked: Soaked) -> None:
    """The table."""
    made = Table(title=f"{soaked.events:,} events past the dashboard in {soaked.samples[-1].seconds:.0f} s")
    for name in ("screen", "CPU of a core"):
        made.add_column(name, justify="right")
    for screen in sorted({each.screen for each in soaked.samples}):
        made.add_row(screen, f"{soaked.cpu_share(screen):.1%}")
    console = Console()
    console.print(made)
    fifths = [soaked.memory_bytes(number / 5, (number + 1) / 5) / MEGABYTE for number in range(5)]
    console.print("memory by fifths of the time, MB: " + ", ".join(f"{each:.1f}" for each in fifths))
    console.print(f"first figures after {soaked.start_seconds:.2f} s, {soaked.start_cpu_seconds:.2f} s of CPU")


def faults_of(soaked: Soaked) -> Sequence[str]:
    """What is not as it should be."""
    found: list[str] = []
    growth = soaked.memory_bytes(0.8, 1.0) - soaked.memory_bytes(0.2, 0.4)
    if growth > GROWTH_BYTES_MAX:
        found.append(f"memory has grown by {growth / MEGABYTE:.1f} MB")
    found += (
        f"screen {screen} takes {soaked.cpu_share(screen):.1%} of a core"
        for screen in sorted({each.screen for each in soaked.samples})
        if soaked.cpu_share(screen) > CPU_SHARE_MAX
    )
    if soaked.start_seconds > START_SECONDS_MAX:
        found.append(f"it took {soaked.start_seconds:.2f} s to start")
    if not soaked.left:
        found.append("the terminal was not left as it was")
    return found


if __name__ == "__main__":
    sys.exit(main())
