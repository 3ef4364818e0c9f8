"""The conversation between an engine and who watches it: msgpack messages, each behind its length.

```
0        4                        4 + length
| length | one message, msgpack   |
  u32, big-endian
```
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from actum.codec import ENCODING_ERRORS, decoder_of, encode_chunk
from actum.errors import Invalid
from actum.monitor.requests import FromEngine, ToEngine

T = TypeVar("T")

LENGTH_BYTES = 4
#: A question is small; an answer holds at most a page of rows or records.
TO_ENGINE_BYTES_MAX = 64 * 1024
FROM_ENGINE_BYTES_MAX = 64 * 1024 * 1024

decode_to_engine: Callable[[bytes], Any] = decoder_of(ToEngine)  # type: ignore[arg-type]  # a union of structs
decode_from_engine: Callable[[bytes], Any] = decoder_of(FromEngine)  # type: ignore[arg-type]


def framed(message: msgspec.Struct) -> bytes:
    """A message as it goes over the wire."""
    body = encode_chunk(message)
    return len(body).to_bytes(LENGTH_BYTES) + body


async def read_message(reader: asyncio.StreamReader, decode: Callable[[bytes], T], bytes_max: int) -> T:
    """The next message. Cancelling loses it, so it is for those who leave.

    Raises:
        Invalid: it is none, or too long: the conversation can't go on.
        asyncio.IncompleteReadError: the other side has left.
    """
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES))
    if length > bytes_max:
        raise Invalid(f"a message of {length:,} bytes is too long: {bytes_max:,} are allowed")
    body = await reader.readexactly(length)
    try:
        return decode(body)
    except ENCODING_ERRORS as error:
        raise Invalid(f"not a message that this version of actum knows: {error}") from error
