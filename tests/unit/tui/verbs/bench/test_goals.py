"""`actum bench goals`: its exit codes, and what it shows and saves."""

from __future__ import annotations

from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from actum_bench import goals, quick
from actum_bench.measurements import demo
from actum_bench.results import Check, Results, Sample

from tests.support.commands import exit_code_of
from tests.support.same_process import measure_here
from tests.support.tiny_sizes import GOALS


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes that take no time, in this process."""
    measure_here(monkeypatch)
    monkeypatch.setattr(goals, "suites", partial(goals.suites, sizes=GOALS))


def test_goals_are_shown_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A goal has its durability, what is wanted and whether it is reached; missing one is no error."""
    some = quick.experiments
    monkeypatch.setattr(quick, "experiments", lambda *given, **named: islice(some(*given, **named), 2))
    save = tmp_path / "goals.json"
    code, out, err = exit_code_of("bench", "goals", "--part", "floor", "--repeats", 1, "--save", save)
    assert code == 0, err
    line = next(line for line in out.splitlines() if line.startswith("commands/s, 64 clients, of the floor"))
    assert line.split()[6:9] == ["full", "≥", "0.75"]
    assert "MISSED" in out or "reached" in out
    assert [goal.durability for goal in Results.load(save).goals][:2] == ["full", "full"]
    assert "not to be quoted" in err


def test_what_is_not_here_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a checkout the demo is not measured, in a sentence."""
    monkeypatch.setattr(demo.lacking, "__defaults__", (tmp_path, ()))
    code, out, _ = exit_code_of("bench", "goals", "--part", "demo")
    assert code == 0
    assert "NOT MEASURED: a year of grocery orders: the demo is part of the checkout" in out


def test_a_void_goal_makes_the_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo whose views differ gives no figure, but its reason."""

    def differing(*, directory: str | None, receipts: int | None) -> Sample:
        assert directory is not None
        assert receipts == 20
        return Sample({"events/s": 1.0}, [Check("every view is what pandas computes", ok=False, detail="one differs")])

    monkeypatch.setattr(demo, "replay", differing)
    code, out, _ = exit_code_of("bench", "goals", "--part", "demo", "--repeats", 1)
    assert code == 1
    assert "VOID: the first 20 of a year's grocery orders: actum is void" in out
    assert "events/s" not in out


@pytest.mark.parametrize("arguments", [("--part", "all"), ("--repeats", "0"), ("--save", ".")], ids=" ".join)
def test_bad_input(arguments: tuple[str, ...]) -> None:
    """What can't be done is refused with a sentence before anything is measured."""
    code, out, err = exit_code_of("bench", "goals", *arguments)
    assert (code, out) == (2, "")
    assert "Error: Invalid value for " in err
