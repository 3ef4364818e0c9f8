"""What happens by itself in a store, read without the user's classes: processes, their steps, and deadlines.

A fold of the engine's own events, as the views of an engine are; frames that hold none of them are passed over
undecoded. Only `Store` calls this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from actum.atomic.ids import same_family
from actum.codec import decode_stored, tag_of
from actum.deadlines.deadline import Deadline
from actum.deadlines.stream import (
    DeadlineCancelled,
    DeadlineFailed,
    DeadlineFired,
    DeadlineScheduled,
    DeadlineStream,
)
from actum.processes.stream import ProcessAdvanced, ProcessEnded, ProcessFailed, ProcessStepped, ProcessStream
from actum.records import datetime_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from actum_storage import Frame

    from actum.messages import Event
    from actum.records import StoredRecord

#: The names of the engine's own streams; those of a user have none of them.
PROCESSES = ProcessStream.__aggregate_options__.name
DEADLINES = DeadlineStream.__aggregate_options__.name
TYPES: dict[str, type[Event]] = {
    tag_of(one): one
    for one in (
        *(ProcessStepped, ProcessFailed, ProcessEnded, ProcessAdvanced),
        *(DeadlineScheduled, DeadlineFired, DeadlineFailed, DeadlineCancelled),
    )
}


class StoredProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a process, as `Store.processes` gives it.

    Attributes:
        process: the process's name.
        key: which instance.
        status: `"active"`; `"failed"`: it stands still until somebody retries or cancels it; or `"done"`.
        since_ns: when it last reacted, failed, or ended; nanoseconds since 1970 UTC.
        position: of the last event that it has reacted to.
        state: its fields, as plain data; of one that is done see `Store.steps`.
        deadlines: what it has scheduled, by name, pending or failed.
        failure: why it failed, or None.
        failed_position: of the event that it could not react to, or None.
    """

    process: str
    key: str
    status: Literal["active", "failed", "done"]
    since_ns: int
    position: int = 0
    state: Any = None
    deadlines: dict[str, Deadline] = {}  # msgspec makes each its own
    failure: str | None = None
    failed_position: int | None = None

    @property
    def since(self) -> datetime:
        """`since_ns` as an aware UTC datetime, to the microsecond."""
        return datetime_of(self.since_ns)


class StoredStep(NamedTuple):
    """One entry of a process instance: a step, a failure, or its end.

    Attributes:
        record: the entry.
        outputs: what was written together with it: deadlines scheduled and cancelled, then what its commands led to.
    """

    record: StoredRecord
    outputs: tuple[StoredRecord, ...]


class Automation:
    """All of it, after some frames.

    Attributes:
        processes: the instances by name and key, those that began first first.
        deadlines: pending or failed, by id.
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self.processes: dict[str, StoredProcess] = {}
        self.deadlines: dict[str, Deadline] = {}
        self._timers: dict[str, dict[str, str]] = {}

    def read(self, frames: Iterable[Frame]) -> None:
        """Go on through these frames."""
        marks = (PROCESSES.encode(), DEADLINES.encode())
        for frame in frames:
            if any(frame.data.find(mark) >= 0 for mark in marks):
                for record in decode_stored(frame.first, frame.body):
                    if record.aggregate in (PROCESSES, DEADLINES):
                        self._apply(record)

    def listed(self) -> list[StoredProcess]:
        """The instances, with what they have scheduled."""
        return [self._with_deadlines(instance, one) for instance, one in self.processes.items()]

    def _with_deadlines(self, instance: str, one: StoredProcess) -> StoredProcess:
        found = {name: self.deadlines.get(identifier) for name, identifier in self._timers.get(instance, {}).items()}
        kept = {name: deadline for name, deadline in found.items() if deadline is not None}
        return msgspec.structs.replace(one, deadlines=kept) if kept else one

    def _apply(self, record: StoredRecord) -> None:
        """One more event."""
        kind = TYPES.get(record.tag)
        match None if kind is None else msgspec.convert(record.event, kind):
            case ProcessStepped() as event:
                self._step(event)
            case ProcessFailed() as event:
                self._fail(event)
            case ProcessEnded() as event:
                self._end(event.instance, record.timestamp_ns)
            case DeadlineScheduled() as event:
                fields = {name: getattr(event, name) for name in event.__struct_fields__}
                self.deadlines[event.deadline_id] = Deadline(**fields)
            case DeadlineFired() | DeadlineCancelled() as event:
                self.deadlines.pop(event.deadline_id, None)
            case DeadlineFailed() as event:
                pending = self.deadlines.get(event.deadline_id)
                if pending is not None:
                    self.deadlines[event.deadline_id] = pending.replace(state="failed", reason=event.reason)
            case _:
                pass

    def _step(self, event: ProcessStepped) -> None:
        self._timers[event.instance] = event.timers
        self.processes[event.instance] = StoredProcess(
            process=event.process,
            key=event.key,
            status="active",
            since_ns=event.at_ns,
            position=event.position,
            state=event.state,
        )
        if event.done:
            self._end(event.instance, event.at_ns)

    def _fail(self, event: ProcessFailed) -> None:
        before = self.processes.get(event.instance)
        one = before or StoredProcess(process=event.process, key=event.key, status="failed", since_ns=0)
        self.processes[event.instance] = msgspec.structs.replace(
            one, status="failed", since_ns=event.at_ns, failure=event.reason, failed_position=event.position
        )

    def _end(self, instance: str, at_ns: int) -> None:
        self._timers.pop(instance, None)
        before = self.processes.get(instance)
        if before is not None:
            self.processes[instance] = StoredProcess(
                process=before.process, key=before.key, status="done", since_ns=at_ns, position=before.position
            )


def outputs_of(record: StoredRecord, frame: Frame) -> tuple[StoredRecord, ...]:
    """What was written by the same `send_atomic` behind a record; `frame` holds it."""
    found: list[StoredRecord] = []
    for each in decode_stored(frame.first, frame.body)[record.position - frame.first + 1 :]:
        if not same_family(record.command_id_bytes, each.command_id_bytes):
            break
        found.append(each)
    return tuple(found)


def by_time(deadline: Deadline) -> tuple[bool, int, str]:
    """The order in which deadlines are listed: what is pending, by time, then what has failed."""
    return deadline.state == "failed", deadline.due_ns, deadline.deadline_id
