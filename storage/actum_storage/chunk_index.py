"""A file of checkpoints read piece by piece: which chunks there are is learnt from headers, a body when it is wanted.

For tools that look at derived state beside an engine, perhaps once a second: a million rows are hundreds of chunks,
whose headers are read in milliseconds and whose bodies would fill the memory. What the headers say is believed as far
as the closing records prove it; a body is compared with its hash when it is read.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Self, final

from actum_storage.chunks import (
    CHUNK_MAGIC,
    CLOSING,
    CLOSING_MAGIC,
    FILE_HEADER,
    RECORD_HEADER,
    RECORD_HEADER_SIZE,
    Seal,
    file_header,
    header_link,
    parse_record,
)
from actum_storage.errors import StoreCorrupt
from actum_storage.files import os_errors
from actum_storage.layout import HASH_SIZE

if TYPE_CHECKING:
    from pathlib import Path


class ChunkPlace(NamedTuple):
    """A chunk or a closing record that lies in a file.

    Attributes:
        closing: whether it is a closing record.
        section: which part of the checkpoint it belongs to.
        count: how many items it holds.
        offset: where its record begins.
        size: bytes of its record.
        body_size: bytes of its body, which ends it.
        hash: what the next closing record vouches for.
    """

    closing: bool
    section: str
    count: int  # type: ignore[assignment]  # instead of the tuple's own
    offset: int
    size: int
    body_size: int
    hash: bytes


class PlacedCheckpoint(NamedTuple):
    """A complete checkpoint whose chunks have not been read.

    Attributes:
        closing: the document given at `CheckpointWriter.close`.
        chunks: in the order in which they were written.
    """

    closing: bytes
    chunks: list[ChunkPlace]


@final
class ChunkIndex:
    """What is known of one file: its complete checkpoints. It goes on where it stopped when the file has grown.

    Attributes:
        checkpoints: the base and its deltas.
    """

    def __init__(self, store_id: bytes) -> None:
        """Nothing is known yet."""
        self._header = file_header(store_id)
        self.clear()

    def clear(self) -> None:
        """Forget everything: it is another file now."""
        self.checkpoints: list[PlacedCheckpoint] = []
        self._end = FILE_HEADER.size
        self._last: ChunkPlace | None = None
        self._link = header_link(self._header)

    def read_on(self, descriptor: int) -> None:
        """Take in the checkpoints that have come; all again if those that were known are not there any more."""
        if self._last is not None and place_at(descriptor, self._last.offset) != self._last:
            self.clear()
        if os.pread(descriptor, len(self._header), 0) != self._header:
            self.clear()
            return
        chunks, seal, offset = list[ChunkPlace](), Seal(self._link), self._end
        while (place := place_at(descriptor, offset)) is not None:
            offset += place.size
            if not place.closing:
                chunks.append(place)
                seal.add(place.hash, place.size)
                continue
            record = parse_record(memoryview(os.pread(descriptor, place.size, place.offset)), 0)
            if record is None or record.count != seal.count or bytes(record.body[: CLOSING.size]) != seal.body():
                return
            self.checkpoints.append(PlacedCheckpoint(bytes(record.body[CLOSING.size :]), chunks))
            self._end, self._last, self._link = offset, place, place.hash
            chunks, seal = [], Seal(place.hash)


def place_at(descriptor: int, offset: int) -> ChunkPlace | None:
    """The record whose header is at an offset; None when there is none, or not all of it."""
    header = os.pread(descriptor, RECORD_HEADER_SIZE, offset)
    if len(header) < RECORD_HEADER_SIZE:
        return None
    magic, section_size, reserved, count, body_size = RECORD_HEADER.unpack_from(header)
    size = RECORD_HEADER_SIZE + section_size + body_size
    if magic not in {CHUNK_MAGIC, CLOSING_MAGIC} or reserved or offset + size > os.fstat(descriptor).st_size:
        return None
    section = os.pread(descriptor, section_size, offset + RECORD_HEADER_SIZE).decode("utf-8", "replace")
    return ChunkPlace(magic == CLOSING_MAGIC, section, count, offset, size, body_size, header[-HASH_SIZE:])


@final
class ChunkFile:
    """One generation, open for reading; from `Derived.browse`, to be closed. It stays readable if it is deleted.

    Attributes:
        checkpoints: the complete ones, the base first.
    """

    def __init__(self, path: Path, descriptor: int, index: ChunkIndex) -> None:
        """Use `Derived.browse`."""
        self._path = path
        self._descriptor = descriptor
        self.checkpoints: tuple[PlacedCheckpoint, ...] = tuple(index.checkpoints)

    def body(self, place: ChunkPlace) -> bytes:
        """The bytes of a chunk.

        Raises:
            StoreCorrupt: they are not those that were written.
        """
        with os_errors(f"{self._path} can't be read"):
            data = os.pread(self._descriptor, place.size, place.offset)
        own = sha256(data[: RECORD_HEADER.size])
        own.update(memoryview(data)[RECORD_HEADER_SIZE:])
        if own.digest() != place.hash:
            raise StoreCorrupt(
                f"{self._path}: {place.size:,} bytes at {place.offset:,} are damaged. Nothing is lost: an engine makes"
                " what they hold again from the log. Open the store with one, or delete the directory derived/."
            )
        return data[len(data) - place.body_size :]

    def close(self) -> None:
        """Close; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Which file, and what it holds."""
        return f"<ChunkFile {self._path} {len(self.checkpoints)} checkpoints>"
