"""The tables of a report."""

from __future__ import annotations

import msgspec
from actum_bench.report.markdown import table as markdown_table
from actum_bench.report.page import table
from actum_bench.report.tables import environment_table, figures_tables, goals_table, notes_of

from tests.support.made_results import ENVIRONMENT, around, goal_of, run_of


def test_suites_have_an_order() -> None:
    """The floor comes first and parts last, whatever was measured first; a suite that nobody knows comes after all."""
    runs = [run_of(around(1.0), suite=suite) for suite in ("other", "micro", "floor")]
    assert [table.title for table in figures_tables(runs)] == ["Beside the floor", "Parts, one by one", "other"]


def test_parameters_only_where_there_are_some() -> None:
    """A suite without parameters has no column for them."""
    (bare,) = figures_tables([run_of(around(1.0))])
    (full,) = figures_tables([run_of(around(1.0)), run_of(around(1.0), parameters={"events": 10_000})])
    assert "with" not in bare.columns
    assert len(bare.rows[0]) == len(bare.columns)
    assert full.rows[1][full.columns.index("with")] == "events 10,000"


def test_rows_of_a_run_stand_together() -> None:
    """What all figures of a run share is written once: beside all of them in a page, in the first row in Markdown."""
    one = run_of(around(1.0), workload="one")
    runs = [msgspec.structs.replace(one, figures=one.figures * 2), run_of(around(1.0), workload="two")]
    (made,) = figures_tables(runs)
    assert [len(group) for group in made.groups()] == [2, 1]
    page = table(made)
    assert page.count('<td class="joined" rowspan="2">one</td>') == page.count(">one<") == 1
    assert ">two</td>" in page
    rows = [line.split(" | ")[0] for line in markdown_table(made)][4:7]
    assert rows == ["| one", "| ", "| two"]


def test_rows_that_share_nothing_stand_alone() -> None:
    """Two goals that say the same are two rows."""
    assert [len(group) for group in goals_table([goal_of("g", 1.0, []), goal_of("g", 1.0, [])]).groups()] == [1, 1]


def test_goals_nobody_measured() -> None:
    """A goal without samples is missed, and says why."""
    (row,) = goals_table([goal_of("g", 1.0, [])]).rows
    assert row == ("g", "full", "≥ 1.00", "not measured", "MISSED", "", "0")


def test_notes_once() -> None:
    """A note that several workloads share is told once, with all of them."""
    runs = [run_of(around(1.0), workload=name, note="mind this") for name in ("a", "b", "a")]
    assert notes_of(runs) == ["a, b: mind this"]


def test_environment() -> None:
    """The environment says machine, system, versions and disk."""
    told = {row[0]: row[1] for row in environment_table("", ENVIRONMENT).rows}
    assert told["processor"] == "Imagined 9000, 2 cores, governor performance"
    assert told["disk"] == "ext4, fsync of 4 kB 0.300 ms"
    assert told["packages"] == "actum 0.1.0, msgspec 0.22.0"
