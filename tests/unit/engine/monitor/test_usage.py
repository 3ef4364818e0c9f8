"""Memory and processor time of this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum.monitor import usage


def test_memory_is_what_the_process_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """More than nothing, and never more than the most that it held, which is what is left where there is no `/proc`."""
    held, most = usage.resident_bytes(), usage.resident_bytes_max()
    assert 1_000_000 < held <= most * 1.1
    for content in (None, b"", b"a b c"):
        statm = tmp_path / "statm"
        if content is not None:
            statm.write_bytes(content)
        monkeypatch.setattr(usage, "STATM", statm)
        assert usage.resident_bytes() >= most


def test_processor_time_only_grows() -> None:
    """By what is worked."""
    before = usage.cpu_seconds()
    while usage.cpu_seconds() == before:
        sum(range(10_000))
    assert usage.cpu_seconds() > before > 0
