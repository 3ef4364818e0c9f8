"""`actum bench recover`: opening, rebuilding, and checkpoints under load."""

from __future__ import annotations

from typing import Any

import click
from actum_bench import recover

from actum_tui.call import Call, verb
from actum_tui.output import Answer
from actum_tui.verbs.bench.options import SHARED, decorated, finite, part_option
from actum_tui.verbs.bench.session import answer
from actum_tui.verbs.bench.shown import runs_listing
from actum_tui.verbs.bench.workspace import SIZE, measured_in_workspace


def register(group: click.Group) -> None:
    """Add the verb."""
    options = (
        part_option(recover.PARTS),
        click.option("--events", type=SIZE, default=1_000_000, show_default=True, help="Of the longest log."),
        click.option("--rows", type=SIZE, default=1_000_000, show_default=True, help="Of the view."),
        click.option(
            "--dirty", type=SIZE, default=100_000, show_default=True, help="Rows changed when a checkpoint begins."
        ),
        click.option(
            "--seconds",
            type=click.FloatRange(min=0.1, max=3_600),
            callback=finite,
            default=30.0,
            show_default=True,
            help="Of the run with and without checkpoints.",
        ),
    )
    verb(group, "recover", store=False)(decorated(run, *options, *SHARED))


def run(call: Call, **given: Any) -> Answer:  # noqa: ANN401  # click passes options by name
    """Measure opening by length of the log and from a checkpoint, rebuilding, and checkpoints under load.

    \b
    length    opening by the length of the log, with and without a checkpoint
    rebuild   a view folded again from the log
    rows      opening from a checkpoint against msgspec alone, with 0, 1 and 2 secondary indexes
    window    acknowledgements and throughput while a checkpoint is made
    interval  throughput over a while, with a checkpoint every 10 s and without
    """  # noqa: D301  # click takes the backspace for "leave these lines as they are"
    if given["dirty"] > given["rows"]:
        raise click.UsageError(
            f"--dirty {given['dirty']} of --rows {given['rows']}: no more rows can have changed than there are"
        )
    save = given.pop("save")
    results = measured_in_workspace(call, recover.experiments, recover.PARTS, given)
    return answer(results, [runs_listing(results.runs)], save)
