"""`events ls|show|tail`: the log."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import actum
import click
from actum import StoredRecord

from actum_tui.call import Call, verb
from actum_tui.output import Answer, add, console, envelope, pairs, table

#: How often a followed log is looked at.
FOLLOW_SECONDS = 0.2
COLUMNS = ("position", "time", "aggregate", "key", "version", "type", "event")


def moment(text: str) -> datetime:
    """A time with a zone, as ISO 8601 writes it.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time: write 2026-01-31T12:00:00Z. {error}") from error
    if found.tzinfo is None:
        raise click.BadParameter(f"{text!r} has no zone: write Z or +01:00 behind it")
    return found


def filters(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """The options that choose records."""
    for option in (
        click.option("--key", help="Only this aggregate's."),
        click.option("--aggregate", help="Only this type of aggregate's."),
        click.option("--type", "tag", help="Only this type of event."),
        click.option("--until", type=moment, metavar="TIME", help="Only those before this time."),
        click.option("--since", type=moment, metavar="TIME", help="Only those from this time on."),
        click.option("--to", "stop", type=click.IntRange(1), help="Up to this position."),
        click.option("--from", "start", type=click.IntRange(1), help="From this position on."),
    ):
        function = option(function)
    return function


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("events", help="The events in the log.")
    command.add_command(group)
    limit = click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
    verb(group, "ls")(limit(filters(list_events)))
    verb(group, "show")(click.argument("position", type=click.IntRange(1))(show_event))
    follow = click.option("--follow", "-f", is_flag=True, help="Go on as the log grows, until Ctrl-C.")
    last = click.option("-n", "last", type=click.IntRange(0), default=10, show_default=True, help="The last so many.")
    verb(group, "tail")(last(follow(filters(tail))))


def chosen(record: StoredRecord, wanted: Mapping[str, Any]) -> bool:
    """Whether a record is one of those that were asked for."""
    return (
        wanted["tag"] in (None, record.tag)
        and wanted["aggregate"] in (None, record.aggregate)
        and wanted["key"] in (None, record.key)
        and (wanted["since"] is None or record.timestamp >= wanted["since"])
        and (wanted["until"] is None or record.timestamp < wanted["until"])
    )


def as_data(record: StoredRecord) -> dict[str, Any]:
    """A record for programs."""
    return {
        "position": record.position,
        "time": record.timestamp.isoformat(),
        "timestamp_ns": record.timestamp_ns,
        "aggregate": record.aggregate,
        "key": record.key,
        "version": record.version,
        "type": record.tag,
        "event": record.event,
        "command_id": str(record.command_id),
        "correlation_id": record.correlation_id,
        "causation_id": record.causation_id,
        "user_id": record.user_id,
    }


def fields_of(record: StoredRecord) -> object:
    """The event without what the row says anyway."""
    event = record.event
    return {name: value for name, value in event.items() if name != "@type"} if isinstance(event, dict) else event[1:]


def records_table(records: list[StoredRecord]) -> list[Any]:
    """Records for people."""
    made = table(*COLUMNS, right=("position", "version"))
    for each in records:
        row = each.position, each.timestamp, each.aggregate, each.key, each.version, each.tag, fields_of(each)
        add(made, *row)
    return [made] if records else ["no events"]


def list_events(call: Call, limit: int, start: int | None, stop: int | None, **wanted: object) -> Answer:
    """List events in the order of their positions."""
    found: list[StoredRecord] = []
    more = False
    with call.open() as store:
        for record in matching(store, start or 1, stop, wanted):
            more = len(found) == limit
            if more:
                break
            found.append(record)
    following = found[-1].position + 1 if more else None
    hint = [f"more: --from {following}"] if following else []
    return Answer({"records": [as_data(each) for each in found], "next": following}, [*records_table(found), *hint])


def matching(store: actum.Store, start: int, stop: int | None, wanted: Mapping[str, Any]) -> Iterator[StoredRecord]:
    """The records that were asked for."""
    head = store.head.position
    for record in store.records(start, min(stop or head, head)) if start <= head else ():
        if chosen(record, wanted):
            yield record


def show_event(call: Call, position: int) -> Answer:
    """Show everything about one event."""
    with call.open() as store:
        data = as_data(store.record(position))
    return Answer(data, [pairs(*data.items())])


def tail(call: Call, last: int, follow: bool, start: int | None, stop: int | None, **wanted: object) -> Answer:  # noqa: FBT001
    """Show the last events; with -f, go on as the log grows.

    With -f and --json every line is an envelope of one record.
    """
    with call.open() as store:
        head = store.head.position
        found: list[StoredRecord] = []
        first = head + 1
        while first > (start or 1) and len(found) < last:
            behind, first = first, max(start or 1, first - max(1000, 2 * last))
            found = [*matching(store, first, min(behind - 1, stop or head), wanted), *found]
        found = found[len(found) - last :] if len(found) > last else found
        if not follow:
            return Answer({"records": [as_data(each) for each in found]}, records_table(found))
        follow_log(call, store, found, head + 1, stop, wanted)
    return Answer(None, []) if not call.json else Answer({"records": []}, [])


def follow_log(
    call: Call,
    store: actum.Store,
    found: list[StoredRecord],
    position: int,
    stop: int | None,
    wanted: Mapping[str, Any],
) -> None:
    """Print records as they come, until a signal ends it or `stop` is reached."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    out = console()
    while True:
        for record in found:
            if call.json:
                click.echo(envelope(call.verb, call.store, as_data(record), ()))
            else:
                made = table(*COLUMNS, right=("position", "version"))
                made.show_header = False
                add(made, record.position, record.timestamp, record.aggregate, record.key, record.version, record.tag,
                    fields_of(record))  # fmt: skip
                out.print(made)
        out.file.flush()
        if (stop is not None and position > stop) or ended.wait(FOLLOW_SECONDS):
            return
        head = store.head.position
        found = list(matching(store, position, stop, wanted))
        position = head + 1
