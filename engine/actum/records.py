"""What the log holds and what a caller gets back: records and receipts.

A record's fields are the storage format (`docs/format.md`): one msgpack array, the event first, so that a rebuild
decodes the event and skips the rest. Only the position is not stored: it follows from the frame.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from actum.errors import Invalid, shown
from actum.messages import TAG_FIELD, Event

#: The longest key, command id, correlation id, causation id or user id, in bytes of UTF-8.
IDENTIFIER_BYTES_MAX = 200

#: The one way to write a UUID that is taken for one (RFC 9562, 4); any other text is an id of its own.
UUID_TEXT = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Record(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An event as stored.

    Attributes:
        event: the event itself.
        aggregate: the name of the aggregate's type.
        key: the aggregate's key.
        version: 1, 2, 3 ... within the aggregate's stream.
        previous: the position of the stream's event before this one, 0 for its first.
        timestamp_ns: when the turn began in which it was decided, nanoseconds since 1970 UTC by the engine's clock;
            positions, not timestamps, are the order.
        command_id_bytes: the 16 bytes of `command_id`.
        correlation_id: what the command belongs to, as given to `send`.
        causation_id: what caused the command, as given to `send`.
        user_id: who sent it, as given to `send`.
        traceparent: of the traced command, as W3C Trace Context writes it; see `actum.otel`.
        position: 1, 2, 3 ... in the log.
    """

    event: Event
    aggregate: str
    key: str
    version: int
    previous: int
    timestamp_ns: int
    command_id_bytes: bytes
    correlation_id: str | None = None
    causation_id: str | None = None
    user_id: str | None = None
    traceparent: str | None = None
    position: int = 0

    @property
    def command_id(self) -> UUID:
        """The command that caused the event."""
        return UUID(bytes=self.command_id_bytes)

    @property
    def timestamp(self) -> datetime:
        """`timestamp_ns` as an aware UTC datetime, to the microsecond."""
        return datetime_of(self.timestamp_ns)

    def __repr__(self) -> str:
        """Which record, without what it holds: that may be private."""
        return f"<Record {self.position} {self.aggregate}/{self.key}@{self.version} {type(self.event).__name__}>"


class StoredRecord(msgspec.Struct, array_like=True, frozen=True):
    """A record read without the user's classes; the fields are those of `Record`, but the event is plain data."""

    event: dict[str, Any] | list[Any]
    aggregate: str
    key: str
    version: int
    previous: int
    timestamp_ns: int
    command_id_bytes: bytes
    correlation_id: str | None = None
    causation_id: str | None = None
    user_id: str | None = None
    traceparent: str | None = None
    position: int = 0

    @property
    def tag(self) -> str:
        """The event's type as stored."""
        return str(self.event[0] if isinstance(self.event, list) else self.event[TAG_FIELD])

    @property
    def command_id(self) -> UUID:
        """The command that caused the event."""
        return UUID(bytes=self.command_id_bytes)

    @property
    def timestamp(self) -> datetime:
        """`timestamp_ns` as an aware UTC datetime, to the microsecond."""
        return datetime_of(self.timestamp_ns)

    def __repr__(self) -> str:
        """Which record, without what it holds: that may be private."""
        return f"<StoredRecord {self.position} {self.aggregate}/{self.key}@{self.version} {self.tag}>"


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The answer to a command: what it wrote, durably. Every view shows it already.

    Attributes:
        command_id_bytes: the 16 bytes of `command_id`.
        key: the aggregate's key.
        version: the aggregate's version after the command's last event; unchanged if it wrote nothing.
        position: the position of that event, to be given to `ask(..., after=)`; 0 for an aggregate without events.
        events: what happened, in order; empty if the command wrote nothing, or nothing that still means anything: an
            upcaster may have dropped it since.
    """

    command_id_bytes: bytes
    key: str
    version: int
    position: int
    events: tuple[Event, ...]

    @property
    def command_id(self) -> UUID:
        """The command's id, the caller's or one the engine made."""
        return UUID(bytes=self.command_id_bytes)

    def __repr__(self) -> str:
        """Which aggregate and where in the log, and what kinds of events; not what they hold: that may be private."""
        events = ", ".join(type(event).__name__ for event in self.events) or "nothing"
        return f"<Receipt {self.key}@{self.version} position {self.position}: {events}>"


if TYPE_CHECKING:
    from typing import TypeAlias

    CommandId: TypeAlias = UUID | str


def datetime_of(timestamp_ns: int) -> datetime:
    """An aware UTC datetime, to the microsecond."""
    return EPOCH + timedelta(microseconds=timestamp_ns // 1_000)


def command_id_bytes(command_id: CommandId) -> bytes:
    """The 16 bytes that stand for a command id in the log.

    A UUID, also as text with its four hyphens, is itself. Any other text becomes its BLAKE2b hash in the shape of a
    version 8 UUID (RFC 9562, 5.8).

    Raises:
        Invalid: not a UUID and not text of 1 to 200 bytes.
    """
    if isinstance(command_id, UUID):
        return command_id.bytes
    command_id = check_identifier("command_id", command_id)
    if UUID_TEXT.fullmatch(command_id):
        return UUID(command_id).bytes
    return shaped_as_uuid(blake2b(command_id.encode(), digest_size=16).digest())


def shaped_as_uuid(digest: bytes) -> bytes:
    """16 bytes of a hash in the shape of a version 8 UUID."""
    number = int.from_bytes(digest)
    number = number & ~(0xF << 76) | (8 << 76)
    return (number & ~(0b11 << 62) | (0b10 << 62)).to_bytes(16)


def check_identifier(name: str, value: object) -> str:
    """A key or an id as a plain string: a subclass of `str` has no encoding.

    Raises:
        Invalid: not a string, empty, longer than `IDENTIFIER_BYTES_MAX`, or not valid Unicode.
    """
    if not isinstance(value, str):
        raise Invalid(f"{name} must be a string, not {shown(value)}")
    if not value:
        raise Invalid(f"{name} must not be empty")
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise Invalid(f"{name} is not valid Unicode: {error}") from error
    if size > IDENTIFIER_BYTES_MAX:
        raise Invalid(f"{name} has {size} bytes, {IDENTIFIER_BYTES_MAX} are allowed: {value[:40]!r}...")
    return value if type(value) is str else str.__str__(value)


def optional_identifier(name: str, value: UUID | str | None) -> str | None:
    """A correlation, causation or user id as it is stored: text, or nothing."""
    if value is None:
        return None
    return check_identifier(name, str(value) if isinstance(value, UUID) else value)
