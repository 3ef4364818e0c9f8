"""`actum bench floor`: what this machine, its disk and CPython allow at most."""

from __future__ import annotations

from typing import Any

import click
from actum_bench import limit

from actum_tui.call import Call, verb
from actum_tui.output import Answer
from actum_tui.verbs.bench.options import SHARED, decorated, part_option
from actum_tui.verbs.bench.session import answer
from actum_tui.verbs.bench.shown import runs_listing
from actum_tui.verbs.bench.workspace import SIZE, measured_in_workspace

CLIENTS_MAX = 10_000


def register(group: click.Group) -> None:
    """Add the verb."""
    options = (
        part_option(limit.PARTS),
        click.option(
            "--clients",
            type=click.IntRange(1, CLIENTS_MAX),
            multiple=True,
            default=limit.CLIENTS,
            show_default=True,
            help="That wait for answers; can be given again.",
        ),
        click.option("--accounts", type=SIZE, default=10_000, show_default=True, help="That clients pay into."),
        click.option("--commits", type=SIZE, default=500, show_default=True, help="Of each batch size."),
        click.option("--events", type=SIZE, default=200_000, show_default=True, help="Of the rebuild."),
        click.option(
            "--durability",
            type=click.Choice(["full", "relaxed"]),
            default="full",
            show_default=True,
            help="relaxed: without fsync, for comparison only.",
        ),
    )
    verb(group, "floor", store=False)(decorated(run, *options, *SHARED))


def run(call: Call, **given: Any) -> Answer:  # noqa: ANN401  # click passes options by name
    """Measure the floor alone: the same work as the engine's, by hand and without any feature.

    \b
    commands  by clients that each wait for their answers
    appends   frames that are encoded already, a commit each
    rebuild   a view folded from frames in memory

    What actum reaches of it is shown by `actum bench quick`.
    """  # noqa: D301  # click takes the backspace for "leave these lines as they are"
    save = given.pop("save")
    given["clients"] = tuple(dict.fromkeys(given["clients"]))
    results = measured_in_workspace(call, limit.experiments, limit.PARTS, given)
    return answer(results, [runs_listing(results.runs)], save)
