"""`actors`: what screen 2 of the dashboard shows, once, for people and programs."""

from __future__ import annotations

from collections.abc import Sequence

import click
from actum.monitor import ActorSeen

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, pairs
from actum_tui.top import figures
from actum_tui.top.actor_rows import ACTIVITY_ROWS, STANDINGS, Standing, actor_data, actors_of
from actum_tui.top.aggregates import aggregate_rows, commands_of
from actum_tui.top.vital_figures import small_share
from actum_tui.verbs.looks import look_at, options
from actum_tui.verbs.overview import aggregates_listing

NUMBERS = frozenset({"version", "mailbox", "commands/s", "share", "slowest"})


def register(command: click.Group) -> None:
    """Add the verb."""
    wanted = click.option(
        "--by", "wanted", type=click.Choice(STANDINGS), multiple=True, help="Only these lists; all without it."
    )
    limit = click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="So many of each.")
    verb(command, "actors")(options(wanted(limit(actors))))


def actors(call: Call, target: str | None, seconds: float, wanted: Sequence[Standing], limit: int) -> Answer:
    """Show the actors of a running engine that stand out: the hottest, the deepest, the slowest, the quarantined.

    TARGET is a running engine's name, process id, socket or store directory; without it, the store of --store, or the
    only engine that runs. A directory alone does not know its actors. Exit code 1: some are in quarantine.
    """
    seen = look_at(call, target, seconds, actors=True)
    look = seen.look
    commands = look.statistics_rate(commands_of)
    classes = aggregate_rows(look)
    lists: dict[Standing, Sequence[ActorSeen]] = {
        name: actors_of(look.now.actors, name)[:limit] for name in wanted or STANDINGS
    }
    activity = [figure for row in ACTIVITY_ROWS for figure in row.figures]
    data = {
        **seen.data(),
        "figures": {figure.key: figure.read(look) for figure in activity},
        "aggregates": [row.data() for row in classes],
        "actors": {name: [actor_data(one, commands) for one in found] for name, found in lists.items()},
    }
    shown: list[Listing | str] = []
    if look.now.statistics is not None:
        written = [(row.name, row.figures[0].written(row.figures[0].read(look)) or "—") for row in ACTIVITY_ROWS]
        shown += [pairs(*written), "", aggregates_listing(classes)]
    for name, found in lists.items():
        if found:
            shown += ["", f"{name}:", actors_listing(name, found, commands)]
    bad = any(row.quarantined for row in classes)
    return Answer(data, shown or ["no actors are known"], bad=bad, warnings=seen.warnings)


def actors_listing(standing: Standing, found: Sequence[ActorSeen], commands: float | None) -> Listing:
    """One list, with the columns of the screen."""
    if standing == "quarantined":
        made = Listing(("actor", "version", "mailbox", "why"), NUMBERS)
        for one in found:
            made.add(f"{one.aggregate}/{one.key}", one.version, one.mailbox, one.fault, style="bold red")
        return made
    made = Listing(("actor", "state", "version", "mailbox", "commands/s", "share", "slowest"), NUMBERS)
    for one in found:
        sent = None if commands is None else one.share * commands
        cells = figures.rate(sent), small_share(one.share), figures.seconds(one.slowest_seconds or None)
        made.add(f"{one.aggregate}/{one.key}", one.state, one.version, one.mailbox, *cells)
    return made
