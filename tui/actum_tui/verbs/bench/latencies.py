"""How a run under load is shown: the target and what came of it, latencies by percentile, what was read beside it."""

from __future__ import annotations

from collections.abc import Iterator

from actum_bench.amounts import amount, steadiness
from actum_bench.load.reading import COMMANDS, ERRORS, INTENDED, LAG, LATE, QUERIES, SERVICE, SHARES
from actum_bench.repeats import middle, unstable
from actum_bench.results import Figure, Run

from actum_tui.output import Listing

#: What latencies are counted from, by the names of their figures.
ORIGINS = {
    INTENDED: "from the intended time",
    SERVICE: "from sending (hides waiting)",
    LAG: "schedule lag",
    COMMANDS: "commands",
    QUERIES: "queries",
}
#: The share whose spread is shown.
SPREAD_OF = "p99"
#: Twenty views are checked twice each.
CHECKS_SHOWN_MAX = 10


def run_shown(run: Run) -> Iterator[str | Listing]:
    """All that there is to show of a run."""
    yield run.title
    yield summary(run)
    yield ""
    yield latency_listing(run)
    yield ""
    yield others_listing(run)
    yield ""
    yield from (f"check: {check.name}: {check.detail}" for check in run.checks[:CHECKS_SHOWN_MAX])
    if len(run.checks) > CHECKS_SHOWN_MAX:
        yield f"check: and {len(run.checks) - CHECKS_SHOWN_MAX} more like these, all of which hold"
    yield f"note: {run.note}"


def summary(run: Run) -> str:
    """The target and what came of it."""
    medians = {figure.name: middle(figure.samples) for figure in run.figures}
    parts = [f"achieved {amount(medians['achieved'], '1/s')}"]
    if run.parameters.get("clients") is None:
        parts.insert(0, f"target {amount(float(run.parameters['rate'] or 0), '1/s')}")
        parts[-1] += f" ({medians['of target']:.1%} of what was scheduled)"
        parts.append(f"{LATE} {medians[LATE]:,.0f}")
    kinds = [f"{name.removeprefix(f'{ERRORS}: ')} {count:,.0f}" for name, count in medians.items() if ": " in name]
    parts.append(f"errors {medians[ERRORS]:,.0f}" + (f" ({', '.join(kinds)})" if kinds else ""))
    unsteady = any(unstable(figure.samples) for figure in run.figures if figure.name == "achieved")
    return "  ".join(parts) + (" UNSTABLE" if unsteady else "")


def latency_listing(run: Run) -> Listing:
    """Medians of the repeats at each share."""
    made = Listing(("latency", *SHARES, f"spread of {SPREAD_OF}"), frozenset(SHARES))
    figures = {figure.name: figure for figure in run.figures}
    for name, origin in ORIGINS.items():
        found = [figures[f"{name} {share}"] for share in SHARES if f"{name} {share}" in figures]
        if found:
            values = [amount(middle(figure.samples), "s") for figure in found]
            made.add(origin, *values, steadiness(figures[f"{name} {SPREAD_OF}"].samples))
    return made


def others_listing(run: Run) -> Listing:
    """What engine, loop, collector and store say."""
    made = Listing(("beside it", "median", "spread"), frozenset({"median"}))
    for figure in run.figures:
        if not in_summary(figure):
            made.add(figure.name, amount(middle(figure.samples), figure.unit), steadiness(figure.samples))
    return made


def in_summary(figure: Figure) -> bool:
    """Whether a figure is shown above."""
    first, _, last = figure.name.rpartition(" ")
    return (first in ORIGINS and last in SHARES) or figure.name.startswith(("achieved", "of target", LATE, ERRORS))
