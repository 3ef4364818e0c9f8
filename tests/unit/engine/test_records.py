"""Records and receipts: ids, times, and what can't be a key or an id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from actum import Invalid, Receipt, Record
from actum.records import IDENTIFIER_BYTES_MAX, check_identifier, command_id_bytes, optional_identifier

from tests.support.bank import Deposited
from tests.support.clocks import NEW_YEAR_NS

SOME_ID = UUID("12345678-1234-4234-8234-123456789abc")


def test_a_record_shows_its_id_and_time_as_people_read_them() -> None:
    """`command_id` is a UUID, `timestamp` an aware UTC datetime to the microsecond."""
    event = Deposited(account_id="alice", amount=5)
    record = Record(event, "Account", "alice", 1, 0, NEW_YEAR_NS + 1_234_567, SOME_ID.bytes)
    assert record.command_id == SOME_ID
    assert record.timestamp == datetime(2026, 1, 1, 0, 0, 0, 1_234, tzinfo=UTC)
    assert (record.correlation_id, record.causation_id, record.user_id, record.position) == (None, None, None, 0)


def test_a_receipt_shows_its_id_as_a_uuid() -> None:
    """`command_id` is what the caller gave, or what the engine made."""
    assert Receipt(SOME_ID.bytes, "alice", 1, 1, ()).command_id == SOME_ID


@pytest.mark.parametrize("given", [SOME_ID, str(SOME_ID), str(SOME_ID).upper()], ids=repr)
def test_a_uuid_is_the_same_id_however_it_is_written(given: UUID | str) -> None:
    """As an object, as text, in capitals."""
    assert command_id_bytes(given) == SOME_ID.bytes


@pytest.mark.parametrize(
    "text",
    [
        "order-1", "x", "ä" * 100, "x" * 36, "z" * 32, "0" * 35, SOME_ID.hex, f"{{{SOME_ID}}}", f"urn:uuid:{SOME_ID}",
        "20240101_1_11_000000000000000001", str(SOME_ID).replace("-", "_"), f" {SOME_ID}"[:36],
    ],
)  # fmt: skip
def test_any_other_text_becomes_a_version_8_uuid(text: str) -> None:
    """Its hash in the shape of RFC 9562, so that it can be shown as a UUID; the same text is the same id."""
    made = UUID(bytes=command_id_bytes(text))
    assert (made.version, made.variant) == (8, "specified in RFC 4122")
    assert command_id_bytes(text) == made.bytes


def test_different_texts_are_different_ids() -> None:
    """Also those that only look like a UUID, and a hundred thousand others."""
    assert command_id_bytes("20240101_1_11_000000000000000001") != command_id_bytes("20240101_11_1_000000000000000001")
    assert command_id_bytes(SOME_ID.hex) != SOME_ID.bytes
    assert len({command_id_bytes(f"order-{number}") for number in range(100_000)}) == 100_000


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "must be a string, not 7"),
        (b"bytes", "must be a string, not a bytes"),
        (None, "must be a string, not None"),
        ("", "must not be empty"),
        ("x" * 201, "has 201 bytes, 200 are allowed: 'xxx"),
        ("ä" * 101, "has 202 bytes"),
        ("\ud800", "is not valid Unicode"),
    ],
)
def test_what_can_not_be_an_identifier_is_named(value: Any, words: str) -> None:
    """The message says which one, what is wrong with it, and how much is allowed."""
    with pytest.raises(Invalid, match=words) as caught:
        check_identifier("the key", value)
    assert str(caught.value).startswith("the key ")


def test_the_longest_identifier_is_allowed() -> None:
    """The bound is in bytes of UTF-8 and inclusive."""
    check_identifier("key", "x" * IDENTIFIER_BYTES_MAX)
    check_identifier("key", "ä" * (IDENTIFIER_BYTES_MAX // 2))


@pytest.mark.parametrize("given", [7, "", "x" * 201])
def test_a_bad_command_id_is_invalid(given: Any) -> None:
    """It is checked before it is hashed."""
    with pytest.raises(Invalid, match="command_id"):
        command_id_bytes(given)


def test_an_optional_identifier_is_text_or_nothing() -> None:
    """A UUID is stored as text, nothing as nothing, and the rest is checked."""
    made = uuid4()
    assert optional_identifier("user_id", None) is None
    assert optional_identifier("user_id", "ann") == "ann"
    assert optional_identifier("user_id", made) == str(made)
    with pytest.raises(Invalid, match="user_id must not be empty"):
        optional_identifier("user_id", "")
    with pytest.raises(Invalid, match="user_id must be a string, not 7"):
        optional_identifier("user_id", 7)  # type: ignore[arg-type]
