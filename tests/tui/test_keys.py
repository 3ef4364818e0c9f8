"""Keys that come faster than screens do."""

from __future__ import annotations

from pathlib import Path

from tests.soak.dashboard import busy_engine
from tests.support.terminal import terminal


def test_numbers_one_after_the_other(tmp_path: Path) -> None:
    """The last one counts, also where a screen that comes up for the first time has a line to write in."""
    with busy_engine(tmp_path / "bank", 50), terminal(columns=100) as shell:
        shell.run("actum", "top", tmp_path / "bank")
        shell.wait_for("LIVE", "commands/s")
        shell.press("5", "6", "7", "8", "4")
        shell.wait_for("Balances", "rows 1-")
        shell.press("7", "q")
        shell.wait_for_prompt()
