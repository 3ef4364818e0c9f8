"""Damages files as a failing disk would."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def patch(path: Path, offset: int, data: bytes) -> None:
    """Overwrite bytes of a file in place."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def damage(path: Path, written: bytes, *, index: int = 0) -> None:
    """Change byte `index` of something wherever it is in a file: LMDB leaves older copies of its pages behind."""
    content = path.read_bytes()
    offset = content.find(written)
    assert offset >= 0, f"{written!r} is not in {path}"
    while offset >= 0:
        patch(path, offset + index, bytes([content[offset + index] ^ 1]))
        offset = content.find(written, offset + 1)
