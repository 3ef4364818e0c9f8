"""What `bench all` measures, and what it says of parts that can't be."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum_bench import micro, overview, recover, scale
from actum_bench.goals import grown
from actum_bench.overview import REDUCED, loads, parts_one_by_one, suites

from tests.support.same_process import measure_here
from tests.support.tiny_sizes import OVERVIEW


def quiet(_done: int, _whole: int) -> None:
    """Nobody looks."""


def test_goals_only_at_their_size() -> None:
    """Opening, checkpoints and growth are smaller than their goals mean them, so they have none."""
    assert [list(one.wishes) for one in grown(recover.experiments, "", 5, [REDUCED.recover])] == [[]] * 7
    assert [len(one.wishes) for one in grown(scale.experiments, "", 5, [REDUCED.scale])] == [0, 0, 0]


def test_every_part_is_a_suite() -> None:
    """The parts that can be chosen are those that there are."""
    assert tuple(suites("", 1)) == overview.PARTS


def test_growth_has_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of a growing store have their size as a parameter, so that they can be drawn over it."""
    measure_here(monkeypatch)
    made = suites(str(tmp_path), 1, OVERVIEW)
    runs = [*made["recover"].carry_out(quiet).runs, *made["scale"].carry_out(quiet).runs]
    assert {run.subject: run.parameters["events"] for run in runs} == {
        "10 events, with checkpoint": 10,
        "10 events, without": 10,
        "10": 10,
        "100": 100,
    }


def test_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each workload gives a run."""
    measure_here(monkeypatch)
    runs, goals, skipped = loads(OVERVIEW.load, None, 1, quiet)
    assert [run.parameters["workload"] for run in runs] == ["a", "g"]
    assert (goals, skipped) == ([], [])


def test_a_load_that_fails_is_void(tmp_path: Path) -> None:
    """Its reason stands in its place."""
    outcome = loads(OVERVIEW.load[:1], str(tmp_path / "nowhere"), 1, quiet)
    (gap,) = outcome.skipped
    assert gap.void
    assert "nowhere" in gap.reason


def test_no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the micro benchmarks a sentence says where they are, which is not void."""
    monkeypatch.setattr(micro.measure, "__kwdefaults__", {"folder": tmp_path})
    (gap,) = parts_one_by_one(None, None, quiet).skipped
    assert "bench/micro of a checkout" in gap.reason
    assert not gap.void
