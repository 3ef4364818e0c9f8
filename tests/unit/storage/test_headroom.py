"""Headroom: zeros behind the data file's end, and nothing but zeros, and nothing at all where there is little room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from actum_storage import headroom
from actum_storage.headroom import COMMIT_BYTES_MARGIN, COMMIT_BYTES_MAX, PIECE_BYTES, Headroom
from actum_storage.lmdb_log import LmdbLog

from tests.support.batches import fill


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data file of two pages."""
    path = tmp_path / "data.mdb"
    path.write_bytes(b"x" * 8_192)
    return path


def test_zeros_are_put_behind_the_end(data: Path) -> None:
    """A piece of them, when a commit would not fit; what is there stays."""
    room = Headroom(data)
    assert room.wants_to_know(100)
    room.provide(8_192, 100)
    room.close()
    assert data.read_bytes() == b"x" * 8_192 + bytes(PIECE_BYTES)
    assert repr(room) == f"<Headroom {data} up to {8_192 + PIECE_BYTES}>"


def test_it_asks_again_when_commits_may_have_used_it(data: Path) -> None:
    """Between two pieces it knows by itself that there is room."""
    room = Headroom(data)
    room.wants_to_know(100)
    room.provide(8_192, 100)
    commits = 0
    while not room.wants_to_know(100):
        commits += 1
    assert commits == (PIECE_BYTES - COMMIT_BYTES_MARGIN - 100) // (COMMIT_BYTES_MARGIN + 100)
    room.provide(8_192, 100)  # LMDB has used nothing of it
    assert data.stat().st_size == 8_192 + PIECE_BYTES
    room.close()


def test_large_commits_get_none(data: Path) -> None:
    """They take so long that the journal does not matter."""
    room = Headroom(data)
    assert not room.wants_to_know(COMMIT_BYTES_MAX + 1)
    assert data.stat().st_size == 8_192
    room.close()


def test_a_disk_with_little_room_is_left_alone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reserve is for commits and checkpoints."""
    state = os.statvfs(data)
    monkeypatch.setattr(headroom, "reserve_of", lambda _: state.f_bavail * state.f_frsize)
    room = Headroom(data)
    room.provide(8_192, 100)
    assert data.stat().st_size == 8_192
    room.close()


def test_zeros_that_cannot_be_written_are_done_without(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is raised: commits are slower, that is all."""

    def full(descriptor: int, zeros: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    room = Headroom(data)
    room.provide(8_192, 100)
    assert data.stat().st_size == 8_192
    room.close()


def test_a_log_with_headroom_holds_what_was_written(tmp_path: Path) -> None:
    """The file is longer than what LMDB uses, frames are whole, and a log opened again goes on."""
    path = tmp_path / "log"
    path.mkdir()
    written = 0
    for _ in range(2):
        log = LmdbLog.open(path, write=True)
        fill(log, 1, 30, 500, 1)
        written += 532
        assert sum(frame.count for frame in log.frames()) == written
        used = (log._environment.info()["last_pgno"] + 1) * log._page_bytes
        assert used < (path / "data.mdb").stat().st_size <= used + PIECE_BYTES + COMMIT_BYTES_MARGIN
        log.close()
