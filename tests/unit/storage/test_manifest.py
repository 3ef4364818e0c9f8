"""The MANIFEST: three lines, whole or refused."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from actum_storage import Manifest, StorageError, StoreCorrupt, StoreMismatch

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = Manifest(format_version=1, store_id="0123456789abcdef" * 2, engine="lmdb-0.9", created_ns=1767225600_000000000)


def sealed(body: str) -> bytes:
    """Two lines with a checksum that fits."""
    return body.encode() + f"sha256 {sha256(body.encode()).hexdigest()}\n".encode()


def test_golden() -> None:
    """These are the bytes of docs/format.md."""
    assert GOLDEN.encode().decode().splitlines() == [
        "actum store, format 1",
        '{"created_ns": 1767225600000000000, "engine": "lmdb-0.9", "store_id": "0123456789abcdef0123456789abcdef"}',
        "sha256 d108bfd618595c5915bef0e5e30f72d5a3ce5669ebde9a7a9775a5b9074a802a",
    ]


def test_round_trip(tmp_path: Path) -> None:
    """What was written is read back, and the file is closed to others."""
    GOLDEN.write(tmp_path / "MANIFEST")
    assert Manifest.read(tmp_path / "MANIFEST") == GOLDEN
    assert (tmp_path / "MANIFEST").stat().st_mode & 0o777 == 0o600


def test_new_ones_differ() -> None:
    """Every store gets its own id."""
    assert Manifest.new().store_id != Manifest.new().store_id
    assert len(Manifest.new().store_id) == 32


def test_every_damaged_byte_is_found() -> None:
    """Any changed byte, and any missing end, is refused; never read as another manifest."""
    data = GOLDEN.encode()
    for index in range(len(data)):
        for damaged in (data[:index], data[:index] + bytes([data[index] ^ 4]) + data[index + 1 :]):
            with pytest.raises(StoreCorrupt, match="here is damaged"):
                Manifest.parse(damaged, "here")


def test_newer_format() -> None:
    """A whole manifest of a newer format is named as such, whatever else it says."""
    with pytest.raises(StoreMismatch, match=r"format 2; .* uses format 1"):
        Manifest.parse(sealed('actum store, format 2\n{"something": "new"}\n'), "here")


def test_other_engine() -> None:
    """A store of another engine is refused, naming it."""
    body = f'actum store, format 1\n{{"created_ns": 1, "engine": "lmdb-1.0", "store_id": "{"00" * 16}"}}\n'
    with pytest.raises(StoreMismatch, match=r"lmdb-1\.0"):
        Manifest.parse(sealed(body), "here")


def test_missing(tmp_path: Path) -> None:
    """A file that can't be read is a clear error."""
    with pytest.raises(StorageError, match="can't be read"):
        Manifest.read(tmp_path / "MANIFEST")
