"""The steps of one instance of a process, read from its stream: what it reacted to, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from actum import StoredRecord

#: The name of the streams that hold the steps of all processes.
PROCESSES = "actum.Processes"
STEPPED, FAILED, ENDED = "actum.ProcessStepped", "actum.ProcessFailed", "actum.ProcessEnded"


class StepSeen(NamedTuple):
    """One entry of an instance's stream.

    Attributes:
        position: of the entry.
        timestamp_ns: when it was decided.
        cause_position: of the event that it is about; 0 for an end by hand.
        cause: what that is called; or what it was, if it was no event.
        outcome: what came of it.
        failed: whether it is a failure.
        correlation_id: what all of it belongs to.
    """

    position: int
    timestamp_ns: int
    cause_position: int
    cause: str
    outcome: str
    failed: bool
    correlation_id: str | None


def stream_of(process: str, key: str) -> str:
    """The key of an instance's stream."""
    return f"{process}/{key}"


def cause_positions(records: Iterable[StoredRecord]) -> list[int]:
    """Where the events are that an instance has reacted to."""
    return sorted({position for record in records if (position := position_of(record))})


def steps_of(records: Sequence[StoredRecord], causes: Mapping[int, StoredRecord]) -> Iterator[StepSeen]:
    """The entries of a stream, oldest first, with the events that caused them as far as these were found."""
    timers: set[str] = set()
    for record in records:
        event = fields_of(record)
        position = position_of(record)
        cause = causes.get(position)
        scheduled = {str(name) for name in event.get("timers") or ()}
        outcome = str(event.get("reason", "")) if record.tag == FAILED else ", ".join(outputs_of(event, timers))
        if record.tag == STEPPED:
            timers = scheduled
        yield StepSeen(
            position=record.position,
            timestamp_ns=record.timestamp_ns,
            cause_position=position,
            cause=cause_of(record, event, "" if cause is None else cause.tag),
            outcome=outcome,
            failed=record.tag == FAILED,
            correlation_id=record.correlation_id,
        )


def outputs_of(event: Mapping[str, Any], timers: set[str]) -> Iterator[str]:
    """What a step has done: commands sent, deadlines scheduled and cancelled, whether it was the last."""
    yield from (str(command) for command in event.get("commands") or ())
    scheduled = {str(name) for name in event.get("timers") or ()}
    yield from (f"{name} scheduled" for name in sorted(scheduled - timers))
    yield from (f"{name} no longer" for name in sorted(timers - scheduled))
    if event.get("done"):
        yield "done"


def cause_of(record: StoredRecord, event: Mapping[str, Any], tag: str) -> str:
    """What an entry is about."""
    if record.tag == ENDED:
        return "cancelled by hand"
    said = str(event.get("event", tag))
    return said if said == tag or not tag else f"{tag}: {said}"


def position_of(record: StoredRecord) -> int:
    """Of the event that an entry is about; 0 for an end."""
    position = fields_of(record).get("position", 0)
    return position if isinstance(position, int) else 0


def fields_of(record: StoredRecord) -> dict[str, Any]:
    """The fields of an entry: the engine's own events are maps, unless the user's are not."""
    event = record.event
    return event if isinstance(event, dict) else {}
