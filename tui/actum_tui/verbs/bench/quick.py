"""`actum bench quick`: one line for each operation, most of it as a ratio to the floor."""

from __future__ import annotations

from pathlib import Path

import click
from actum_bench import quick
from actum_bench.experiments import suite_of
from actum_bench.stores import workplace

from actum_tui.call import Call, verb
from actum_tui.output import Answer
from actum_tui.verbs.bench.options import SHARED, decorated
from actum_tui.verbs.bench.session import answer, begun, measured
from actum_tui.verbs.bench.shown import runs_listing


def register(group: click.Group) -> None:
    """Add the verb."""
    verb(group, "quick", store=False)(decorated(run, *SHARED))


def run(call: Call, *, directory: str | None, repeats: int, save: Path | None) -> Answer:
    """Measure each operation beside the floor."""
    with workplace(directory) as place:
        suite = suite_of("measuring", quick.experiments(place, repeats=repeats))
        (results,) = measured(call, [suite], begun(call, directory, repeats))
    return answer(results, [runs_listing(results.runs)], save)
