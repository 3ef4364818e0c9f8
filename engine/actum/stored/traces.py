"""What has come of a command, as a tree: its events, the steps of processes that they caused, what those sent, and on.

A pure function of records. What caused what follows from what the log says:

    an event             the command that it has the id of
    a step of a process  the event at the position that it names
    a step's commands    the same `send_atomic` as the step's own record: one family of ids
    a deadline           the step, or the command, that has scheduled it
    a deadline's command the same `send_atomic` as the record that the deadline has fired
    any other command    the one whose id is its causation id

A cause always stands before its effect in the log, so there are no circles, whatever ids callers have given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from actum.atomic.ids import FAMILY_BYTES, UUID_VERSION, index_of
from actum.codec import tag_of
from actum.deadlines.stream import DeadlineFired, DeadlineScheduled
from actum.processes.stream import ProcessFailed, ProcessStepped
from actum.records import StoredRecord
from actum.stored.automation import DEADLINES, PROCESSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SCHEDULED, FIRED = tag_of(DeadlineScheduled), tag_of(DeadlineFired)
STEPPED, FAILED = tag_of(ProcessStepped), tag_of(ProcessFailed)


class TraceNode(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened.

    Attributes:
        kind: `"command"`; `"event"`; `"step"`: a process reacted, failed, or was ended; `"deadline"`: one was
            scheduled, has fired, has failed, or was cancelled.
        name: the command's, as far as the log says it: only for those of processes and deadlines; else the event's
            type; the process and its key; the name of the command that a deadline sends.
        parent: the index of what caused it, or None.
        depth: how many causes lie above it.
        after_ns: nanoseconds since what caused it, below 0 if the clock was set; 0 without a cause.
        record: the one that says so; for a command its first. All others are of one node alone.
    """

    kind: Literal["command", "event", "step", "deadline"]
    name: str
    parent: int | None
    depth: int
    after_ns: int
    record: StoredRecord


class StoredTrace(msgspec.Struct, frozen=True, kw_only=True):
    """All that belongs to one id, as `Store.trace` gives it.

    Attributes:
        id: what was asked for.
        nodes: as a tree is read: causes before effects, and what one cause has caused in the order of positions.
        first: the first position that was looked at; 0 for none.
        last: the last one.
        whole: whether all was looked at where something may be, and there is not more than a trace can hold.
    """

    id: str
    nodes: tuple[TraceNode, ...]
    first: int
    last: int
    whole: bool

    @property
    def records(self) -> list[StoredRecord]:
        """The records, in the order of positions."""
        return sorted((node.record for node in self.nodes if node.kind != "command"), key=lambda each: each.position)


def belongs_to(record: StoredRecord) -> str | int:
    """The id of the trace that a record is of; or the position of another record that has to be asked that.

    What the engine has written about a process or a deadline has no correlation id of its own.
    """
    if record.correlation_id is None and record.aggregate in (PROCESSES, DEADLINES):
        correlation_id = field(record, "correlation_id")
        position = field(record, "position") if record.tag in (STEPPED, FAILED) else record.previous
        if isinstance(correlation_id, str):
            return correlation_id
        if type(position) is int and 0 < position < record.position:
            return position
    return record.correlation_id or str(record.command_id)


def trace_nodes(records: Iterable[StoredRecord]) -> tuple[TraceNode, ...]:
    """The tree of some records, each of which is in it once."""
    growing = Growing()
    for send in sends(sorted(records, key=lambda record: record.position)):
        growing.add(send)
    return growing.nodes()


def sends(records: Sequence[StoredRecord]) -> Iterable[list[StoredRecord]]:
    """The records of each command, and of each `send_atomic`, together."""
    found: dict[bytes, list[StoredRecord]] = {}
    for record in records:
        found.setdefault(send_of(record.command_id_bytes), []).append(record)
    return found.values()


def send_of(command_id: bytes) -> bytes:
    """What all commands have in common that were sent together; for one that was sent alone its own."""
    return command_id[:FAMILY_BYTES] if command_id[6] >> 4 == UUID_VERSION else command_id


class Growing:
    """A tree that grows, cause by cause."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._made: list[TraceNode] = []  # `parent` as an index in here
        self._children: dict[int | None, list[int]] = {}
        self._by_position: dict[int, int] = {}
        self._by_command: dict[str, int] = {}
        self._scheduled: dict[str, int] = {}

    def add(self, send: list[StoredRecord]) -> None:
        """What was sent at once: a step or a deadline with what it sends, or commands of somebody."""
        own = [record for record in send if record.aggregate in (PROCESSES, DEADLINES)]
        others = [record for record in send if record.aggregate not in (PROCESSES, DEADLINES)]
        head = own[0] if own else None
        above: int | None = None
        names: dict[bytes, str] = {}
        if head is not None and head.aggregate == PROCESSES:
            above = self._node("step", str(field(head, "instance")), self._cause_of_step(head), head)
            names = command_names(field(head, "commands"), own, others)
            own = own[1:]
        elif head is not None and head.tag == FIRED:
            above = self._deadline(head, None)
            names = {record.command_id_bytes: self._made[above].name for record in others}
            own = own[1:]
        for record in own:
            self._deadline(record, above)
        self._commands(others, above, names)

    def _commands(self, records: list[StoredRecord], above: int | None, names: dict[bytes, str]) -> None:
        """Commands and their events, one below the other."""
        by_command: dict[tuple[bytes, str, str], list[StoredRecord]] = {}
        for record in records:
            by_command.setdefault((record.command_id_bytes, record.aggregate, record.key), []).append(record)
        for events in by_command.values():
            first = events[0]
            cause = above if above is not None else self._by_command.get(first.causation_id or "")
            command = self._node("command", names.get(first.command_id_bytes, ""), cause, first)
            self._by_command[str(first.command_id)] = command
            for event in events:
                self._node("event", event.tag, command, event)

    def _deadline(self, record: StoredRecord, above: int | None) -> int:
        """A record of a deadline."""
        deadline_id = str(field(record, "deadline_id"))
        before = self._scheduled.get(deadline_id)
        if record.tag == SCHEDULED:
            name = str(field(record, "command"))
            cause = self._by_command.get(str(field(record, "causation_id"))) if above is None else above
            node = self._node("deadline", name, before if cause is None else cause, record)
            self._scheduled[deadline_id] = node
            return node
        name = "" if before is None else self._made[before].name
        return self._node("deadline", name, before if above is None else above, record)

    def _cause_of_step(self, record: StoredRecord) -> int | None:
        """What an instance has reacted to; for one that was ended the event of its last step is not known here."""
        position = field(record, "position")
        return self._by_position.get(position) if record.tag in (STEPPED, FAILED) and type(position) is int else None

    def _node(self, kind: Any, name: str, parent: int | None, record: StoredRecord) -> int:
        """One more; what is no earlier record is no cause."""
        if parent is not None and self._made[parent].record.position > record.position:
            parent = None
        above = None if parent is None else self._made[parent]
        node = TraceNode(
            kind=kind,
            name=name,
            parent=parent,
            depth=0 if above is None else above.depth + 1,
            after_ns=0 if above is None else record.timestamp_ns - above.record.timestamp_ns,
            record=record,
        )
        index = len(self._made)
        self._made.append(node)
        self._children.setdefault(parent, []).append(index)
        if kind != "command":
            self._by_position[record.position] = index
        return index

    def nodes(self) -> tuple[TraceNode, ...]:
        """The tree as it is read; what one cause has caused in the order of positions."""
        found: list[TraceNode] = []
        at: dict[int | None, int | None] = {None: None}
        pending = self._ordered(None)
        while pending:
            index = pending.pop()
            node = self._made[index]
            at[index] = len(found)
            found.append(msgspec.structs.replace(node, parent=at[node.parent]))
            pending += self._ordered(index)
        return tuple(found)

    def _ordered(self, parent: int | None) -> list[int]:
        """What something has caused, the last first."""
        return sorted(self._children.get(parent, ()), key=lambda index: -self._made[index].record.position)


def field(record: StoredRecord, name: str) -> Any:
    """A field of one of the engine's own events."""
    event = record.event
    return event.get(name) if isinstance(event, dict) else None


def command_names(sent: object, own: Sequence[StoredRecord], others: Sequence[StoredRecord]) -> dict[bytes, str]:
    """The names of a step's commands by their ids; of those that wrote something, if others did not, and if it is sure.

    Args:
        sent: the names of all, in order.
        own: the records of the engine's own commands, which come first.
        others: those of the step's commands.
    """
    names = list(map(str, cast("Sequence[object]", sent))) if isinstance(sent, list) else []
    ids = sorted({record.command_id_bytes for record in others}, key=index_of)
    if len(ids) == len(names):
        return dict(zip(ids, names, strict=True))
    start = 1 + max(index_of(record.command_id_bytes) for record in own)
    numbers = [index_of(one) - start for one in ids]
    if not all(0 <= number < len(names) for number in numbers):
        return {}
    return {one: names[number] for one, number in zip(ids, numbers, strict=True)}
