"""Charts as pictures: as many points as the chart has, files that stand alone, and the page's colours in the page."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from actum_bench.report.charts import charts
from actum_bench.report.plots import PAGE_COLOURS, apart, drawn, files_of, inline_svg, settings
from actum_bench.report.shapes import Bars, Chart, Lines, Marks

from tests.support.made_results import HOSTILE, full_results, goal_of, rate_of

CHARTS = charts([run for run in full_results().runs if not run.void], full_results().goals, print)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_as_many_points_as_there_are(chart: Chart) -> None:
    """A picture shows each point, bar or mark of its chart, and a label for each."""
    with settings():
        axes: Any = drawn(chart).axes[0]
        match chart:
            case Lines():
                curves = [line for line in axes.get_lines() if not line.get_label().startswith("_")]
                assert [len(line.get_xdata()) for line in curves] == [len(line.dots) for line in chart.series]
                assert [line.get_label() for line in curves] == [line.label for line in chart.series]
            case Bars():
                assert [bar.get_width() for bar in axes.patches] == [bar.factor - 1 for bar in reversed(chart.bars)]
                assert len([bar for bar in axes.patches if bar.get_hatch()]) == sum(not bar.good for bar in chart.bars)
                assert [text.get_text() for text in axes.texts].count("MISSED") == 2
            case Marks():
                assert [line.get_ydata()[0] for line in axes.get_lines() if line.get_marker() == "o"] == [0, 1, 2, 3]
                assert [text.get_text() for text in axes.texts] == [mark.words for mark in chart.marks]


def test_curves_differ_without_colour() -> None:
    """No two curves of a picture have the same dash and marker."""
    chart = next(chart for chart in CHARTS if chart.name == "floor-full")
    with settings():
        curves = [line for line in drawn(chart).axes[0].get_lines() if not line.get_label().startswith("_")]
        assert len({(line.get_linestyle(), line.get_marker()) for line in curves}) == 2


def test_files() -> None:
    """A PNG is one; an SVG is well-formed, holds its text as text, and is the same each time."""
    chart = CHARTS[0]
    vector, raster = files_of(chart)
    assert raster.startswith(b"\x89PNG")
    root = ET.fromstring(vector)  # noqa: S314  # it was just made
    assert root.tag.endswith("svg")
    assert "MISSED" in vector
    assert files_of(chart) == (vector, raster)


def test_in_a_page() -> None:
    """In a page a picture takes the page's colours, is described in words, and shares no id with another one."""
    seen: set[str] = set()
    for chart in CHARTS[:2]:
        part = inline_svg(chart, files_of(chart)[0])
        root = ET.fromstring(part)  # noqa: S314  # it was just made
        assert root.get("role") == "img"
        assert [child.text for child in root][:2] == [chart.title, chart.alternative]
        assert not [colour for colour in PAGE_COLOURS if colour in part]
        assert "<style" not in part
        assert "<metadata" not in part
        ids = [identifier for element in root.iter() if (identifier := element.get("id"))]
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)


def test_hostile_names() -> None:
    """Names that look like markup, mathematics or an unknown script are drawn as they are."""
    names = [HOSTILE, "$\\frac{1}{2}$ \u6f22\u5b57", "x" * 300]
    runs = [rate_of("w " + name, name, 5.0, "peers") for name in names]
    for chart in charts(runs, [goal_of(name, 1.0, [2.0]) for name in names], print):
        part = inline_svg(chart, files_of(chart)[0])
        assert "<script" not in part
        ET.fromstring(part)  # noqa: S314  # it was just made


def test_room_for_numbers() -> None:
    """Numbers below a scale that would touch are left out, the last one never."""
    assert apart([1_000, 3_000, 10_000, 10_500]) == [10_500, 3_000, 1_000]
    assert apart([5]) == [5]
