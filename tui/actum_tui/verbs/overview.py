"""`overview`: what screen 1 of the dashboard shows, once, for people and programs."""

from __future__ import annotations

import click

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, findings_listing, pairs
from actum_tui.top import figures
from actum_tui.top.aggregates import AggregateRow, aggregate_rows
from actum_tui.top.consumers import Consumer, consumers
from actum_tui.top.overview_rows import OVERVIEW_ROWS
from actum_tui.top.verdicts import verdicts
from actum_tui.top.vital_figures import small_share
from actum_tui.verbs.events import as_data, records_listing
from actum_tui.verbs.looks import Seen, is_bad, look_at, options

STYLES = {"fine": "", "warning": "yellow", "error": "bold red"}


def register(command: click.Group) -> None:
    """Add the verb."""
    last = click.option(
        "-n", "last", type=click.IntRange(0, 1_000), default=10, show_default=True, help="So many of the newest events."
    )
    verb(command, "overview")(options(last(overview)))


def overview(call: Call, target: str | None, seconds: float, last: int) -> Answer:
    """Show an engine at a glance: rates, times, aggregates, views, the newest events, what is not well.

    TARGET is a running engine's name, process id, socket or store directory; without it, the store of --store, or the
    only engine that runs. Of a directory whose engine can't be attached to less is known. Exit code 1: something has to
    be done.
    """
    return overview_of(look_at(call, target, seconds, newest=last))


def overview_of(seen: Seen) -> Answer:
    """What was seen, at a glance."""
    findings = verdicts(seen.look.now)
    statistics = seen.look.now.statistics
    classes = aggregate_rows(seen.look)
    following = [] if statistics is None else consumers(statistics)
    data = {
        **seen.data(),
        "figures": figures_of(seen),
        "aggregates": [row.data() for row in classes],
        "consumers": [each.data() for each in following],
        "events": [as_data(record) for record in seen.records],
        "findings": [finding._asdict() for finding in findings],
    }
    shown: list[Listing | str] = [findings_listing(findings) if findings else "all is well", "", figures_listing(seen)]
    if classes:
        shown += ["", aggregates_listing(classes)]
    if following:
        shown += ["", consumers_listing(following)]
    if seen.records:
        shown += ["", records_listing(seen.records)]
    return Answer(data, shown, bad=is_bad(findings), warnings=seen.warnings)


def figures_of(seen: Seen) -> dict[str, float | None]:
    """All figures by key."""
    return {figure.key: figure.read(seen.look) for row in OVERVIEW_ROWS for figure in row.figures}


def figures_listing(seen: Seen) -> Listing:
    """The figures that are known; p50 and p99 in one line."""
    rows: list[tuple[str, object]] = []
    for row in OVERVIEW_ROWS:
        written = [figure.written(figure.read(seen.look)) for figure in row.figures]
        if len(written) == 1:
            rows.append((row.name, written[0] or "—"))
        else:
            named = zip(("p50", "p99", "max"), written, strict=True)
            rows.append((row.name, "  ".join(f"{name} {value}" for name, value in named if value) or "—"))
    return pairs(*rows)


def aggregates_listing(rows: list[AggregateRow]) -> Listing:
    """Classes of aggregates, as on the screen."""
    columns = ("aggregate", "awake", "commands/s", "p50", "p99", "rejected", "mailbox", "quarantined")
    made = Listing(columns, frozenset(columns[1:]))
    for row in rows:
        rejected = None if row.rejected is None else small_share(row.rejected)
        times = figures.seconds(row.p50), figures.seconds(row.p99)
        style = STYLES["error" if row.quarantined else "fine"]
        made.add(
            *(row.name, row.awake, figures.rate(row.commands), *times, rejected, row.deepest, row.quarantined),
            style=style,
        )
    return made


def consumers_listing(rows: list[Consumer]) -> Listing:
    """Who follows the log, as on the screen."""
    columns = ("follows the log", "kind", "holds", "position", "lag", "behind", "state")
    made = Listing(columns, frozenset(columns[2:6]))
    for each in rows:
        behind = figures.seconds(each.seconds) if each.lag else "0"
        state = each.state
        if each.rebuild is not None:
            state += f" {figures.share(each.rebuilt_share)}"
            state += "" if each.rebuild.seconds_left is None else f", {figures.seconds(each.rebuild.seconds_left)} left"
        holds = f"{each.holds:,} {each.unit}"
        made.add(each.name, each.kind, holds, each.position, each.lag, behind, state, style=STYLES[each.level])
    return made
