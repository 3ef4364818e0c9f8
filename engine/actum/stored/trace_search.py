"""Finds all records that belong to an id, without an index: frames are looked through for bytes, few are decoded.

First backwards, until the log begins, or the command is found that has this id, if the engine has made it: nothing that
it caused stands before it. Then forwards, where each record that is found says what else belongs: deadlines by their
ids, steps of processes by the positions of events, commands by those that caused them. It says which piece of the log
it wants next, and is given the records of it: it reads nothing itself, so that a store and a dashboard search alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from actum.atomic.ids import SEND_ATOMIC_COMMANDS_MAX, family_of
from actum.records import check_identifier, command_id_bytes
from actum.stored.automation import DEADLINES, PROCESSES
from actum.stored.traces import FAILED, SCHEDULED, STEPPED, StoredTrace, field, send_of, trace_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actum.records import CommandId, StoredRecord

#: Positions of one piece.
PIECE_POSITIONS = 10_000
#: Records of one trace: an id that more have says nothing of who caused what.
TRACE_RECORDS_MAX = 10_000
#: Commands whose ids are looked for one by one, as causes; with more of them every frame with an id in it is decoded.
CAUSES_MAX = 32
#: The version of the UUIDs that the engine makes: no two commands have the same. Others are a caller's affair.
TIME_ORDERED = 7
#: How the text of a UUID begins in the log: a text of 36 bytes.
UUID_HEADER = b"\xd9\x24"


class Piece(NamedTuple):
    """A part of the log.

    Attributes:
        start: its first position.
        stop: its last one.
        marks: frames without any of these bytes need not be decoded.
    """

    start: int
    stop: int
    marks: tuple[bytes, ...]


class TraceSearch:
    """Looks for what belongs to an id.

    Attributes:
        id: the id.
        records: what was found, by position.
        looked_at: positions that were looked at.
        full: whether there is more than a trace can hold.
    """

    def __init__(self, identifier: CommandId, head: int, *, position: int | None = None) -> None:
        """Nothing looked at yet.

        Args:
            identifier: a correlation id, or the id of a command.
            head: up to where it looks.
            position: of a record that is known to belong to it; it is looked there first.

        Raises:
            Invalid: it can't be an id.
        """
        self.id = str(identifier) if isinstance(identifier, UUID) else check_identifier("id", identifier)
        command_id = command_id_bytes(identifier)
        self.records: dict[int, StoredRecord] = {}
        self.looked_at = 0
        self.full = False
        self._ids = {self.id, str(UUID(bytes=command_id))}
        self._unique = command_id[6] >> 4 == TIME_ORDERED
        self._sends = {send_of(command_id), family_of(command_id)}
        self._seeds = (*(one.encode() for one in sorted(self._ids)), *sorted(self._sends))
        self._causes = set(self._ids)
        self._deadlines: set[str] = set()
        self._head = head
        self._known = head if position is None else min(head, position)
        self._back: int | None = self._known or None
        self._first: StoredRecord | None = None
        self._lowest = self._back or 0
        self._highest = self._back or 0
        self._next = head + 1 if self._back is None else 0

    def wanted(self) -> Piece | None:
        """What has to be looked at next; None for nothing more."""
        if self._back is not None:
            return Piece(max(1, self._back - PIECE_POSITIONS + 1), self._back, self._seeds)
        if self.full or self._next > self._head:
            return None
        names = (*self._seeds, PROCESSES.encode(), DEADLINES.encode())
        causes = (UUID_HEADER,) if len(self._causes) > CAUSES_MAX else tuple(one.encode() for one in self._causes)
        return Piece(self._next, min(self._head, self._next + PIECE_POSITIONS - 1), (*names, *causes))

    def give(self, piece: Piece, records: Iterable[StoredRecord]) -> None:
        """The records of the piece that was wanted; those of frames without any of its marks may be missing."""
        self.looked_at += piece.stop - piece.start + 1
        self._lowest, self._highest = min(self._lowest, piece.start), max(self._highest, piece.stop)
        if self._back is None:
            self._next = piece.stop + 1
            self._take(list(records))
            return
        seeds = [record for record in records if self._is_seed(record)]
        if seeds:
            self._first = seeds[0]
        self._back = piece.start - 1
        sent = [record.position for record in seeds if send_of(record.command_id_bytes) in self._sends]
        if not self._back or (self._unique and sent and sent[0] > piece.start):
            self._turn_round()

    def _turn_round(self) -> None:
        """Go on forwards; what was sent together with the first, but says nothing, stands a little before it."""
        self._back = None
        if self._first is None:
            self._next = self._known + 1  # it was not a record of this id
            return
        command_id = self._first.command_id_bytes
        together = SEND_ATOMIC_COMMANDS_MAX if send_of(command_id) != command_id else 0
        self._next = max(1, self._first.position - together)

    @property
    def remaining(self) -> int:
        """Positions that are still to be looked at, at most."""
        if self._back is not None:
            return self._back
        return 0 if self.full else max(0, self._head + 1 - self._next)

    def trace(self) -> StoredTrace:
        """What was found until now."""
        return StoredTrace(
            id=self.id,
            nodes=trace_nodes(self.records.values()),
            first=self._lowest,
            last=self._highest,
            whole=not self.full and self.wanted() is None,
        )

    def _take(self, records: list[StoredRecord]) -> None:
        """Keep what belongs to it; again as long as something does, since what was sent together comes in any order."""
        while True:
            others: list[StoredRecord] = []
            for record in records:
                if len(self.records) == TRACE_RECORDS_MAX:
                    self.full = True
                    return
                if self._belongs(record):
                    self._keep(record)
                else:
                    others.append(record)
            if len(others) == len(records):
                return
            records = others

    def _belongs(self, record: StoredRecord) -> bool:
        """Whether a record belongs to what was found so far."""
        if self._is_seed(record) or record.causation_id in self._causes:
            return True
        if record.aggregate == DEADLINES:
            deadline_id = field(record, "deadline_id")
            if record.tag != SCHEDULED:
                return deadline_id in self._deadlines
            if field(record, "causation_id") in self._causes:
                return True
            self._deadlines.discard(deadline_id)  # from now on it is somebody else's
        if record.aggregate == PROCESSES and record.tag in (STEPPED, FAILED):
            return field(record, "position") in self.records
        return False

    def _keep(self, record: StoredRecord) -> None:
        """It belongs; so does what it causes."""
        self.records[record.position] = record
        self._sends.add(send_of(record.command_id_bytes))
        if record.aggregate == DEADLINES:
            self._deadlines.add(field(record, "deadline_id"))
        elif record.aggregate != PROCESSES:
            self._causes.add(str(record.command_id))

    def _is_seed(self, record: StoredRecord) -> bool:
        """Whether a record says itself that it belongs to the id."""
        return (
            record.correlation_id in self._ids
            or record.causation_id in self._ids
            or send_of(record.command_id_bytes) in self._sends
            or (record.aggregate == DEADLINES and field(record, "correlation_id") in self._ids)
        )
