"""Service level objectives."""

from __future__ import annotations

import pytest
from actum_bench.load.reading import figure_of
from actum_bench.load.slo import NoObjectiveError, Objective, objective_of, verdict
from actum_bench.results import Run

GOOD = {"intended p99": 0.004, "intended max": 0.02, "errors": 0.0, "of target": 1.0, "overrun": 0.001}
OBJECTIVES = [Objective("p99", 0.005)]


def run_of(**changed: float) -> Run:
    """A run with these figures."""
    values = GOOD | {name.replace("_", " "): value for name, value in changed.items()}
    figures = [figure_of(name, [value]) for name, value in values.items()]
    return Run(suite="sweep", workload="a", subject="actum", durability="full", figures=figures)


@pytest.mark.parametrize(
    ("text", "share", "seconds"),
    [
        ("p99=5ms", "p99", 0.005),
        (" p99.9 = 1.5 s ", "p99.9", 1.5),
        ("max=250us", "max", 0.00025),
        ("p50=900ns", "p50", 9e-7),
        ("p99.99=10µs", "p99.99", 1e-5),
    ],
)
def test_objectives_are_a_share_and_a_time(text: str, share: str, seconds: float) -> None:
    """A share and a time with its unit say an objective."""
    found = objective_of(text)
    assert found.share == share
    assert found.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "p99", "p99=", "=5ms", "p99=5", "p99=-5ms", "p98=5ms", "p99=5min", "p99=0ms", "p99=1.2.3ms", "p99=.ms"]
)
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    """The error names what was said and what is wrong with it, or what an objective looks like."""
    with pytest.raises(NoObjectiveError, match=r"an objective|there is no|not a number|more than 0") as error:
        objective_of(text)
    assert repr(text) in str(error.value)


def test_a_run_that_holds_has_no_verdict() -> None:
    """What keeps every objective and loses nothing holds."""
    assert verdict(run_of(), OBJECTIVES) == ""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"intended_p99": 0.006}, "p99 is 6 ms"),
        ({"errors": 3.0}, "3 errors"),
        ({"of_target": 0.9, "overrun": 0.5}, "only 90.0% of the target"),
    ],
)
def test_a_run_that_breaks_says_why(changed: dict[str, float], reason: str) -> None:
    """Latency, errors and a growing queue each break an objective."""
    assert reason in verdict(run_of(**changed), OBJECTIVES)


def test_the_last_answers_may_take_as_long_as_all_others() -> None:
    """A short run is not blamed for answers that come after its end as soon as the objective allows."""
    assert verdict(run_of(of_target=0.9, overrun=0.004), OBJECTIVES) == ""


def test_a_run_without_the_figure_breaks() -> None:
    """What was not measured does not hold."""
    assert verdict(run_of(), [Objective("p90", 1.0)]) != ""
