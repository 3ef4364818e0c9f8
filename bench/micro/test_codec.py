"""Events to bytes and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from actum import Options
from actum.codec import Codec, array_of, encode_into
from actum_bench.bank import Deposited, key_of
from msgspec import Raw

if TYPE_CHECKING:
    from micro.conftest import Bench

EVENT = Deposited(account_id=key_of(1), amount=5)
COMMAND_ID = bytes(16)
RECORDS = 1_000


@pytest.fixture
def codec() -> Codec:
    """A codec of one type of event."""
    return Codec([Deposited], Options())


def encoded(codec: Codec) -> bytes:
    """The event as it is stored."""
    payload, _ = codec.checker("Account", {Deposited: None})(EVENT)
    return payload


def test_encode(codec: Codec, bench: Bench) -> None:
    """Encode and check an event."""
    check = codec.checker("Account", {Deposited: None})
    bench(lambda: check(EVENT))


def test_encode_record(codec: Codec, bench: Bench) -> None:
    """Encode a record into a batch."""
    payload, batch = encoded(codec), bytearray()

    def encode() -> None:
        batch.clear()
        encode_into((Raw(payload), "Account", "acc-0000001", 1, 0, 1, COMMAND_ID, None, None, None), batch, -1)

    bench(encode)


def test_decode(codec: Codec, bench: Bench) -> None:
    """Decode an event."""
    payload, decode = encoded(codec), codec.decode
    bench(lambda: decode(payload))


def test_decode_frame(codec: Codec, bench: Bench) -> None:
    """Decode a record, 1,000 at once."""
    payload, batch = encoded(codec), bytearray()
    for number in range(RECORDS):
        record: Any = (Raw(payload), "Account", key_of(number), 1, 0, 1, COMMAND_ID, None, None, None)
        encode_into(record, batch, -1)
    body = array_of(RECORDS, batch)
    assert len(codec.records(1, body)) == RECORDS
    bench(lambda: codec.records(1, body), n=10, operations=RECORDS)
