"""`actum bench monitor`: what it costs an engine that somebody looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from actum_bench import monitor
from actum_bench.amounts import amount
from actum_bench.repeats import middle
from actum_bench.results import Run

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.options import SHARED, decorated, part_option
from actum_tui.verbs.bench.session import answer
from actum_tui.verbs.bench.workspace import SIZE, measured_in_workspace

RATES = ("commands/s", "commands/s, attached")
RATIOS = ("throughput", "processor")


def register(group: click.Group) -> None:
    """Add the verb."""
    options = (
        part_option(monitor.PARTS),
        click.option(
            "--clients",
            type=click.IntRange(1, 10_000),
            default=monitor.CLIENTS,
            show_default=True,
            help="That wait for answers.",
        ),
        click.option(
            "--accounts", type=SIZE, default=monitor.ACCOUNTS, show_default=True, help="That clients pay into."
        ),
        click.option(
            "--pairs",
            type=click.IntRange(1, 10_000),
            default=monitor.PAIRS,
            show_default=True,
            help="Of rounds in each repeat.",
        ),
        click.option(
            "--seconds",
            type=click.FloatRange(1, 60),
            default=monitor.ROUND_SECONDS,
            show_default=True,
            help="Of each round.",
        ),
        click.option(
            "--durability",
            type=click.Choice(["full", "relaxed"]),
            default="full",
            show_default=True,
            help="relaxed: without fsync, for comparison only.",
        ),
    )
    verb(group, "monitor", store=False)(decorated(run, *options, *SHARED))


def run(call: Call, **given: Any) -> Answer:  # noqa: ANN401  # click passes options by name
    """Measure what it costs a saturated engine that somebody is attached to it, in pairs of rounds with and without.

    \b
    overview  what every screen needs, once a second
    actors    beside it the actors that stand out
    rows      beside it a page of a live view, in order

    Throughput and processor time a command are ratios of the two rounds of a pair: their medians, and where those
    lie with 95 % confidence.
    """  # noqa: D301  # click takes the backspace for "leave these lines as they are"
    save = given.pop("save")
    results = measured_in_workspace(call, monitor.experiments, monitor.PARTS, given)
    return answer(results, [listing(results.runs)], save)


def listing(runs: Sequence[Run]) -> Listing:
    """A line for each run: both rates, and both ratios with their intervals."""
    columns = [*RATES, *(column for name in RATIOS for column in (name, "95 %"))]
    made = Listing(("workload", "durability", *columns), frozenset(columns))
    for run in runs:
        medians = {figure.name: middle(figure.samples) for figure in run.figures}
        cells = [amount(medians[name], "1/s") for name in RATES]
        for name in RATIOS:
            cells += [f"{medians[name]:.3f}", f"{medians[f'{name}, from']:.3f} to {medians[f'{name}, to']:.3f}"]
        made.add(run.workload, run.durability, *cells)
    return made
