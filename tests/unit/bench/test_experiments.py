"""Experiments: turns, goals with their durability, sizes, and several of them as a suite."""

from __future__ import annotations

from functools import partial

from actum_bench.experiments import Experiment, Wish, carry_out, counted, given, ratio, suite_of
from actum_bench.limit import experiments as limits
from actum_bench.repeats import Measure
from actum_bench.results import Check, Parameter, Sample


def giving(*rates: float, ok: bool = True) -> Measure:
    """A subject that gives these."""
    given = iter(rates)
    return lambda: Sample({"commands/s": next(given)}, [Check("sums", ok, "1 and 2")])


def experiment(fast: Measure, slow: Measure) -> Experiment:
    """Two that take turns twice."""
    wish = Wish("times slow", 2.0, "higher", "ratio", ratio("fast", "slow", "commands/s"))
    sizes = {"fast": {"events": 10}}
    return Experiment("scale", "work", "full", {"fast": fast, "slow": slow}, [wish], 2, "mind this", sizes)


def test_goals_say_how_durable() -> None:
    """A goal is read off each turn, and has the durability of its experiment; only who has a size has it."""
    runs, (goal,), skipped = carry_out(experiment(giving(10, 30), giving(5, 10)), lambda: None)
    assert skipped == []
    assert (goal.samples, goal.durability) == ([2, 3], "full")
    assert (goal.suite, goal.read_off) == ("scale", ["work"])
    assert [(run.subject, run.durability, run.parameters) for run in runs] == [
        ("fast", "full", {"events": 10}),
        ("slow", "full", {}),
    ]


def test_a_suite_goes_on_after_what_is_void() -> None:
    """What comes of all experiments is put together, and its progress counts their measurements."""
    shown: list[tuple[int, int]] = []
    bad = experiment(giving(1, 1, ok=False), giving(1, 1))
    good = experiment(giving(10, 30), giving(5, 10))
    outcome = suite_of("both", [bad, good]).carry_out(lambda done, whole: shown.append((done, whole)))
    assert [run.subject for run in outcome.runs] == ["fast", "slow"]
    assert len(outcome.goals) == 1
    (gap,) = outcome.skipped
    assert gap.void
    assert shown == [(done, 8) for done in range(5)]


def test_a_number_of_steps_that_was_guessed_grows() -> None:
    """No progress is beyond its end."""
    shown: list[tuple[int, int]] = []
    note = counted(lambda done, whole: shown.append((done, whole)), 1)
    note()
    note()
    assert shown == [(0, 1), (1, 1), (2, 2)]


def measured_with(*, events: int, directory: str | None) -> Sample:
    """A measurement."""
    return Sample({"events": events, "placed": directory is not None})


def test_runs_say_what_they_were_measured_with() -> None:
    """Whatever a measurement was called with is in its run, but not where its stores lay; a size is added."""
    measure = partial(measured_with, events=3, directory=None)
    sizes: dict[str, dict[str, Parameter]] = {"it": {"rows": 5}}
    (run,), _, _ = carry_out(Experiment("scale", "w", "full", {"it": measure}, [], 1, parameters=sizes), lambda: None)
    assert run.parameters == {"events": 3, "rows": 5}


def test_other_work_under_one_title_can_be_told_apart() -> None:
    """Titles of the floor do not say how many accounts there are; its parameters do."""
    few, many = (
        [given(measure) for each in limits("/d", accounts=accounts) for measure in each.subjects.values()]
        for accounts in (10, 20_000)
    )
    assert few[2] == {"clients": 1_000, "commands": 50_000, "accounts": 10, "durability": "full"}
    assert many[2] == few[2] | {"accounts": 20_000}
    assert not any("directory" in parameters for parameters in few)
