"""`actum bench all`: every part, tiny, and the report of it."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path

import actum_bench.extras
import pytest
from actum_bench import overview
from actum_bench.load import trial
from actum_bench.load.settings import Settings
from actum_bench.process import in_child
from actum_bench.results import Results

from tests.support.commands import exit_code_of
from tests.support.same_process import measure_here
from tests.support.tiny_sizes import OVERVIEW

SUITES = overview.suites
PARTS = ("--part", "load", "--part", "recover")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, which is faster."""
    measure_here(monkeypatch)


def test_one_report_of_all_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What parts measured is in one file, pictures are drawn of what there is, and the answer says what is where."""
    sizes = OVERVIEW._replace(load=OVERVIEW.load[:1])
    monkeypatch.setattr(overview, "suites", partial(SUITES, sizes=sizes))
    code, out, err = exit_code_of("bench", "all", *PARTS, "--repeats", 1)
    assert code == 0, err
    results = Results.load(Path("bench/results/results.json"))
    assert list(dict.fromkeys(run.suite for run in results.runs)) == ["load", "recover"]
    assert "bench/results/report.html" in out
    drawn = {path.stem.split("-")[0] for path in Path("bench/results/plots").iterdir()}
    assert drawn == {"latency"}
    assert "measured twice" not in err


def test_a_void_part_makes_the_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is told; what is not here is told too; and there is a report of the rest."""
    wrong = Settings(workload="a", durability="none", seconds=0.05)  # type: ignore[arg-type]  # it can't be opened
    sizes = OVERVIEW._replace(micro="no_such_part", load=[wrong])
    monkeypatch.setattr(overview, "suites", partial(SUITES, sizes=sizes))
    monkeypatch.setattr(trial, "in_child", in_child)
    code, out, _ = exit_code_of("bench", "all", "--part", "micro", "--part", "load", "--repeats", 1, "--to", "made")
    assert code == 1
    assert "NOT MEASURED: the parts: no micro benchmark matches 'no_such_part'" in out
    assert "VOID: a: 50 % commands" in out
    assert Path("made/report.html").exists()


def test_the_extra_is_asked_for_at_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib nothing is measured: the report could not be drawn."""

    def missing(name: str) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr(actum_bench.extras, "import_module", missing)
    code, out, err = exit_code_of("bench", "all")
    assert (code, out) == (2, "")
    assert "matplotlib is missing: pip install 'actum[bench]'" in err


@pytest.mark.parametrize("arguments", [("--part", "sweep"), ("--to", "/dev/null"), ("--repeats", "0")], ids=" ".join)
def test_bad_input(arguments: tuple[str, ...]) -> None:
    """What can't be done is refused with a sentence before anything is measured."""
    code, out, err = exit_code_of("bench", "all", *arguments)
    assert (code, out) == (2, "")
    assert "Error: Invalid value for " in err


def test_a_part_is_not_quoted() -> None:
    """Tables in other pages are of a whole run, or they would be of several."""
    Path("page.md").write_text("<!-- actum bench: rates -->\n<!-- actum bench: end -->\n")
    code, out, err = exit_code_of("bench", "all", "--part", "quick", "--quote", "page.md")
    assert (code, out) == (2, "")
    assert "--quote is for a whole run" in err
