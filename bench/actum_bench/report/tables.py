"""The tables of a report as rows of text, for the page and for Markdown alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from actum_bench.amounts import amount, parameters_text, reached, steadiness, wanted
from actum_bench.environment import Environment
from actum_bench.repeats import middle
from actum_bench.report.merge import Merged
from actum_bench.results import Goal, Run

GIGABYTE = 1e9
SUITES = {
    "floor": "Beside the floor", "load": "Under load", "sweep": "Highest rates", "recover": "Opening and rebuilding",
    "scale": "Growth", "peers": "Peers", "micro": "Parts, one by one", "demo": "The demo",
    "monitor": "While somebody looks",
}  # fmt: skip


#: The column of parameters.
WITH = "with"


class Table(NamedTuple):
    """Rows of text under names.

    Attributes:
        title: what it holds.
        columns: their names.
        right: columns of numbers.
        rows: cells, unescaped.
        joined: so many columns from the left say the same in rows that belong together, and are written once.
    """

    title: str
    columns: tuple[str, ...]
    right: frozenset[str]
    rows: Sequence[tuple[str, ...]]
    joined: int = 0

    def without(self, column: str) -> Table:
        """The same without one column."""
        place = self.columns.index(column)
        columns = self.columns[:place] + self.columns[place + 1 :]
        rows = [row[:place] + row[place + 1 :] for row in self.rows]
        return self._replace(columns=columns, rows=rows, joined=self.joined - (place < self.joined))

    def groups(self) -> Iterator[list[tuple[str, ...]]]:
        """Rows that belong together."""
        if not self.joined:
            yield from ([row] for row in self.rows)
            return
        for _, rows in groupby(self.rows, lambda row: row[: self.joined]):
            yield list(rows)


def goals_table(goals: Sequence[Goal]) -> Table:
    """Every goal."""
    return Table(
        "Goals",
        ("goal", "durability", "wanted", "median", "", "spread", "repeats"),
        frozenset({"wanted", "median", "repeats"}),
        [
            (
                goal.name,
                goal.durability,
                wanted(goal),
                amount(middle(goal.samples), goal.unit) if goal.samples else "not measured",
                "reached" if reached(goal) else "MISSED",
                steadiness(goal.samples),
                str(len(goal.samples)),
            )
            for goal in goals
        ],
    )


def figures_tables(runs: Sequence[Run]) -> Iterator[Table]:
    """Every figure of every run that counts, by suite."""
    known = list(SUITES)
    suites = dict.fromkeys(run.suite for run in runs)
    for suite in sorted(suites, key=lambda suite: known.index(suite) if suite in known else len(known)):
        rows = [
            (
                run.workload,
                run.subject,
                run.durability,
                parameters_text(run.parameters),
                figure.name,
                amount(middle(figure.samples), figure.unit),
                f"{amount(min(figure.samples), figure.unit)} to {amount(max(figure.samples), figure.unit)}",
                steadiness(figure.samples),
                str(len(figure.samples)),
            )
            for run in runs
            if run.suite == suite
            for figure in run.figures
            if figure.samples
        ]
        table = Table(
            SUITES.get(suite, suite),
            ("workload", "subject", "durability", WITH, "figure", "median", "samples", "spread", "repeats"),
            frozenset({"median", "samples", "repeats"}),
            rows,
            joined=4,
        )
        yield table if any(row[table.columns.index(WITH)] for row in rows) else table.without(WITH)


def void_table(merged: Merged) -> Table:
    """What gives no figure, and why."""
    rows = [(gap.suite, gap.subject, gap.reason) for gap in merged.results.skipped]
    rows += [
        (
            run.suite,
            run.title,
            "void: "
            + "; ".join(f"{check.name} does not hold ({check.detail})" for check in run.checks if not check.ok),
        )
        for run in merged.void
    ]
    return Table("Without a figure", ("suite", "what", "why"), frozenset(), rows)


def checks_table(runs: Sequence[Run]) -> Table:
    """What was checked after each run."""
    rows = [(run.title, check.name, check.detail) for run in runs for check in run.checks]
    return Table("Checked after each run", ("run", "what holds", "values"), frozenset(), rows, joined=1)


def notes_of(runs: Sequence[Run]) -> list[str]:
    """What should be known beside the figures, each with its workloads."""
    notes: dict[str, dict[str, None]] = {}
    for run in runs:
        if run.note:
            notes.setdefault(run.note, {})[run.workload] = None
    return [f"{', '.join(workloads)}: {note}" for note, workloads in notes.items()]


def environment_table(name: str, environment: Environment) -> Table:
    """One environment."""
    rows = [
        ("taken", environment.taken),
        ("actum", environment.revision or "not from a checkout"),
        ("processor", f"{environment.cpu}, {environment.cores} cores, governor {environment.governor or 'unknown'}"),
        ("memory", f"{environment.memory_bytes / GIGABYTE:.1f} GB"),
        ("load before", f"{environment.load:.2f}"),
        ("system", environment.system),
        ("Python", environment.python),
        ("packages", ", ".join(f"{package} {version}" for package, version in environment.packages.items())),
        ("disk", f"{environment.file_system}, fsync of 4 kB {environment.fsync_seconds * 1e3:.3f} ms"),
    ]
    return Table(f"Environment{f' of {name}' if name else ''}", ("", ""), frozenset(), rows)


#: How figures were taken, for people who decide whether to believe them.
RULES = (
    "Every title says how durable: full means that an answer was given after the disk had it.",
    "Medians of repeats; subjects take turns, each measurement in a process of its own, warm-up left out.",
    "Samples are shown from the smallest to the largest; all of them are in results.json.",
    "UNSTABLE: the samples differ by more than a tenth (standard deviation over mean), so the median says little.",
    "Clients run on the same machine and are part of the cost.",
    "After each run its outcome is checked; a run whose check fails is void and gives no figure.",
)
