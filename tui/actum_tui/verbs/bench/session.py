"""One run of a suite: the options that all have, progress, results, and the file that they are saved in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from actum_bench import environment
from actum_bench.experiments import Experiment, carry_out
from actum_bench.repeats import REPEATS_MIN
from actum_bench.results import Results
from actum_bench.stores import store_path

from actum_tui.call import Call
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.shown import goals_listing

T = TypeVar("T", bound=Callable[..., Any])


def parts_option(parts: Sequence[str]) -> Callable[[T], T]:
    """Which parts of a suite."""
    help_text = "Only this part; can be given again."
    return click.option("--part", "parts", type=click.Choice(parts), multiple=True, help=help_text)


def session_options(function: T) -> T:
    """On which disk, how often, and where to."""
    disk = click.Path(exists=True, file_okay=False, writable=True)
    options = (
        click.option(
            "--directory",
            metavar="DIRECTORY",
            type=disk,
            help="The disk to measure; the temporary directory's if not.",
        ),
        click.option(
            "--repeats",
            type=click.IntRange(min=1),
            default=REPEATS_MIN,
            show_default=True,
            help="How often each is measured.",
        ),
        click.option("--save", metavar="FILE", callback=savable, help="Write the results into this file."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def savable(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Path | None:
    """A file that can be written, which is found out before anything is measured."""
    if value is None:
        return None
    path = Path(value)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{path.parent} can't be made: {error.strerror}") from error
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise click.BadParameter(f"{path} can't be written")
    return path


@contextmanager
def workspace_in(directory: str | None) -> Generator[str]:
    """A directory for the stores of a session, deleted at its end."""
    with store_path(directory) as path:
        yield path


def measured(call: Call, experiments: Iterable[Experiment], directory: str | None, repeats: int) -> Results:
    """Carry out experiments, with a bar that shows how far it is."""
    where = environment.look(Path(directory) if directory else None)
    call.warnings += where.warnings
    if repeats < REPEATS_MIN:
        call.warnings.append(f"{repeats} of at least {REPEATS_MIN} repeats: these medians are not to be quoted")
    results = Results(command=" ".join(["actum", *sys.argv[1:]]), environment=where)
    planned = list(experiments)
    done, steps = 0, sum(experiment.steps for experiment in planned)
    with call.progress("measuring") as progress:

        def note() -> None:
            nonlocal done
            done += 1
            progress(done, steps)

        for experiment in planned:
            outcome = carry_out(experiment, note)
            results.runs.extend(outcome.runs)
            results.goals.extend(outcome.goals)
            results.skipped.extend(outcome.skipped)
    return results


def answer(results: Results, shown: Sequence[str | Listing], save: Path | None) -> Answer:
    """Save what was measured, and show it: where, the figures, the goals, and what is void."""
    if save is not None:
        results.save(save)
    parts: list[str | Listing] = [results.environment.line, "", *shown]
    if results.goals:
        parts += ["", goals_listing(results.goals)]
    parts += [f"VOID: {skipped.subject}: {skipped.reason}" for skipped in results.skipped]
    return Answer(msgspec.to_builtins(results), parts, bad=bool(results.skipped))
