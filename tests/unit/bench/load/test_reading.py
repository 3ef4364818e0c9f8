"""Figures by name."""

from __future__ import annotations

from actum_bench.load.reading import SHARES, figure_of, figures_of, latencies_of, percentiles
from actum_bench.load.recording import Recording
from actum_bench.results import Sample


def test_percentiles_are_values_that_were_measured() -> None:
    """Of a thousand values in order, each share is the one at its place, and the largest is the maximum."""
    found = percentiles("it", [number * 1_000_000 for number in range(1, 1_001)])
    assert [round(found[f"it {share}"] * 1_000) for share in SHARES] == [500, 900, 990, 999, 1_000, 1_000]
    assert set(percentiles("it", []).values()) == {0.0}


def test_a_repeat_without_a_kind_has_no_sample_of_it() -> None:
    """A latency that nobody waited is left out, and not the shortest there is; an error that did not occur is none."""
    samples = [Sample({"queries p99": 0.5, "errors: Overloaded": 2.0}), Sample({"achieved": 1.0})]
    found = {figure.name: figure.samples for figure in figures_of(samples)}
    assert found == {"queries p99": [0.5], "errors: Overloaded": [2.0, 0.0], "achieved": [1.0]}


def test_figures_have_units() -> None:
    """Rates are better higher, times lower, and every kind of error is a count."""
    assert (figure_of("achieved", [1.0]).unit, figure_of("achieved", [1.0]).better) == ("1/s", "higher")
    assert (figure_of("intended p99", [1.0]).unit, figure_of("intended p99", [1.0]).better) == ("s", "lower")
    assert figure_of("errors: Overloaded", [1.0]).unit == ""


def test_kinds_are_told_apart_where_there_are_both() -> None:
    """Commands and queries have latencies of their own only beside each other."""
    recording = Recording()
    recording.queries.note(due=0, sent=1, done=3)
    assert latencies_of(recording, closed=False) == {"intended": [3], "service": [2], "schedule lag": [1]}
    recording.commands.note(due=0, sent=2, done=7)
    assert latencies_of(recording, closed=False)["commands"] == [7]
    assert latencies_of(recording, closed=True) == {"service": [5, 2], "commands": [5], "queries": [2]}
