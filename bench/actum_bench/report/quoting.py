"""Tables of a report in other pages: README and docs quote the last run, and one command brings them up to date.

A page says where by two lines, and what stands between them is written anew:

    <!-- actum bench: rates -->
    <!-- actum bench: end -->
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from actum_bench.amounts import amount, steadiness
from actum_bench.repeats import middle, ratios
from actum_bench.report.charts import FLOOR, clients_of, share_of
from actum_bench.report.markdown import code, table, text
from actum_bench.report.merge import identity
from actum_bench.report.tables import Table, goals_table
from actum_bench.results import Results, Run

BLOCK = re.compile(r"(<!-- actum bench: (\w+) -->\n).*?(<!-- actum bench: end -->)", re.DOTALL)
ACTUM = "actum"
RATE, P50, P99 = "commands/s", "ack p50", "ack p99"


class NothingQuotedError(Exception):
    """A page has no place for a table, or wants one that there is not."""


def quoted(page: str, results: Results, warn: Callable[[str], object]) -> str:
    """The page with the tables of these results; one that they have nothing for stays as it is.

    Args:
        page: with places for tables.
        results: what was measured.
        warn: told which tables stay as they are.

    Raises:
        NothingQuotedError: it has no place for any, or for one that there is not.
    """

    def block(match: re.Match[str]) -> str:
        made = TABLES[match[2]](results)
        if not made.rows:
            warn(f"the table {match[2]} stays as it was: nothing for it was measured")
            return match[0]
        return match[1] + "\n".join(lines(made, results)) + "\n" + match[3]

    check_places(page)
    return BLOCK.sub(block, page)


def check_places(page: str) -> None:
    """See that a page has places for tables, and only for those that there are.

    Raises:
        NothingQuotedError: it has not.
    """
    names = [match[2] for match in BLOCK.finditer(page)]
    wrong = [name for name in names if name not in TABLES]
    if wrong or not names:
        there = f"a place for {', '.join(wrong)}" if wrong else "no place for a table"
        raise NothingQuotedError(f"it has {there}; a place is two lines, such as those for {', '.join(TABLES)}")


def lines(made: Table, results: Results) -> Iterator[str]:
    """A table under who made it, when and where."""
    yield f"By {code(results.command)} on {text(results.environment.line)}."
    yield ""
    for warning in results.environment.warnings:
        yield f"**Warning**: {text(warning)}."
        yield ""
    yield from list(table(made))[2:]


def rates_table(results: Results) -> Table:
    """Commands of actum beside the floor, by clients."""
    runs = [run for run in results.runs if run.suite == "floor" and clients_of(run)]
    floors = {identity(run): run.figure(RATE) for run in runs if run.subject == FLOOR}
    rows: list[tuple[str, ...]] = []
    for run in sorted(runs, key=clients_of):
        rate = run.figure(RATE)
        if run.subject == ACTUM and rate is not None:
            share = share_of(floors.get(identity(msgspec.structs.replace(run, subject=FLOOR))), rate)
            shown = (f"{clients_of(run):,}", run.durability, *medians(run, (RATE, P50, P99)), share)
            rows.append((*shown, steadiness(rate.samples)))
    columns = ("clients", "durability", RATE, P50, P99, "of the floor", "spread")
    return Table("", columns, frozenset({"clients", RATE, P50, P99, "of the floor"}), rows)


def peers_table(results: Results) -> Table:
    """The same work by others, the fastest first."""
    runs = [run for run in results.runs if run.suite == "peers" and run.figure(RATE)]
    ours = next((samples_of(run) for run in runs if run.subject == ACTUM), list[float]())
    rows = [
        (
            run.subject,
            run.durability,
            *medians(run, (RATE, P50, P99)),
            times(ours, samples_of(run)) if run.subject != ACTUM else "",
            steadiness(samples_of(run)),
        )
        for run in sorted(runs, key=lambda run: -middle(samples_of(run)))
    ]
    columns = ("subject", "durability", RATE, P50, P99, "actum is", "spread")
    return Table("", columns, frozenset({RATE, P50, P99, "actum is"}), rows)


def medians(run: Run, names: Sequence[str]) -> Iterator[str]:
    """Figures in words."""
    for name in names:
        figure = run.figure(name)
        yield amount(middle(figure.samples), "" if name == RATE else figure.unit) if figure is not None else ""


def samples_of(run: Run) -> list[float]:
    """The rates of a run."""
    figure = run.figure(RATE)
    return figure.samples if figure is not None else []


def times(ours: list[float], theirs: list[float]) -> str:
    """How many times as fast actum is, the median of the turns; nothing if they were not the same."""
    return f"{middle(ratios(ours, theirs)):.1f} times" if len(ours) == len(theirs) and min(theirs) > 0 else ""


#: What can be quoted, by name.
TABLES: Mapping[str, Callable[[Results], Table]] = {
    "goals": lambda results: goals_table(results.goals),
    "rates": rates_table,
    "peers": peers_table,
}
