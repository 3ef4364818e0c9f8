"""The entry point of the `actum` command: it needs an extra, and says so where it is missing."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    """Run the command; does not return."""
    if not (find_spec("click") and find_spec("rich")):
        sys.stderr.write("the actum command needs its extra: pip install 'actum[cli]'\n")
        sys.exit(2)
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]  # the caller closed it
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  # as long as the process lives
    from actum_tui.command import command  # noqa: PLC0415  # it imports click

    command(prog_name="actum")
