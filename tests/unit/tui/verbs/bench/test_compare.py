"""`actum bench compare`: what it prints, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from actum_bench.results import Results
from actum_tui.command import command
from click.testing import CliRunner, Result

from tests.support.made_results import HOSTILE, around, rate_of, results_of, run_of


def compared(before: Results, after: Results, *options: str) -> Result:
    """The verb on two files in the working directory."""
    before.save(Path("before.json"))
    after.save(Path("after.json"))
    return CliRunner().invoke(command, ["bench", "compare", "before.json", "after.json", *options], prog_name="actum")


BEFORE = results_of(run_of(around(1.0)), rate_of("b", "actum", 100.0))
AFTER = results_of(run_of(around(1.2)), rate_of("b", "actum", 100.0), cpu="Other")


def test_shown() -> None:
    """Each figure has its medians, its change and its verdict; the mean comes last, the warnings beside it."""
    result = compared(BEFORE, AFTER)
    assert result.exit_code == 0
    slower = next(line for line in result.stdout.splitlines() if "ack p99" in line)
    assert slower.split("  ")[0] == "a"
    assert "full" in slower
    assert "1 s" in slower
    assert "1.2 s" in slower
    assert slower.endswith("0.008  1.20x slower")
    assert "not significant" in result.stdout
    assert "geometric mean: 1.10x worse" in result.stdout
    assert "the processor differs: Imagined 9000, then Other" in result.stderr


def test_json() -> None:
    """A program gets the same in the envelope that all verbs have."""
    content = json.loads(compared(BEFORE, AFTER, "--json", "--fail", "ack p99:30%").stdout)
    assert (content["verb"], content["error"]) == ("bench compare", None)
    assert [change["words"] for change in content["data"]["changes"]] == ["1.20x slower", "not significant"]
    assert content["data"]["failed"] == []
    assert len(content["warnings"]) == 1


def test_fail() -> None:
    """A figure that lost more than it may makes the exit code 1, and says so."""
    result = compared(BEFORE, AFTER, "--fail", "commands/s:1%", "--fail", "ack p99:10%")
    assert result.exit_code == 1
    assert (
        "FAILED: ack p99 of a · actum · durability full is 1.20x slower, 20.0% worse; 10% is allowed" in result.stdout
    )
    assert compared(BEFORE, AFTER, "--fail", "ack p99:30%").exit_code == 0
    assert compared(AFTER, BEFORE, "--fail", "ack p99:0%").exit_code == 0


@pytest.mark.parametrize(
    ("limit", "words"), [("ack p99", "is not NAME:PERCENT"), ("ack p98:5%", "there is ack p99, commands/s")]
)
def test_limits_that_are_none(limit: str, words: str) -> None:
    """A limit of another form, or of a figure that is not there, is refused: it would never be exceeded."""
    result = compared(BEFORE, AFTER, "--fail", limit)
    assert result.exit_code == 2
    assert words in result.stderr


def test_limit_on_too_few_samples() -> None:
    """A limit that could not be judged is refused, too."""
    result = compared(results_of(run_of([1.0])), results_of(run_of([2.0])), "--fail", "ack p99:5%")
    assert result.exit_code == 2
    assert "needs five samples in both files" in result.stderr


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 1}', "\x00\xff"])
def test_damaged_file(content: str) -> None:
    """A file that holds no results is refused in a sentence."""
    BEFORE.save(Path("good.json"))
    Path("bad.json").write_text(content)
    result = CliRunner().invoke(command, ["bench", "compare", "good.json", "bad.json"], prog_name="actum")
    assert result.exit_code == 2
    assert "bad.json does not hold results of a benchmark" in result.stderr
    assert "Traceback" not in result.output


def test_no_file() -> None:
    """So is one that is not there."""
    result = CliRunner().invoke(command, ["bench", "compare", "a.json", "b.json", "--json"], prog_name="actum")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["message"] == "a.json can't be read: No such file or directory"


def test_names_from_data() -> None:
    """Names reach the terminal as data."""
    named = results_of(run_of(around(1.0), workload=f"\x1b[31m{HOSTILE}"))
    assert "\\x1b[31m<script>" in compared(named, named).stdout
