"""Memory of a process as the system counts it."""

from __future__ import annotations

from actum_bench.resident import resident_bytes


def test_resident() -> None:
    """Memory that is written to is counted."""
    before = resident_bytes()
    held = bytearray(b"\x01") * (64 << 20)
    assert resident_bytes() - before > 32 << 20
    assert len(held) == 64 << 20
