"""The format of recordings: what `--record` writes and `actum top FILE` plays.

    file    header (16): magic "ACTUMREC", version, reserved (0); then pieces
    piece   header (17): kind, time, body size, CRC-32 of kind, time and body; body

A piece is one moment: a msgpack document, compressed together with those before it. The piece of kind 1 begins a new
compressed stream, those of kind 0 continue it; each ends with a sync flush. So whatever a file ends with, all whole
pieces before that are readable, and playing can begin at any piece of kind 1, which names the engine too.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, cast
from zlib import crc32

import msgspec
from actum import StoredRecord
from actum.monitor import Frame, Hello

MAGIC: Final = b"ACTUMREC"
VERSION: Final = 1
#: magic, version, reserved.
FILE_HEADER: Final = Struct(">8sII")
#: kind, nanoseconds since 1970 UTC, body size, CRC-32.
PIECE_HEADER: Final = Struct(">BQII")
CONTINUES, RESTARTS = 0, 1

#: A body that says to be longer is damage: a frame and its records are some kilobytes.
BODY_BYTES_MAX: Final = 64 << 20


class Moment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was seen at one moment.

    Attributes:
        hello: who was looked at; at least in pieces that restart, and when it was another one.
        frame: what it showed; None while it could not be reached.
        lost: why it could not be reached.
        records: the newest of the log's records since the moment before.
        left_out: how many records since then are not among them.
    """

    hello: Hello | None = None
    frame: Frame | None = None
    lost: str | None = None
    records: tuple[StoredRecord, ...] = ()
    left_out: int = 0


encode: Callable[[Any], bytes] = msgspec.msgpack.Encoder().encode
decode_moment: Callable[[bytes], Moment] = msgspec.msgpack.Decoder(Moment).decode

SINGLE = Struct("<f")


def encode_moment(moment: Moment) -> bytes:
    """The document of a moment. Its measured numbers keep seven digits: noise would be half of a recording."""
    without = msgspec.structs.replace(moment, records=())
    document: dict[str, Any] = coarse(msgspec.to_builtins(without))
    return encode({**document, "records": moment.records})


def coarse(content: Any) -> Any:  # noqa: ANN401  # plain data of any kind
    """The same with floats of single precision, the rest of whose bytes are zeros, which take no room."""
    if type(content) is float:
        try:
            return SINGLE.unpack(SINGLE.pack(content))[0]
        except OverflowError:
            return content
    if isinstance(content, dict):
        return {name: coarse(value) for name, value in content.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(content, (list, tuple)):
        return [coarse(value) for value in cast("list[Any]", content)]
    return content


def file_header() -> bytes:
    """The first bytes of a recording."""
    return FILE_HEADER.pack(MAGIC, VERSION, 0)


def piece(kind: int, time_ns: int, body: bytes) -> bytes:
    """A piece as it stands in the file."""
    return PIECE_HEADER.pack(kind, time_ns, len(body), checksum(kind, time_ns, body)) + body


def checksum(kind: int, time_ns: int, body: bytes) -> int:
    """What a piece's header says of the piece."""
    return crc32(body, crc32(kind.to_bytes(1) + time_ns.to_bytes(8)))


def position_of(frame: Frame) -> int:
    """Where the log ends in a frame; 0 if it does not say."""
    if frame.statistics is not None:
        return frame.statistics.position
    return frame.store.position if frame.store is not None else 0
