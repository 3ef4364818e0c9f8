"""`actum bench sweep`: every step is shown, and what was found."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import actum_tui.verbs.bench.sweep as sweep_verb
import pytest
from actum_bench.load.sustained import sustained
from actum_bench.results import Results

from tests.support.commands import exit_code_of
from tests.support.made_up_loads import made_up

TINY = ("--duration", 0.05, "--warm-up", 0, "--keys", 10, "--durability", "relaxed")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates up to 5,000/s are answered in a millisecond, others in ten and with errors."""
    monkeypatch.setattr(sweep_verb, "sustained", partial(sustained, measure_each=made_up))


@pytest.mark.usefixtures("quick")
def test_every_step_is_shown(tmp_path: Path) -> None:
    """Rates that hold and rates that break stand below each other, then the highest one, which is saved too."""
    save = tmp_path / "sweep.json"
    code, out, _ = exit_code_of("bench", "sweep", *TINY, "--save", save)
    assert code == 0, out
    assert "objective: p99 ≤ 5 ms, no errors, no growing queue" in out
    assert "durability relaxed" in out
    assert "8,000 1/s" in out
    assert "breaks: p99 is 10 ms" in out
    assert "highest sustainable rate: 4," in out or "highest sustainable rate: 5,000" in out
    saved = Results.load(save)
    assert len(saved.runs) == out.count("holds") + out.count("breaks: ") + 1
    assert saved.runs[-2].parameters["repeats"] == 5
    assert "highest open-loop rate with p99 ≤ 5 ms" in saved.runs[-1].title


@pytest.mark.usefixtures("quick")
def test_a_rate_that_nothing_broke_is_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the highest rate holds it is called that, and a bound that was lowered for want of memory is named."""
    words = "highest sustainable rate: at least 4,000 1/s, the highest that was tried"
    code, out, err = exit_code_of("bench", "sweep", *TINY, "--to", 4_000)
    assert code == 0, out
    assert words in out
    assert "--to" not in err
    monkeypatch.setattr(sweep_verb, "OPERATIONS_MAX", 200)
    code, out, err = exit_code_of("bench", "sweep", *TINY)
    assert code == 0, out
    assert words in out
    assert "rates above 4,000 1/s were not tried" in " ".join(err.split())


@pytest.mark.usefixtures("quick")
def test_nothing_that_holds_is_a_bad_answer() -> None:
    """When no rate meets the objective the exit code is 1, for programs too, and the steps are there."""
    code, out, _ = exit_code_of("bench", "sweep", *TINY, "--slo", "p99=1us")
    assert code == 1
    assert "no rate that was tried meets the objective" in out
    code, out, _ = exit_code_of("bench", "sweep", *TINY, "--slo", "p99=1us", "--json")
    assert code == 1
    assert json.loads(out)["data"]["runs"] != []


def test_a_void_sweep_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older file gives way to what happened, and the exit code is 1."""
    monkeypatch.setattr(sweep_verb, "sustained", partial(sustained, measure_each=partial(made_up, ok=False)))
    save = tmp_path / "sweep.json"
    save.write_text("older")
    code, out, _ = exit_code_of("bench", "sweep", *TINY, "--save", save)
    assert code == 1
    assert out.startswith("VOID: a: 50 % commands")
    (gap,) = Results.load(save).skipped
    assert gap.void
    assert "highest open-loop rate with p99 ≤ 5 ms" in gap.subject


def test_it_measures_the_engine() -> None:
    """A search with an easy objective, in processes of its own, ends with the highest rate that it may try."""
    options = ("--from", 500, "--to", 500, "--slo", "p50=30s", "--slo", "max=40s", "--repeats", 1)
    code, out, _ = exit_code_of("bench", "sweep", *TINY, *options)
    assert code == 0, out
    assert "objective: p50 ≤ 30 s and max ≤ 40 s" in out
    assert "highest sustainable rate: at least 500 1/s" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--slo", "p99"), "not an objective"),
        (("--slo", "p98=5ms"), "there is no p98"),
        (("--slo", "p99=5weeks"), "there is no unit weeks"),
        (("--from", "9", "--to", "3"), "--from is above --to"),
        (("--precision", "nan"), "not a number that one could count to"),
        (("-w", "h", "--on", "shop"), "workload h is for the bank only"),
        (("--closed",), "No such option"),
        (("--duration", "1000"), "2,006 s at most"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(options: tuple[str, ...], words: str) -> None:
    """Bad input ends with exit code 2 and says what is wrong, before anything is measured."""
    code, out, err = exit_code_of("bench", "sweep", *options)
    assert code == 2
    assert out == ""
    assert words in err
