"""`actum bench micro`: one line for each operation, results that can be kept, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from actum_bench import micro
from actum_bench.micro import FOLDER
from actum_bench.results import Results
from actum_tui.command import command
from click.testing import CliRunner, Result


def timed(*arguments: str) -> Result:
    """The verb."""
    return CliRunner().invoke(command, ["bench", "micro", *arguments], prog_name="actum")


def test_one_operation() -> None:
    """An operation of the checkout has a line with its durability, and a file with all its rounds."""
    result = timed("-k", "test_get", "--save", "new/kept.json")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[2].split() == ["operation", "durability", "median", "spread"]
    assert lines[3].startswith("find a row by its key  -")
    (run,) = Results.load(Path("new/kept.json")).runs
    assert (run.suite, run.durability, len(run.figures[0].samples)) == ("micro", "-", 15)


def test_nothing_matches() -> None:
    """A pattern that matches nothing is a sentence, also for programs."""
    content = json.loads(timed("-k", "no_such_part", "--json").stdout)
    assert content["error"]["message"] == "no micro benchmark matches 'no_such_part'"


def test_unwritable_file() -> None:
    """A file that can't be written is refused before anything is measured, and nothing is left."""
    Path("kept").touch()
    result = timed("--save", "kept/x.json")
    assert result.exit_code == 2
    assert "kept/x.json can't be written" in result.stderr


def test_no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Installed from a wheel it says where the benchmarks are."""
    assert FOLDER.is_dir()
    monkeypatch.setattr(micro.measure, "__kwdefaults__", {"folder": tmp_path})
    result = timed()
    assert result.exit_code == 2
    assert "bench/micro of a checkout" in result.stderr
