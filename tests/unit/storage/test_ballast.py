"""The ballast file: room that is kept while there is room, and given back once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from actum_storage import StoreDirectory, ballast
from actum_storage.ballast import Ballast


def held(path: Path) -> int:
    """Bytes of the file on the disk."""
    return path.stat().st_blocks * 512


def test_it_is_kept_and_given_back(tmp_path: Path) -> None:
    """It has its blocks, not only its length; holding it again changes nothing; it can be dropped once."""
    path = tmp_path / "ballast"
    kept = Ballast(path)
    assert kept.hold(100_000)
    assert held(path) >= 100_000
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_mtime_ns
    assert kept.hold(100_000)
    assert path.stat().st_mtime_ns == before
    assert kept.drop()
    assert not path.exists()
    assert not kept.drop()


def test_a_sparse_copy_is_filled(tmp_path: Path) -> None:
    """A copy of a store may have the file without its blocks."""
    path = tmp_path / "ballast"
    path.touch()
    os.truncate(path, 100_000)
    assert held(path) < 100_000
    assert Ballast(path).hold(100_000)
    assert held(path) >= 100_000


def test_it_shrinks(tmp_path: Path) -> None:
    """A smaller one that is asked for later gives the rest back."""
    path = tmp_path / "ballast"
    assert Ballast(path).hold(1 << 20)
    assert Ballast(path).hold(100_000)
    assert 100_000 <= held(path) < 200_000


def test_a_disk_that_is_nearly_full_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Holding it there would only bring the end nearer."""
    monkeypatch.setattr(ballast, "reserve_of", lambda _: 1 << 60)
    assert not Ballast(tmp_path / "ballast").hold(1 << 60)
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """Nothing is written through it."""
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "ballast").symlink_to(tmp_path / "precious")
    assert not Ballast(tmp_path / "ballast").hold(100_000)
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_who_reads_keeps_none(tmp_path: Path) -> None:
    """Nor gives the writer's back."""
    with StoreDirectory.open(tmp_path / "store", write=True) as store:
        assert store.hold_ballast(100_000)
    with StoreDirectory.open(tmp_path / "store", write=False) as store:
        assert not store.hold_ballast(200_000)
        assert not store.drop_ballast()
    assert held(tmp_path / "store" / "ballast") >= 100_000
