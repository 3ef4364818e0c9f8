"""Several runs as one, and a search over several rates."""

from __future__ import annotations

from functools import partial

import pytest
from actum_bench.comparison import compare
from actum_bench.load.histogram import histogram_type
from actum_bench.load.settings import Settings
from actum_bench.load.slo import Objective
from actum_bench.load.sustained import HIGHEST, Reach, sustained
from actum_bench.load.trial import title_of, trial
from actum_bench.process import VoidRunError

from tests.support.made_results import results_of
from tests.support.made_up_loads import made_up

SETTINGS = Settings(workload="a", keys=10)


def test_repeats_are_samples_of_one_run() -> None:
    """Each repeat is a sample of each figure, histograms are merged, and the durability is in the title."""
    notes: list[int] = []
    run = trial(SETTINGS, 5, lambda: notes.append(1), measure_each=made_up)
    assert len(notes) == 5
    assert {len(figure.samples) for figure in run.figures} == {5}
    assert histogram_type().decode(run.histograms["intended"].encode()).get_total_count() == 5
    assert run.title.endswith("durability full")
    assert run.parameters["repeats"] == 5
    assert "clients run in the engine's loop" in run.note


def test_an_error_that_did_not_occur_is_none() -> None:
    """A kind of error that one repeat has and another has not is a figure with a 0."""
    samples = iter([made_up(Settings(workload="a", rate=rate))() for rate in (1_000, 9_000)])
    run = trial(SETTINGS, 2, lambda: None, measure_each=lambda _: partial(next, samples))
    figure = run.figure("errors: Overloaded")
    assert figure is not None
    assert figure.samples == [0.0, 2.0]
    assert figure.unit == ""


def test_results_name_no_directory() -> None:
    """What is saved can be given to others: the directory that was measured in is not in it."""
    placed = Settings(workload="a", directory="/somewhere/private")
    run = trial(placed, 1, lambda: None, measure_each=made_up)
    assert "/somewhere/private" not in str(run)
    assert run.parameters["workload"] == "a"


def test_too_few_repeats_are_in_the_title() -> None:
    """Fewer than five are said to be so, five are not."""
    assert title_of(SETTINGS, 1).endswith(", 1 repeat ONLY")
    assert title_of(SETTINGS, 4).endswith(", 4 repeats ONLY")
    assert "ONLY" not in title_of(SETTINGS, 5)


def test_a_closed_loop_says_what_it_hides() -> None:
    """The note of a closed loop says that it leaves out waiting."""
    closed = Settings(workload="a", clients=2)
    run = trial(closed, 1, lambda: None, measure_each=made_up)
    assert "CLOSED LOOP" in run.title
    assert "leave out the waiting" in run.note


def test_a_check_that_fails_makes_it_void() -> None:
    """There is no run of a measurement whose check does not hold."""
    with pytest.raises(VoidRunError, match=r"sums does not hold \(1 and 2\)"):
        trial(SETTINGS, 1, lambda: None, measure_each=lambda settings: made_up(settings, ok=False))


def test_the_highest_rate_is_a_figure_of_its_run() -> None:
    """Every step is a run with its rate; what was found is a run of its own, without the rate in its title."""
    found = sustained(SETTINGS, [Objective("p99", 0.005)], Reach(repeats=3), lambda: None, measure_each=made_up)
    assert found.rate is not None
    assert 4_700 < found.rate <= 5_000
    assert [run.parameters["rate"] for run in found.runs] == [step.rate for step in found.steps]
    assert {run.suite for run in found.runs} == {"sweep"}
    assert found.runs[-1].parameters["repeats"] == 3
    assert found.found is not None
    assert found.found.workload == (
        "a: 50 % commands, 50 % queries, on the bank, zipf(0.99) over 10 keys, highest open-loop rate with p99 ≤ 5 ms, "
        "3 repeats ONLY"
    )
    assert "rate" not in found.found.parameters
    assert found.found.parameters["precision"] == 0.05
    assert {figure.name: len(figure.samples) for figure in found.found.figures} == {HIGHEST: 1, "achieved": 3}
    assert found.found.figures[0].samples == [found.rate]
    assert not found.at_least


def test_found_rates_can_be_compared() -> None:
    """Two sweeps that found different rates measured the same, and the rates achieved at them have a verdict."""
    slow, fast = (
        sustained(
            SETTINGS, [Objective("p99", 0.005)], Reach(), lambda: None, measure_each=partial(made_up, limit=limit)
        ).found
        for limit in (2_000, 5_000)
    )
    assert slow is not None
    assert fast is not None
    comparison = compare(results_of(slow), results_of(fast))
    assert comparison.warnings == []
    assert [(change.figure, change.verdict) for change in comparison.changes] == [
        (HIGHEST, "too few samples"),
        ("achieved", "better"),
    ]


def test_what_was_never_broken_is_a_lower_bound() -> None:
    """When the highest rate that was tried holds, nobody knows whether a higher one does, and the run says so."""
    reach = Reach(first=1_000, highest=4_000, repeats=5)
    found = sustained(SETTINGS, [Objective("p99", 0.005)], reach, lambda: None, measure_each=made_up)
    assert (found.rate, found.at_least) == (4_000, True)
    assert found.found is not None
    assert "at least 4,000 1/s, the highest that was tried" in found.found.note


def test_no_rate_is_an_answer_too() -> None:
    """When no rate meets the objective, every step says why."""
    found = sustained(SETTINGS, [Objective("p99", 1e-6)], Reach(lowest=100), lambda: None, measure_each=made_up)
    assert found.rate is None
    assert (found.found, found.at_least) == (None, False)
    assert all(step.broken.startswith("p99 is") for step in found.steps)
