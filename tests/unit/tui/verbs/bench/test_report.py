"""`actum bench report`: what it writes and says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import actum_bench.extras
import pytest
from actum_tui.command import command
from click.testing import CliRunner, Result

from tests.support.made_results import around, goal_of, results_of, run_of


def reported(*arguments: str) -> Result:
    """The verb."""
    return CliRunner().invoke(command, ["bench", "report", *arguments], prog_name="actum")


@pytest.fixture
def file() -> str:
    """A file with one run and one goal."""
    results_of(run_of(around(1.0)), run_of([1.0], ok=False), goals=[goal_of("a goal", 1.0, [2.0])]).save(Path("a.json"))
    return "a.json"


def test_written(file: str) -> None:
    """It writes into bench/results unless told otherwise, and says what."""
    result = reported(file)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "1 runs, 1 void, 0 not measured; 1 of 1 goals reached",
        "bench/results/report.html",
        "bench/results/results.md",
        "bench/results/results.json",
        "bench/results/plots/goals.svg",
        "bench/results/plots/goals.png",
    ]
    assert all(Path(line).is_file() for line in result.stdout.splitlines()[1:])


def test_several_files(file: str) -> None:
    """Several files become one report; a program is told what is in it."""
    results_of(run_of(around(1.0), workload="another"), cpu="Other").save(Path("b.json"))
    content = json.loads(reported(file, "b.json", "--to", "out", "--json").stdout)
    assert (content["verb"], content["data"]["runs"], content["data"]["void"]) == ("bench report", 2, 1)
    assert any("were not taken alike" in warning for warning in content["warnings"])
    assert "another" in Path("out/report.html").read_text()


def test_damaged_file(file: str) -> None:
    """One damaged file, and nothing is written."""
    Path("bad.json").write_text('{"schema": 1, "command": 5}')
    result = reported(file, "bad.json", "--to", "out")
    assert result.exit_code == 2
    assert "bad.json does not hold results of a benchmark" in result.stderr
    assert not Path("out").exists()


def test_directory_that_is_a_file(file: str) -> None:
    """A place that can't be written is named."""
    result = reported(file, "--to", file)
    assert result.exit_code == 2
    assert "a.json can't be written: Not a directory" in result.stderr


def test_no_file() -> None:
    """Without a file there is nothing to report."""
    result = reported()
    assert result.exit_code == 2
    assert "FILE" in result.stderr


def test_without_the_extra(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib the error says how to get it."""

    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(actum_bench.extras, "import_module", missing)
    result = reported(file)
    assert result.exit_code == 2
    assert "matplotlib is missing: pip install 'actum[bench]'" in result.stderr


def test_pages_are_brought_up_to_date(file: str) -> None:
    """The tables of a page are those of the report."""
    Path("page.md").write_text("# A page\n\n<!-- actum bench: goals -->\n<!-- actum bench: end -->\n")
    result = reported(file, "--quote", "page.md")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "page.md"
    assert "| a goal |" in Path("page.md").read_text()


def test_a_table_without_figures_is_left_alone(file: str) -> None:
    """What a page quotes of an earlier report stays there, with a warning that names page and table."""
    old = "# A page\n\n<!-- actum bench: peers -->\n| fast |\n<!-- actum bench: end -->\n"
    Path("page.md").write_text(old)
    result = reported(file, "--quote", "page.md")
    assert result.exit_code == 0, result.output
    assert Path("page.md").read_text() == old
    assert "page.md: the table peers stays as it was: nothing for it was measured" in result.stderr


def test_a_page_without_a_place_is_refused(file: str) -> None:
    """Before anything is written."""
    Path("page.md").write_text("# A page\n")
    result = reported(file, "--quote", "page.md")
    assert result.exit_code == 2
    assert "page.md can't quote a report: it has no place for a table" in result.stderr
    assert not Path("bench").exists()
