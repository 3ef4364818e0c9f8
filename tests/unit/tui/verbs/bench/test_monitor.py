"""`actum bench monitor`: small, and with what it can't do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import exit_code_of
from tests.support.same_process import measure_here


def test_monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for what was looked at, with both ratios and their intervals; and the goal."""
    measure_here(monkeypatch)
    sizes = ("--clients", 2, "--accounts", 10, "--pairs", 1, "--seconds", 1, "--repeats", 1)
    code, output, errors = exit_code_of("bench", "monitor", "--part", "rows", *sizes, "--directory", tmp_path)
    assert code == 0, errors
    lines = [line for line in output.splitlines() if line.startswith("attached, 2 clients, rows")]
    (line,) = lines
    assert "full" in line
    assert line.count(" to ") == 2
    assert "throughput, rows attached" in output
    assert "≥ 0.99" in output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [("--seconds", "0.5"), ("--pairs", "0"), ("--part", "nothing"), ("--durability", "none"), ("--clients", "0")],
    ids=" ".join,
)
def test_bad_input(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be measured is refused with a sentence before anything is."""
    monkeypatch.chdir(tmp_path)
    code, _, errors = exit_code_of("bench", "monitor", *arguments)
    assert code == 2
    assert arguments[0] in errors
