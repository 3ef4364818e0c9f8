"""`actum bench recover`: opening, rebuilding, and checkpoints under load."""

from __future__ import annotations

from pathlib import Path

import click
from actum_bench import recover

from actum_tui.call import Call, verb
from actum_tui.output import Answer
from actum_tui.verbs.bench.session import answer, measured, parts_option, session_options, workspace_in
from actum_tui.verbs.bench.shown import runs_listing

SIZE = click.IntRange(min=10, max=100_000_000)


def register(group: click.Group) -> None:
    """Add the verb."""
    decorated = session_options(run)
    for option in reversed(
        (
            parts_option(recover.PARTS),
            click.option("--events", type=SIZE, default=1_000_000, show_default=True, help="Of the longest log."),
            click.option("--rows", type=SIZE, default=1_000_000, show_default=True, help="Of the view."),
            click.option(
                "--dirty", type=SIZE, default=100_000, show_default=True, help="Rows changed when a checkpoint begins."
            ),
            click.option(
                "--seconds",
                type=click.FloatRange(min=0.1, max=3_600),
                default=30.0,
                show_default=True,
                help="Of the run with and without checkpoints.",
            ),
        )
    ):
        decorated = option(decorated)
    verb(group, "recover", store=False)(decorated)


def run(  # noqa: PLR0913  # one for each option
    call: Call,
    *,
    parts: tuple[str, ...],
    events: int,
    rows: int,
    dirty: int,
    seconds: float,
    directory: str | None,
    repeats: int,
    save: Path | None,
) -> Answer:
    """Measure opening by length of the log and from a checkpoint, rebuilding, and checkpoints under load.

    \b
    length    opening by the length of the log, with and without a checkpoint
    rebuild   a view folded again from the log
    rows      opening from a checkpoint against msgspec alone, with 0, 1 and 2 secondary indexes
    window    acknowledgements and throughput while a checkpoint is made
    interval  throughput over a while, with a checkpoint every 10 s and without
    """  # noqa: D301  # click takes the backspace for "leave these lines as they are"
    if dirty > rows:
        raise click.UsageError(f"--dirty {dirty} of --rows {rows}: no more rows can have changed than there are")
    with workspace_in(directory) as workspace:
        experiments = recover.experiments(
            workspace,
            parts=parts or recover.PARTS,
            events=events,
            rows=rows,
            dirty=dirty,
            seconds=seconds,
            repeats=repeats,
        )
        results = measured(call, experiments, directory, repeats)
    return answer(results, [runs_listing(results.runs)], save)
