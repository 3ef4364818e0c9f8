"""The offsets of the format, pinned: changing one is changing the format."""

from __future__ import annotations

from actum_storage import layout


def test_frame_offsets() -> None:
    """The frame's header is as long as docs/format.md draws it."""
    assert (layout.FRAME_HASH_OFFSET, layout.FRAME_HEADER_SIZE, layout.ARRAY_HEADER.size) == (56, 88, 5)
    assert (layout.OFFSET_SIZE, layout.STREAM_SIZE, layout.HASH_SIZE) == (4, 8, 32)


def test_keys_sort_as_positions_do() -> None:
    """Keys compare as bytes in the order of their positions, over the whole range."""
    positions = [0, 1, 255, 256, 1 << 31, 1 << 32, (1 << 64) - 1]
    keys = [layout.POSITION.pack(position) for position in positions]
    assert keys == sorted(keys)
    assert [layout.POSITION.unpack(key)[0] for key in keys] == positions
