"""The codec: events to bytes and back, and everything that must not reach the log."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from actum import Event, Invalid, Options, Record, Value
from actum.codec import (
    RECORD_BYTES_MAX,
    Codec,
    array_of,
    command_fault,
    decode_headings,
    decode_link,
    decode_schema,
    decode_stored,
    encode_into,
    schema_documents,
    tag_of,
)
from actum.messages import TAG_FIELD
from actum_storage import GENESIS, Batch, Frame, StoreMismatch, seal
from msgspec import Raw

from tests.support.bank import Deposit, Deposited, Note, Withdrawn

COMMAND_ID = bytes(range(16))


class Coin(Value):
    """Something inside an event."""

    cents: int


class Paid(Event, tag="paid"):
    """An event with fields of several types."""

    who: str
    coins: list[Coin] = []
    share: float = 0.0
    note: str | None = None


class PaidBefore(Event, tag="paid"):
    """The same event in an older version of the code."""

    who: str


class PaidDifferently(Event, tag="paid"):
    """The same tag with a field of another type."""

    who: int


class Unknown(Event):
    """An event that no aggregate here knows."""

    who: str


CODEC = Codec([Deposited, Withdrawn, Paid], Options())
check = CODEC.checker("Till", {Deposited: None, Paid: None})


def record_of(payload: bytes, position: int = 1, key: str = "ann", *ids: str | None) -> bytes:
    """One record as the actor writes it."""
    buffer = bytearray()
    encode_into((Raw(payload), "Till", key, position, position - 1, 7, COMMAND_ID, *ids), buffer, -1)
    return bytes(buffer)


def frame_of(*records: bytes) -> Frame:
    """A frame of some records."""
    offsets = [sum(map(len, records[:index])) for index in range(len(records))]
    return seal(Batch(1, offsets, bytes(8 * len(records)), b"".join(records)), GENESIS)


class TestCheck:
    """What an event must be to reach the log."""

    def test_an_event_becomes_its_bytes_and_what_a_replay_sees(self) -> None:
        """The payload is a map with the tag, and decodes to an equal event."""
        event = Paid(who="ann", coins=[Coin(cents=5)], share=0.5)
        payload, decoded = check(event)
        assert msgspec.msgpack.decode(payload) == {
            TAG_FIELD: "paid", "who": "ann", "coins": [{"cents": 5}], "share": 0.5, "note": None,
        }  # fmt: skip
        assert decoded == event
        assert decoded is not event

    def test_what_decodes_to_another_value_is_seen_as_a_replay_sees_it(self) -> None:
        """A tuple for a list, an int for a float: the event that evolves the state is already the stored one."""
        given: Any = Paid(who="ann", coins=({"cents": 5},), share=1)  # type: ignore[arg-type]
        _, decoded = check(given)
        assert decoded == Paid(who="ann", coins=[Coin(cents=5)], share=1.0)
        assert type(decoded.share) is float

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"who": 7}, "Expected `str`, got `int` - at `$.who`"),
            ({"coins": [Coin(cents="5")]}, "Expected `int`, got `str` - at `$.coins[0].cents`"),  # type: ignore[arg-type]
            ({"coins": [object()]}, "Encoding objects of type object is unsupported"),
            ({"who": "\ud800"}, "surrogates not allowed"),
            ({"share": 2**70}, "ints"),
            ({"note": ["x"]}, "$.note"),
        ],
    )
    def test_an_event_that_can_not_be_stored_is_invalid(self, changes: dict[str, Any], words: str) -> None:
        """The message names the event and the field, and the cause is kept."""
        event = Paid(**{"who": "ann", **changes})
        with pytest.raises(Invalid) as caught:
            check(event)
        assert str(caught.value).startswith("event Paid can't be stored: ")
        assert words.lower() in str(caught.value).lower()
        assert caught.value.__cause__ is not None

    def test_an_endless_event_is_invalid(self) -> None:
        """A value that contains itself doesn't hang or crash."""
        endless: list[Any] = []
        endless.append(endless)
        with pytest.raises(Invalid, match="can't be stored"):
            check(Paid(who="ann", coins=endless))

    def test_a_large_event_is_invalid(self) -> None:
        """At the bound it is stored, above it the message names size, bound and option."""
        small = Codec([Paid], Options(event_bytes_max=200)).checker("Till", {Paid: None})
        room = 200 - len(small(Paid(who=""))[0])
        small(Paid(who="x" * (room - 1)))  # a string of more than 31 bytes has one more byte of header
        with pytest.raises(Invalid, match=r"event Paid has 201 bytes, 200 are allowed \(event_bytes_max\)"):
            small(Paid(who="x" * room))

    @pytest.mark.parametrize(
        "given", [Unknown(who="ann"), Withdrawn(account_id="ann", amount=1), "text", None], ids=repr
    )
    def test_what_the_aggregate_does_not_know_is_a_bug(self, given: Any) -> None:
        """An event without `@evolve` there, or no event at all, is the handler's fault, not the caller's."""
        with pytest.raises(TypeError, match="Till emitted .*, for which it has no @evolve handler"):
            check(given)


class TestCheckSize:
    """How much one command may write."""

    codec = Codec([Deposited], Options(frame_events_max=3, frame_bytes_max=2 * (RECORD_BYTES_MAX * 2 + 20)))
    event = Deposited(account_id="a", amount=1)

    def test_what_fits_passes(self) -> None:
        """Both bounds are inclusive."""
        self.codec.check_size([(b"x" * 10, self.event)] * 2)
        Codec([Deposited], Options(frame_events_max=3)).check_size([(b"", self.event)] * 3)

    @pytest.mark.parametrize(("count", "size"), [(4, 0), (2, 11)])
    def test_too_many_events_or_bytes_are_invalid(self, count: int, size: int) -> None:
        """The message names both limits and their options."""
        with pytest.raises(Invalid, match="frame_events_max.*frame_bytes_max"):
            self.codec.check_size([(b"x" * size, self.event)] * count)

    def test_the_estimate_covers_the_largest_metadata(self) -> None:
        """No record is larger than its payload and what is reckoned for the rest."""
        longest = "ä" * 100
        buffer = bytearray()
        largest = 2**63
        encode_into(
            (Raw(b"\xc0"), longest, longest, largest, largest, largest, COMMAND_ID, longest, longest, longest),
            buffer,
            -1,
        )
        assert len(buffer) <= 1 + RECORD_BYTES_MAX


class TestReading:
    """Frames to events and records."""

    frame = frame_of(
        record_of(check(Paid(who="ann"))[0]),
        record_of(check(Deposited(account_id="b", amount=2))[0], 2, "b", "c", "d", "e"),
    )

    def test_the_events_of_a_frame(self) -> None:
        """In order, without the metadata."""
        assert CODEC.events(self.frame) == [Paid(who="ann"), Deposited(account_id="b", amount=2)]

    def test_the_records_of_a_frame_with_their_positions(self) -> None:
        """All metadata, and positions that are counted, not stored."""
        one, two = CODEC.records(7, self.frame.body)
        assert isinstance(one, Record)
        assert (one.event, one.aggregate, one.key, one.version, one.previous, one.timestamp_ns, one.position) == (
            Paid(who="ann"), "Till", "ann", 1, 0, 7, 7,
        )  # fmt: skip
        assert (one.correlation_id, one.causation_id, one.user_id) == (None, None, None)
        assert (two.correlation_id, two.causation_id, two.user_id, two.position) == ("c", "d", "e", 8)
        assert two.command_id_bytes == COMMAND_ID

    def test_one_record(self) -> None:
        """The same record, from its own bytes."""
        assert CODEC.record(2, self.frame.record(1)) == CODEC.records(1, self.frame.body)[1]

    def test_a_link_and_a_heading_need_no_event_type(self) -> None:
        """Streams are walked and heads are found without decoding what happened."""
        link = decode_link(self.frame.record(1))
        assert (link.aggregate, link.key, link.version, link.previous, link.command_id_bytes) == (
            "Till",
            "b",
            2,
            1,
            COMMAND_ID,
        )
        assert [heading.key for heading in decode_headings(self.frame.body)] == ["ann", "b"]

    def test_stored_records_need_no_event_type_at_all(self) -> None:
        """Events come as plain data, with their tags, for those who read a store without the user's code."""
        one, two = decode_stored(7, self.frame.body)
        assert one.event == {TAG_FIELD: "paid", "who": "ann", "coins": [], "share": 0.0, "note": None}
        assert (one.position, one.key, two.position, two.key, two.tag) == (7, "ann", 8, "b", "Deposited")

    def test_an_array_of_records_is_a_frame_s_body(self) -> None:
        """What views get after a commit is what a replay reads."""
        records = bytes(self.frame.body[5:])
        assert array_of(2, records) == bytes(self.frame.body)

    @pytest.mark.parametrize("known", [Deposited, PaidDifferently])
    def test_events_that_today_s_code_does_not_know(self, known: type[Event]) -> None:
        """A tag or a shape that is unknown is a mismatch, with positions and what to do.

        In all three ways of reading.
        """
        old = Codec([known], Options())
        with pytest.raises(StoreMismatch, match="positions 1 to 2 can't be read with the classes given"):
            old.events(self.frame)
        with pytest.raises(StoreMismatch, match="give added fields defaults"):
            old.records(1, self.frame.body)
        with pytest.raises(StoreMismatch, match="positions 5 to 5"):
            old.record(5, self.frame.record(0))

    def test_a_field_added_with_a_default_reads_old_events(self) -> None:
        """And one that was taken away is ignored."""
        older = frame_of(record_of(msgspec.msgpack.encode(PaidBefore(who="ann"))))
        assert CODEC.events(older) == [Paid(who="ann")]
        newer = frame_of(record_of(msgspec.msgpack.encode(Paid(who="ann", note="x"))))
        assert Codec([PaidBefore], Options()).events(newer) == [PaidBefore(who="ann")]

    def test_a_codec_without_events_reads_an_empty_log(self) -> None:
        """An engine without aggregates and views can be opened."""
        assert Codec([], Options()).event_types == ()


class TestCommands:
    """Blaming the caller or the handler."""

    def test_a_sound_command_has_no_fault(self) -> None:
        """Then the handler is to blame."""
        assert command_fault(Deposit(account_id="a", amount=1)) is None

    @pytest.mark.parametrize(
        ("command", "words"),
        [
            (
                Deposit(account_id="a", amount="5"),  # type: ignore[arg-type]
                "command Deposit is malformed: .* `int`, got `str` - at `\\$.amount`",
            ),
            (Note(account_id="a", text=object()), "command Note is malformed"),  # type: ignore[arg-type]
        ],
    )
    def test_a_malformed_command_is_named_with_its_field(self, command: Any, words: str) -> None:
        """The message is for the one who sent it."""
        fault = command_fault(command)
        assert isinstance(fault, Invalid)
        with pytest.raises(Invalid, match=words):
            raise fault


class TestSchemas:
    """What the store keeps so that it can be read without the user's code."""

    def test_a_document_for_each_event_type_under_a_name_of_its_content(self) -> None:
        """Tag and hash make the name; the same type gives the same document."""
        documents = schema_documents([Deposited, Paid])
        assert [name.partition(":")[0] for name in documents] == ["Deposited", "paid"]
        assert schema_documents([Paid]) == {name: text for name, text in documents.items() if name.startswith("paid:")}

    def test_a_changed_type_is_another_document(self) -> None:
        """The same tag with other fields is kept beside the old one."""
        assert not set(schema_documents([Paid])) & set(schema_documents([PaidBefore]))

    def test_a_document_is_json_schema(self) -> None:
        """It names the tag and the fields, nested types included."""
        (document,) = schema_documents([Paid]).values()
        assert decode_schema(document).tag == tag_of(Paid) == "paid"
        schema = json.loads(document)["schema"]
        assert {"Paid", "Coin"} <= set(schema["$defs"])
        assert set(schema["$defs"]["Paid"]["properties"]) == {TAG_FIELD, "who", "coins", "share", "note"}
