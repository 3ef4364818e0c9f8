"""`actum bench quick`: one line for each operation, most of it as a ratio to the floor."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec
from actum_bench import environment, quick
from actum_bench.experiments import carry_out
from actum_bench.results import Results

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.shown import goals_listing, runs_listing


def register(group: click.Group) -> None:
    """Add the verb."""
    verb(group, "quick", store=False)(
        click.option("--directory", metavar="DIRECTORY", help="The disk to measure; the temporary directory's if not.")(
            run
        )
    )


def run(call: Call, directory: str | None) -> Answer:
    """Measure each operation beside the floor, in under a minute."""
    where = environment.look(Path(directory) if directory else None)
    call.warnings += where.warnings
    experiments = list(quick.experiments(directory))
    results = Results(command=" ".join(["actum", *sys.argv[1:]]), environment=where)
    done, steps = 0, sum(experiment.steps for experiment in experiments)
    with call.progress("measuring") as progress:

        def note() -> None:
            nonlocal done
            done += 1
            progress(done, steps)

        for experiment in experiments:
            outcome = carry_out(experiment, note)
            results.runs.extend(outcome.runs)
            results.goals.extend(outcome.goals)
            results.skipped.extend(outcome.skipped)
    shown: list[str | Listing] = [where.line, "", runs_listing(results.runs), "", goals_listing(results.goals)]
    shown += [f"VOID: {skipped.subject}: {skipped.reason}" for skipped in results.skipped]
    return Answer(msgspec.to_builtins(results), shown, bad=bool(results.skipped))
