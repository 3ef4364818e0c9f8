"""A report on the disk: all files, every goal and figure, and nothing from data that could be taken for markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from actum_bench.amounts import amount
from actum_bench.repeats import middle
from actum_bench.report.merge import Source
from actum_bench.report.writing import Written, write
from actum_bench.results import Check, Results, Skipped

from tests.support.made_results import HOSTILE, around, full_results, goal_of, results_of, run_of


class Elements(HTMLParser):
    """The elements of a page, their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """More text."""
        self.text += data

    @property
    def tags(self) -> set[str]:
        """All names of elements."""
        return {tag for tag, _ in self.found}


def written(results: Results, directory: Path) -> Written:
    """A report of one file."""
    return write([Source("made.json", results)], directory, lambda _done, _whole: None)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A report with everything in it."""
    return written(full_results(), tmp_path_factory.mktemp("report"))


def test_files(report: Written) -> None:
    """The page, the tables, the data, and two files for each picture."""
    assert [path.name for path in report.files[:3]] == ["report.html", "results.md", "results.json"]
    assert len(report.files) == 3 + 2 * 5
    assert all(path.stat().st_size > 0 for path in report.files)


def test_every_goal_and_figure(report: Written) -> None:
    """Each goal and each figure is in the page and in the Markdown, with its median; no void one is."""
    page, markdown = (path.read_text() for path in report.files[:2])
    elements = Elements(page)
    results = full_results()
    for goal in results.goals:
        assert goal.name in elements.text
        assert goal.name in markdown
    for run in report.merged.counted:
        for figure in run.figures:
            median = amount(middle(figure.samples), figure.unit)
            lines = [line for line in markdown.splitlines() if run.workload in line and run.subject in line]
            assert any(figure.name in line and median in line and run.durability in line for line in lines)
            assert median in elements.text
    assert "commands/s of void one" not in elements.text
    assert markdown.index("## Goals") < markdown.index("## Figures")
    assert page.count("<tr><td>void one") == 0


def test_what_gave_no_figure(report: Written) -> None:
    """Void runs and skipped ones are listed with their reasons; notes and warnings are there."""
    for path in report.files[:2]:
        text = Elements(path.read_text()).text.replace("\\", "")
        assert "acknowledged == stored does not hold (5 and 4)" in text
        assert "a peer | with <tags>" in text or "with <tags>" in path.read_text().replace("\\", "")
        assert "it can't be installed" in text
        assert "the client runs in the same process" in text
        assert "UNSTABLE" in text
        assert "Imagined 9000" in text


def test_the_page_stands_alone(report: Written) -> None:
    """It loads nothing, runs nothing, has one first heading, and every picture is described."""
    page = report.files[0].read_text()
    elements = Elements(page)
    assert not elements.tags & {"script", "link", "iframe", "img", "object", "embed"}
    loaded = [attributes for _, attributes in elements.found if {"src", "onload", "onclick"} & attributes.keys()]
    assert loaded == []
    assert not re.search(r"@import|url\((?!#)", page)
    links = {value for _, attributes in elements.found for name, value in attributes.items() if name.endswith("href")}
    assert all(link is not None and link.startswith("#") for link in links)
    assert [tag for tag, _ in elements.found].count("h1") == 1
    assert [tag for tag, _ in elements.found].count("figure") == 5
    labelled = [attributes for tag, attributes in elements.found if tag == "svg"]
    assert all(attributes.get("role") == "img" and attributes.get("aria-labelledby") for attributes in labelled)
    assert ("html", {"lang": "en"}) in elements.found
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_data_comes_back(report: Written) -> None:
    """results.json is a results file with all samples and the environment, and makes the same report again."""
    results = Results.load(report.files[2])
    assert [run.figures for run in results.runs] == [run.figures for run in full_results().runs]
    assert results.environment.cpu == "Imagined 9000"
    assert "/secret" not in report.files[2].read_text()


def test_hostile_names(tmp_path: Path) -> None:
    """Names that look like tags, cells or links are shown as they are."""
    run = run_of(
        around(1.0), workload=HOSTILE, subject=HOSTILE, figure=HOSTILE, suite=HOSTILE, durability=HOSTILE,
        note=HOSTILE, parameters={HOSTILE: HOSTILE},
    )  # fmt: skip
    run.checks.append(Check(HOSTILE, ok=True, detail=HOSTILE))
    results = results_of(
        run, goals=[goal_of(HOSTILE, 1.0, [2.0])], skipped=[Skipped(HOSTILE, HOSTILE, HOSTILE)],
        cpu=HOSTILE, warnings=[HOSTILE], packages={HOSTILE: HOSTILE},
    )  # fmt: skip
    results = msgspec.structs.replace(results, command=HOSTILE)
    report = written(results, tmp_path)
    page, markdown = (path.read_text() for path in report.files[:2])
    elements = Elements(page)
    assert not elements.tags & {"script", "a"}
    assert elements.text.count(HOSTILE) > 10
    assert "<script" not in re.sub(r"`[^`\n]*`", "", markdown.replace("\\<", ""))
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert set(cells) <= {3, 4, 8, 9, 10}


def test_what_is_left_from_before(tmp_path: Path) -> None:
    """A picture of an earlier report that this one doesn't have is warned of, not deleted."""
    old = tmp_path / "plots" / "old.png"
    old.parent.mkdir()
    old.touch()
    report = written(results_of(run_of(around(1.0)), goals=[goal_of("g", 1.0, [2.0])]), tmp_path)
    assert report.warnings == ["plots/old.png is not of this report"]
    assert old.exists()


def test_without_pictures(tmp_path: Path) -> None:
    """Results that give no picture make a report without any, and no folder for them."""
    report = written(results_of(), tmp_path / "new" / "place")
    assert [path.name for path in report.files] == ["report.html", "results.md", "results.json"]
    assert not (tmp_path / "new" / "place" / "plots").exists()
