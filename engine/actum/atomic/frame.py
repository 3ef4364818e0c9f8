"""The events of several commands go into the open batch as one: all of them, or the batch is as it was.

The room for all has been made sure of. Up to the last event anything may fail, a handler above all; what the batch
got is cut off then, and the actors that have changed are read from the log again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Raw

from actum.codec import encode_into
from actum.records import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actum.actor import Actor, Checked
    from actum.aggregate import Aggregate
    from actum.batch import Metadata, OpenBatch


class Append(NamedTuple):
    """One command's events.

    Attributes:
        actor: whose they are.
        metadata: what was said beside the command.
        command_id: its id.
        events: checked; none if it led to none.
    """

    actor: Actor
    metadata: Metadata
    command_id: bytes
    events: Checked


class Failed(NamedTuple):
    """Nothing was appended.

    Attributes:
        command_index: of the command that failed.
        error: what was raised.
    """

    command_index: int
    error: BaseException


def append_all(
    batch: OpenBatch, appends: Sequence[Append], evolved: Mapping[Actor, Aggregate], now_ns: int
) -> list[Receipt] | Failed:
    """Append the events of all commands and evolve their actors; the receipts.

    Args:
        batch: has room for all.
        appends: in the order of the commands.
        evolved: what the states of some actors have become already.
        now_ns: the time of all these records.
    """
    size, count = len(batch.records), len(batch.events)
    tails: dict[Actor, tuple[int, int]] = {}
    receipts: list[Receipt] = []
    try:
        for append in appends:
            actor = append.actor
            tail = tails.get(actor, (actor.version, actor.position))
            version, position = tails[actor] = append_records(batch, append, tail, now_ns)
            if actor not in evolved:
                actor.streams.evolve(actor.state, append.events)
            written = actor.streams.copied(append.events)
            receipts.append(Receipt(append.command_id, actor.key, version, position, written))
    except BaseException as error:  # noqa: BLE001  # a user's handler may raise anything
        del batch.records[size:], batch.offsets[count:], batch.events[count:], batch.streams[count:]
        for actor in tails:
            actor.forget()
        return Failed(len(receipts), error)
    # From here on nothing can fail.
    for actor, state in evolved.items():
        actor.state = state
    for actor, (version, position) in tails.items():
        move(actor, batch, version, position)
    return receipts


def move(actor: Actor, batch: OpenBatch, version: int, position: int) -> None:
    """Have an actor stand behind what was appended for it."""
    actor.failures = 0
    if position == actor.position:
        return
    if actor.position < batch.first:
        batch.actors[actor] = actor.position
    actor.version, actor.position = version, position
    if version - actor.snapshot_version >= actor.streams.scheduler.options.snapshot_events_max:
        actor.snapshot()


def append_records(batch: OpenBatch, append: Append, tail: tuple[int, int], now_ns: int) -> tuple[int, int]:
    """Append one command's records behind where its stream ends; where it ends then: version and position."""
    actor, metadata, command_id, events = append
    version, previous = tail
    traceparent = metadata.traceparent
    for payload, event in events:
        version += 1
        batch.offsets.append(len(batch.records))
        record = (
            Raw(payload), actor.streams.name, actor.key, version, previous, now_ns, command_id,
            metadata.correlation_id, metadata.causation_id, metadata.user_id,
        )  # fmt: skip
        encode_into(record if traceparent is None else (*record, traceparent), batch.records, -1)
        previous = batch.next_position
        batch.events.append(event)
        batch.streams.append(actor.stream)
    return version, previous
