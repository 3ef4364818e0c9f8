"""`actum bench micro`: the parts of actum, one by one."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from actum_bench import micro
from actum_bench.amounts import amount, steadiness
from actum_bench.extras import MissingExtraError
from actum_bench.process import VoidRunError
from actum_bench.repeats import middle
from actum_bench.results import Run
from actum_bench.stores import workplace

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.options import SAVE, decorated
from actum_tui.verbs.bench.session import answer, begun


def register(group: click.Group) -> None:
    """Add the verb."""
    pattern = click.option("-k", "pattern", metavar="PATTERN", help="Only those that match, as pytest's -k takes it.")
    verb(group, "micro", store=False)(decorated(run, pattern, SAVE))


def run(call: Call, pattern: str | None, save: Path | None) -> Answer:
    """Time the parts one by one: encode, append, send, fold, look up. In a checkout.

    Each figure is the time of one operation, the median of 15 rounds after two to warm up.
    """
    results = begun(call, None)
    try:
        with workplace(None) as place, call.progress("measuring") as progress:
            runs = micro.measure(pattern, place, progress)
    except (micro.NoBenchmarksError, MissingExtraError, VoidRunError) as error:
        raise click.ClickException(str(error)) from error
    return answer(msgspec.structs.replace(results, runs=runs), [operations_listing(runs)], save)


def operations_listing(runs: list[Run]) -> Listing:
    """One line for each operation."""
    made = Listing(("operation", "durability", "median", "spread"), frozenset({"median"}))
    for one in runs:
        for figure in one.figures:
            made.add(one.workload, one.durability, amount(middle(figure.samples), "s"), steadiness(figure.samples))
    return made
