"""The format of `derived/*.chunks`: checkpoints one behind the other, each one chunks and then a closing record.

    file         header (32): magic, version, store id; then the base, then deltas
    checkpoint   chunk ... chunk closing
    record       header (16): magic, section size, count, body size; own SHA-256 (32); section; body

A checkpoint exists when its closing record does: it counts the chunks and their bytes and carries a hash over the
hashes of all of them and of the closing record before, so that nothing can be lost, repeated, swapped or appended to
another base unnoticed. Parsing gives the checkpoints up to the first damage and never raises: derived state can always
be rebuilt.
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import NamedTuple, final

from actum_storage.errors import StorageError
from actum_storage.layout import HASH_SIZE

FILE_MAGIC = b"ACTUMCHK"
FILE_VERSION = 1
#: magic, version, reserved (0), store id.
FILE_HEADER = Struct(">8sII16s")

CHUNK_MAGIC = b"CHNK"
CLOSING_MAGIC = b"CLOS"
#: magic, size of the section's name, reserved (0), count, body size.
RECORD_HEADER = Struct(">4sHHII")
RECORD_HEADER_SIZE = RECORD_HEADER.size + HASH_SIZE
#: Begins the body of a closing record: bytes of the chunks' records, hash over them; the caller's document follows.
CLOSING = Struct(">Q32s")

SECTION_BYTES_MAX = 0xFFFF
BODY_BYTES_MAX = 0xFFFF_FFFF - CLOSING.size

assert FILE_HEADER.size == 32, "the file header must be as long as format.md draws it"
assert RECORD_HEADER_SIZE == 48, "the record header must be as long as format.md draws it"


class Chunk(NamedTuple):
    """A piece of a checkpoint; what it means is the caller's.

    Attributes:
        section: which part of the checkpoint it belongs to.
        count: how many items its bytes hold.
        body: its bytes.
    """

    section: str
    count: int  # type: ignore[assignment]  # instead of the tuple's own
    body: bytes | bytearray | memoryview


class Checkpoint(NamedTuple):
    """A complete checkpoint.

    Attributes:
        closing: the document given at `CheckpointWriter.close`.
        chunks: in the order in which they were written.
    """

    closing: bytes
    chunks: list[Chunk]


class Contents(NamedTuple):
    """What is valid in a file.

    Attributes:
        checkpoints: the base and its deltas; none when the base is not whole.
        ends: where each one ends in the file.
        link: the hash that the next closing record must continue.
    """

    checkpoints: list[Checkpoint]
    ends: list[int]
    link: bytes


class Record(NamedTuple):
    """A chunk or a closing record as read, its hash checked. It ends at `end` of the file."""

    magic: bytes
    section: str
    count: int  # type: ignore[assignment]  # instead of the tuple's own
    body: memoryview
    hash: bytes
    end: int


@final
class Seal:
    """Gathers what a closing record says of its chunks."""

    def __init__(self, link: bytes) -> None:
        """Continue the file header or closing record whose hash is `link`."""
        self._hash = sha256(link)
        self.count = 0
        self.size = 0

    def add(self, own_hash: bytes, size: int) -> None:
        """Take in a chunk's record."""
        self._hash.update(own_hash)
        self.count += 1
        self.size += size

    def body(self) -> bytes:
        """The beginning of the closing record's body."""
        return CLOSING.pack(self.size, self._hash.digest())


def file_header(store_id: bytes) -> bytes:
    """The first bytes of a file of this store."""
    return FILE_HEADER.pack(FILE_MAGIC, FILE_VERSION, 0, store_id)


def header_link(header: bytes) -> bytes:
    """What the base's closing record continues."""
    return sha256(header).digest()


def record_header(magic: bytes, chunk: Chunk) -> tuple[bytes, bytes]:
    """What goes before a chunk's body, and the record's hash.

    Raises:
        StorageError: the section's name, the count or the body is too long.
    """
    section, body = chunk.section.encode(), memoryview(chunk.body)
    if len(section) > SECTION_BYTES_MAX or body.nbytes > BODY_BYTES_MAX or not 0 <= chunk.count <= 0xFFFF_FFFF:
        raise StorageError(
            f"chunk {chunk.section!r:.80} of {chunk.count} in {body.nbytes} bytes: a name has at most"
            f" {SECTION_BYTES_MAX} bytes, a body {BODY_BYTES_MAX}, a count 32 bits. Make smaller chunks."
        )
    header = RECORD_HEADER.pack(magic, len(section), 0, chunk.count, body.nbytes)
    own = sha256(header + section)
    own.update(body)
    return header + own.digest() + section, own.digest()


def parse_file(data: bytes, store_id: bytes) -> Contents:
    """The valid checkpoints at the beginning of a file, up to the first damage; none of a file of another store."""
    header = file_header(store_id)
    checkpoints: list[Checkpoint] = []
    ends: list[int] = []
    link = header_link(header)
    if data[: len(header)] != header:
        return Contents(checkpoints, ends, link)
    view, offset = memoryview(data), len(header)
    chunks, seal = list[Chunk](), Seal(link)
    while (record := parse_record(view, offset)) is not None:
        if record.magic == CHUNK_MAGIC:
            chunks.append(Chunk(record.section, record.count, record.body))
            seal.add(record.hash, record.end - offset)
        elif record.count != seal.count or bytes(record.body[: CLOSING.size]) != seal.body():
            break
        else:
            checkpoints.append(Checkpoint(bytes(record.body[CLOSING.size :]), chunks))
            ends.append(record.end)
            link = record.hash
            chunks, seal = [], Seal(link)
        offset = record.end
    return Contents(checkpoints, ends, link)


def parse_record(view: memoryview, offset: int) -> Record | None:
    """The record at an offset; None when there is none, or a damaged one."""
    if len(view) - offset < RECORD_HEADER_SIZE:
        return None
    magic, section_size, reserved, count, body_size = RECORD_HEADER.unpack_from(view, offset)
    section_start = offset + RECORD_HEADER_SIZE
    body_start = section_start + section_size
    end = body_start + body_size
    if magic not in {CHUNK_MAGIC, CLOSING_MAGIC} or reserved or end > len(view):
        return None
    stored = bytes(view[section_start - HASH_SIZE : section_start])
    own = sha256(view[offset : offset + RECORD_HEADER.size])
    own.update(view[section_start:end])
    if own.digest() != stored:
        return None
    section = str(view[section_start:body_start], "utf-8", "replace")
    return Record(magic, section, count, view[body_start:end], stored, end)
