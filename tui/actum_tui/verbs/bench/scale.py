"""`actum bench scale`: the growth curve, a table for each dimension, and the memory of an aggregate and a row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click
from actum_bench import scale
from actum_bench.repeats import middle, unstable
from actum_bench.results import Run

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.session import answer, measured, parts_option, session_options, workspace_in
from actum_tui.verbs.bench.shown import amount, runs_listing

SIZE = click.IntRange(min=10, max=100_000_000)
#: Figures of a point of the curve, each with its ratio to the smallest point beside it.
CURVE = ("cost per command", "ack p99", "opening", "memory after opening")


def register(group: click.Group) -> None:
    """Add the verb."""
    decorated = session_options(run)
    for option in reversed(
        (
            parts_option(scale.PARTS),
            click.option("--least", type=SIZE, default=scale.SIZE_LEAST, show_default=True, help="The smallest size."),
            click.option("--most", type=SIZE, default=1_000_000, show_default=True, help="The largest size."),
            click.option(
                "--clients",
                type=click.IntRange(min=1, max=10_000),
                default=scale.CLIENTS,
                show_default=True,
                help="That wait for answers.",
            ),
            click.option(
                "--commands",
                type=click.IntRange(min=1, max=100_000_000),
                default=scale.COMMANDS,
                show_default=True,
                help="Of all clients together.",
            ),
            click.option(
                "--held", type=SIZE, default=100_000, show_default=True, help="Aggregates and rows held in memory."
            ),
        )
    ):
        decorated = option(decorated)
    verb(group, "scale", store=False)(decorated)


def run(  # noqa: PLR0913  # one for each option
    call: Call,
    *,
    parts: tuple[str, ...],
    least: int,
    most: int,
    clients: int,
    commands: int,
    held: int,
    directory: str | None,
    repeats: int,
    save: Path | None,
) -> Answer:
    """Measure how a command, opening and memory cost as a store grows, each size ten times the one before.

    \b
    events      the log grows; aggregates and rows stay
    aggregates  aggregates grow, with a row each; as many as in the smallest are at work
    working     the same with all of them at work, and awake
    rows        rows grow; aggregates stay
    memory      bytes of an aggregate that is awake, and of a row, beyond a dict of the same
    """  # noqa: D301  # click takes the backspace for "leave these lines as they are"
    if least > most:
        raise click.UsageError(f"--least {least} is more than --most {most}")
    with workspace_in(directory) as workspace:
        experiments = scale.experiments(
            workspace,
            parts=parts or scale.PARTS,
            least=least,
            most=most,
            clients=clients,
            commands=commands,
            held=held - held % 10,
            repeats=repeats,
        )
        results = measured(call, experiments, directory, repeats)
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
