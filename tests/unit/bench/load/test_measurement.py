"""One run of each workload: it ends, its figures are there, and its checks find what is wrong."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from actum_bench.load.accounts import Accounts
from actum_bench.load.histogram import histogram_type
from actum_bench.load.measurement import measure, measured
from actum_bench.load.settings import Settings
from actum_bench.load.subjects import Domain
from actum_bench.load.workloads import WORKLOADS
from actum_bench.process import VoidRunError
from actum_bench.repeats import checked
from actum_bench.results import Sample

from tests.support.faulty_loads import SEEN, ForgetfulAccounts, ForgettingClients, LosingAccounts

KEYS = 40
TINY: dict[str, Any] = {
    "keys": KEYS,
    "rate": 1_000.0,
    "spacing": "constant",
    "seconds": 0.06,
    "warm_up_seconds": 0.01,
    "durability": "relaxed",
}
PLANNED = 60
PAIRS: list[tuple[str, Domain]] = [
    (letter, domain) for letter, mix in WORKLOADS.items() for domain in ("bank", "shop") if domain in mix.subjects
]


@cache
def sample_of(letter: str, domain: Domain) -> Sample:
    """One run of a workload."""
    return measure(workload=letter, domain=domain, **TINY)


@pytest.mark.parametrize(("letter", "domain"), PAIRS)
def test_each_workload_runs_and_its_checks_hold(letter: str, domain: Domain) -> None:
    """Every planned operation is answered, none is an error, every check holds, and each latency has its histogram."""
    sample = sample_of(letter, domain)
    assert [check for check in sample.checks if not check.ok] == []
    assert sample.values["errors"] == 0
    assert sample.values["intended p50"] >= sample.values["service p50"] > 0
    assert count_of(sample, "intended") == count_of(sample, "service") == count_of(sample, "schedule lag") == PLANNED
    assert sample.values["resident memory"] > 0
    assert sample.values["log per event"] > 0
    assert (sample.values["events/s"] > 0) == (letter != "c")


def test_commands_and_queries_are_told_apart() -> None:
    """A mixed workload has a histogram for each kind, one of a single kind has none."""
    mixed = sample_of("a", "bank")
    assert count_of(mixed, "commands") + count_of(mixed, "queries") == PLANNED
    assert "queries" not in sample_of("h", "bank").histograms


def test_above_the_resident_limit_aggregates_are_woken() -> None:
    """In workload i commands meet aggregates that sleep; in workload a nobody has to be woken."""
    assert sample_of("i", "bank").values["aggregates woken"] > 0
    assert sample_of("a", "bank").values["aggregates woken"] == 0


def test_a_closed_loop_has_one_latency() -> None:
    """Without a schedule there is neither lag nor an intended time, and no target."""
    sample = measure(workload="a", clients=2, **TINY)
    assert [check for check in sample.checks if not check.ok] == []
    assert set(sample.histograms) == {"service", "commands", "queries"}
    assert {"of target", "overrun", "intended p99", "schedule lag p99"} & set(sample.values) == set()


def test_nothing_to_send_is_void() -> None:
    """A schedule without an operation gives no figure."""
    with pytest.raises(VoidRunError, match="something to send"):
        checked("it", measure(workload="a", **TINY | {"rate": 1.0}))


@pytest.mark.parametrize(
    ("subject", "broken"),
    [
        pytest.param(LosingAccounts, "sum of Losing == acknowledged", id="a view that loses events"),
        pytest.param(ForgetfulAccounts, "Forgetful == rebuilt", id="a view that a rebuild does not give"),
        pytest.param(ForgettingClients, "acknowledged == stored", id="an event that nobody was told of"),
    ],
)
def test_what_is_wrong_makes_the_run_void(subject: type[Accounts], broken: str) -> None:
    """A planted fault is found by the check that is there for it, and the run gives no figure."""
    SEEN.clear()
    sample = measured(Settings(workload="a", **TINY), subject(KEYS))
    assert broken in [check.name for check in sample.checks if not check.ok]
    with pytest.raises(VoidRunError, match="is void"):
        checked("it", sample)


def count_of(sample: Sample, name: str) -> int:
    """How many values a histogram holds."""
    count: int = histogram_type().decode(sample.histograms[name].encode()).get_total_count()
    return count
