"""Every goal of actum: where it is measured, at which size, and what is said where it can't be."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum_bench import goals, quick, recover, scale
from actum_bench.goals import FULL, demo_experiment, grown, suites
from actum_bench.measurements import demo
from actum_bench.results import Skipped


def test_the_sizes_are_those_of_the_goals() -> None:
    """At full size each experiment of opening, checkpoints, growth and memory has its goal."""
    opening = list(grown(recover.experiments, "unused", 5, [FULL.recover]))
    growth = list(grown(scale.experiments, "unused", 5, FULL.scale))
    assert [len(experiment.wishes) for experiment in opening] == [1, 1, 1, 2, 2, 1]
    assert [len(experiment.wishes) for experiment in growth] == [1, 1, 1, 3, 3]
    assert (FULL.query_rows, FULL.part, FULL.clients) == (1_000_000, 2.0, 256)


def test_the_demo_has_a_goal_for_the_whole_year() -> None:
    """It is in events a second; a part of the year has none."""
    (wish,) = demo_experiment(None, 5, None).wishes
    assert (wish.name, wish.bound, wish.unit) == ("events/s, a year of grocery orders", 150_000, "1/s")
    assert demo_experiment(None, 5, 20).wishes == []


def test_every_part_is_a_suite(tmp_path: Path) -> None:
    """The parts that can be chosen are those that there are."""
    assert tuple(suites(str(tmp_path), 1)) == goals.PARTS


def test_goals_say_how_durable_and_how_large(tmp_path: Path) -> None:
    """Those beside the floor are durable where anything is written, and say how many rows are asked."""
    made = quick.experiments(str(tmp_path), rows=FULL.query_rows)
    found = [(wish.name, experiment.durability) for experiment in made for wish in experiment.wishes]
    assert [durability for _, durability in found] == [*["full"] * 6, *["memory"] * 3, "-"]
    assert "a point query, 1,000,000 rows" in dict(found)


def test_without_the_demo_it_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a checkout there is a sentence and no figure; that is not void."""
    monkeypatch.setattr(demo.lacking, "__defaults__", (tmp_path, ()))
    outcome = suites(str(tmp_path), 1)["demo"].carry_out(lambda _done, _whole: None)
    assert outcome.skipped == [Skipped("demo", "a year of grocery orders", demo.lacking())]
    assert not outcome.skipped[0].void
    assert "part of the checkout" in outcome.skipped[0].reason
