"""A frame: sealed, read back, and refused when a byte is wrong."""

from __future__ import annotations

import struct
from hashlib import sha256

import pytest
from actum_storage import GENESIS, Frame, StorageError, StoreCorrupt, StoreMismatch, seal, stream_hash
from actum_storage.frame import copy_value, hash_of, key_position, parse_at

from tests.support.batches import batch, batch_of, record, records_of

FRAME = seal(batch(7, 3), b"p" * 32)


def resealed(data: bytes) -> bytes:
    """The same bytes with a hash that fits them: what a writer with a bug would have stored."""
    return data[:56] + sha256(data[:56] + data[88:]).digest() + data[88:]


class TestSeal:
    """Making a frame."""

    def test_golden(self) -> None:
        """The bytes are those of docs/format.md: a frame sealed by any version of this format reads the same."""
        header = struct.pack(">4sBBHIIQ32s", b"ACTF", 1, 0, 0, 2, 5 + 7, 42, GENESIS)
        rest = struct.pack(">II", 0, 3) + stream_hash("Account", "42") + stream_hash("Account", "43")
        rest += b"\xdd\x00\x00\x00\x02" + b"abc" + b"defg"
        frame = seal(batch_of(42, [b"abc", b"defg"]), GENESIS)
        assert frame.data == header + sha256(header + rest).digest() + rest
        assert frame.data[56:64].hex() == "48b55b1adfb3c7ce"

    def test_fields(self) -> None:
        """A frame knows its positions, the hash before it and its own."""
        assert (FRAME.first, FRAME.count, FRAME.last, FRAME.previous) == (7, 3, 9, b"p" * 32)
        assert FRAME.hash == hash_of(FRAME.data) == FRAME.data[56:88]

    def test_records_and_streams(self) -> None:
        """Records, streams and the body are the batch's, without a copy."""
        assert records_of(FRAME) == [record(7), record(8), record(9)]
        assert [FRAME.stream(index) for index in range(3)] == [stream_hash("Account", str(n)) for n in (7, 8, 9)]
        assert bytes(FRAME.streams) == b"".join(FRAME.stream(index) for index in range(3))
        assert bytes(FRAME.body) == b"\xdd\x00\x00\x00\x03" + b"".join(records_of(FRAME))
        assert isinstance(FRAME.record(0), memoryview)

    def test_a_part_is_an_array_like_the_body(self) -> None:
        """Some records in a row, as one array; all of them are the body."""
        for start in range(3):
            for stop in range(start + 1, 4):
                expected = b"\xdd" + (stop - start).to_bytes(4) + b"".join(records_of(FRAME)[start:stop])
                assert FRAME.part(start, stop) == expected
        assert FRAME.part(0, 3) == bytes(FRAME.body)

    @pytest.mark.parametrize("index", [-1, 3])
    def test_no_such_record(self, index: int) -> None:
        """An index outside the frame is an error, not another record."""
        for read in (FRAME.record, FRAME.stream):
            with pytest.raises(IndexError, match="use 0 to 2"):
                read(index)

    def test_immutable(self) -> None:
        """A frame can't be changed."""
        with pytest.raises(AttributeError):
            FRAME.first = 1  # type: ignore[misc]

    def test_hash_depends_on_the_frame_before(self) -> None:
        """The same batch behind another frame has another hash."""
        assert seal(batch(7, 3), GENESIS).hash != FRAME.hash

    @pytest.mark.parametrize(("first", "offset"), [(-1, 0), (1 << 64, 0), (1, 1 << 32)])
    def test_out_of_range(self, first: int, offset: int) -> None:
        """A number that the format has no room for is a clear error."""
        bad = batch_of(1, [b"a", b"b"])._replace(first=first, offsets=[0, offset])
        with pytest.raises(StorageError, match=r"can't be framed|does not fit together"):
            seal(bad, GENESIS)

    def test_repr(self) -> None:
        """A frame's repr is short and tells its positions."""
        assert repr(FRAME) == f"<Frame 7..9 {FRAME.hash[:4].hex()} {len(FRAME.data)} bytes>"


class TestStreamHash:
    """The 8 bytes that stand for a stream."""

    def test_golden(self) -> None:
        """The hash is part of the format and never changes."""
        assert stream_hash("Account", "alice").hex() == "eece923456d72acf"

    def test_boundary(self) -> None:
        """Aggregate and key don't run into each other."""
        assert len({stream_hash("ab", "c"), stream_hash("a", "bc"), stream_hash("abc", "")}) == 3


class TestParse:
    """Reading a frame back."""

    def test_round_trip(self) -> None:
        """What was sealed parses to an equal frame."""
        assert Frame.parse(FRAME.data, "here") == FRAME

    @pytest.mark.parametrize("size", [0, 1, 87, 88, len(FRAME.data) - 1])
    def test_truncated(self, size: int) -> None:
        """A cut frame is refused, naming where it was."""
        with pytest.raises(StoreCorrupt, match="log, position 7"):
            Frame.parse(FRAME.data[:size], "log, position 7")

    def test_longer(self) -> None:
        """Bytes behind the frame are refused."""
        with pytest.raises(StoreCorrupt, match="bytes, not"):
            Frame.parse(FRAME.data + b"\0", "here")

    @pytest.mark.parametrize("offset", [0, 6, 7])
    def test_not_a_frame(self, offset: int) -> None:
        """A wrong magic or reserved byte is not a frame, even with a fitting hash."""
        data = resealed(FRAME.data[:offset] + b"\x7f" + FRAME.data[offset + 1 :])
        with pytest.raises(StoreCorrupt, match="not a frame"):
            Frame.parse(data, "here")

    @pytest.mark.parametrize(("offset", "value"), [(4, 2), (5, 1)])
    def test_newer(self, offset: int, value: int) -> None:
        """A whole frame of a newer version, or with an unknown flag, is a mismatch and no damage."""
        data = resealed(FRAME.data[:offset] + bytes([value]) + FRAME.data[offset + 1 :])
        with pytest.raises(StoreMismatch, match="reads version 1 with flags 0"):
            Frame.parse(data, "here")

    @pytest.mark.parametrize(("offset", "value"), [(4, 2), (5, 1), (30, 255), (60, 255), (90, 255), (-1, 255)])
    def test_damaged(self, offset: int, value: int) -> None:
        """A changed byte anywhere is found by the hash."""
        data = bytearray(FRAME.data)
        data[offset] = value
        with pytest.raises(StoreCorrupt, match="SHA-256"):
            Frame.parse(bytes(data), "here")

    @pytest.mark.parametrize(
        "offsets", [(1, 24, 48), (0, 48, 24), (0, 24, 72)], ids=["not from 0", "falling", "behind the body"]
    )
    def test_bad_offsets(self, offsets: tuple[int, int, int]) -> None:
        """Offsets that a buggy writer sealed are refused although the hash fits."""
        data = resealed(FRAME.data[:88] + struct.pack(">III", *offsets) + FRAME.data[100:])
        with pytest.raises(StoreCorrupt, match="offsets"):
            Frame.parse(data, "here")

    def test_body_is_not_the_array(self) -> None:
        """A body that says another number of records is refused although the hash fits."""
        start = len(FRAME.data) - len(FRAME.body)
        data = resealed(FRAME.data[: start + 4] + b"\x04" + FRAME.data[start + 5 :])
        with pytest.raises(StoreCorrupt, match="not an array of its 3 records"):
            Frame.parse(data, "here")

    @pytest.mark.parametrize(("offset", "size"), [(8, 4), (16, 8)], ids=["count", "first position"])
    def test_zero(self, offset: int, size: int) -> None:
        """A frame without records or before position 1 is refused."""
        data = resealed(FRAME.data[:offset] + bytes(size) + FRAME.data[offset + size :])
        with pytest.raises(StoreCorrupt):
            Frame.parse(data, "here")


class TestStored:
    """Keys and values as LMDB gives them."""

    def test_key(self) -> None:
        """A key is a position of 8 bytes; any other length is damage."""
        assert key_position(memoryview((42).to_bytes(8)), "here") == 42
        for size in (0, 7, 9):
            with pytest.raises(StoreCorrupt, match=f"here: a frame's key has {size} bytes"):
                key_position(memoryview(bytes(size)), "here")

    def test_value_under_its_key(self) -> None:
        """A frame is read under the key where it begins, and refused under any other."""
        assert parse_at(7, FRAME.data, "here") == FRAME
        with pytest.raises(StoreCorrupt, match="begins at position 7"):
            parse_at(8, FRAME.data, "here")


class TestCopy:
    """Copying a value out of the memory map."""

    def test_copy(self) -> None:
        """A value as long as its header says is copied."""
        assert copy_value(memoryview(FRAME.data), "here") == FRAME.data

    def test_wrong_length(self) -> None:
        """One that isn't is refused before anything behind its header is touched."""
        for value in (FRAME.data[:-1], FRAME.data + b"\0", FRAME.data[:40]):
            with pytest.raises(StoreCorrupt, match="here"):
                copy_value(memoryview(value), "here")
