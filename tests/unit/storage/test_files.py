"""Plain files made durable."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from actum_storage import StorageError, StoreFull, files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room(code: int) -> None:
    """A disk, a quota and a limit that are full are StoreFull."""
    with pytest.raises(StoreFull, match=r"here: .*Free space"), files.os_errors("here"):
        raise OSError(code, os.strerror(code))


def test_other_errors() -> None:
    """Anything else of the system is a StorageError with its cause."""
    with pytest.raises(StorageError, match=r"here: .*denied") as caught, files.os_errors("here"):
        raise PermissionError(errno.EACCES, "denied")
    assert isinstance(caught.value.__cause__, PermissionError)


def test_make_directory_with_parents(tmp_path: Path) -> None:
    """Missing parents are made too, all closed to others whatever the umask."""
    umask = os.umask(0)
    try:
        files.make_directory(tmp_path / "a" / "b" / "c")
        files.make_directory(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")} == {0o700}


def test_replace_durably(tmp_path: Path) -> None:
    """A file gets its new bytes, closed to others, and nothing is left beside it."""
    path = tmp_path / "file"
    files.replace_durably(path, b"old")
    files.replace_durably(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_short_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When the system takes fewer bytes than given, the rest is written as well."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data)[:3]))
    files.replace_durably(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


@pytest.mark.parametrize("native", [True, False], ids=["posix_fallocate", "zeros"])
def test_allocate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, native: bool) -> None:
    """A file gets blocks for all its bytes and keeps what it holds, also where the system has no call for it."""
    if not native:
        monkeypatch.delattr(os, "posix_fallocate")
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with path.open("r+b") as file:
        files.allocate(file.fileno(), 100_000)
        files.allocate(file.fileno(), 10)
    assert path.stat().st_size == 100_000
    assert path.stat().st_blocks * 512 >= 100_000
    assert path.read_bytes()[:8] == b"content\0"
