"""`actum bench scale`: the growth curve, a table for each dimension, and the memory of an aggregate and a row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import click
from actum_bench import scale
from actum_bench.amounts import amount
from actum_bench.repeats import middle, unstable
from actum_bench.results import Run

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.options import SHARED, decorated, part_option
from actum_tui.verbs.bench.session import answer
from actum_tui.verbs.bench.shown import runs_listing
from actum_tui.verbs.bench.workspace import SIZE, measured_in_workspace

#: Figures of a point of the curve, each with its ratio to the smallest point beside it.
CURVE = ("cost per command", "ack p99", "opening", "memory after opening")


def register(group: click.Group) -> None:
    """Add the verb."""
    numbers = (
        ("--least", SIZE, scale.SIZE_LEAST, "The smallest size."),
        ("--most", SIZE, 1_000_000, "The largest size."),
        ("--clients", click.IntRange(1, 10_000), scale.CLIENTS, "That wait for answers."),
        ("--commands", click.IntRange(1, 100_000_000), scale.COMMANDS, "Of all clients together."),
        ("--held", SIZE, 100_000, "Aggregates and rows held in memory."),
    )
    options = (
        click.option(name, type=kind, default=default, show_default=True, help=words)
        for name, kind, default, words in numbers
    )
    verb(group, "scale", store=False)(decorated(run, part_option(scale.PARTS), *options, *SHARED))


def run(call: Call, **given: Any) -> Answer:  # noqa: ANN401  # click passes options by name
    """Measure how a command, opening and memory cost as a store grows, each size ten times the one before.

    \b
    events      the log grows; aggregates and rows stay
    aggregates  aggregates grow, with a row each; as many as in the smallest are at work
    working     the same with all of them at work, and awake
    rows        rows grow; aggregates stay
    memory      bytes of an aggregate that is awake, and of a row, beyond a dict of the same
    """  # noqa: D301  # click takes the backspace for "leave these lines as they are"
    if given["least"] > given["most"]:
        raise click.UsageError(f"--least {given['least']} is more than --most {given['most']}")
    save = given.pop("save")
    given["held"] -= given["held"] % 10
    results = measured_in_workspace(call, scale.experiments, scale.PARTS, given)
    return answer(results, tables(results.runs), save)


def tables(runs: Sequence[Run]) -> list[str | Listing]:
    """One table for each dimension under its title; what is no curve as it is elsewhere."""
    shown: list[str | Listing] = []
    for (workload, durability), points in groupby(runs, lambda run: (run.workload, run.durability)):
        found = list(points)
        curve = found[0].figure(CURVE[0]) is not None
        shown += [f"{workload} · durability {durability}", curve_listing(found) if curve else runs_listing(found), ""]
    return shown[:-1]


def curve_listing(points: Sequence[Run]) -> Listing:
    """The figures of each size, and how many times those of the smallest they are."""
    columns = ["size", "commands/s", "times"]
    for name in CURVE:
        columns += [name, "times"]
    made = Listing((*columns, ""), frozenset(columns))
    for point in points:
        cells: list[str] = [point.subject]
        shaky = False
        for name in ("commands/s", *CURVE):
            figure, first = point.figure(name), points[0].figure(name)
            assert figure is not None and first is not None, f"a point of a curve has {name}"  # noqa: PT018  # both
            median, smallest = middle(figure.samples), middle(first.samples)
            cells += [amount(median, figure.unit), f"{median / smallest:.2f}" if smallest else ""]
            shaky |= name == "commands/s" and unstable(figure.samples)
        made.add(*cells, "UNSTABLE" if shaky else "")
    return made
