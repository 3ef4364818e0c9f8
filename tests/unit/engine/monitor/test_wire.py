"""Messages as bytes."""

from __future__ import annotations

import asyncio

import pytest
from actum import Invalid
from actum.monitor.requests import Ask, Forget, RecordsRequest, Wanted
from actum.monitor.wire import TO_ENGINE_BYTES_MAX, decode_to_engine, framed, read_message

from tests.support.scenes import scene


def reader_of(data: bytes) -> asyncio.StreamReader:
    """A reader of bytes that are all there."""
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@scene
async def test_messages_come_back() -> None:
    """In their order, as they were."""
    sent = [Wanted(interval_seconds=2.0), Ask(1, RecordsRequest(3, 9)), Forget(1)]
    reader = reader_of(b"".join(map(framed, sent)))
    assert [await read_message(reader, decode_to_engine, TO_ENGINE_BYTES_MAX) for _ in sent] == sent
    with pytest.raises(asyncio.IncompleteReadError):
        await read_message(reader, decode_to_engine, TO_ENGINE_BYTES_MAX)


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x81\xa4type\xa3ask", b"\x00" * 40])
@scene
async def test_what_is_no_message(body: bytes) -> None:
    """It is refused, whatever it is."""
    with pytest.raises(Invalid, match="not a message"):
        await read_message(reader_of(len(body).to_bytes(4) + body), decode_to_engine, TO_ENGINE_BYTES_MAX)


@scene
async def test_what_is_too_long() -> None:
    """It is refused before it is read."""
    with pytest.raises(Invalid, match="too long"):
        await read_message(reader_of(b"\xff\xff\xff\xff"), decode_to_engine, TO_ENGINE_BYTES_MAX)
