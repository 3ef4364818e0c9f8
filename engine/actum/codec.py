"""The only place that speaks msgpack: events to bytes, bytes to records.

Payloads are maps with a tag per event type, so that fields can be added with defaults. Every event is decoded again
before it is written: constructors don't validate, and what evolves an aggregate, changes a view and reaches the
caller is then exactly what a replay will see.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_type_hints

import msgspec
from actum_storage import StoreMismatch
from msgspec.structs import force_setattr

from actum.errors import Invalid, shown
from actum.messages import Event
from actum.records import Record, StoredRecord
from actum.shapes import shape_of
from actum.upcasting import Several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from actum_storage import Frame

    from actum.messages import Command
    from actum.options import Options
    from actum.upcasting import Upcast, Upcasts

T = TypeVar("T")

#: Encodes anything that msgspec knows; one for all, since it holds no state between calls. Sets are sorted: equal
#: values, equal bytes.
ENCODER = msgspec.msgpack.Encoder(order="deterministic")

encode_into = msgspec.msgpack.Encoder().encode_into

#: For checkpoints, where the order of a dict does not matter.
encode_chunk = msgspec.msgpack.Encoder().encode


#: What msgspec raises for a value that doesn't fit its type.
ENCODING_ERRORS = (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError)

#: Types whose schemas are kept when they have been read.
TYPES_MAX = 1_024

#: A record's metadata at their largest: four ids, a key, the aggregate's name, numbers and headers.
RECORD_BYTES_MAX = 6 * 210 + 64


class Link(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """As much of a record as walking a stream backwards needs."""

    event: msgspec.Raw
    aggregate: str
    key: str
    version: int
    previous: int
    timestamp_ns: int
    command_id_bytes: bytes


class Heading(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """As much of a record as finding the streams' heads needs."""

    event: msgspec.Raw
    aggregate: str
    key: str


class Trace(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """As much of a record as finding out who traces it needs."""

    event: msgspec.Raw
    aggregate: msgspec.Raw
    key: msgspec.Raw
    version: int
    previous: int
    timestamp_ns: int
    command_id_bytes: msgspec.Raw
    correlation_id: msgspec.Raw
    causation_id: msgspec.Raw
    user_id: msgspec.Raw
    traceparent: str | None = None


class Codec:
    """Encodes and decodes the events of one catalogue."""

    __slots__ = (
        "_decode_facts",
        "_decode_payload",
        "_decode_record",
        "_decode_records",
        "_encode",
        "_options",
        "_upcasts",
        "check",
        "event_types",
    )

    def __init__(self, event_types: Sequence[type[Event]], options: Options, upcasts: Upcasts | None = None) -> None:
        """Build the decoders once.

        Args:
            event_types: every event type that may be written or read, with distinct tags.
            options: the bounds of events and frames.
            upcasts: what older types mean today, by type.
        """
        self._upcasts: Upcasts = upcasts or {}
        readable = (*event_types, *self._upcasts)
        union: Any = Union[readable] if readable else Event  # noqa: UP007  # built at run time
        self.event_types = tuple(event_types)
        self._encode = msgspec.msgpack.Encoder().encode
        self._options = options
        self._decode_payload: Callable[[bytes], Event] = msgspec.msgpack.Decoder(union).decode
        fact = msgspec.defstruct("Fact", [("event", union)], array_like=True, frozen=True, gc=False)
        self._decode_facts: Callable[[Any], list[Any]] = msgspec.msgpack.Decoder(list[fact]).decode  # type: ignore[valid-type]
        self.check = self._checker()
        record = record_type(union)
        self._decode_record: Callable[[Any], Record] = msgspec.msgpack.Decoder(record).decode
        self._decode_records: Callable[[Any], list[Record]] = msgspec.msgpack.Decoder(list[record]).decode  # type: ignore[valid-type]

    def decode(self, payload: bytes) -> Event:
        """An event from its checked bytes."""
        return self._decode_payload(payload)

    def _checker(self) -> Callable[[Event], tuple[bytes, Event]]:
        """The check of an event that its aggregate knows: a closure, because it runs for every event.

        It gives the bytes of an event and the event as a replay will see it. It raises `Invalid` if a field has the
        wrong type or can't be encoded or the event is too large.
        """
        encode, decode = self._encode, self._decode_payload
        bytes_max, limit = min(
            (self._options.event_bytes_max, "event_bytes_max"),
            (self._options.frame_bytes_max // 2 - RECORD_BYTES_MAX, "half of frame_bytes_max"),
        )

        def check(event: Event) -> tuple[bytes, Event]:
            try:
                payload = encode(event)
                decoded = decode(payload)
            except ENCODING_ERRORS as error:
                raise Invalid(f"event {type(event).__name__} can't be stored: {error}") from error
            if len(payload) > bytes_max:
                raise Invalid(
                    f"event {type(event).__name__} has {len(payload):,} bytes, {bytes_max:,} are allowed ({limit})"
                )
            return payload, decoded

        return check

    def checker(self, aggregate: str, evolves: Mapping[type[Event], object]) -> Callable[[Event], tuple[bytes, Event]]:
        """The check of anything that an aggregate emits: as `check`; `TypeError`, a bug, for what it doesn't know."""
        check = self.check

        def check_known(event: Event) -> tuple[bytes, Event]:
            if type(event) not in evolves:
                raise TypeError(f"{aggregate} emitted {shown(event)}, for which it has no @evolve handler")
            return check(event)

        return check_known

    def check_size(self, events: Sequence[tuple[bytes, Event]], what: str = "command") -> None:
        """Refuse a command whose events don't fit: all in one frame, and into half of its bytes.

        Raises:
            Invalid: naming the limits.
        """
        events_max, bytes_max = self._options.frame_events_max, self._options.frame_bytes_max // 2
        size = sum(len(payload) + RECORD_BYTES_MAX for payload, _ in events)
        if len(events) > events_max or size > bytes_max:
            raise Invalid(
                f"one {what} may write {events_max:,} events (frame_events_max) and {bytes_max:,} bytes "
                f"(half of frame_bytes_max, with {RECORD_BYTES_MAX:,} for each event's metadata); "
                f"this one wants {len(events):,} and {size:,}: split it"
            )

    def events(self, frame: Frame) -> list[Event]:
        """The events of a frame, the fast way: nothing else is decoded.

        Raises:
            StoreMismatch: an event is of a type, or has a shape, that this code doesn't know.
        """
        try:
            events: list[Event] = [fact.event for fact in self._decode_facts(frame.body)]
        except msgspec.ValidationError as error:
            raise unreadable(frame.first, frame.last, error) from error
        if self._upcasts:
            for index, event in enumerate(events):
                if type(event) in self._upcasts:
                    events[index] = self._today(event, frame.first + index)
        return events

    def records(self, first: int, body: bytes | memoryview) -> list[Record]:
        """The records of a frame's body, with their positions from `first`.

        Raises:
            StoreMismatch: as `events`.
        """
        try:
            records = self._decode_records(body)
        except msgspec.ValidationError as error:
            raise unreadable(first, first, error) from error
        for position, record in enumerate(records, first):
            self._place(record, position)
        return records

    def record(self, position: int, data: bytes | memoryview) -> Record:
        """One encoded record.

        Raises:
            StoreMismatch: as `events`.
        """
        try:
            record = self._decode_record(data)
        except msgspec.ValidationError as error:
            raise unreadable(position, position, error) from error
        self._place(record, position)
        return record

    def _place(self, record: Record, position: int) -> None:
        """Give a record that was just decoded its position, and its event as today's code knows it."""
        force_setattr(record, "position", position)
        if type(record.event) in self._upcasts:
            force_setattr(record, "event", self._today(record.event, position))

    def _today(self, event: Event, position: int) -> Event:
        """What an event of an old type means today; `Several` unless that is exactly one event.

        Raises:
            StoreMismatch: an upcaster raised, or gave something else than it says.
        """
        events = tuple(self._unfold(event, position))
        return events[0] if len(events) == 1 else Several(events=events)

    def _unfold(self, event: Event, position: int) -> Iterator[Event]:
        """The events that one event has become, through as many upcasters as it takes."""
        upcast = self._upcasts.get(type(event))
        if upcast is None:
            yield event
            return
        try:
            given = upcast.function(event)
            results: list[Event] = [] if given is None else [given] if isinstance(given, Event) else list(given)
            check_results(upcast, results)
            today = [self.decode(self._encode(result)) for result in results]
        except Exception as error:
            raise StoreMismatch(
                f"the event at position {position} can't be read as one of today: upcaster {upcast.name} of "
                f"{upcast.source.__name__} raised {type(error).__name__}: {error}. Mend the upcaster"
            ) from error
        for result in today:
            yield from self._unfold(result, position)


def check_results(upcast: Upcast, results: list[Event]) -> None:
    """An upcaster gives what its annotation names: that is what the catalogue has checked.

    Raises:
        TypeError: it gave something else.
    """
    for result in results:
        if type(result) not in upcast.results:
            raise TypeError(f"it gave a {type(result).__name__}, which its annotation does not name")


def unreadable(first: int, last: int, error: Exception) -> StoreMismatch:
    """The error for events that today's classes can't represent."""
    return StoreMismatch(
        f"the events at positions {first} to {last} can't be read with the classes given: {error}. "
        "Pass the aggregate or view of every event that was ever written, and give added fields defaults"
    )


def array_of(count: int, records: bytes | bytearray) -> bytes:
    """Encoded records as one msgpack array, as a frame's body has it."""
    return b"\xdd" + count.to_bytes(4) + records


def record_type(union: Any) -> type[Record]:
    """`Record` with `event` narrowed to the catalogue's events; the layout stays."""
    hints = get_type_hints(Record, localns={"Event": Event})
    fields = [
        (field.name, union if field.name == "event" else hints[field.name])
        if field.required
        else (field.name, hints[field.name], field.default)
        for field in msgspec.structs.fields(Record)
    ]
    narrowed = msgspec.defstruct("Record", fields, bases=(Record,), array_like=True, frozen=True, gc=False)
    return cast("type[Record]", narrowed)


#: Decoders that need no catalogue.
decode_link = msgspec.msgpack.Decoder(Link).decode
decode_headings = msgspec.msgpack.Decoder(list[Heading]).decode
decode_traceparents = msgspec.msgpack.Decoder(list[Trace]).decode


decode_stored_record = msgspec.msgpack.Decoder(StoredRecord).decode
decode_stored_records = msgspec.msgpack.Decoder(list[StoredRecord]).decode


def decode_stored(first: int, body: bytes | memoryview) -> list[StoredRecord]:
    """The records of a frame's body, without the user's classes."""
    records = decode_stored_records(body)
    for position, record in enumerate(records, first):
        force_setattr(record, "position", position)
    return records


def decode_one_stored(position: int, data: bytes | memoryview) -> StoredRecord:
    """The record at a position, without the user's classes."""
    record = decode_stored_record(data)
    force_setattr(record, "position", position)
    return record


def decoder_of(decoded: type[T]) -> Callable[[bytes], T]:
    """A decoder of one type."""
    return msgspec.msgpack.Decoder(decoded).decode


def command_fault(command: Command) -> Invalid | None:
    """What is wrong with a command's own fields; looked for only after a handler failed on it."""
    try:
        msgspec.msgpack.decode(ENCODER.encode(command), type=type(command))
    except ENCODING_ERRORS as error:
        return Invalid(f"command {type(command).__name__} is malformed: {error}")
    return None


class Schema(msgspec.Struct, frozen=True):
    """The stored description of one version of an event type: its tag and its JSON Schema (2020-12)."""

    tag: str
    schema: dict[str, Any]


def schema_documents(event_types: Iterable[type[Event]]) -> dict[str, bytes]:
    """The JSON Schema of each event type, by a name that changes with the content."""
    return dict(map(schema_document, cast("Iterable[type]", event_types)))


@lru_cache(maxsize=TYPES_MAX)
def schema_document(event_type: type) -> tuple[str, bytes]:
    """The name and the JSON Schema of an event type; reading one takes as long as writing a hundred events."""
    tag = tag_of(event_type)
    document = msgspec.json.encode(Schema(tag, shape_of(event_type)), order="deterministic")
    return schema_name(tag, document), document


def schema_name(tag: str, document: bytes) -> str:
    """The name under which a schema is stored."""
    return f"{tag}:{blake2b(document, digest_size=8).hexdigest()}"


decode_schema = msgspec.json.Decoder(Schema).decode


def tag_of(event_type: type[Event]) -> str:
    """The tag under which an event type is stored."""
    return str(event_type.__struct_config__.tag)
