"""Two results files side by side: verdicts, intervals, limits, and what is said beside them."""

from __future__ import annotations

import pytest
from actum_bench.comparison import Change, Comparison, Limit, compare, geometric_words, judged, mann_whitney
from actum_bench.results import Better, Figure, Run

from tests.support.made_results import around, rate_of, results_of, run_of


def only_change(before: Run, after: Run) -> Change:
    """The one change between two files of one run each."""
    (change,) = compare(results_of(before), results_of(after)).changes
    return change


class TestVerdict:
    """What is said of one figure."""

    @pytest.mark.parametrize(
        ("before", "after", "unit", "better", "words"),
        [
            (1.0, 1.08, "s", "lower", "1.08x slower"),
            (1.08, 1.0, "s", "lower", "1.08x faster"),
            (100.0, 125.0, "1/s", "higher", "1.25x faster"),
            (125.0, 100.0, "1/s", "higher", "1.25x slower"),
            (100.0, 50.0, "B", "lower", "2.00x smaller"),
            (0.5, 0.75, "ratio", "higher", "1.50x better"),
        ],
    )
    def test_clear_difference(self, before: float, after: float, unit: str, better: Better, words: str) -> None:
        """Samples that don't overlap differ, by the ratio of their medians, in the words of their unit."""
        old, new = (run_of(around(value), unit=unit, better=better) for value in (before, after))
        change = only_change(old, new)
        assert change.words == words
        assert change.p == pytest.approx(2 / 252)
        assert change.low is not None
        assert change.ratio is not None
        assert change.high is not None
        assert change.low < change.ratio < change.high

    def test_no_difference(self) -> None:
        """Samples that overlap are not told apart."""
        change = only_change(run_of(around(1.0, 0.05)), run_of(around(1.02, 0.05)))
        assert (change.verdict, change.words) == ("not significant", "not significant")

    def test_too_few_samples(self) -> None:
        """Of four samples nothing is said, however far apart they are."""
        change = only_change(run_of(around(1.0, count=4)), run_of(around(9.0)))
        assert (change.verdict, change.p, change.low, change.high) == ("too few samples", None, None, None)
        assert change.ratio == pytest.approx(9.0, rel=0.02)

    def test_zero_spread(self) -> None:
        """Samples without any spread have an interval without width; the same ones don't differ."""
        same = only_change(run_of([2.0] * 5), run_of([2.0] * 5))
        assert (same.verdict, same.p, same.ratio) == ("not significant", 1.0, 1.0)
        other = only_change(run_of([2.0] * 5), run_of([3.0] * 5))
        assert (other.words, other.low, other.high) == ("1.50x slower", 1.5, 1.5)
        assert not other.unstable

    def test_zeros_have_no_ratio(self) -> None:
        """Where a sample is zero the test decides alone, and a loss from zero exceeds every limit."""
        change = only_change(run_of([0.0] * 5, unit="", figure="errors"), run_of([4.0] * 5, unit="", figure="errors"))
        assert (change.ratio, change.low, change.verdict, change.words) == (None, None, "worse", "worse")
        assert Limit("errors", 1000.0).exceeded([change]) == [change]

    def test_counts_get_no_verdict(self) -> None:
        """How many commands were sent is neither better nor worse; errors and what was late are."""
        change = only_change(run_of([10.0] * 5, unit="", figure="sent"), run_of([20.0] * 5, unit="", figure="sent"))
        assert (change.verdict, change.words, change.p, change.low) == ("a count", "a count", None, None)
        assert change.ratio == 2.0
        assert judged([change]) == {}
        for name in ("errors: Overloaded", "late by more than 10 ms"):
            old, new = (run_of([value] * 5, unit="", figure=name) for value in (10.0, 20.0))
            assert only_change(old, new).verdict == "worse"

    def test_many_samples(self) -> None:
        """With many samples on both sides a small but steady difference is seen."""
        change = only_change(run_of(around(1.0, 0.001, 31)), run_of(around(1.05, 0.001, 31)))
        assert change.words == "1.05x slower"

    def test_unstable_is_said(self) -> None:
        """A change between samples that spread widely is marked."""
        assert only_change(run_of(around(1.0, 0.2)), run_of(around(9.0, 0.01))).unstable

    def test_same_answer_every_time(self) -> None:
        """The interval is drawn from a seeded generator."""
        before, after = run_of(around(1.0, 0.03)), run_of(around(1.01, 0.02))
        assert only_change(before, after) == only_change(before, after)

    def test_ties_are_exact(self) -> None:
        """Few samples with ties are compared over all the ways to deal them to two sides."""
        assert mann_whitney([1.0, 1.0, 2.0, 2.0, 3.0], [3.0, 4.0, 4.0, 5.0, 5.0]) == pytest.approx(4 / 252)


class TestPairs:
    """Which figures are compared."""

    def test_missing_figures(self) -> None:
        """A figure that only one file has is a warning, and what both have is still compared."""
        old, new = run_of(around(1.0)), run_of(around(1.0))
        old.figures.append(Figure("old one", "s", "lower", [1.0]))
        new.figures.append(Figure("new one", "s", "lower", [1.0]))
        comparison = compare(results_of(old, run_of([1.0], workload="x")), results_of(new, run_of([1.0], workload="y")))
        assert [change.figure for change in comparison.changes] == ["ack p99"]
        assert comparison.warnings == [
            "only the second file has new one of a · actum · durability full",
            "only the first file has old one of a · actum · durability full",
            "only the second file has y · actum · durability full",
            "only the first file has x · actum · durability full",
        ]

    def test_durability_differs(self) -> None:
        """Figures of different durability are not compared, and both sides say so."""
        comparison = compare(results_of(run_of(around(1.0))), results_of(run_of(around(1.0), durability="relaxed")))
        assert comparison.changes == []
        assert [warning.partition("; ")[2] for warning in comparison.warnings] == [
            "the other has it with durability full",
            "the other has it with durability relaxed",
        ]

    def test_parameters_tell_runs_apart(self) -> None:
        """Runs of one title are paired by their parameters, wherever their stores lay."""
        sizes = [10, 100]
        before, after = (
            results_of(*(run_of(around(size * 1.0), parameters={"events": size, "directory": place}) for size in sizes))
            for place in ("/a", "/b")
        )
        comparison = compare(before, after)
        assert [(change.before, change.after) for change in comparison.changes] == [(10.0, 10.0), (100.0, 100.0)]
        assert comparison.warnings == []

    def test_other_parameters(self) -> None:
        """A run that did other work under the same title is compared, with a warning."""
        before = run_of(around(1.0), parameters={"events": 1, "rows": 3, "seed": 7, "workspace": "/a"})
        after = run_of(around(1.0), parameters={"events": 2, "rows": 3, "keys": 5, "workspace": "/b"})
        comparison = compare(results_of(before), results_of(after))
        assert len(comparison.changes) == 1
        assert comparison.warnings[0].endswith(
            "with other parameters: events 1, then 2; seed 7, then not said; keys not said, then 5"
        )

    def test_void_runs_are_left_out(self) -> None:
        """A run whose check failed is in no comparison."""
        comparison = compare(results_of(run_of(around(1.0), ok=False)), results_of(run_of(around(1.0))))
        assert comparison.changes == []
        assert "the first file's run is void" in comparison.warnings[0]

    def test_environments_differ(self) -> None:
        """Each difference of the environments that could change a figure is a warning."""
        comparison = compare(
            results_of(run_of(around(1.0)), cpu="Other", warnings=["it was busy"]),
            results_of(run_of(around(1.0)), python="CPython 3.13.0", file_system="tmpfs"),
        )
        assert comparison.warnings == [
            "the environments differ: the processor differs: Other, then Imagined 9000",
            "the environments differ: Python differs: CPython 3.11.7, then CPython 3.13.0",
            "the environments differ: the file system differs: ext4, then tmpfs",
            "the first file: it was busy",
        ]


def test_geometric_mean() -> None:
    """The mean is one of factors: twice as fast and half as fast are nothing together; counts are no part of it."""
    before = [rate_of("x", "actum", 100.0), run_of(around(1.0)), run_of(around(1.0), workload="n", unit="")]
    after = [rate_of("x", "actum", 200.0), run_of(around(2.0)), run_of(around(9.0), workload="n", unit="")]
    comparison = compare(results_of(*before), results_of(*after))
    assert comparison.geometric_mean == pytest.approx(1.0)
    assert geometric_words(comparison).startswith("1.00x")
    nothing = Comparison(changes=[], geometric_mean=None, warnings=[])
    assert geometric_words(nothing) == "no figure can be compared"


class TestLimit:
    """`--fail`."""

    @pytest.mark.parametrize(
        ("text", "limit"),
        [("ack p99:10%", Limit("ack p99", 0.1)), ("a:b: 0", Limit("a:b", 0.0)), ("x:2.5 %", Limit("x", 0.025))],
    )
    def test_parsed(self, text: str, limit: Limit) -> None:
        """The last colon ends the name; the percent sign can be left out."""
        parsed = Limit.parse(text)
        assert (parsed.figure, parsed.share) == (limit.figure, pytest.approx(limit.share))

    @pytest.mark.parametrize("text", ["", "ack p99", ":10%", "ack p99:", "ack p99:ten", "x:-1%", "x:nan", "x:inf"])
    def test_refused(self, text: str) -> None:
        """Anything else is refused by a sentence."""
        with pytest.raises(ValueError, match="is not NAME:PERCENT"):
            Limit.parse(text)

    def test_exceeded(self) -> None:
        """Only a significant loss of more than the limit exceeds it; a gain never does."""
        changes = [
            only_change(run_of(around(before)), run_of(around(after)))
            for before, after in ((1.0, 1.2), (1.0, 1.05), (1.2, 1.0))
        ]
        assert Limit("ack p99", 0.1).exceeded(changes) == changes[:1]
        assert Limit("ack p99", 0.01).exceeded(changes) == changes[:2]
        assert Limit("another", 0.0).exceeded(changes) == []

    def test_loss_of_a_rate(self) -> None:
        """A rate that fell from 100 to 90 lost a tenth."""
        assert only_change(rate_of("x", "actum", 100.0), rate_of("x", "actum", 90.0)).loss == pytest.approx(0.1)

    def test_judged(self) -> None:
        """What has too few samples is not among the figures that a limit can speak of."""
        change = only_change(run_of([1.0]), run_of([2.0]))
        assert judged([change]) == {}
