"""HdrHistograms of latencies."""

from __future__ import annotations

from random import Random

from actum_bench.load.histogram import HIGHEST_NS, folded, histogram_type, merged, percentile_lines

VALUES = [Random(1).randrange(1, 10_000_000) for _ in range(2_000)]


def test_folding_is_recording() -> None:
    """What is folded in one go is what recording value by value gives."""
    one_by_one = histogram_type()(1, HIGHEST_NS, 3)
    for value in VALUES:
        one_by_one.record_value(value)
    decoded = histogram_type().decode(folded(VALUES).encode())
    assert decoded.equals(one_by_one)
    assert decoded.get_total_count() == len(VALUES)


def test_what_does_not_fit_is_at_the_edge() -> None:
    """No value is lost: what is below nothing, or above an hour, counts as the nearest that there is."""
    decoded = histogram_type().decode(folded([-5, 0, 10 * HIGHEST_NS]).encode())
    assert decoded.get_total_count() == 3


def test_no_values_are_a_histogram_too() -> None:
    """An empty histogram can be written, merged and shown."""
    assert histogram_type().decode(merged([folded([]), folded([7])]).encode()).get_total_count() == 1
    assert any("TotalCount" in line for line in percentile_lines(folded([])))


def test_merging_adds_up() -> None:
    """Several repeats make one histogram of all their values."""
    assert merged([folded(VALUES[:500]), folded(VALUES[500:])]) == folded(VALUES)


def test_the_percentile_form_is_that_of_the_tools() -> None:
    """Values in milliseconds that rise with the percentile, up to all of them, and the three lines at the end."""
    header, blank, *lines = percentile_lines(folded(VALUES))
    steps = [line.split() for line in lines if not line.startswith("#")]
    assert header.split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    assert blank == ""
    assert all(len(step) == 4 for step in steps)
    values, percentiles = [float(step[0]) for step in steps], [float(step[1]) for step in steps]
    assert values == sorted(values)
    assert percentiles == sorted(percentiles)
    assert percentiles[-1] == 1.0
    assert steps[-1][2:] == [str(len(VALUES)), "inf"]
    assert abs(values[-1] - max(VALUES) / 1e6) < max(VALUES) / 1e6 / 500
    assert [line[:5] for line in lines[-3:]] == ["#[Mea", "#[Max", "#[Buc"]
