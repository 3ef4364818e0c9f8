"""`vitals`: what screen 8 of the dashboard shows, once: the storage and the loop."""

from __future__ import annotations

import click

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, findings_listing
from actum_tui.top.look import Look
from actum_tui.top.verdicts import verdicts
from actum_tui.top.vital_rows import ROWS
from actum_tui.verbs.looks import Seen, is_bad, look_at, options
from actum_tui.verbs.overview import STYLES

COLUMNS = ("section", "figure", "value", "p50", "p99", "max", "state")


def register(command: click.Group) -> None:
    """Add the verb."""
    explain = click.option("--explain", is_flag=True, help="Say what each figure is, and when to worry.")
    verb(command, "vitals")(options(explain(vitals)))


def vitals(call: Call, target: str | None, seconds: float, explain: bool) -> Answer:  # noqa: FBT001  # click's way
    """Show how the storage and the loop of an engine are: commits, log, checkpoints, process.

    TARGET is a running engine's name, process id, socket or store directory; without it, the store of --store, or the
    only engine that runs. Of a directory whose engine can't be attached to less is known. Exit code 1: something has to
    be done.
    """
    return vitals_of(look_at(call, target, seconds), explain=explain)


def vitals_of(seen: Seen, *, explain: bool = False) -> Answer:
    """What was seen of the storage and the loop."""
    findings = verdicts(seen.look.now)
    data = {
        **seen.data(),
        "figures": {figure.key: figure.read(seen.look) for row in ROWS for figure in row.figures},
        "findings": [finding._asdict() for finding in findings],
    }
    shown: list[Listing | str] = [findings_listing(findings), ""] if findings else []
    shown.append(explained() if explain else listing(seen.look))
    return Answer(data, shown, bad=is_bad(findings), warnings=seen.warnings)


def listing(look: Look) -> Listing:
    """All figures, as on the screen."""
    made = Listing(COLUMNS, frozenset(COLUMNS[2:6]))
    section = ""
    for row in ROWS:
        values = tuple(figure.read(look) for figure in row.figures)
        written = [figure.written(value) or "—" for figure, value in zip(row.figures, values, strict=True)]
        cells = ["", *written] if len(written) > 1 else [written[0], "", "", ""]
        level = row.level(values)
        state = "" if level == "fine" else "high" if not (row.limits and row.limits.below) else "low"
        made.add("" if row.section == section else row.section, row.name, *cells, state, style=STYLES[level])
        section = row.section
    return made


def explained() -> Listing:
    """What each figure is."""
    made = Listing(("figure", "what it is, when to worry, what to do"), header=False)
    for row in ROWS:
        made.add(row.name, row.words)
    return made
