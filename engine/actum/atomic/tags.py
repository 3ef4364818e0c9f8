"""The index of tags: the last position of each event type's events, for every combination of their tags.

It answers one question: whether an event with some tags stands behind a position. For that the last position is enough,
so what it holds grows with the number of different values, not of events: at most seven entries for each different
triple, about 150 bytes each. An engine none of whose events has tags has no index.

It is a function of the log and in no checkpoint: opening reads the frames that hold a tagged type, the others are only
looked through for the type's name. What is being written lies in the open batches: each has an index of its own, made
when a condition is checked for the first time, so that a lost batch takes it along.
"""

from __future__ import annotations

import asyncio
from itertools import combinations
from operator import attrgetter
from typing import TYPE_CHECKING, Any, final

from actum.atomic.tag_values import asked_for, text_of
from actum.codec import tag_of
from actum.errors import Conflict, Invalid
from actum.upcasting import events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from actum_storage import Log

    from actum.atomic.conditions import Condition
    from actum.batch import OpenBatch
    from actum.codec import Codec
    from actum.committer import Committer
    from actum.kinds.catalogue import Catalogue
    from actum.messages import Event

    #: What gives the values of some of an event's tags, by the names of those tags.
    Readers = Mapping[tuple[str, ...], Callable[[Any], tuple[object, ...]]]


@final
class LastPositions:
    """The last position of events by type, by the names of some tags, and by their values.

    Attributes:
        count: events that were noted, tagged or not.
    """

    __slots__ = ("_found", "_readers", "count")

    def __init__(self, readers: Mapping[type[Event], Readers]) -> None:
        """Nothing noted."""
        self._readers = readers
        self._found: dict[type[Event], dict[tuple[str, ...], dict[tuple[str, ...], int]]] = {
            event: {names: {} for names in by_names} for event, by_names in readers.items()
        }
        self.count = 0

    def note(self, first: int, events: Iterable[Event]) -> None:
        """Take events in, whose first has this position; what an upcaster has made of one has its position."""
        readers, position = self._readers, first - 1
        for position, stored in enumerate(events, first):
            for event in (stored,) if type(stored) in readers else events_of(stored):
                for names, reader in readers.get(type(event), {}).items():
                    values = reader(event)
                    if None not in values:
                        self._found[type(event)][names][tuple(map(text_of, values))] = position
        self.count += position + 1 - first

    def last(self, event: type[Event], tags: Mapping[str, object]) -> int:
        """The position of the last event of a type with these tags; 0 for none."""
        names = tuple(name for name in event.__tags__ if name in tags)
        return self._found[event][names].get(tuple(asked_for(event, name, tags[name]) for name in names), 0)

    def __len__(self) -> int:
        """How many entries there are."""
        return sum(len(values) for by_names in self._found.values() for values in by_names.values())


@final
class TagIndex:
    """All tagged events of a log, and of the batches that are being written.

    Attributes:
        durable: those in the log.
    """

    __slots__ = ("_committer", "_readers", "_stored_tags", "durable")

    def __init__(self, catalogue: Catalogue, committer: Committer) -> None:
        """Nothing is read yet."""
        tagged = [event for event in catalogue.event_types if event.__tags__]
        self._readers = {event: readers_of(event) for event in tagged}
        self._stored_tags = [tag_of(event).encode() for event in (*tagged, *catalogue.upcasts)]
        self._committer = committer
        self.durable = LastPositions(self._readers)

    @classmethod
    def of(cls, catalogue: Catalogue, committer: Committer) -> TagIndex | None:
        """The index of an engine; None if none of its events has tags."""
        return cls(catalogue, committer) if any(event.__tags__ for event in catalogue.event_types) else None

    async def read(self, log: Log, codec: Codec, *, slice_events: int) -> None:
        """Read the log, a slice at a time."""
        done = 0
        for frame in log.frames(1, log.head.position):
            if any(frame.data.find(tag) >= 0 for tag in self._stored_tags):
                self.durable.note(frame.first, codec.events(frame))
            done += frame.count
            if done >= slice_events:
                done = 0
                await asyncio.sleep(0)

    def settle(self, batch: OpenBatch) -> None:
        """A batch is durable."""
        self.durable.note(batch.first, batch.events)

    def excluded(self, condition: Condition) -> tuple[str, int] | None:
        """The name and the position of an event that must not be there; None if there is none."""
        for positions in self._all():
            for event in condition.events:
                last = positions.last(event, condition.tags)
                if last > condition.after:
                    return event.__name__, last
        return None

    @property
    def end(self) -> int:
        """The last position there is, or will be when what is decided is written."""
        return self._committer.open.next_position - 1

    def knows(self, event: type[Event]) -> bool:
        """Whether it is a tagged type of this engine."""
        return event in self._readers

    def _all(self) -> Iterator[LastPositions]:
        """What is being written, newest first, then what is durable."""
        for batch in (self._committer.open, self._committer.under_way):
            if batch is not None:
                if batch.last_positions is None:
                    batch.last_positions = LastPositions(self._readers)
                found = batch.last_positions
                found.note(batch.first + found.count, batch.events[found.count :])
                yield found
        yield self.durable

    def __repr__(self) -> str:
        """How large it is."""
        return f"<TagIndex {len(self._readers)} types {len(self.durable)} entries>"


def exclusion(condition: Condition, index: TagIndex | None, version: int) -> Conflict | Invalid | None:
    """The answer to a command whose condition does not hold; `version` is its aggregate's."""
    for event in condition.events:
        if index is None or not index.knows(event):
            return Invalid(f"{event.__name__} has no tags in this engine, or is none of its events")
    assert index is not None, "a condition names one event at least"
    if condition.after > index.end:
        return Invalid(
            f"after={condition.after:,} is behind the end of the log, {index.end:,}, so the condition would exclude "
            "nothing: give a position of this store"
        )
    found = index.excluded(condition)
    if found is None:
        return None
    name, position = found
    return Conflict(
        f"{name} with these tags ({', '.join(condition.tags) or 'any'}) stands at position {position}, behind "
        f"{condition.after}: read and decide again",
        expected_version=version,
        version=version,
        position=position,
    )


def readers_of(event: type[Event]) -> Readers:
    """What gives the values of each combination of an event type's tags."""
    names = event.__tags__
    return {some: reader_of(some) for count in range(len(names) + 1) for some in combinations(names, count)}


def reader_of(names: Sequence[str]) -> Callable[[Any], tuple[object, ...]]:
    """What gives the values of some fields, as a tuple."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda event: (only(event),)
    return attrgetter(*names)
