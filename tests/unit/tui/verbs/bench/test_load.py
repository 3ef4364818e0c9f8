"""`actum bench load`: what it says, what it writes, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import actum_tui.verbs.bench.load as load_verb
import pytest
from actum_bench import extras
from actum_bench.load import subjects
from actum_bench.load.measurement import measured
from actum_bench.load.settings import Settings
from actum_bench.load.trial import trial
from actum_bench.results import Results, Sample

from tests.support.commands import exit_code_of
from tests.support.faulty_loads import LosingAccounts

TINY = ("--rate", 500, "--duration", 0.1, "--warm-up", 0.02, "--repeats", 1, "--keys", 20, "--durability", "relaxed")
CLOSED = ("--closed", "--clients", 2, "--duration", 0.05, "--warm-up", 0, "--repeats", 1, "--keys", 20)


def test_it_shows_both_latencies_and_what_was_checked() -> None:
    """A run in a process of its own is shown with target, both latencies, the lag, checks, and its durability."""
    code, out, _ = exit_code_of("bench", "load", *TINY)
    assert code == 0, out
    assert "a: 50 % commands, 50 % queries, on the bank, zipf(0.99) over 20 keys, open loop at 500/s" in out
    assert "1 repeat ONLY · actum · durability relaxed" in out
    for words in ("target 500", "of what was scheduled", "errors 0", "from the intended time", "hides waiting"):
        assert words in out
    for words in ("schedule lag", "check: Balances == rebuilt", "client cost per operation", "loop lag p99", "note: "):
        assert words in out


def test_programs_get_results_and_files_are_written(tmp_path: Path) -> None:
    """With --json there is one envelope of `Results`; --save writes the same, --hgrm the percentiles."""
    save, percentiles = tmp_path / "run.json", tmp_path / "run.hgrm"
    code, out, _ = exit_code_of("bench", "load", "-w", "b", *TINY, "--json", "--save", save, "--hgrm", percentiles)
    assert code == 0, out
    (run,) = json.loads(out)["data"]["runs"]
    saved = Results.load(save)
    assert saved.runs[0].histograms == run["histograms"]
    assert set(run["histograms"]) >= {"intended", "service", "schedule lag"}
    assert saved.environment.python
    assert percentiles.read_text().lstrip().startswith("Value")


def test_a_closed_loop_is_called_one(tmp_path: Path) -> None:
    """The title of a closed loop says so, and there is no target; its percentiles are those from the sending."""
    percentiles = tmp_path / "run.hgrm"
    code, out, _ = exit_code_of("bench", "load", *CLOSED, "--hgrm", percentiles)
    assert code == 0, out
    assert "CLOSED LOOP, 2 clients" in out
    assert "target" not in out
    assert percentiles.exists()


def test_a_void_run_exits_with_1_and_shows_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong view is told by name; no figure is shown or saved, but an older file gives way to what happened."""

    def wrong(settings: Settings) -> Callable[[], Sample]:
        return lambda: measured(settings, LosingAccounts(settings.keys))

    monkeypatch.setattr(load_verb, "trial", partial(trial, measure_each=wrong))
    save = tmp_path / "run.json"
    save.write_text("older")
    code, out, _ = exit_code_of("bench", "load", *TINY, "--save", save)
    assert code == 1
    assert out.startswith("VOID: a: 50 % commands")
    assert "sum of Losing == acknowledged does not hold" in out
    assert "p99" not in out
    saved = Results.load(save)
    assert (saved.runs, [gap.void for gap in saved.skipped]) == ([], [True])
    code, out, _ = exit_code_of("bench", "load", *TINY, "--json")
    assert code == 1
    assert json.loads(out)["data"]["runs"] == []


@pytest.mark.parametrize(
    ("module", "words"),
    [
        pytest.param(extras, "pip install 'actum[bench]'", id="the extra"),
        pytest.param(subjects, "part of the checkout", id="the shop"),
    ],
)
def test_what_is_missing_is_named(module: ModuleType, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, or without the shop, one sentence says what to do, before anything is measured."""

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(module, "import_module", missing)
    code, out, err = exit_code_of("bench", "load", "--on", "shop")
    assert code == 2
    assert out == ""
    assert words in " ".join(err.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rate", "-1"), "not in the range"),
        (("--rate", "nan"), "not a number that one could count to"),
        (("--rate", "inf"), "not in the range"),
        (("--duration", "0"), "not in the range"),
        (("--keys", "0"), "not in the range"),
        (("--repeats", "0"), "not in the range"),
        (("-w", "z"), "not one of"),
        (("--on", "moon"), "not one of"),
        (("--distribution", "normal"), "not one of"),
        (("-w", "h", "--on", "shop"), "workload h is for the bank only"),
        (("-w", "g", "--keys", "3"), "one key"),
        (("--closed", "--rate", "3"), "a closed loop has no rate"),
        (("--clients", "3"), "an open loop has no clients"),
        (("--directory", "nowhere"), "does not exist"),
        (("--save", "/dev/null/run.json"), "/dev/null/run.json can't be written"),
        (("--hgrm", "."), ". is a directory"),
        (("--rate", "1e7", "--duration", "1000"), "too many for one run"),
        (("--duration", "1000", "--warm-up", "0"), "2,001 s at most; one that takes more than 1,800 s is given up"),
        (("--duration", "600", "--warm-up", "300"), "1,802 s at most"),
        (("--closed", "--duration", "1000", "--warm-up", "900"), "1,900 s at most"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(options: tuple[str, ...], words: str) -> None:
    """Bad input ends with exit code 2 and says what is wrong, before anything is measured."""
    code, out, err = exit_code_of("bench", "load", *options)
    assert code == 2
    assert out == ""
    assert words in err
    assert "Traceback" not in err
