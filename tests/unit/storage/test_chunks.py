"""The format of checkpoint files: what is whole is read, what is not isn't there."""

from __future__ import annotations

import struct
from hashlib import sha256

import pytest
from actum_storage import Chunk, StorageError, chunks
from actum_storage.chunks import CHUNK_MAGIC, CLOSING_MAGIC, Seal, file_header, header_link, parse_file, record_header

STORE = b"store id 16 byte"
Written = tuple[list[tuple[str, int, bytes]], bytes]

BASE: Written = ([("rows", 3, b"three rows"), ("heads", 1, b""), ("", 0, b"\x00")], b"base")
DELTA: Written = ([("rows", 1, b"one row")], b"delta")
EMPTY: Written = ([], b"")


def encode(*checkpoints: Written, store: bytes = STORE) -> tuple[bytes, list[int]]:
    """A file of these checkpoints, and where each one ends."""
    data = file_header(store)
    link, ends = header_link(data), []
    for written, closing in checkpoints:
        seal = Seal(link)
        for section, count, body in written:
            header, own_hash = record_header(CHUNK_MAGIC, Chunk(section, count, body))
            seal.add(own_hash, len(header) + len(body))
            data += header + body
        body = seal.body() + closing
        header, link = record_header(CLOSING_MAGIC, Chunk("", seal.count, body))
        data += header + body
        ends.append(len(data))
    return data, ends


def decode(data: bytes, store: bytes = STORE) -> list[Written]:
    """The checkpoints that a file holds."""
    return [
        ([(chunk.section, chunk.count, bytes(chunk.body)) for chunk in checkpoint.chunks], checkpoint.closing)
        for checkpoint in parse_file(data, store).checkpoints
    ]


def test_golden() -> None:
    """These are the bytes of docs/format.md."""
    header = b"ACTUMCHK" + struct.pack(">II", 1, 0) + STORE
    chunk_head, chunk_tail = b"CHNK" + struct.pack(">HHII", 4, 0, 3, 10), b"rows" + b"three rows"
    chunk_hash = sha256(chunk_head + chunk_tail).digest()
    all_chunks = sha256(sha256(header).digest() + chunk_hash).digest()
    body = struct.pack(">Q", 16 + 32 + 14) + all_chunks + b"base"
    closing_head = b"CLOS" + struct.pack(">HHII", 0, 0, 1, len(body))
    expected = (
        header + chunk_head + chunk_hash + chunk_tail + closing_head + sha256(closing_head + body).digest() + body
    )
    assert encode(([("rows", 3, b"three rows")], b"base"))[0] == expected


def test_round_trip() -> None:
    """What was written is read back, with where each checkpoint ends and the hash to go on from."""
    data, ends = encode(BASE, DELTA, EMPTY)
    contents = parse_file(data, STORE)
    assert (decode(data), contents.ends) == ([BASE, DELTA, EMPTY], ends)
    assert contents.link == data[ends[1] + 16 : ends[1] + 48]


def test_bodies_are_views() -> None:
    """Bodies are not copied."""
    (checkpoint,) = parse_file(encode(BASE)[0], STORE).checkpoints
    assert all(isinstance(chunk.body, memoryview) for chunk in checkpoint.chunks)


def test_torn() -> None:
    """Wherever the file is cut, the checkpoints that were closed before are there."""
    data, ends = encode(BASE, DELTA, EMPTY)
    for size in range(len(data) + 1):
        assert decode(data[:size]) == [BASE, DELTA, EMPTY][: sum(end <= size for end in ends)]


def test_every_damaged_byte() -> None:
    """A changed byte takes away its checkpoint and those behind it, nothing else."""
    data, ends = encode(BASE, DELTA, EMPTY)
    for index in range(len(data)):
        damaged = data[:index] + bytes([data[index] ^ 16]) + data[index + 1 :]
        assert decode(damaged) == [BASE, DELTA, EMPTY][: sum(end <= index for end in ends)]


def test_other_store() -> None:
    """A file of another store holds nothing."""
    assert decode(encode(BASE)[0], store=b"another 16 bytes") == []


def test_chunks_swapped_repeated_or_lost() -> None:
    """Whole chunks in another order, twice or not at all make the checkpoint invalid."""
    data, _ = encode(([("a", 1, b"1"), ("b", 1, b"2")], b""))
    start, size = 32, 16 + 32 + 2
    first, second, rest = data[start : start + size], data[start + size : start + 2 * size], data[start + 2 * size :]
    for middle in (second + first, first + second + second, first, b""):
        assert decode(data[:start] + middle + rest) == []


def test_delta_of_another_base() -> None:
    """A whole delta behind a base that it wasn't made for is not read."""
    data, ends = encode(BASE, DELTA)
    other, _ = encode(([("rows", 3, b"other rows"), ("heads", 1, b""), ("", 0, b"\x00")], b"base"))
    assert decode(other + data[ends[0] :]) == [
        ([("rows", 3, b"other rows"), ("heads", 1, b""), ("", 0, b"\x00")], b"base")
    ]


@pytest.mark.parametrize(
    "chunk", [Chunk("s" * 70_000, 1, b""), Chunk("s", -1, b""), Chunk("s", 1 << 32, b"")], ids=["name", "less", "more"]
)
def test_out_of_range(chunk: Chunk) -> None:
    """What the format has no room for is a clear error."""
    with pytest.raises(StorageError, match="Make smaller chunks"):
        record_header(CHUNK_MAGIC, chunk)


def test_body_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body is bounded too; a view of larger items counts by its bytes."""
    monkeypatch.setattr(chunks, "BODY_BYTES_MAX", 7)
    with pytest.raises(StorageError, match="in 8 bytes"):
        record_header(CHUNK_MAGIC, Chunk("s", 1, memoryview(bytes(8)).cast("Q")))
