"""Results files as a verb is given them: those to read, and the one to write."""

from __future__ import annotations

from pathlib import Path

import click
from actum_bench.results import Results, UnreadableResultsError


def loaded(path: Path) -> Results:
    """A results file.

    Raises:
        click.ClickException: it is not one.
    """
    try:
        return Results.load(path)
    except UnreadableResultsError as error:
        raise click.ClickException(str(error)) from error


def saved(results: Results, path: Path | None) -> None:
    """Keep the results, if somebody wants them.

    Raises:
        click.ClickException: the file can't be written.
    """
    if path is None:
        return
    try:
        results.save(path)
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}") from error
