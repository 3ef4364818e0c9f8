"""Results files as a verb is given them: those to read, and the one to write."""

from __future__ import annotations

from collections.abc import Callable
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


def unsaved(path: Path | None, write: Callable[[Path], object]) -> str:
    """Write a file that somebody wants; why that could not be done, if it could not.

    What was measured is shown then all the same: it took minutes.
    """
    if path is None:
        return ""
    try:
        write(path)
    except OSError as error:
        return f"{path} can't be written: {error.strerror}"
    return ""
