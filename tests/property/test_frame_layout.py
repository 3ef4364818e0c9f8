"""Laws of the formats: what is written is read back, and damage of any kind is never read as something else."""

from __future__ import annotations

import pytest
from actum_storage import Checkpoint, Chunk, Frame, Manifest, StoreCorrupt, seal, stream_hash
from actum_storage.chunks import CHUNK_MAGIC, CLOSING_MAGIC, Seal, file_header, header_link, parse_file, record_header
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.batches import batch_of, records_of

STORE = b"store id 16 byte"
POSITIONS = st.integers(min_value=1, max_value=(1 << 64) - 1_000)
HASHES = st.binary(min_size=32, max_size=32)
RECORDS = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=40)
FRAMES = st.builds(
    lambda first, records, previous: seal(batch_of(first, records), previous), POSITIONS, RECORDS, HASHES
)
SMALL_FRAMES = st.builds(
    lambda first, records, previous: seal(batch_of(first, records), previous),
    POSITIONS,
    st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=4),
    HASHES,
)
CHUNKS = st.builds(Chunk, st.text(max_size=8), st.integers(0, (1 << 32) - 1), st.binary(max_size=40))
CHECKPOINTS = st.lists(st.builds(Checkpoint, st.binary(max_size=12), st.lists(CHUNKS, max_size=4)), max_size=4)


def file_of(checkpoints: list[Checkpoint]) -> tuple[bytes, list[int]]:
    """The file that holds these checkpoints, and where each one ends."""
    data = file_header(STORE)
    link, ends = header_link(data), []
    for checkpoint in checkpoints:
        sealing = Seal(link)
        for chunk in checkpoint.chunks:
            header, own_hash = record_header(CHUNK_MAGIC, chunk)
            sealing.add(own_hash, len(header) + len(chunk.body))
            data += header + bytes(chunk.body)
        body = sealing.body() + checkpoint.closing
        header, link = record_header(CLOSING_MAGIC, Chunk("", sealing.count, body))
        data += header + body
        ends.append(len(data))
    return data, ends


def read(data: bytes) -> list[Checkpoint]:
    """The checkpoints in a file, with bodies that compare."""
    return [
        Checkpoint(closing, [Chunk(chunk.section, chunk.count, bytes(chunk.body)) for chunk in chunks])
        for closing, chunks in parse_file(data, STORE).checkpoints
    ]


@given(first=POSITIONS, records=RECORDS, previous=HASHES)
def test_frame_round_trip(first: int, records: list[bytes], previous: bytes) -> None:
    """A sealed batch parses to an equal frame with the same records, streams and links."""
    written = batch_of(first, records)
    frame = Frame.parse(seal(written, previous).data, "here")
    assert frame == seal(written, previous)
    assert (records_of(frame), bytes(frame.streams)) == (records, written.streams)
    assert (frame.first, frame.last, frame.previous) == (first, first + len(records) - 1, previous)
    assert bytes(frame.body[5:]) == b"".join(records)


@settings(max_examples=25)
@given(frame=SMALL_FRAMES, mask=st.integers(1, 255))
def test_every_damaged_byte_of_a_frame_is_found(frame: Frame, mask: int) -> None:
    """Whatever bits of whatever single byte change, the frame is refused."""
    data = frame.data
    for index in range(len(data)):
        with pytest.raises(StoreCorrupt):
            Frame.parse(data[:index] + bytes([data[index] ^ mask]) + data[index + 1 :], "here")


@given(frame=FRAMES, other=FRAMES, data=st.data())
def test_cut_or_spliced_frames_are_found(frame: Frame, other: Frame, data: st.DataObject) -> None:
    """A frame that is cut, longer, or continued by another one's bytes is refused."""
    cut = data.draw(st.integers(0, len(frame.data) - 1))
    for damaged in (frame.data[:cut], frame.data + b"\0", frame.data[:cut] + other.data[cut:]):
        if damaged not in {frame.data, other.data}:
            with pytest.raises(StoreCorrupt):
                Frame.parse(damaged, "here")


@given(aggregate=st.text(max_size=20), key=st.text(max_size=20))
def test_stream_hash(aggregate: str, key: str) -> None:
    """A stream's hash is a function of its name, 8 bytes long."""
    assert stream_hash(aggregate, key) == stream_hash(aggregate, key)
    assert len(stream_hash(aggregate, key)) == 8


@given(checkpoints=CHECKPOINTS)
def test_chunk_file_round_trip(checkpoints: list[Checkpoint]) -> None:
    """Checkpoints are read back in order, and their ends are known."""
    data, ends = file_of(checkpoints)
    assert (read(data), parse_file(data, STORE).ends) == (checkpoints, ends)


@given(checkpoints=CHECKPOINTS, data=st.data())
def test_torn_chunk_file(checkpoints: list[Checkpoint], data: st.DataObject) -> None:
    """A file cut anywhere, with anything behind the cut, holds exactly the checkpoints closed before it."""
    content, ends = file_of(checkpoints)
    cut = data.draw(st.integers(0, len(content)))
    rest = data.draw(st.binary(max_size=80))
    whole = checkpoints[: sum(end <= cut for end in ends)]
    assert read(content[:cut]) == whole
    if content[cut : cut + len(rest)] != rest:
        assert read(content[:cut] + rest) == checkpoints[: len(read(content[:cut] + rest))]


@given(checkpoints=CHECKPOINTS, data=st.data())
def test_damaged_chunk_file(checkpoints: list[Checkpoint], data: st.DataObject) -> None:
    """A changed byte loses its checkpoint and those behind it; what is before is read, and nothing wrong ever."""
    content, ends = file_of(checkpoints)
    index = data.draw(st.integers(0, len(content) - 1))
    damaged = content[:index] + bytes([content[index] ^ data.draw(st.integers(1, 255))]) + content[index + 1 :]
    assert read(damaged) == checkpoints[: sum(end <= index for end in ends)]


@given(created_ns=st.integers(0, 1 << 63), store_id=st.binary(min_size=16, max_size=16), data=st.data())
def test_manifest(created_ns: int, store_id: bytes, data: st.DataObject) -> None:
    """A manifest is read back, and never with a changed byte."""
    manifest = Manifest(format_version=1, store_id=store_id.hex(), engine="lmdb-0.9", created_ns=created_ns)
    content = manifest.encode()
    assert Manifest.parse(content, "here") == manifest
    index = data.draw(st.integers(0, len(content) - 1))
    damaged = content[:index] + bytes([content[index] ^ data.draw(st.integers(1, 255))]) + content[index + 1 :]
    with pytest.raises(StoreCorrupt):
        Manifest.parse(damaged, "here")
