"""One writer: the lock, and what it says to the second one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from actum_storage import StorageError, StoreInUse
from actum_storage.lock import WriterLock, holder_of, is_held

from tests.support.processes import Conversation

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
    import pathlib, sys, os
    from actum_storage.lock import WriterLock
    lock = WriterLock.acquire(pathlib.Path(sys.argv[1]))
    print(os.getpid(), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the lock is."""
    return tmp_path / "writer.lock"


def test_content_and_permissions(path: Path) -> None:
    """The file holds the pid, in 21 bytes, closed to others; it stays when the lock is released."""
    lock = WriterLock.acquire(path)
    assert path.read_bytes() == f"{os.getpid():>20}\n".encode()
    lock.release()
    lock.release()
    assert path.stat().st_mode & 0o777 == 0o600
    WriterLock.acquire(path).release()


def test_same_process(path: Path) -> None:
    """A second lock in the same process is refused, and the message says that it is this one."""
    lock = WriterLock.acquire(path)
    with pytest.raises(StoreInUse, match=f"process {os.getpid()}, this one"):
        WriterLock.acquire(path)
    lock.release()


def test_another_process(path: Path) -> None:
    """A lock held by another process is refused with its pid, and free as soon as that was killed."""
    with Conversation(HOLD, path) as holder:
        with pytest.raises(StoreInUse, match=f"process {holder.first_line}\\. Close it there"):
            WriterLock.acquire(path)
        assert is_held(path)
        holder.kill()
        assert not is_held(path)
        WriterLock.acquire(path).release()


def test_looking_disturbs_nobody(path: Path) -> None:
    """Whoever wants to hold the lock gets it, however often somebody looks whether it is held."""
    code = """
        import pathlib, sys
        from actum_storage.lock import is_held
        print("looking", flush=True)
        while True:
            is_held(pathlib.Path(sys.argv[1]))
    """
    WriterLock.acquire(path).release()
    with Conversation(code, path) as looking:
        assert looking.first_line == "looking"
        for _ in range(500):
            WriterLock.acquire(path).release()


def test_holder_not_written_yet(path: Path) -> None:
    """A holder that had no time to write its pid is named as unknown."""
    lock = WriterLock.acquire(path)
    path.write_bytes(b"")
    with pytest.raises(StoreInUse, match="process unknown"):
        WriterLock.acquire(path)
    lock.release()


def test_is_held_without_a_file(path: Path) -> None:
    """No file, no holder; looking doesn't create one."""
    assert not is_held(path)
    assert not path.exists()


def test_replaced_while_opening(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """When the file is replaced between opening and locking, the new one is locked: never two holders."""
    original = os.path.samestat
    answers = iter([False])
    monkeypatch.setattr(os.path, "samestat", lambda *states: next(answers, None) is None and original(*states))
    lock = WriterLock.acquire(path)
    assert is_held(path)
    lock.release()


def test_not_a_file(tmp_path: Path) -> None:
    """A directory or a link in its place is a clear error."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("directory", "link"):
        with pytest.raises(StorageError, match=f"{name} can't be locked"):
            WriterLock.acquire(tmp_path / name)
    assert not (tmp_path / "elsewhere").exists()


def test_the_holder_is_named(path: Path) -> None:
    """Somebody who looks learns which process it is, and does not take the lock."""
    assert holder_of(path) is None
    lock = WriterLock.acquire(path)
    assert holder_of(path) == str(os.getpid())
    lock.release()
    assert holder_of(path) is None
    WriterLock.acquire(path).release()
