"""What the codec writes is what it reads: for every event that its type allows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from actum import Event, Options, Value
from actum.codec import Codec, array_of, decode_stored, encode_into
from actum_storage import Batch, seal, stream_hash
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw


class Note(Value):
    """A nested value."""

    text: str
    tags: frozenset[str] = frozenset()


class Everything(Event):
    """An event with a field of each kind."""

    name: str
    number: int
    ratio: float
    flag: bool
    blob: bytes
    at: datetime
    price: Decimal
    identity: UUID
    notes: list[Note]
    extra: dict[str, int | None]


class Small(Event, tag="small"):
    """Another event of the same log."""

    number: int = 0


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
INTEGERS = st.integers(-(2**63), 2**64 - 1)
NOTES = st.builds(Note, text=TEXT, tags=st.frozensets(TEXT, max_size=3))
EVERYTHING = st.builds(
    Everything,
    name=TEXT,
    number=INTEGERS,
    ratio=st.floats(allow_nan=False),
    flag=st.booleans(),
    blob=st.binary(max_size=50),
    at=st.datetimes(timezones=st.just(UTC)),
    price=st.decimals(allow_nan=False, allow_infinity=False, places=2),
    identity=st.uuids(),
    notes=st.lists(NOTES, max_size=3),
    extra=st.dictionaries(TEXT, st.none() | st.integers(-(2**63), 2**63 - 1), max_size=3),
)
EVENTS: st.SearchStrategy[Event] = EVERYTHING | st.builds(Small, number=INTEGERS)
IDENTIFIERS = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=50)

CODEC = Codec([Everything, Small], Options())
CHECK = CODEC.checker("Thing", {Everything: None, Small: None})


@given(event=EVENTS)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    """Through its bytes and back it is equal, as often as one likes; a set's order is not part of it."""
    payload, decoded = CHECK(event)

    assert event == decoded == CHECK(decoded)[1] == CODEC.decode(payload)


@given(events=st.lists(EVENTS, min_size=1, max_size=8), ids=st.tuples(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS))
def test_records_come_back_from_a_frame(events: list[Event], ids: tuple[str | None, ...]) -> None:
    """Whole frames, single records, events alone and reading without the classes agree."""
    records, offsets = bytearray(), list[int]()
    for version, event in enumerate(events, 1):
        offsets.append(len(records))
        record: tuple[Any, ...] = (Raw(CHECK(event)[0]), "Thing", "key", version, version - 1, 7, bytes(16), *ids)
        encode_into(record, records, -1)
    batch = Batch(1, offsets, stream_hash("Thing", "key") * len(events), records)
    frame = seal(batch, bytes(32))
    read = CODEC.records(1, frame.body)

    assert [record.event for record in read] == events == CODEC.events(frame)
    assert read == [CODEC.record(position, frame.record(position - 1)) for position in range(1, len(events) + 1)]
    assert read == CODEC.records(1, array_of(len(events), records))
    assert {(record.correlation_id, record.causation_id, record.user_id) for record in read} == {ids}
    assert [record.position for record in decode_stored(1, frame.body)] == [record.position for record in read]
