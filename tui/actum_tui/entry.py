"""The entry point of the `actum` command: it needs an extra, and says so where it is missing."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; does not return."""
    try:
        import click  # noqa: F401, PLC0415  # only to see whether it is there
        import rich  # noqa: F401, PLC0415
    except ImportError:
        sys.stderr.write("the actum command needs its extra: pip install 'actum[cli]'\n")
        sys.exit(2)
    from actum_tui.command import command  # noqa: PLC0415  # it imports click

    command(prog_name="actum")
