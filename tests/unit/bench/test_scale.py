"""What `bench scale` measures: a point for each size of each dimension, and the goals whose sizes are among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum_bench import scale
from actum_bench.experiments import carry_out
from actum_bench.filled import Shape

from tests.support.filled_stores import fill_workspace
from tests.support.same_process import measure_here


def test_sizes() -> None:
    """Sizes grow by factors of ten up to the largest."""
    assert scale.sizes(10, 10) == [10]
    assert scale.sizes(10_000, 9_999_999) == [10_000, 100_000, 1_000_000]


@pytest.mark.parametrize("part", list(scale.DIMENSIONS))
def test_every_curve_has_a_point_for_each_size(part: str) -> None:
    """The subjects are the sizes, and each is a shape that can be filled."""
    [experiment] = scale.experiments("unused", parts=[part], least=10, most=10_000)
    assert list(experiment.subjects) == ["10", "100", "1,000", "10,000"]
    for size in (10, 100, 10_000):
        shape = scale.shape_of(part, size, 10)
        assert Shape(branches=shape["branches"], accounts=shape["accounts"], events=shape["events"]).events == size  # type: ignore[arg-type]  # numbers
        assert shape["working"] in (10, size)


def test_the_goals() -> None:
    """With ten million, and a hundred thousand held, every goal is there with its bound."""
    wishes = [wish for experiment in scale.experiments("unused", most=10_000_000) for wish in experiment.wishes]
    assert [(wish.bound, wish.better) for wish in wishes] == [
        (0.9, "higher"),
        (0.8, "higher"),
        (0.8, "higher"),
        *[(1_000, "lower")] * 3,
        *[(200, "lower")] * 3,
    ]
    assert len({wish.name for wish in wishes}) == len(wishes)


def test_no_goal_without_its_sizes() -> None:
    """Less than what a goal is about has figures alone."""
    small = scale.experiments("unused", least=1_000, most=100_000, held=1_000)
    assert [list(experiment.wishes) for experiment in small] == [[]] * 6


def test_a_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every point is measured, and gives what the table shows."""
    measure_here(monkeypatch)
    for events in (10, 100):
        fill_workspace(tmp_path, Shape(branches=10, accounts=10, events=events))
    [experiment] = scale.experiments(
        str(tmp_path), parts=["events"], least=10, most=100, clients=2, commands=10, repeats=1
    )
    outcome = carry_out(experiment, lambda: None)
    assert outcome.skipped == []
    assert [run.subject for run in outcome.runs] == ["10", "100"]
    for run in outcome.runs:
        for name in ("commands/s", "cost per command", "ack p99", "opening", "memory after opening"):
            assert run.figure(name) is not None
