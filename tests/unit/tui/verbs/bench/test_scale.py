"""`actum bench scale`: small, and with what it can't do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import exit_code_of
from tests.support.same_process import measure_here


def test_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each dimension has a table with a line for each size, and its ratio to the smallest."""
    measure_here(monkeypatch)
    sizes = ("--least", 10, "--most", 100, "--clients", 2, "--commands", 10, "--repeats", 1)
    code, output, errors = exit_code_of("bench", "scale", "--part", "rows", *sizes, "--directory", tmp_path)
    assert code == 0, errors
    lines = output.splitlines()
    start = lines.index("rows, 2 clients · durability full")
    assert lines[start + 1].split()[:3] == ["size", "commands/s", "times"]
    assert [line.split()[0] for line in lines[start + 2 : start + 4]] == ["10", "100"]
    assert "1.00" in lines[start + 2]


@pytest.mark.parametrize(
    "arguments", [("--most", "-5"), ("--least", "100", "--most", "10"), ("--clients", "0")], ids=" ".join
)
def test_bad_input(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be measured is refused with a sentence before anything is."""
    monkeypatch.chdir(tmp_path)
    code, _, errors = exit_code_of("bench", "scale", *arguments)
    assert code == 2
    assert "Error: " in errors
    assert "Traceback" not in errors
