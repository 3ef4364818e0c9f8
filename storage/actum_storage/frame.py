"""A frame: what one group commit writes. The records of many commands in one value, hashed and chained to the last.

The committer's batch becomes a frame by `seal`, on the writer's thread; a stored value becomes one again by
`Frame.parse`, which believes nothing: magic, version, lengths, tables and the SHA-256 over everything are checked
before a single byte is served, because LMDB itself has no checksums. Records are opaque here: each is one msgpack array
written by the engine, and together they form one msgpack array, so that a whole frame decodes in one call.
"""

from __future__ import annotations

import struct
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, NamedTuple

from actum_storage.errors import StorageError, StoreCorrupt, StoreMismatch
from actum_storage.layout import (
    ARRAY_HEADER,
    ARRAY_TAG,
    FRAME_FLAGS,
    FRAME_HASH_OFFSET,
    FRAME_HEADER,
    FRAME_HEADER_SIZE,
    FRAME_MAGIC,
    FRAME_VERSION,
    HASH_SIZE,
    OFFSET_SIZE,
    POSITION,
    STREAM_SIZE,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The "hash of the frame before" that the first frame carries.
GENESIS = bytes(HASH_SIZE)


class Batch(NamedTuple):
    """Records that one commit will write, before they are sealed.

    Attributes:
        first: position of the first record.
        offsets: where each record starts in `records`; the first is 0.
        streams: the `stream_hash` of each record's stream, 8 bytes each.
        records: the encoded records, one behind the other.
    """

    first: int
    offsets: Sequence[int]
    streams: bytes | bytearray
    records: bytes | bytearray


class Frame(NamedTuple):
    """A sealed, immutable frame; from `seal` or `Frame.parse`.

    Attributes:
        first: position of its first record.
        count: number of records, at least 1.
        previous: hash of the frame before it, `GENESIS` for the first.
        hash: its own SHA-256.
        data: the whole encoded value.
    """

    first: int
    count: int  # type: ignore[assignment]  # instead of the tuple's own
    previous: bytes
    hash: bytes
    data: bytes

    @property
    def last(self) -> int:
        """Position of its last record."""
        return self.first + self.count - 1

    @property
    def body(self) -> memoryview:
        """The msgpack array of all records, with its 5-byte header."""
        return memoryview(self.data)[self._body_start :]

    @property
    def streams(self) -> memoryview:
        """The stream hashes of all records, 8 bytes each."""
        start = FRAME_HEADER_SIZE + OFFSET_SIZE * self.count
        return memoryview(self.data)[start : self._body_start]

    def record(self, index: int) -> memoryview:
        """The bytes of record `index` (0 to `count - 1`): one msgpack array."""
        table = FRAME_HEADER_SIZE + OFFSET_SIZE * self._checked(index)
        records = self._body_start + ARRAY_HEADER.size
        start = int.from_bytes(self.data[table : table + OFFSET_SIZE])
        if index + 1 == self.count:
            return memoryview(self.data)[records + start :]
        stop = int.from_bytes(self.data[table + OFFSET_SIZE : table + 2 * OFFSET_SIZE])
        return memoryview(self.data)[records + start : records + stop]

    def part(self, start: int, stop: int) -> bytes:
        """The records from index `start` to before `stop`, at least one, as an array of their own, like `body`."""
        first, after = self._offset(start), self._offset(stop)
        records = self._body_start + ARRAY_HEADER.size
        return ARRAY_HEADER.pack(ARRAY_TAG, stop - start) + self.data[records + first : records + after]

    def _offset(self, index: int) -> int:
        """Where a record begins behind the array's header; behind the last one it is where the data end."""
        if index == self.count:
            return len(self.data) - self._body_start - ARRAY_HEADER.size
        table = FRAME_HEADER_SIZE + OFFSET_SIZE * self._checked(index)
        return int.from_bytes(self.data[table : table + OFFSET_SIZE])

    def stream(self, index: int) -> bytes:
        """The stream hash of record `index` (0 to `count - 1`)."""
        start = FRAME_HEADER_SIZE + OFFSET_SIZE * self.count + STREAM_SIZE * self._checked(index)
        return self.data[start : start + STREAM_SIZE]

    @classmethod
    def parse(cls, data: bytes, where: str) -> Frame:
        """Read a stored value, believing nothing.

        Args:
            data: the value.
            where: file and position, for the error's message.

        Raises:
            StoreCorrupt: it is not byte for byte what `seal` made.
            StoreMismatch: it is a whole frame of a newer version.
        """
        frame, version, flags = parse_header(data, where)
        own = sha256(memoryview(data)[:FRAME_HASH_OFFSET])
        own.update(memoryview(data)[FRAME_HEADER_SIZE:])
        if own.digest() != frame.hash:
            raise StoreCorrupt(f"{where}: the frame's SHA-256 does not match its bytes")
        if version != FRAME_VERSION or flags != FRAME_FLAGS:
            raise StoreMismatch(
                f"{where}: a frame of version {version} with flags {flags}; this version of actum reads"
                f" version {FRAME_VERSION} with flags {FRAME_FLAGS}. Use the one that wrote it."
            )
        check_tables(frame, where)
        return frame

    def __repr__(self) -> str:
        """Positions, hash and size."""
        return f"<Frame {self.first}..{self.last} {self.hash[:4].hex()} {len(self.data)} bytes>"

    @property
    def _body_start(self) -> int:
        return FRAME_HEADER_SIZE + (OFFSET_SIZE + STREAM_SIZE) * self.count

    def _checked(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise IndexError(f"record {index} of a frame with {self.count}: use 0 to {self.count - 1}")
        return index


def seal(batch: Batch, previous: bytes) -> Frame:
    """Encode a batch as the frame that follows the one whose hash is `previous`.

    Raises:
        StorageError: the batch does not fit together (a bug of the caller).
    """
    digest, data = sealed(batch, previous)
    return Frame(batch.first, len(batch.offsets), previous, digest, data)


def sealed(batch: Batch, previous: bytes) -> tuple[bytes, bytes]:
    """The hash and the value of the frame that `seal` makes; all that a log needs in order to write it.

    Hot: once per commit, on the writer's thread. One pack for the offsets, one hash, one join; nothing else touches the
    records. What is small is hashed in one piece, since each piece costs more than its bytes.

    Raises:
        StorageError: as `seal`.
    """
    first, offsets, streams, records = batch
    count = len(offsets)
    if not count or offsets[0] or not offsets[-1] < len(records) or len(streams) != STREAM_SIZE * count:
        raise StorageError(
            f"a batch of {count} offsets, {len(streams)} bytes of streams and {len(records)} bytes of records does not"
            f" fit together: give one offset (the first is 0) and {STREAM_SIZE} bytes of stream for each record"
        )
    try:
        header = FRAME_HEADER.pack(
            FRAME_MAGIC, FRAME_VERSION, FRAME_FLAGS, 0, count, ARRAY_HEADER.size + len(records), first, previous
        )
        table = struct.pack(f">{count}I", *offsets)
    except struct.error as error:
        raise StorageError(f"a batch of {len(records)} bytes at position {first} can't be framed: {error}") from error
    tables = b"".join((table, streams, ARRAY_HEADER.pack(ARRAY_TAG, count)))
    own = sha256(header + tables)
    own.update(records)
    digest = own.digest()
    return digest, b"".join((header, digest, tables, records))


def stream_hash(aggregate: str, key: str) -> bytes:
    """The 8 bytes by which tools find a stream's records without decoding them; two streams may share them."""
    return blake2b(f"{aggregate}\0{key}".encode(), digest_size=STREAM_SIZE).digest()


def hash_of(value: bytes | memoryview) -> bytes:
    """The hash that a stored value says it has."""
    return bytes(value[FRAME_HASH_OFFSET:FRAME_HEADER_SIZE])


def parse_at(first: int, data: bytes, where: str) -> Frame:
    """Read the value stored under the key of position `first`; as `Frame.parse`."""
    frame = Frame.parse(data, where)
    if frame.first != first:
        raise StoreCorrupt(f"{where}: the frame stored there says that it begins at position {frame.first}")
    return frame


def key_position(key: memoryview, where: str) -> int:
    """The position that a stored key stands for."""
    if len(key) != POSITION.size:
        raise StoreCorrupt(
            f"{where}: a frame's key has {len(key)} bytes, not {POSITION.size}. Restore it from a backup."
        )
    position: int = POSITION.unpack(key)[0]
    return position


def parse_header(data: bytes, where: str) -> tuple[Frame, int, int]:
    """The frame that the header describes, its version and flags: of the right size, but not yet believed."""
    version, flags, count, first, previous = unpack_header(data, where)
    return Frame(first, count, previous, hash_of(data), data), version, flags


def copy_value(value: memoryview, where: str) -> bytes:
    """Copy a stored value out of the memory map, once its header agrees that it is as long as the map says.

    A damaged length would otherwise lead the copy behind the end of the file, which is SIGBUS and not an error.
    """
    unpack_header(value, where)
    return bytes(value)


def unpack_header(value: bytes | memoryview, where: str) -> tuple[int, int, int, int, bytes]:
    """Version, flags, count, first position and previous hash; touches nothing behind the header."""
    if len(value) < FRAME_HEADER_SIZE:
        raise StoreCorrupt(f"{where}: {len(value)} bytes are too few for a frame, whose header has {FRAME_HEADER_SIZE}")
    magic, version, flags, reserved, count, body_size, first, previous = FRAME_HEADER.unpack_from(value)
    if magic != FRAME_MAGIC or reserved:
        raise StoreCorrupt(f"{where}: not a frame, it begins with {value[:8].hex()}")
    size = FRAME_HEADER_SIZE + (OFFSET_SIZE + STREAM_SIZE) * count + body_size
    if not count or not first or size != len(value):
        raise StoreCorrupt(f"{where}: a frame of {count} records from {first} has {size} bytes, not {len(value)}")
    return version, flags, count, first, previous


def check_tables(frame: Frame, where: str) -> None:
    """What the hash can't tell: that the writer sealed offsets that rise and a body of as many records as it says."""
    offsets = struct.unpack_from(f">{frame.count}I", frame.data, FRAME_HEADER_SIZE)
    body = frame.body
    if offsets[0] or offsets[-1] >= len(body) - ARRAY_HEADER.size or offsets != tuple(sorted(offsets)):
        raise StoreCorrupt(f"{where}: the offsets of the frame's {frame.count} records don't rise from 0 in its body")
    if ARRAY_HEADER.unpack_from(body) != (ARRAY_TAG, frame.count):
        raise StoreCorrupt(f"{where}: the frame's body is not an array of its {frame.count} records")
