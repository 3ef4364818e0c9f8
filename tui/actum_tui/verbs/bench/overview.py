"""`actum bench all`: a look at everything, and the report of it."""

from __future__ import annotations

from pathlib import Path

import click
from actum_bench import overview
from actum_bench.extras import MissingExtraError, imported
from actum_bench.report.merge import Source
from actum_bench.stores import workplace

from actum_tui.call import Call, verb
from actum_tui.output import Answer
from actum_tui.verbs.bench.options import DIRECTORY, QUOTE, REPEATS, TO, decorated, part_option
from actum_tui.verbs.bench.report import reported
from actum_tui.verbs.bench.session import begun, is_void, measured, together
from actum_tui.verbs.bench.shown import gaps

#: What was measured so far, until the report is made: a results file that stays if the verb is interrupted.
UNFINISHED = "unfinished.json"
#: What the last part, the report, would miss.
NEEDED = ("hdrh.histogram", "matplotlib.figure")


def register(group: click.Group) -> None:
    """Add the verb."""
    verb(group, "all", store=False)(decorated(run, TO, QUOTE, part_option(overview.PARTS), DIRECTORY, REPEATS))


def run(
    call: Call, *, to: Path, pages: tuple[Path, ...], parts: tuple[str, ...], directory: str | None, repeats: int
) -> Answer:
    """Measure a bit of everything, and write a report of it.

    \b
    quick    each operation beside the floor
    micro    the parts, one by one; in a checkout
    peers    the same work by others
    load     workloads a and b at a rate, g in a closed loop
    recover  opening, rebuilding and checkpoints, at reduced sizes
    scale    growth, at reduced sizes

    Each title says how large. What has a goal at full size only is measured without it; `bench goals` measures those.
    """  # noqa: D301  # click takes the backspace for "leave these lines as they are"
    if pages and parts:
        raise click.UsageError("--quote is for a whole run: leave --part away")
    try:
        for name in NEEDED:
            imported(name)
    except MissingExtraError as error:
        raise click.ClickException(str(error)) from error
    chosen = [part for part in overview.PARTS if not parts or part in parts]
    with workplace(directory) as place:
        suites = overview.suites(place, repeats)
        unfinished = to / UNFINISHED
        found = measured(
            call,
            [suites[part] for part in chosen],
            begun(call, directory, repeats),
            keep=lambda parts: together(parts).save(unfinished),
        )
    answer = reported(call, [Source(part, results) for part, results in zip(chosen, found, strict=True)], to, pages)
    unfinished.unlink(missing_ok=True)
    return answer._replace(
        shown=[*answer.shown, *(line for results in found for line in gaps(results.skipped))],
        bad=any(map(is_void, found)),
    )
