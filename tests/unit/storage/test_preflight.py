"""What is checked before LMDB touches a file."""

from __future__ import annotations

import errno
import os
import resource
import struct
from typing import TYPE_CHECKING

import lmdb
import pytest
from actum_storage import StorageError, StoreCorrupt, StoreFull, StoreMismatch, preflight
from actum_storage.preflight import check_data_file, check_free_space, has_room, prepare_lock_file

from tests.support.damage import patch

if TYPE_CHECKING:
    from pathlib import Path


def environment(directory: Path, lib_version: int = 0) -> Path:
    """The data file of a closed environment with something in it."""
    with lmdb.open(str(directory), lib_version=lib_version) as opened:
        for number in range(5):
            with opened.begin(write=True) as transaction:
                transaction.put(b"key%d" % number, bytes(5000))
    return directory / "data.mdb"


class TestDataFile:
    """The file that LMDB would map."""

    def test_whole(self, tmp_path: Path) -> None:
        """A whole file passes."""
        check_data_file(environment(tmp_path))

    def test_missing(self, tmp_path: Path) -> None:
        """A missing file is damage: whoever asks knows that there must be one."""
        with pytest.raises(StoreCorrupt, match=r"data\.mdb is missing"):
            check_data_file(tmp_path / "data.mdb")

    def test_truncated_anywhere(self, tmp_path: Path) -> None:
        """Wherever the file was cut, it is refused; zero length too, which LMDB takes for a new database."""
        data = environment(tmp_path)
        content = data.read_bytes()
        for size in [*range(0, len(content), 1024), len(content) - 1]:
            data.write_bytes(content[:size])
            with pytest.raises(StoreCorrupt):
                check_data_file(data)

    def test_longer(self, tmp_path: Path) -> None:
        """Pages behind the last commit, which a crash or a full disk leaves, are no damage."""
        data = environment(tmp_path)
        with data.open("ab") as file:
            file.write(bytes(10_000))
        check_data_file(data)

    def test_other_engine(self, tmp_path: Path) -> None:
        """A file of LMDB 1.0 is a mismatch and no damage."""
        with pytest.raises(StoreMismatch, match=r"LMDB 0\.9"):
            check_data_file(environment(tmp_path, lib_version=1))

    @pytest.mark.parametrize("page", [0, 1])
    @pytest.mark.parametrize(
        ("offset", "data"), [(16, b"\0"), (20, b"\3"), (40, b"\1"), (40, bytes(4)), (136, bytes(8)), (144, b"\x77")]
    )
    def test_damaged_meta(self, tmp_path: Path, page: int, offset: int, data: bytes) -> None:
        """A meta page with an impossible magic, version, page size, last page or transaction is damage."""
        path = environment(tmp_path)
        patch(path, page * 4096 + offset, data)
        with pytest.raises(StoreCorrupt):
            check_data_file(path)

    def test_unreadable(self, tmp_path: Path) -> None:
        """A path that can't be opened as a file is a clear error."""
        (tmp_path / "link").symlink_to(tmp_path / "link")
        with pytest.raises(StorageError):
            check_data_file(tmp_path / "link")

    def test_meta_being_written(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A meta page that a live writer is just changing is read again before it is called damaged."""
        data = environment(tmp_path)
        pread, torn = os.pread, iter([bytes(152), bytes(8192), None])
        monkeypatch.setattr(os, "pread", lambda *arguments: next(torn, None) or pread(*arguments))
        check_data_file(data)

    def test_layout_of_the_meta_page(self, tmp_path: Path) -> None:
        """What is read of the meta page is what LMDB says of the environment."""
        data = environment(tmp_path)
        with data.open("rb") as file:
            metas = preflight.read_metas(file.fileno(), data)
        newest = max(metas, key=lambda meta: meta.transaction)
        with lmdb.open(str(tmp_path), lib_version=0) as opened:
            information = opened.info()
            assert (newest.last_page, newest.transaction) == (information["last_pgno"], information["last_txnid"])
            assert newest.page_bytes == opened.stat()["psize"]


class TestLockFile:
    """The file that LMDB maps for its readers."""

    def test_created_whole(self, tmp_path: Path) -> None:
        """A missing one is created with all its blocks, closed to others."""
        lock = tmp_path / "lock.mdb"
        prepare_lock_file(lock)
        state = lock.stat()
        assert (state.st_size, state.st_blocks * 512 >= state.st_size, state.st_mode & 0o777) == (36_864, True, 0o600)

    def test_holes_are_filled(self, tmp_path: Path) -> None:
        """One with holes, as LMDB makes it, gets its blocks and keeps its content."""
        lock = tmp_path / "lock.mdb"
        lock.write_bytes(b"content")
        os.truncate(lock, 36_864)
        prepare_lock_file(lock)
        assert lock.stat().st_blocks * 512 >= 36_864
        assert lock.read_bytes()[:7] == b"content"

    def test_whole_one_is_not_opened(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A whole one is looked at only: opening and closing it would drop the locks of this process."""
        prepare_lock_file(tmp_path / "lock.mdb")
        monkeypatch.setattr(os, "open", lambda *_: pytest.fail("opened"))
        prepare_lock_file(tmp_path / "lock.mdb")

    def test_lmdb_accepts_it(self, tmp_path: Path) -> None:
        """LMDB uses the prepared file, with at least as many readers as asked for."""
        prepare_lock_file(tmp_path / "lock.mdb")
        with lmdb.open(str(tmp_path), lib_version=0, max_readers=512) as opened:
            assert opened.info()["max_readers"] >= 512

    def test_no_room(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Where there is no room for it, that is said instead of dying in LMDB."""

        def refuse(*_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(preflight, "allocate", refuse)
        with pytest.raises(StoreFull, match="36864 bytes"):
            prepare_lock_file(tmp_path / "lock.mdb")
        assert not (tmp_path / "lock.mdb").exists()
        (tmp_path / "lock.mdb").write_bytes(b"content")
        with pytest.raises(StoreFull):
            prepare_lock_file(tmp_path / "lock.mdb")
        assert (tmp_path / "lock.mdb").read_bytes() == b"content"


class TestRoom:
    """How much room there is."""

    def test_free_space(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A new store needs room for itself."""
        check_free_space(tmp_path)
        monkeypatch.setattr(preflight, "CREATE_BYTES_MIN", 1 << 60)
        with pytest.raises(StoreFull, match="are free, a new store needs"):
            check_free_space(tmp_path)

    def test_has_room(self, tmp_path: Path) -> None:
        """On a disk with room there is room, and nothing is left behind by asking."""
        data = environment(tmp_path)
        assert has_room(data, 1000)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data.mdb", "lock.mdb"]

    def test_small_disk(self, small_disk: Path) -> None:
        """A disk that is too small for twice the commit has none."""
        data = environment(small_disk)
        assert has_room(data, 1 << 20)
        assert not has_room(data, 4 << 20)

    def test_limit(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """The process's limit for files counts."""
        data = environment(tmp_path)
        monkeypatch.setattr(resource, "getrlimit", lambda _: (data.stat().st_size + 100, 0))
        assert not has_room(data, 1000)

    @pytest.mark.parametrize(("code", "room"), [(errno.EDQUOT, False), (errno.EIO, True)])
    def test_quota(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, *, room: bool) -> None:
        """A quota counts; a failing disk is not a full one."""
        data = environment(tmp_path)

        def refuse(*_: int) -> None:
            raise OSError(code, "refused")

        monkeypatch.setattr(preflight, "allocate", refuse)
        assert has_room(data, 1000) is room


def test_meta_struct() -> None:
    """The struct is as long as LMDB's."""
    assert preflight.META.size == struct.calcsize("=IIQQ") + 2 * 48 + 16 == 136
