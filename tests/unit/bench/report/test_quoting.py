"""Tables of a report in other pages, and the results that the repository holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from actum_bench.environment import Environment
from actum_bench.report.quoting import NothingQuotedError, check_places, quoted
from actum_bench.results import Results

from tests.support.made_results import environment, goal_of, results_of, run_of

CHECKOUT = Path(__file__).parents[4]
KEPT = CHECKOUT / "bench" / "results"
#: Of all files together.
BYTES_MAX = 1_000_000
END = "<!-- actum bench: end -->"
PLACE = re.compile(r"/(?:home|root|tmp|work|opt|usr|var|Users|private|mnt|srv)/")


def page_of(name: str) -> str:
    """A page with a place for a table, and a sentence around it."""
    return f"Before.\n\n<!-- actum bench: {name} -->\nold\n{END}\n\nAfter.\n"


def rates_of(samples: list[float], subject: str, clients: str = "64 clients") -> Results:
    """Results with the rates of one subject beside the floor."""
    return results_of(
        run_of(
            samples, figure="commands/s", unit="1/s", suite="floor", workload=f"commands, {clients}", subject=subject
        )
    )


def both() -> Results:
    """Results with the rates of actum and the floor, and a goal."""
    runs = [*rates_of([50.0, 60.0], "actum").runs, *rates_of([100.0, 100.0], "the floor").runs]
    return results_of(*runs, goals=[goal_of("a goal", 1.0, [2.0])])


def test_a_table_takes_the_place_of_the_old_one() -> None:
    """What stands around it stays; above it stand the command, the machine and how to read it."""
    page = quoted(page_of("rates"), both(), print)
    assert page.startswith("Before.\n\n<!-- actum bench: rates -->\nBy `")
    assert page.endswith(f"{END}\n\nAfter.\n")
    assert "old" not in page
    assert "Imagined 9000" in page
    assert "| 64 | full | 55 | " in page
    assert "| 0.55 | ±13% UNSTABLE |" in page


def test_it_is_the_same_again() -> None:
    """A page that is up to date stays as it is."""
    page = quoted(page_of("goals"), both(), print)
    assert "| a goal | full |" in page or "| a goal | - |" in page
    assert quoted(page, both(), print) == page


def test_peers_are_in_the_order_of_their_rates() -> None:
    """The fastest first, and how many times as fast actum is."""
    named = {"actum": [200.0, 220.0], "slow": [10.0, 11.0], "fast": [400.0, 440.0]}
    runs = [
        run_of(samples, figure="commands/s", unit="1/s", suite="peers", subject=subject)
        for subject, samples in named.items()
    ]
    lines = [line for line in quoted(page_of("peers"), results_of(*runs), print).splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines[1:]] == ["| fast", "| actum", "| slow"]
    assert "20.0 times" in lines[-1]
    assert "0.5 times" in lines[1]


def test_what_was_not_measured_stays() -> None:
    """A table that the results have nothing for stays as it was, and that is said: no page is emptied by a part."""
    warnings: list[str] = []
    page = page_of("peers") + page_of("rates")
    again = quoted(page, both(), warnings.append)
    assert again.startswith(page_of("peers"))
    assert "| 64 | full | 55 |" in again
    assert warnings == ["the table peers stays as it was: nothing for it was measured"]


def test_warnings_stand_beside_the_figures() -> None:
    """Who reads a table reads that the machine was busy."""
    where: Environment = environment(warnings=["the machine was busy before"])
    busy = Results(command="actum", environment=where, goals=[goal_of("a goal", 1.0, [2.0])])
    assert "**Warning**: the machine was busy before." in quoted(page_of("goals"), busy, print)


@pytest.mark.parametrize(("page", "words"), [("Nothing.", "no place for a table"), (page_of("other"), "other")])
def test_no_place(page: str, words: str) -> None:
    """A page without a place, or with one for something else, is an error: nothing would be written."""
    with pytest.raises(NothingQuotedError, match=words):
        check_places(page)


@pytest.mark.parametrize("name", ["README.md", "docs/benchmarks.md"])
def test_pages_quote_the_results_that_are_kept(name: str) -> None:
    """Every figure in them is one of bench/results, whose command stands above it."""
    page = (CHECKOUT / name).read_text(encoding="utf-8")
    assert quoted(page, Results.load(KEPT / "results.json"), print) == page


def test_the_results_that_are_kept_are_whole_and_small() -> None:
    """The page, the tables, the figures and the pictures, and nothing else but what git leaves out."""
    files = [path for path in KEPT.rglob("*") if path.is_file() and path.suffix != ".png"]
    names = {path.relative_to(KEPT).as_posix() for path in files}
    pictures = {name for name in names if name.startswith("plots/")}
    assert names - pictures == {"report.html", "results.json", "results.md"}
    assert pictures
    assert all(name.endswith(".svg") for name in pictures)
    assert sum(path.stat().st_size for path in files) < BYTES_MAX


def test_the_results_that_are_kept_name_no_place() -> None:
    """Neither a directory of the machine that they were taken on, nor a file in it."""
    for name in ("report.html", "results.md", "results.json"):
        assert PLACE.search((KEPT / name).read_text(encoding="utf-8")) is None, name


def test_the_results_that_are_kept_are_for_quoting() -> None:
    """Every figure has at least five samples, except sizes that are counted once; nothing is void."""
    results = Results.load(KEPT / "results.json")
    assert not any(run.void for run in results.runs)
    assert {len(figure.samples) >= 5 for run in results.runs for figure in run.figures} == {True}


def test_the_share_of_the_floor_is_that_of_the_same_work() -> None:
    """Where one title was measured with several parameters, each rate stands beside its own floor."""
    runs = [
        run_of(
            [rate],
            figure="commands/s",
            unit="1/s",
            suite="floor",
            workload="commands, 64 clients",
            subject=subject,
            parameters={"accounts": accounts},
        )
        for accounts, floor in ((10, 100.0), (20, 200.0))
        for subject, rate in (("the floor", floor), ("actum", 50.0))
    ]
    page = quoted(page_of("rates"), results_of(*runs), print)
    assert "| 0.50 |" in page
    assert "| 0.25 |" in page
