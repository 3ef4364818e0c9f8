"""The quickstart runs as it is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run_quickstart(*arguments: str) -> str:
    """What `python examples/quickstart.py` prints."""
    command = [sys.executable, "examples/quickstart.py", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_the_quickstart_prints_the_position_and_the_balance() -> None:
    """Without a directory every run starts anew."""
    assert run_quickstart() == "1 [Balance(account_id='alice', balance=50)]\n"


def test_the_quickstart_goes_on_in_a_directory(tmp_path: Path) -> None:
    """With one, the second run finds what the first one wrote."""
    run_quickstart(str(tmp_path / "bank"))
    assert run_quickstart(str(tmp_path / "bank")) == "2 [Balance(account_id='alice', balance=100)]\n"
