"""The gate at opening: a log that today's classes can't read is refused before anything is served.

Three things can be in the way of a stored event: its bytes don't fit its class any more; its upcaster fails; or it
stands in the stream of an aggregate that has no @evolve for it, which could then never be woken. Whether any of that
is possible is told from what has changed: the schemas that the log has seen, and what the code that made the newest
checkpoint could read. If nothing is suspicious, nothing more is done. Otherwise the log itself decides: it is looked
through, from where the checkpoint ends if that code is today's as far as it matters, in slices, with turns of the
loop between them. Every reason is named at once, with its fix.

Rejected: a note of its own about what was passed. It would have to be bound to this very log; a checkpoint is.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, final

import msgspec
from actum_storage import StoreMismatch

from actum.codec import decode_headings, decode_schema, decode_stored, schema_documents, tag_of
from actum.fingerprints import digest, type_description
from actum.schemas.changes import evolve_again, lost_tag, type_changes
from actum.shapes import shape_of
from actum.upcasting import events_of, reached

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from actum_storage import Frame, Log

    from actum.codec import Codec
    from actum.kinds.catalogue import Catalogue
    from actum.messages import Event
    from actum.schemas.comparison import SchemaChange


#: A log that is refused is looked through for further reasons until frames with faults held so many events.
FAULTY_EVENTS_MAX = 50_000


class Reading(msgspec.Struct, array_like=True, frozen=True):
    """How some code reads a log; saved with a checkpoint it says that this code could read all up to there.

    Attributes:
        schemas: the names of the schemas of all that it can decode.
        upcasts: what each upcaster does and is made of, as a digest, by the tag that it takes.
        evolves: the tags that each aggregate evolves, by its name.
    """

    schemas: list[str]
    upcasts: dict[str, str]
    evolves: dict[str, list[str]]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Reading:
        """That of today's classes."""
        upcasts = {
            tag_of(source): digest(
                upcast.code,
                type_description(source),
                *(type_description(result) for result in sorted(reached(upcast, catalogue.upcasts), key=tag_of)),
            )
            for source, upcast in catalogue.upcasts.items()
        }
        evolves = {kind.name: sorted(map(tag_of, kind.evolves)) for kind in catalogue.aggregates}
        return cls(sorted(schema_documents((*catalogue.event_types, *catalogue.upcasts))), upcasts, evolves)


class Fault(msgspec.Struct, frozen=True):
    """Why a record can't be read.

    Attributes:
        position: of the first such record.
        aggregate: whose stream it stands in, if it matters.
        tag: of the event, as it is stored or, if it could be decoded, as it is today.
        reason: a sentence, empty if the change of the schema says it.
    """

    position: int
    aggregate: str
    tag: str
    reason: str = ""


@final
class SchemaGate:
    """Lets a log pass, or refuses it."""

    def __init__(
        self, log: Log, catalogue: Catalogue, codec: Codec, *, slice_events: int, partial: bool = False
    ) -> None:
        """Nothing is looked at yet.

        Args:
            log: is let pass, or refused.
            catalogue: today's classes.
            codec: reads with them.
            slice_events: are looked through before the loop gets its turn.
            partial: the classes are a follower's: what they don't know does not matter.
        """
        self._partial = partial
        self._log = log
        self._codec = codec
        self._slice_events = slice_events
        self._evolves: dict[str, Collection[type[Event]]] = {kind.name: kind.evolves for kind in catalogue.aggregates}
        self._readable = {tag_of(each): each for each in (*catalogue.event_types, *catalogue.upcasts)}
        self._reading = Reading.of(catalogue)

    @property
    def reading(self) -> Reading:
        """How today's classes read."""
        return self._reading

    async def check(self, position: int, passed: Reading | None) -> bool:
        """Refuse a log that the classes can't read; whether more was looked through than a later opening needs to.

        What lies behind `position` is replayed at opening anyway, which refuses whatever it can't read by itself.
        Cancelling leaves everything as it was.

        Args:
            position: up to where the checkpoint goes, 0 for none.
            passed: how the code that made it read the log.

        Raises:
            StoreMismatch: naming every type and aggregate, what is wrong, where, since which position, and the fix.
        """
        suspects = self._suspects(passed)
        covered = passed is not None and self._covers(passed, suspects)
        if not suspects and (covered or position == 0):
            return False
        start = position + 1 if covered else 1
        if start > self._log.head.position:
            return False
        await self._refuse(start, suspects, "Engine.open")
        return start == 1 and position > 0

    async def check_part(self) -> None:
        """Refuse a log of which the classes of a follower can't read what they handle. Writes nothing.

        A silent change counts unless an engine has opened the log with today's class: its gate has let that pass.

        Raises:
            StoreMismatch: as `check`.
        """
        suspects = self._suspects(self._reading)
        if suspects:
            await self._refuse(1, suspects, "follow")

    async def _refuse(self, start: int, suspects: dict[str, list[SchemaChange]], given_to: str) -> None:
        """Look through the log, and refuse it for what is found."""
        found = await self._look_through(start, suspects)
        if found:
            raise StoreMismatch(
                f"the log holds events that the classes given to {given_to} can't read:"
                + "".join(self._described(fault, suspects) for fault in found)
            )

    def _suspects(self, passed: Reading | None) -> dict[str, list[SchemaChange]]:
        """Stored schemas that today's can't take over, by tag, and how they differ.

        A silent change counts until a checkpoint says that the log was passed with the new schema: what can't be seen
        can't be looked for, and that a schema is stored does not say that anything was written with it.
        """
        stored = self._log.schemas()
        suspects: dict[str, list[SchemaChange]] = {}
        for name, document in stored.items():
            if name in self._reading.schemas:
                continue
            old = decode_schema(document)
            tag, event_type = old.tag, self._readable.get(old.tag)
            if event_type is None and self._partial:
                continue
            changes = [lost_tag(tag)] if event_type is None else type_changes(tag, old.schema, shape_of(event_type))
            was_passed = passed is not None and event_type is not None and self._follows(tag, passed, stored)
            breaking = [change for change in changes if change.breaking and not (change.silent and was_passed)]
            if breaking:
                noted = suspects.setdefault(tag, [])
                noted += [change for change in breaking if change not in noted]
        return suspects

    def _follows(self, tag: str, passed: Reading, stored: Mapping[str, bytes]) -> bool:
        """Whether today's schema of a type takes over one with which the log was passed."""
        today = shape_of(self._readable[tag])
        earlier = [stored[name] for name in passed.schemas if tag_in(name) == tag and name in stored]
        return any(
            not any(change.breaking for change in type_changes(tag, decode_schema(document).schema, today))
            for document in earlier
        )

    def _covers(self, passed: Reading, suspects: Collection[str]) -> bool:
        """Whether what that code could read today's can read too; what neither knows has not been there."""
        today = self._reading
        changed = {tag_in(name) for name in set(passed.schemas) ^ set(today.schemas)}
        return (
            passed.upcasts == today.upcasts
            and changed.isdisjoint(suspects)
            and all(set(tags) <= set(today.evolves.get(name, tags)) for name, tags in passed.evolves.items())
        )

    async def _look_through(self, start: int, suspects: dict[str, list[SchemaChange]]) -> list[Fault]:
        """The first fault of each kind; no further than needed once each suspect is known to be guilty."""
        found: dict[tuple[str, str], Fault] = {}
        sought = {("", tag) for tag in suspects}
        silent = {tag for tag, changes in suspects.items() if any(change.silent for change in changes)}
        done = faulty = 0
        for frame in self._log.frames(start):
            faults = list(
                self._faults_of_part(frame, suspects, silent) if self._partial else self._faults_in(frame, silent)
            )
            for fault in faults:
                found.setdefault((fault.aggregate, fault.tag), fault)
            faulty += frame.count if faults else 0
            if faulty >= FAULTY_EVENTS_MAX and sought <= found.keys():
                break
            done += frame.count
            if done >= self._slice_events:
                done = 0
                await asyncio.sleep(0)
        return sorted(found.values(), key=lambda fault: (fault.tag, fault.aggregate))

    def _faults_in(self, frame: Frame, silent: Collection[str]) -> Iterator[Fault]:
        """All faults of a frame: its events are read at once, and only if that fails one by one."""
        try:
            events = self._codec.events(frame)
        except StoreMismatch:
            yield from self._faults_of_records(frame)
            return
        headings = decode_headings(frame.body)
        for position, (heading, event) in enumerate(zip(headings, events, strict=True), frame.first):
            evolved = self._evolves.get(heading.aggregate)  # None: an aggregate that the replay will refuse
            if evolved is not None and type(event) not in evolved:
                yield from unevolved(event, heading.aggregate, evolved, position)
        if silent:
            for stored in decode_stored(frame.first, frame.body):
                if stored.tag in silent:
                    yield Fault(stored.position, "", stored.tag)

    def _faults_of_part(self, frame: Frame, suspects: Collection[str], silent: Collection[str]) -> Iterator[Fault]:
        """The faults of a frame among the events that are suspicious; others may be of types that nobody gave."""
        for index, stored in enumerate(decode_stored(frame.first, frame.body)):
            if stored.tag in silent:
                yield Fault(stored.position, "", stored.tag)
            elif stored.tag in suspects:
                try:
                    self._codec.record(stored.position, frame.record(index))
                except StoreMismatch as error:
                    yield Fault(stored.position, "", stored.tag, str(error))

    def _faults_of_records(self, frame: Frame) -> Iterator[Fault]:
        """The same, record by record."""
        for index, stored in enumerate(decode_stored(frame.first, frame.body)):
            try:
                record = self._codec.record(stored.position, frame.record(index))
            except StoreMismatch as error:
                yield Fault(stored.position, "", stored.tag, str(error))
                continue
            evolved = self._evolves.get(stored.aggregate)
            if evolved is not None:
                yield from unevolved(record.event, stored.aggregate, evolved, stored.position)

    def _described(self, fault: Fault, suspects: dict[str, list[SchemaChange]]) -> str:
        """Why some records can't be read, a line for each reason; of an upcaster first what it raised."""
        known: Sequence[SchemaChange] = () if fault.aggregate else suspects.get(fault.tag, ())
        reasons = [f"{change.path}: {change.what}. {change.fix}" for change in known]
        if fault.reason and (not reasons or fault.tag in self._reading.upcasts):
            reasons.insert(0, fault.reason)
        lines = "".join(f"\n    {reason}" for reason in reasons)
        return f"\n  {fault.tag!r}, at position {fault.position} among others:{lines}"


def tag_in(schema_name: str) -> str:
    """The tag in the name of a stored schema."""
    return schema_name.rpartition(":")[0]


def unevolved(event: Event, aggregate: str, evolved: Collection[type[Event]], position: int) -> Iterator[Fault]:
    """What an aggregate has no @evolve for, of the events that a stored one is read as."""
    for each in events_of(event):
        if type(each) not in evolved:
            yield Fault(position, aggregate, tag_of(type(each)), no_evolve(aggregate, each))


def no_evolve(aggregate: str, event: Event) -> str:
    """The sentence about an event in the stream of an aggregate that does not know it."""
    name = type(event).__name__
    return f"{aggregate} has no @evolve for `{name}`, which its stream holds. {evolve_again(aggregate)}"


def check_evolved(aggregate: str, evolved: Collection[type[Event]], event: Event, position: int) -> None:
    """An event in an aggregate's stream is one that the aggregate evolves; also each of several.

    Raises:
        StoreMismatch: naming position, event and aggregate.
    """
    for fault in unevolved(event, aggregate, evolved, position):
        raise StoreMismatch(f"the event at position {position} can't be read: {fault.reason}")
