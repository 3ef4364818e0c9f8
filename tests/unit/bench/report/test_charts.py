"""What is drawn, as numbers: the right points in the right pictures, and no picture without data."""

from __future__ import annotations

from actum_bench.report.charts import charts
from actum_bench.report.shapes import Bars, Chart, Lines, Marks
from actum_bench.results import Results, Run

from tests.support.made_results import around, full_results, goal_of, histogram_of, rate_of, results_of, run_of


def drawn_of(results: Results) -> dict[str, Chart]:
    """All charts by name; nothing may be warned of."""
    warnings: list[str] = []
    found = charts([run for run in results.runs if not run.void], results.goals, warnings.append)
    assert warnings == []
    return {chart.name: chart for chart in found}


def lines_of(*runs: Run) -> list[Lines]:
    """The curves of some runs."""
    return [chart for chart in drawn_of(results_of(*runs)).values() if isinstance(chart, Lines)]


def test_every_kind_of_picture() -> None:
    """Full results give one picture of each kind, each with its durability in the title."""
    found = drawn_of(full_results())
    assert list(found) == [
        "goals",
        "floor-full",
        "peers-deposits-256-clients-commands-s",
        "growth-scale-opening-n-events-opening-full",
        "latency-load-b-5-95-zipf-20-000-s-full",
    ]
    assert all("durability" in chart.title for chart in found.values())
    assert all(chart.alternative for chart in found.values())


def test_no_data_no_picture() -> None:
    """Results without figures that belong into a picture give none."""
    assert drawn_of(results_of()) == {}
    assert drawn_of(results_of(run_of(around(1.0)), goals=[goal_of("g", 1.0, [])])) == {}


def test_floor() -> None:
    """The floor and the engine have a point for each number of clients, the engine's with its share of the floor."""
    chart = drawn_of(full_results())["floor-full"]
    assert isinstance(chart, Lines)
    floor, engine = chart.series
    assert [(dot.x, dot.y) for dot in floor.dots] == [(1, 3_800), (64, 112_000), (1_000, 263_000)]
    assert [dot.words for dot in engine.dots] == ["0.87", "0.79", "0.62"]
    assert {dot.words for dot in floor.dots} == {""}


def test_share_of_the_floor_is_that_of_pairs() -> None:
    """The share is the median of the pairs that took turns, and missing where there are no pairs."""
    floor, engine = rate_of("commands, 1 client", "the floor", 1.0), rate_of("commands, 1 client", "actum", 1.0)
    floor.figures[0].samples[:] = [10.0, 20.0, 40.0]
    engine.figures[0].samples[:] = [10.0, 10.0, 10.0]
    assert lines_of(floor, engine)[0].series[1].dots[0].words == "0.50"
    engine.figures[0].samples.pop()
    assert lines_of(floor, engine)[0].series[1].dots[0].words == ""


def test_goals() -> None:
    """Each goal is as many times better than wanted as it is, in its own direction, within bounds."""
    goals = [
        goal_of("higher", 0.5, [1.0]),
        goal_of("lower", 0.5, [1.0], "lower", "s"),
        goal_of("nothing taken", 0.5, [0.0], "lower", "s"),
        goal_of("nothing reached", 0.5, [0.0]),
    ]
    chart = drawn_of(results_of(goals=goals))["goals"]
    assert isinstance(chart, Bars)
    assert [(bar.factor, bar.good) for bar in chart.bars] == [(2.0, True), (0.5, False), (100.0, True), (0.01, False)]
    assert chart.alternative == "2 of 4 goals are reached; missed: lower, nothing reached"


def test_peers() -> None:
    """Peers stand by their rate, each with its own durability where they differ."""
    chart = drawn_of(full_results())["peers-deposits-256-clients-commands-s"]
    assert isinstance(chart, Marks)
    assert [mark.dot.y for mark in chart.marks] == [3_400, 18_000, 19_000, 150_000]
    assert chart.marks[2].label.endswith("durability memory")
    assert chart.title == "Peers: deposits, 256 clients · durability full or memory, as named"


def test_growth() -> None:
    """A figure is drawn over the size that its runs differ in; a spread of more than a tenth is hollow and said."""
    chart = drawn_of(full_results())["growth-scale-opening-n-events-opening-full"]
    assert isinstance(chart, Lines)
    (line,) = chart.series
    assert [(dot.x, dot.y, dot.hollow) for dot in line.dots] == [
        (10_000, 0.01, False),
        (100_000, 0.08, True),
        (1_000_000, 0.9, False),
    ]
    assert line.label == "actum (hollow: UNSTABLE)"


def test_growth_by_what_the_workload_names() -> None:
    """Where several sizes grow together, the one that the workload names is drawn over."""
    (chart,) = lines_of(
        *(
            run_of(
                around(1.0),
                figure="opening",
                workload=f"{count} aggregates",
                parameters={"events": count * 5, "aggregates": count},
            )
            for count in (10, 20)
        )
    )
    assert chart.x_label == "aggregates, logarithmic"
    assert [dot.x for dot in chart.series[0].dots] == [10, 20]


def test_growth_with_and_without() -> None:
    """What runs differ in besides their size gets a curve of its own."""
    (chart,) = lines_of(
        *(
            run_of(
                around(events * (2.0 - checkpoint)),
                figure="opening",
                parameters={"events": events, "checkpoint": checkpoint},
            )
            for checkpoint in (False, True)
            for events in (10, 100)
        )
    )
    assert [(line.label, len(line.dots)) for line in chart.series] == [
        ("actum, checkpoint False", 2),
        ("actum, checkpoint True", 2),
    ]


def test_one_size_is_no_growth() -> None:
    """A single size is not a curve."""
    assert lines_of(run_of(around(1.0), figure="opening", parameters={"events": 10})) == []


def test_latencies() -> None:
    """A histogram is a curve that rises from the fastest to the slowest, on a scale of one in so many."""
    (chart,) = lines_of(run_of(around(1.0), histograms={"ack": histogram_of(*range(1, 1001))}))
    (line,) = chart.series
    assert (chart.x_scale, chart.y_unit, line.label) == ("percentile", "s", "actum, ack")
    assert [dot.x for dot in line.dots][:1] == [1.0]
    assert line.dots[-1].x == 1000
    values = [dot.y for dot in line.dots]
    assert values == sorted(values)
    assert abs(values[-1] - 1e-3) < 1e-5


def test_many_latencies() -> None:
    """More curves than can be told apart become several pictures."""
    encoded = histogram_of(1, 2, 3)
    found = lines_of(*(run_of(around(1.0), subject=f"s{n}", histograms={"ack": encoded}) for n in range(8)))
    assert [(chart.name, len(chart.series)) for chart in found] == [
        ("latency-load-a-full", 6),
        ("latency-load-a-full-2", 2),
    ]


def test_damaged_histogram() -> None:
    """A histogram that can't be read is a warning, not the end of the report."""
    warnings: list[str] = []
    assert charts([run_of([1.0], histograms={"ack": "nonsense"})], [], warnings.append) == []
    assert len(warnings) == 1
    assert "the latencies ack of a · actum · durability full can't be drawn" in warnings[0]


def test_text_from_data_is_plain() -> None:
    """Control characters and line breaks in names reach no picture."""
    runs = [rate_of("x\x1b[31m\ny", "peer\u202e\x00", 1.0, "peers")]
    (chart,) = charts(runs, [], print)
    assert isinstance(chart, Marks)
    assert (chart.title, chart.marks[0].label) == ("Peers: x\ufffd[31m y · durability full", "peer\ufffd\ufffd")


def test_points_of_a_curve_are_named_without_their_size() -> None:
    """Runs whose subject says how large it is lie on one curve, and those that differ in more on several."""
    runs = [
        run_of(
            around(0.1), figure="opening", suite="recover", workload="opening",
            subject=f"{events:,} events, {how}", parameters={"events": events},
        )
        for events in (10_000, 100_000)
        for how in ("with checkpoint", "without")
    ]  # fmt: skip
    runs += [
        run_of(
            around(0.1),
            figure="opening",
            suite="scale",
            workload="rows",
            subject=f"{rows:,}",
            parameters={"rows": rows},
        )
        for rows in (1_000, 10_000)
    ]
    recovered, grown = lines_of(*runs)
    assert [line.label for line in recovered.series] == ["with checkpoint", "without"]
    assert [line.label for line in grown.series] == ["actum"]
    assert [dot.x for dot in grown.series[0].dots] == [1_000, 10_000]


def test_figures_that_say_little_are_not_drawn() -> None:
    """Of a growing store the commands, opening and memory are drawn; the rest is in the tables."""
    runs = [run_of(around(1.0), figure="sent", parameters={"events": events}) for events in (10, 100)]
    assert lines_of(*runs) == []


def test_bars_say_how_durable() -> None:
    """Goals of one picture can differ in that."""
    (chart,) = drawn_of(results_of(goals=[goal_of("g", 1.0, [2.0])])).values()
    assert isinstance(chart, Bars)
    assert chart.bars[0].words.endswith("durability full")


def test_what_grows_along_with_a_size_makes_no_other_curve() -> None:
    """Parameters that follow from the size tell no curves apart, where one that does not follow from it does."""
    runs = [
        run_of(
            around(1.0),
            figure="opening",
            suite="scale",
            workload=f"rows, {clients} clients",
            subject=f"{rows:,}",
            parameters={"rows": rows, "working": rows, "clients": clients},
        )
        for rows in (1_000, 10_000)
        for clients in (2, 64)
    ]
    (chart,) = lines_of(*runs)
    assert [(line.label, len(line.dots)) for line in chart.series] == [
        ("actum, clients 2", 2),
        ("actum, clients 64", 2),
    ]
