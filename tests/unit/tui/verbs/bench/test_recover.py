"""`actum bench recover`: small, and with what it can't do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from actum_bench.results import Results

from tests.support.commands import exit_code_of
from tests.support.same_process import measure_here

SMALL = ("--events", 20, "--repeats", 1)


def test_recover(tmp_path: Path) -> None:
    """Figures are shown with their durability, and saved in a file that can be read again."""
    file = tmp_path / "made" / "results.json"
    code, output, errors = exit_code_of(
        "bench", "recover", "--part", "length", "--events", 20, "--repeats", 1, "--directory", tmp_path, "--save", file
    )
    assert code == 0, errors
    assert "20 events, without" in output
    assert "full" in output
    assert "not to be quoted" in errors
    assert [run.subject for run in Results.load(file).runs] == ["20 events, with checkpoint", "20 events, without"]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program gets the results in the envelope of all verbs."""
    measure_here(monkeypatch)
    code, output, errors = exit_code_of(
        "bench", "recover", "--part", "rebuild", "--events", 20, "--repeats", 1, "--directory", tmp_path, "--json"
    )
    assert code == 0, errors
    content = json.loads(output)
    assert content["verb"] == "bench recover"
    assert [run["subject"] for run in content["data"]["runs"]] == ["20 events"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--events", "-1"),
        ("--repeats", "0"),
        ("--part", "nothing"),
        ("--rows", "10", "--dirty", "20"),
        ("--directory", "not/there"),
        ("--save", "file/below"),
        ("--save", "."),
    ],
    ids=" ".join,
)
def test_bad_input(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be measured is refused with a sentence before anything is."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    code, _, errors = exit_code_of("bench", "recover", *arguments)
    assert code == 2
    assert "Error: " in errors
    assert "Traceback" not in errors
