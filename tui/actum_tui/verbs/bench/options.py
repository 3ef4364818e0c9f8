"""The options that verbs share, and the checks that they need before something is measured for minutes."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeAlias

import click
from actum_bench.repeats import REPEATS_MIN
from actum_bench.report.quoting import NothingQuotedError, check_places

Option: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

REPEATS_MAX = 1_000


def decorated(function: Callable[..., Any], *options: Option) -> Callable[..., Any]:
    """A function with options, shown in this order."""
    made = function
    for option in reversed(options):
        made = option(made)
    return made


def finite(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    """A number that is not NaN, which no range refuses."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number that one could count to.")
    return value


def writable_file(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """A file that can be written, in a directory that can be made if it is not there."""
    if path is not None:
        if path.is_dir():
            raise click.BadParameter(f"{path} is a directory")
        if path.exists() and not os.access(path, os.W_OK):
            raise click.BadParameter(f"{path} can't be written")
        check_writable(path, path.parent)
    return path


def writable_directory(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """A directory that can be written to, or made."""
    if path is not None:
        check_writable(path, path)
    return path


def check_writable(path: Path, directory: Path) -> None:
    """See that files can be made in a directory, or in the nearest one above it that exists; nothing stays behind.

    Args:
        path: what is to be written.
        directory: where.

    Raises:
        click.BadParameter: they can't.
    """
    place = directory.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise click.BadParameter(f"{path} can't be written: {error.strerror}") from error


def measured_disk(context: click.Context, option: click.Parameter, directory: str | None) -> str | None:
    """A directory that is there, and can be written to."""
    writable_directory(context, option, Path(directory) if directory is not None else None)
    return directory


def quoting_pages(context: click.Context, option: click.Parameter, pages: tuple[Path, ...]) -> tuple[Path, ...]:
    """Pages that have places for tables."""
    for path in pages:
        writable_file(context, option, path)
        try:
            check_places(path.read_text(encoding="utf-8"))
        except (NothingQuotedError, UnicodeDecodeError) as error:
            raise click.BadParameter(f"{path} can't quote a report: {error}") from error
    return pages


DIRECTORY: Option = click.option(
    "--directory",
    metavar="DIRECTORY",
    type=click.Path(exists=True, file_okay=False),
    callback=measured_disk,
    help="The disk to measure; the temporary directory's if not.",
)
REPEATS: Option = click.option(
    "--repeats",
    type=click.IntRange(1, REPEATS_MAX),
    default=REPEATS_MIN,
    show_default=True,
    help=f"How often each is measured; fewer than {REPEATS_MIN} are not for quoting.",
)


def file_option(name: str, words: str) -> Option:
    """A file that is written after a run."""
    return click.option(name, metavar="FILE", type=click.Path(path_type=Path), callback=writable_file, help=words)


SAVE: Option = file_option("--save", "Also write all figures with their samples there, as JSON.")
TO: Option = click.option(
    "--to",
    metavar="DIRECTORY",
    type=click.Path(path_type=Path),
    callback=writable_directory,
    default=Path("bench/results"),
    show_default=True,
    help="Where the report goes.",
)
QUOTE: Option = click.option(
    "--quote",
    "pages",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=quoting_pages,
    help="Also bring the tables in this Markdown file up to date; can be given again.",
)
#: On which disk, how often, and where to.
SHARED: tuple[Option, ...] = (DIRECTORY, REPEATS, SAVE)


def part_option(parts: Sequence[str]) -> Option:
    """Which parts of a suite."""
    help_text = "Only this part; can be given again."
    return click.option("--part", "parts", type=click.Choice(parts), multiple=True, help=help_text)
