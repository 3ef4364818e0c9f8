"""How figures are shown in a terminal: listings of runs and goals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actum_bench.amounts import amount, reached, steadiness, wanted
from actum_bench.repeats import middle
from actum_bench.results import Goal, Run, Skipped

from actum_tui.output import Listing


def runs_listing(runs: Sequence[Run]) -> Listing:
    """Every figure of every run."""
    made = Listing(("workload", "subject", "durability", "figure", "median", "spread"), frozenset({"median"}))
    for run in runs:
        for figure in run.figures:
            median = amount(middle(figure.samples), figure.unit)
            style = "bold red" if run.void else ""
            made.add(
                run.workload, run.subject, run.durability, figure.name, median, steadiness(figure.samples), style=style
            )
    return made


def goals_listing(goals: Sequence[Goal]) -> Listing:
    """Every goal, and whether the median reaches it."""
    made = Listing(("goal", "durability", "wanted", "median", "", "spread"), frozenset({"wanted", "median"}))
    for goal in goals:
        is_reached = reached(goal)
        made.add(
            goal.name,
            goal.durability,
            wanted(goal),
            amount(middle(goal.samples), goal.unit),
            "reached" if is_reached else "MISSED",
            steadiness(goal.samples),
            style="" if is_reached else "yellow",
        )
    return made


def gaps(skipped: Sequence[Skipped]) -> Iterator[str]:
    """What gives no figure, and why."""
    yield from (f"{'VOID' if gap.void else 'NOT MEASURED'}: {gap.subject}: {gap.reason}" for gap in skipped)
