"""What `bench recover` measures, and which goals it reads off that."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum_bench import recover
from actum_bench.experiments import carry_out
from actum_bench.filled import Shape

from tests.support.filled_stores import fill_workspace
from tests.support.same_process import measure_here


def test_the_goals() -> None:
    """At full size every goal of opening and of checkpoints is there with its bound."""
    wishes = [wish for experiment in recover.experiments("unused") for wish in experiment.wishes]
    assert [(wish.bound, wish.better) for wish in wishes] == [
        (3.0, "lower"),
        (4.5, "lower"),
        (6.0, "lower"),
        (0.010, "lower"),
        (0.75, "higher"),
        (0.025, "lower"),
        (0.75, "higher"),
        (0.95, "higher"),
    ]
    assert len({wish.name for wish in wishes}) == len(wishes)


def test_no_goal_for_less() -> None:
    """Small stores are measured without a goal, which is for large ones."""
    assert [list(experiment.wishes) for experiment in recover.experiments("unused", rows=1_000, dirty=100)] == [[]] * 8


@pytest.mark.parametrize(
    ("events", "found"), [(10, [10]), (10_000, [10_000]), (99_999, [10_000]), (1_000_000, [10_000, 100_000, 1_000_000])]
)
def test_lengths(events: int, found: list[int]) -> None:
    """The curve has a point for each power of ten; a short log stands alone."""
    assert recover.lengths(events) == found
    [length] = recover.experiments("unused", parts=["length"], events=events)
    assert len(length.subjects) == 2 * len(found)


def test_a_wrong_store_is_void(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A measurement whose check does not hold gives neither figures nor goals, but a reason."""
    measure_here(monkeypatch)
    shape = Shape(branches=2, accounts=20, events=20)
    workspace = fill_workspace(tmp_path, shape, really=Shape(branches=2, accounts=20, events=21))
    [experiment] = recover.experiments(workspace, parts=["rebuild"], events=20, repeats=1)
    outcome = carry_out(experiment, lambda: None)
    assert (outcome.runs, outcome.goals) == ([], [])
    assert "events stored does not hold (expected 20, found 21)" in outcome.skipped[0].reason
