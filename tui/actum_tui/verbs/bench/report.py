"""`actum bench report`: results files as a page, tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from actum_bench.amounts import reached
from actum_bench.extras import MissingExtraError
from actum_bench.files import replace_file
from actum_bench.report.merge import Source
from actum_bench.report.quoting import quoted
from actum_bench.report.writing import write
from actum_bench.results import Results

from actum_tui.call import Call, verb
from actum_tui.output import Answer
from actum_tui.verbs.bench.files import loaded
from actum_tui.verbs.bench.options import QUOTE, TO, decorated


def register(group: click.Group) -> None:
    """Add the verb."""
    files = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
    verb(group, "report", store=False)(decorated(run, files, TO, QUOTE))


def run(call: Call, files: tuple[Path, ...], to: Path, pages: tuple[Path, ...]) -> Answer:
    """Make a report of results files: report.html, results.md, results.json, and pictures.

    Several files become one report; what two of them measured is taken from the newer one.
    """
    return reported(call, [Source(path.name, loaded(path)) for path in files], to, pages)


def reported(call: Call, sources: Sequence[Source], to: Path, pages: Sequence[Path]) -> Answer:
    """Write the report, and its tables into pages; what is in it, and where it is."""
    try:
        with call.progress("drawing") as progress:
            written = write(sources, to, progress)
    except MissingExtraError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{to} can't be written: {error.strerror}") from error
    call.warnings += written.warnings
    quote(pages, written.merged.results, call.warnings)
    results = written.merged.results
    count = sum(map(reached, results.goals))
    content = {
        "files": [str(path) for path in (*written.files, *pages)],
        "goals": len(results.goals),
        "goals_reached": count,
        "runs": len(written.merged.counted),
        "void": len(written.merged.void),
        "skipped": len(results.skipped),
    }
    counts = f"{len(written.merged.counted)} runs, {len(written.merged.void)} void, {len(results.skipped)} not measured"
    shown = [
        f"{counts}; {count} of {len(results.goals)} goals reached",
        *map(str, (*written.files, *pages)),
    ]
    return Answer(content, shown)


def quote(pages: Sequence[Path], results: Results, warnings: list[str]) -> None:
    """Bring the tables in pages up to date; those that there is nothing for are warned of."""
    for path in pages:
        said: list[str] = []
        try:
            replace_file(path, quoted(path.read_text(encoding="utf-8"), results, said.append).encode())
        except OSError as error:
            raise click.ClickException(f"{path} can't be written: {error.strerror}") from error
        warnings += [f"{path}: {words}" for words in said]
