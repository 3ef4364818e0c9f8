"""Checkpoints on disk: generations of a base and its deltas, and everything that may happen to them."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from actum_storage import Checkpoint, Chunk, Derived, ReadOnly, StorageError, StoreClosed, StoreFull, derived, files

from tests.support.damage import patch
from tests.support.processes import run_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STORE = b"store id 16 byte"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the files are."""
    return tmp_path / "store" / "derived"


@pytest.fixture
def saved(directory: Path) -> Derived:
    """Open for writing."""
    directory.parent.mkdir()
    return Derived(directory, STORE, write=True)


def save(saved: Derived, closing: bytes, *bodies: bytes, base: bool = False) -> None:
    """Write a checkpoint of these bodies."""
    writer = saved.begin(base=base)
    for body in bodies:
        writer.write(Chunk("rows", len(body), body))
    writer.close(closing)


def content(checkpoints: list[Checkpoint]) -> list[tuple[bytes, list[bytes]]]:
    """Closing documents and bodies."""
    return [(checkpoint.closing, [bytes(chunk.body) for chunk in checkpoint.chunks]) for checkpoint in checkpoints]


def reread(directory: Path) -> list[tuple[bytes, list[bytes]]]:
    """What a later opening finds."""
    return content(Derived(directory, STORE, write=False).read())


def names(directory: Path) -> list[str]:
    """The files, sorted."""
    return sorted(path.name for path in directory.iterdir())


class TestGenerations:
    """Bases and deltas."""

    def test_nothing(self, saved: Derived, directory: Path) -> None:
        """Without a checkpoint there is nothing to read, and nothing is created by looking."""
        assert (saved.read(), saved.size_base, saved.size_deltas) == ([], 0, 0)
        assert not directory.exists()

    def test_base_and_deltas(self, saved: Derived, directory: Path) -> None:
        """Checkpoints come back in the order in which they were written, the base first."""
        save(saved, b"base", b"1", b"22", base=True)
        save(saved, b"first", b"3")
        save(saved, b"second")
        expected = [(b"base", [b"1", b"22"]), (b"first", [b"3"]), (b"second", [])]
        assert content(saved.read()) == reread(directory) == expected
        assert names(directory) == ["00000001.chunks"]

    def test_new_base_replaces(self, saved: Derived, directory: Path) -> None:
        """A new base is a new file, and the older one goes when it is complete, not before."""
        save(saved, b"old", b"1", base=True)
        writer = saved.begin(base=True)
        writer.write(Chunk("rows", 1, b"2"))
        assert reread(directory) == [(b"old", [b"1"])]
        writer.close(b"new")
        assert (reread(directory), names(directory)) == ([(b"new", [b"2"])], ["00000002.chunks"])

    def test_sizes(self, saved: Derived, directory: Path) -> None:
        """The sizes of base and deltas add up to the file's, also after opening again."""
        save(saved, b"base", bytes(1000), base=True)
        base = (directory / "00000001.chunks").stat().st_size
        assert (saved.size_base, saved.size_deltas) == (base, 0)
        save(saved, b"delta", bytes(100))
        size = (directory / "00000001.chunks").stat().st_size
        for each in (saved, Derived(directory, STORE, write=False)):
            assert (each.size_base, each.size_deltas) == (base, size - base)
        assert f"generation 1, {size} bytes" in repr(saved)

    def test_goes_on_after_opening(self, saved: Derived, directory: Path) -> None:
        """A later opening appends to what it finds, also without reading first."""
        save(saved, b"base", base=True)
        save(Derived(directory, STORE, write=True), b"delta", b"1")
        assert reread(directory) == [(b"base", []), (b"delta", [b"1"])]

    def test_delta_without_base(self, saved: Derived) -> None:
        """A delta needs a base."""
        with pytest.raises(StorageError, match="base=True"):
            saved.begin(base=False)

    def test_one_at_a_time(self, saved: Derived) -> None:
        """A second checkpoint can't be begun before the first one has ended."""
        writer = saved.begin(base=True)
        with pytest.raises(StorageError, match="written already"):
            saved.begin(base=True)
        writer.abort()
        save(saved, b"base", base=True)

    def test_permissions(self, saved: Derived, directory: Path) -> None:
        """Directory and files are closed to others."""
        save(saved, b"base", base=True)
        assert {path.stat().st_mode & 0o777 for path in (directory, directory / "00000001.chunks")} == {0o700, 0o600}

    def test_clear(self, saved: Derived, directory: Path) -> None:
        """Clearing deletes every generation, ends what is being written, and leaves foreign files."""
        save(saved, b"base", base=True)
        (directory / "foreign").write_bytes(b"")
        writer = saved.begin(base=True)
        saved.clear()
        assert (saved.read(), saved.size_base, names(directory)) == ([], 0, ["foreign"])
        with pytest.raises(StoreClosed):
            writer.write(Chunk("rows", 1, b""))


class TestAbort:
    """Checkpoints that are not finished."""

    @pytest.mark.parametrize("base", [False, True])
    def test_abort(self, saved: Derived, directory: Path, *, base: bool) -> None:
        """An aborted checkpoint leaves nothing; aborting again does nothing, writing on is refused."""
        save(saved, b"base", b"1", base=True)
        before = (directory / "00000001.chunks").read_bytes()
        writer = saved.begin(base=base)
        writer.write(Chunk("rows", 1, bytes(600_000)))
        writer.abort()
        writer.abort()
        assert ((directory / "00000001.chunks").read_bytes(), names(directory)) == (before, ["00000001.chunks"])
        with pytest.raises(StoreClosed, match="Begin another one"):
            writer.write(Chunk("rows", 1, b""))
        with pytest.raises(StoreClosed):
            writer.close(b"")

    def test_closing_the_store_aborts(self, saved: Derived, directory: Path) -> None:
        """What is being written when the store is closed is aborted; everything is refused afterwards."""
        save(saved, b"base", base=True)
        saved.begin(base=False).write(Chunk("rows", 1, bytes(600_000)))
        saved.close()
        saved.close()
        assert reread(directory) == [(b"base", [])]
        for call in (saved.read, saved.clear, lambda: saved.begin(base=True)):
            with pytest.raises(StoreClosed):
                call()

    def test_killed(self, saved: Derived, directory: Path) -> None:
        """What a killed process left half-written is ignored, and the next checkpoint overwrites it."""
        save(saved, b"base", b"1", base=True)
        code = """
            import os, pathlib, sys
            from actum_storage import Chunk, Derived
            derived = Derived(pathlib.Path(sys.argv[1]), b"store id 16 byte", write=True)
            writer = derived.begin(base=sys.argv[2] == "base")
            writer.write(Chunk("rows", 1, bytes(600_000)))
            os._exit(0)
        """
        for kind in ("delta", "base"):
            run_python(code, directory, kind)
            assert reread(directory) == [(b"base", [b"1"])]
        save(Derived(directory, STORE, write=True), b"delta", b"2")
        assert reread(directory) == [(b"base", [b"1"]), (b"delta", [b"2"])]
        assert names(directory) == ["00000001.chunks"]


class TestWriting:
    """How the bytes reach the disk."""

    def test_pieces(self, monkeypatch: pytest.MonkeyPatch, saved: Derived) -> None:
        """They are written in pieces of at most 256 kB, each synced by itself, also within one large chunk."""
        calls: list[object] = []
        monkeypatch.setattr(derived, "write_all", lambda _, data: calls.append(len(data)))
        monkeypatch.setattr(derived, "sync_data", lambda _: calls.append("sync"))
        writer = saved.begin(base=True)
        writer.write(Chunk("rows", 1, bytes(600_000)))
        assert calls == [262_144, "sync", 262_144, "sync"]
        writer.abort()

    @pytest.mark.parametrize("sync", [False, True])
    def test_synced(self, monkeypatch: pytest.MonkeyPatch, directory: Path, *, sync: bool) -> None:
        """A closed checkpoint is on the disk with its name before older ones go; a relaxed store never syncs it."""
        directory.mkdir(parents=True)
        calls: list[str] = []
        monkeypatch.setattr(os, "fsync", lambda _: calls.append("fsync"))
        monkeypatch.setattr(derived, "sync_data", lambda _: calls.append("data"))
        save(Derived(directory, STORE, write=True, sync=sync), b"base", b"1", base=True)
        assert calls == (["data", "fsync", "fsync"] if sync else [])

    @pytest.mark.parametrize("body", [bytearray(b"12345678"), memoryview(bytes(16)).cast("Q")])
    def test_any_buffer(self, saved: Derived, directory: Path, body: bytearray | memoryview) -> None:
        """Any buffer will do for a body."""
        writer = saved.begin(base=True)
        writer.write(Chunk("rows", 1, body))
        writer.close(b"")
        assert reread(directory) == [(b"", [bytes(body)])]

    def test_full(self, monkeypatch: pytest.MonkeyPatch, saved: Derived, directory: Path) -> None:
        """On a full disk the checkpoint fails, the one before stays, and the next one works."""
        save(saved, b"base", b"1", base=True)
        writer = saved.begin(base=False)

        def refuse(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(derived, "write_all", refuse)
        with pytest.raises(StoreFull):
            writer.write(Chunk("rows", 1, bytes(600_000)))
        with pytest.raises(StoreClosed):
            writer.close(b"")
        monkeypatch.setattr(derived, "write_all", files.write_all)
        assert reread(directory) == [(b"base", [b"1"])]
        save(saved, b"delta", b"2")
        assert reread(directory) == [(b"base", [b"1"]), (b"delta", [b"2"])]

    def test_directory_deleted_while_writing(self, saved: Derived, directory: Path) -> None:
        """A checkpoint whose directory vanished fails as such, and the next base makes a new one."""
        writer = saved.begin(base=True)
        shutil.rmtree(directory)
        with pytest.raises(StorageError, match="can't be completed"):
            writer.close(b"")
        save(saved, b"base", base=True)
        assert reread(directory) == [(b"base", [])]

    def test_really_full(self, small_disk: Path) -> None:
        """The same on a real small disk."""
        saved = Derived(small_disk / "derived", STORE, write=True)
        save(saved, b"base", bytes(1 << 20), base=True)
        for base in (False, True):
            writer = saved.begin(base=base)
            with pytest.raises(StoreFull):
                writer.write(Chunk("rows", 1, bytes(8 << 20)))
            writer.abort()
        save(saved, b"delta", bytes(1 << 20))
        assert [closing for closing, _ in reread(small_disk / "derived")] == [b"base", b"delta"]


class TestDamage:
    """Nothing in here may keep a store from opening."""

    @pytest.fixture
    def two_generations(self, saved: Derived, directory: Path) -> Path:
        """An older generation beside a newer one, as a crash between closing and deleting leaves them."""
        save(saved, b"old", b"1", base=True)
        older = (directory / "00000001.chunks").read_bytes()
        save(saved, b"new", b"2", base=True)
        save(saved, b"delta", b"3")
        (directory / "00000001.chunks").write_bytes(older)
        return directory

    def test_newest_is_read(self, two_generations: Path) -> None:
        """The newest generation is read."""
        assert [closing for closing, _ in reread(two_generations)] == [b"new", b"delta"]

    def test_damaged_delta(self, two_generations: Path) -> None:
        """A damaged delta is not there, the base before it is."""
        path = two_generations / "00000002.chunks"
        patch(path, path.stat().st_size - 1, b"!")
        assert reread(two_generations) == [(b"new", [b"2"])]

    @pytest.mark.parametrize(
        "damage", [lambda path: patch(path, 40, b"!"), lambda path: os.truncate(path, 0)], ids=["byte", "empty"]
    )
    def test_damaged_base(self, two_generations: Path, damage: Callable[[Path], None]) -> None:
        """A damaged base takes its deltas with it; the older generation is read."""
        damage(two_generations / "00000002.chunks")
        assert reread(two_generations) == [(b"old", [b"1"])]

    def test_goes_on_behind_the_older_one(self, two_generations: Path) -> None:
        """A delta then goes behind the older generation, and the damaged one is deleted."""
        patch(two_generations / "00000002.chunks", 40, b"!")
        save(Derived(two_generations, STORE, write=True), b"more")
        assert [closing for closing, _ in reread(two_generations)] == [b"old", b"more"]
        assert names(two_generations) == ["00000001.chunks"]

    def test_foreign_files(self, two_generations: Path) -> None:
        """Files that aren't ours are ignored and left alone, whatever their names."""
        (two_generations / "notes.txt").write_bytes(b"")
        (two_generations / "99999999.chunks").mkdir()
        (two_generations / "88888888.chunks").write_bytes(b"foreign")
        (two_generations / "7.chunks").write_bytes(b"")
        assert [closing for closing, _ in reread(two_generations)] == [b"new", b"delta"]
        save(Derived(two_generations, STORE, write=True), b"base", base=True)
        assert reread(two_generations) == [(b"base", [])]
        assert {"notes.txt", "99999999.chunks", "7.chunks"} < set(names(two_generations))

    def test_of_another_store(self, saved: Derived, directory: Path) -> None:
        """Files of another store are not read."""
        save(saved, b"base", base=True)
        assert Derived(directory, b"another 16 bytes", write=False).read() == []

    def test_deleted_while_open(self, saved: Derived, directory: Path) -> None:
        """The directory can be deleted at any time: there is no base then, and a new one can be written."""
        save(saved, b"base", base=True)
        shutil.rmtree(directory)
        assert (saved.size_base, saved.size_deltas) == (0, 0)
        with pytest.raises(StorageError, match="base=True"):
            saved.begin(base=False)
        save(saved, b"new", base=True)
        assert reread(directory) == [(b"new", [])]

    def test_a_file_in_its_place(self, saved: Derived, directory: Path) -> None:
        """A file where the directory should be: nothing to read, and a clear error for writing."""
        directory.write_bytes(b"")
        assert saved.read() == []
        with pytest.raises(StorageError, match="can't be begun"):
            saved.begin(base=True)


def test_read_only(directory: Path) -> None:
    """Opened for reading, nothing can be written or deleted."""
    saved = Derived(directory, STORE, write=False)
    for call in (saved.clear, lambda: saved.begin(base=True)):
        with pytest.raises(ReadOnly):
            call()
    assert not directory.exists()
