"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from actum_bench.files import replace_file


def test_made_with_its_directories(tmp_path: Path) -> None:
    """With the permissions that any new file gets."""
    path = tmp_path / "deep" / "file"
    replace_file(path, b"one")
    (tmp_path / "other").touch()
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_replaced_with_its_permissions(tmp_path: Path) -> None:
    """What it was allowed to whom stays, and a link stays a link."""
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"one")
    path.chmod(0o640)
    link.symlink_to(path)
    replace_file(link, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(child.name for child in tmp_path.iterdir()) == ["file", "link"]


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full when the content is to reach it costs the new file, not the old one."""

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    path.write_bytes(b"one")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"two")
    assert path.read_bytes() == b"one"
    assert [child.name for child in tmp_path.iterdir()] == ["file"]


def test_devices_are_written_to() -> None:
    """They are never replaced."""
    with pytest.raises(OSError, match="No space"):
        replace_file(Path("/dev/full"), b"one")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
