"""A `send_atomic` that comes again: its first receipts, made from the log when they are told.

The records of one send lie side by side in one frame, so one of them leads to all the others, also to those of
aggregates whose windows have forgotten the command.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, final

from actum.atomic.ids import index_of, member
from actum.errors import Invalid
from actum.records import Receipt
from actum.upcasting import events_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum.atomic.send import Item
    from actum.records import Record
    from actum.streams import Streams


@final
class Repetition:
    """The first time of a send."""

    __slots__ = ("_family", "_found", "_items", "_position")

    def __init__(self, items: Sequence[Item], family: bytes, position: int) -> None:
        """Nothing is read yet.

        Args:
            items: the commands as they are sent now.
            family: what their ids have in common.
            position: of a record of one of them.
        """
        self._items = items
        self._family = family
        self._position = position
        self._found: dict[int, list[Record]] = {}

    def receipt(self, index: int) -> Receipt:
        """What one command was told the first time. When it is asked for, all records are durable.

        Raises:
            Invalid: the id was that of other commands.
        """
        if not self._found:
            self._found = by_command(self._items[0].actor.streams, self._family, self._position)
        self._check()
        command_id = member(self._family, index)
        records = self._found.get(index)
        if records is None:
            version, position = self._tail_before(index)
            return Receipt(command_id, self._items[index].actor.key, version, position, ())
        last = records[-1]
        events = tuple(event for record in records for event in events_of(record.event))
        return Receipt(command_id, last.key, last.version, last.position, events)

    def _check(self) -> None:
        """Refuse other commands than those of the first time, as far as the targets show it."""
        for index, records in self._found.items():
            item = self._items[index] if index < len(self._items) else None
            if item is None or (item.actor.streams.name, item.actor.key) != (records[0].aggregate, records[0].key):
                now = "there is none" if item is None else f"it is to {item.actor.streams.name}/{item.actor.key}"
                raise Invalid(
                    f"this command_id was that of another send_atomic, at position {self._position}: its command "
                    f"{index + 1} was to {records[0].aggregate}/{records[0].key}, now {now}. A retry sends the same "
                    "commands in the same order; something else needs an id of its own"
                )

    def _tail_before(self, index: int) -> tuple[int, int]:
        """Where the stream of a command that wrote nothing ended when it was decided: version and position."""
        actor = self._items[index].actor
        name, key = actor.streams.name, actor.key
        before, behind = (0, 0), None
        for other, records in sorted(self._found.items()):
            same = [record for record in records if (record.aggregate, record.key) == (name, key)]
            if same and other < index:
                before = same[-1].version, same[-1].position
            elif same and behind is None:
                behind = same[0].version - 1, same[0].previous
        if before != (0, 0) or behind is not None:
            return before if before != (0, 0) else behind or before
        first = min(records[0].position for records in self._found.values())
        durable = actor.streams.scheduler.committer.durable_position(actor)
        for position, link, _ in actor.streams.walk(durable):
            if position < first:
                return link.version, position
        return 0, 0


def by_command(streams: Streams, family: bytes, position: int) -> dict[int, list[Record]]:
    """The records of a send, from the position of one of them, by the index of their command."""

    def is_one(position: int) -> bool:
        return next(streams.records([position])).command_id_bytes.startswith(family)

    first = last = position
    while first > 1 and is_one(first - 1):
        first -= 1
    while last < streams.scheduler.durable and is_one(last + 1):
        last += 1
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for record in streams.records(range(first, last + 1)):
        found[index_of(record.command_id_bytes)].append(record)
    return dict(found)
