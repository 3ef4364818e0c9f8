"""`streams ls`, `state`, `history`: aggregates."""

from __future__ import annotations

import re
from typing import Any

import actum
import click
from actum import Aggregate

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, fields_as_data, pairs
from actum_tui.verbs.events import as_data, moment, records_listing


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("streams", help="The aggregates that have events.")
    command.add_command(group)
    limit = click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
    only = click.option("--aggregate", help="Only this type.")
    key = click.option("--key", "part", help="Only keys with this in them.")
    verb(group, "ls")(limit(key(only(list_streams))))
    at = click.option("--at", metavar="VERSION|TIME", help="As of a version, or of a time: 2026-01-31T12:00:00Z.")
    verb(command, "state")(click.argument("aggregate")(click.argument("key")(at(state))))
    verb(command, "history")(click.argument("aggregate")(click.argument("key")(history)))


def list_streams(call: Call, aggregate: str | None, part: str | None, limit: int) -> Answer:
    """List aggregates with their versions, those that changed last first."""
    with call.open() as store, call.progress("reading"):
        found = [each for each in store.streams(aggregate) if part is None or part in each.key]
    found.sort(key=lambda stream: -stream.position)
    made = Listing(("aggregate", "key", "version", "position", "time"), frozenset({"version", "position"}))
    for each in found[:limit]:
        made.add(each.aggregate, each.key, each.version, each.position, each.timestamp)
    hint = [f"{len(found) - limit:,} more: --limit {len(found)}"] if len(found) > limit else []
    data = [{**each._asdict(), "time": each.timestamp.isoformat()} for each in found[:limit]]
    return Answer({"streams": data, "count": len(found)}, [made if found else "no aggregates", *hint])


def aggregate_named(call: Call, name: str) -> type[Aggregate]:
    """The user's class with this name."""
    classes = call.aggregates()
    for one in classes:
        if name in (one.__name__, one.__aggregate_options__.name):
            return one
    raise click.UsageError(f"no aggregate {name}: --app has {', '.join(one.__name__ for one in classes) or 'none'}")


def state(call: Call, aggregate: str, key: str, at: str | None) -> Answer:
    """Show an aggregate's state, now or as of a version or a time. Needs --app."""
    kind = aggregate_named(call, aggregate)
    version = int(at) if at is not None and re.fullmatch("[0-9]{1,18}", at) else None
    time = moment(at) if at is not None and version is None else None

    async def read() -> tuple[Aggregate, int]:
        async with call.engine() as engine:
            found = await engine.state(kind, key, version=version, at=time)
            return found, len(await engine.history(kind, key))

    found, versions = actum.run(read())
    if not versions:
        raise click.ClickException(f"{aggregate}/{key} has no events")
    data = fields_as_data(found)
    return Answer({"aggregate": aggregate, "key": key, "state": data}, [pairs(*data.items())])


def history(call: Call, aggregate: str, key: str) -> Answer:
    """List the events of one aggregate."""
    with call.open() as store, call.progress("reading"):
        found = store.history(aggregate, key)
    if not found:
        raise click.ClickException(f"{aggregate}/{key} has no events")
    data: dict[str, Any] = {"records": [as_data(each) for each in found]}
    return Answer(data, [records_listing(found)])
