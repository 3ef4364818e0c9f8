"""`events ls|show|tail`: the log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import actum
import click
from actum import Invalid, StoredRecord, StoreFailed
from actum.monitor import Filter

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, envelope, pairs, show_listing

#: How often a followed log is looked at.
FOLLOW_SECONDS = 0.2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


def where(text: str) -> Filter:
    """A filter, as the dashboard's tables take it.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        return Filter.parse(text)
    except Invalid as error:
        raise click.BadParameter(str(error)) from error


def moment_of(timestamp_ns: int) -> datetime:
    """Nanoseconds since 1970 UTC as a time, to the microsecond."""
    return EPOCH + timedelta(microseconds=timestamp_ns // 1_000)


def filters(function: Callable[..., Answer | None]) -> Callable[..., Answer | None]:
    """The options that choose records."""
    for option in (
        click.option(
            "--where", type=where, metavar="FILTER", help="Only what it lets through: 'type:Order* amount>100'."
        ),
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
        and (wanted["where"] is None or wanted["where"].matches_record(record))
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
        "traceparent": record.traceparent,
    }


def fields_of(record: StoredRecord) -> object:
    """The event without what the row says anyway."""
    event = record.event
    return {name: value for name, value in event.items() if name != "@type"} if isinstance(event, dict) else event[1:]


def records_listing(records: Iterable[StoredRecord], *, header: bool = True) -> Listing:
    """Records for people."""
    made = Listing(COLUMNS, frozenset({"position", "version"}), header=header)
    for each in records:
        made.add(
            each.position, each.timestamp, each.aggregate, each.key, each.version, each.tag, fields_of(each)
        )  # fmt: skip
    return made


def list_events(call: Call, limit: int, start: int | None, stop: int | None, **wanted: object) -> Answer:
    """List events in the order of their positions."""
    found: list[StoredRecord] = []
    more = False
    with call.open() as store:
        for record in matching(store, start or 1, last_of(store, stop), wanted):
            more = len(found) == limit
            if more:
                break
            found.append(record)
    following = found[-1].position + 1 if more else None
    hint = [f"more: --from {following}"] if following else []
    shown = [records_listing(found)] if found else ["no events"]
    return Answer({"records": [as_data(each) for each in found], "next": following}, [*shown, *hint])


def last_of(store: actum.Store, stop: int | None) -> int:
    """The last position that was asked for, if the log has it; else the log's last."""
    head = store.head.position
    return head if stop is None else min(stop, head)


def matching(store: actum.Store, start: int, last: int, wanted: Mapping[str, Any]) -> Iterator[StoredRecord]:
    """The records from `start` to `last` that were asked for."""
    if wanted["where"] is not None:
        first, end = wanted["where"].positions
        start, last = max(start, first), last if end is None else min(last, end)
    for record in store.records(start, last) if start <= last else ():
        if chosen(record, wanted):
            yield record


def show_event(call: Call, position: int) -> Answer:
    """Show everything about one event."""
    with call.open() as store:
        data = as_data(store.record(position))
    return Answer(data, [pairs(*data.items())])


def tail(
    call: Call,
    last: int,
    follow: bool,  # noqa: FBT001  # click passes options by name
    start: int | None,
    stop: int | None,
    **wanted: object,
) -> Answer | None:
    """Show the last events; with -f, go on as the log grows.

    With -f and --json every line is an envelope of one record.
    """
    with call.open() as store:
        end = last_of(store, stop)
        found = last_records(store, start or 1, end, last, wanted)
    if not follow:
        shown = [records_listing(found)] if found else ["no events"]
        return Answer({"records": [as_data(each) for each in found]}, shown)
    tell(call, found)
    position = max(start or 1, end + 1)
    while True:
        with call.open() as store, suppress(StoreFailed):  # when another log is in its place, that one is opened
            while stop is None or position <= stop:
                time.sleep(FOLLOW_SECONDS)
                end = last_of(store, stop)
                tell(call, list(matching(store, position, end, wanted)))
                position = max(position, end + 1)
            return None


def last_records(store: actum.Store, start: int, end: int, count: int, wanted: Mapping[str, Any]) -> list[StoredRecord]:
    """The last so many records that were asked for, read backwards in pieces."""
    found: list[StoredRecord] = []
    first = end + 1
    while first > start and len(found) < count:
        behind, first = first, max(start, first - max(1000, 2 * count))
        found = [*matching(store, first, behind - 1, wanted), *found]
    return found[len(found) - count :] if len(found) > count else found


def tell(call: Call, records: list[StoredRecord]) -> None:
    """Print records at once."""
    if call.json:
        for record in records:
            click.echo(envelope(call.verb, call.store, as_data(record), ()))
    elif records:
        show_listing(records_listing(records, header=False))
    sys.stdout.flush()
