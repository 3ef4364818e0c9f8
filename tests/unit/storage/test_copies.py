"""Copies of a store: whole or not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from actum_storage import (
    StorageError,
    StoreCorrupt,
    StoreDirectory,
    StoreFailed,
    StoreInUse,
    StoreMismatch,
    compact_store,
    copy_store,
    failpoints,
    open_store,
)
from actum_storage.copies import COMMIT_BYTES_MAX

from tests.support.batches import fill, record, records_of
from tests.support.damage import damage
from tests.support.processes import Conversation, run_python

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store with seven records in three frames and a schema."""
    with StoreDirectory.open(tmp_path / "store", write=True) as store:
        fill(store.log, 2, 1, 4)
        store.log.put_schemas(store.log.acquire(), {"a": b"the document"})
    return tmp_path / "store"


def test_a_copy_is_the_same_log(path: Path, tmp_path: Path) -> None:
    """Head, frames, schemas and store id are those of the original; nothing else is left beside it."""
    with open_store(path) as store:
        report = store.copy(tmp_path / "copies" / "one")
        head, frames, manifest = store.head, list(store.frames()), store.manifest
    assert report[:3] == (tmp_path / "copies" / "one", head, 3)
    with open_store(report.path) as copy:
        assert (copy.head, list(copy.frames()), copy.schemas()) == (head, frames, {"a": b"the document"})
        assert copy.manifest == manifest
        assert copy.warnings == ()
    assert [entry.name for entry in (tmp_path / "copies").iterdir()] == ["one"]


def test_an_empty_store_can_be_copied(tmp_path: Path) -> None:
    """There is nothing in the copy either."""
    with StoreDirectory.open(tmp_path / "store", write=True) as store:
        assert copy_store(store.manifest, store.log, tmp_path / "copy").frames == 0
    with open_store(tmp_path / "copy") as copy:
        assert copy.head.position == 0


@pytest.mark.parametrize("position", [1, 2, 3, 4, 5, 6])
def test_a_cut_copy(position: int, path: Path, tmp_path: Path) -> None:
    """It has the records up to the position, a chain of its own behind the cut, and another store id."""
    with open_store(path) as store:
        report = store.copy(tmp_path / "copy", position=position)
        original = store.manifest
    assert report.head.position == position
    with StoreDirectory.open(tmp_path / "copy", write=True) as copy:
        found = [each for frame in copy.log.frames() for each in records_of(frame)]
        assert found == [record(each) for each in range(1, position + 1)]
        assert copy.manifest.store_id != original.store_id
        assert fill(copy.log, 3).position == position + 3


def test_large_logs_are_copied_in_pieces(tmp_path: Path) -> None:
    """One commit takes so many bytes; progress is told after each."""
    told: list[tuple[int, int]] = []
    with StoreDirectory.open(tmp_path / "store", write=True) as store:
        fill(store.log, *[100] * 5, size=COMMIT_BYTES_MAX // 200)
        copy_store(
            store.manifest, store.log, tmp_path / "copy", progress=lambda done, whole: told.append((done, whole))
        )
    assert told == [(200, 500), (400, 500), (500, 500)]


def test_a_log_that_grows_meanwhile(path: Path, tmp_path: Path) -> None:
    """The copy ends where the original ended when it was begun."""
    with StoreDirectory.open(path, write=True) as store, failpoints.planted("copy.piece", lambda: fill(store.log, 2)):
        report = copy_store(store.manifest, store.log, tmp_path / "copy")
        assert (report.head.position, store.log.head.position) == (7, 9)


def test_nothing_is_overwritten(path: Path, tmp_path: Path) -> None:
    """Whatever is at the destination stays."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    with open_store(path) as store:
        for name in ("taken", "dangling", "store"):
            with pytest.raises(StoreMismatch, match="exists already"):
                store.copy(tmp_path / name)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["dangling", "store", "taken"]


def test_a_copy_that_fails_leaves_nothing(path: Path, tmp_path: Path) -> None:
    """Damage in the original stops the copying, and an error of the disk does."""

    def fail() -> None:
        raise OSError(28, "No space left on device")

    with open_store(path) as store:
        for point in ("copy.piece", "copy.whole"):
            with failpoints.planted(point, fail), pytest.raises(StorageError, match=r"copy can't be written.*No space"):
                store.copy(tmp_path / "copy")
            assert [entry.name for entry in tmp_path.iterdir()] == ["store"]
    damage(path / "log" / "data.mdb", record(3))
    with open_store(path) as store:
        with pytest.raises(StoreCorrupt, match="frame at position 3"):
            store.copy(tmp_path / "copy")
        assert [entry.name for entry in tmp_path.iterdir()] == ["store"]


def test_an_unfinished_copy_is_no_store(path: Path, tmp_path: Path) -> None:
    """Nobody takes it for one, and the next copy takes its place."""
    with open_store(path) as store:
        store.copy(tmp_path / "copy")
        (tmp_path / "copy").rename(tmp_path / "copy.unfinished")
        with pytest.raises(StoreMismatch, match="unfinished copy"):
            open_store(tmp_path / "copy.unfinished")
        with pytest.raises(StoreMismatch, match="unfinished copy"):
            StoreDirectory.open(tmp_path / "copy.unfinished", write=True)
        store.copy(tmp_path / "copy")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["copy", "store"]


def test_places_where_no_copy_can_be(path: Path, tmp_path: Path) -> None:
    """A name that says "broken off", and places inside the store itself, where it would be tidied away."""
    (tmp_path / "link").symlink_to(path)
    with open_store(path) as store:
        with pytest.raises(StoreMismatch, match="names that end in .unfinished"):
            store.copy(tmp_path / "copy.unfinished")
        for inside in (path / "log.old", path / "log" / "copy", path / "a" / "b", tmp_path / "link" / "copy"):
            with pytest.raises(StoreMismatch, match="lies inside the store"):
                store.copy(inside)
        StoreDirectory.open(tmp_path / "other", write=True).close()
        with pytest.raises(StoreMismatch, match=r"lies inside the store .*other"):
            store.copy(tmp_path / "other" / "log.old")
        for nothing in (tmp_path / "new" / "..", tmp_path / ("a" * 250), tmp_path / "\udcff"):
            with pytest.raises(StoreMismatch):
                store.copy(nothing)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link", "other", "store"]


def test_compacting_a_linked_log(path: Path, tmp_path: Path) -> None:
    """It is refused before anything is changed, and the store goes on."""
    (path / "log").rename(tmp_path / "elsewhere")
    (path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="is a link"):
        compact_store(path)
    assert not (path / "log.compact").exists()
    with StoreDirectory.open(path, write=True) as store:
        fill(store.log, 1)


def test_readers_beside_a_compaction(path: Path) -> None:
    """While the logs are exchanged there is none: a reader waits that moment, and sees no damage."""
    code = """
        import sys
        from actum_storage import compact_store
        print("begun", flush=True)
        while True:
            compact_store(sys.argv[1])
    """
    with Conversation(code, path) as compacting:
        assert compacting.first_line == "begun"
        for _ in range(200):
            with open_store(path) as store:
                assert store.frame_at(1).first == 1


def test_a_reader_whose_log_was_replaced(path: Path) -> None:
    """It would never see anything new: it is told to open the store again."""
    with open_store(path) as store:
        head = store.head
        compacting = "import sys; from actum_storage import compact_store; compact_store(sys.argv[1])"
        assert run_python(compacting, path) == ""
        with pytest.raises(StoreFailed, match="another file now"):
            assert store.head
        assert store.frame_at(1).first == 1
    with open_store(path) as store:
        assert store.head == head


def test_two_copies_to_one_place(path: Path, tmp_path: Path) -> None:
    """The second is refused and does no harm to the first."""
    with open_store(path) as store:

        def again() -> None:
            with pytest.raises(StoreInUse):
                store.copy(tmp_path / "copy")

        with failpoints.planted("copy.whole", again):
            assert store.copy(tmp_path / "copy").frames == 3


def test_compaction(tmp_path: Path) -> None:
    """The log is the same afterwards, and smaller if LMDB left pages unused."""
    path = tmp_path / "store"
    with StoreDirectory.open(path, write=True) as store:
        fill(store.log, *[1] * 500, size=600)
        head = store.log.head
    before = (path / "log" / "data.mdb").stat().st_size
    report = compact_store(path)
    assert (report.head, report.bytes) == (head, (path / "log" / "data.mdb").stat().st_size)
    assert report.bytes <= before
    assert sorted(entry.name for entry in path.iterdir()) == ["MANIFEST", "log", "writer.lock"]
    with StoreDirectory.open(path, write=True) as store:
        assert store.log.head == head
        fill(store.log, 1)


def test_a_store_in_use_is_not_compacted(path: Path) -> None:
    """Its writer goes on."""
    with StoreDirectory.open(path, write=True) as store:
        with pytest.raises(StoreInUse):
            compact_store(path)
        fill(store.log, 1)


@pytest.mark.parametrize("point", ["copy.piece", "compact.copied", "compact.moved", "compact.swapped"])
def test_a_compaction_that_is_broken_off(point: str, path: Path) -> None:
    """Whatever the moment, the next opening finds the whole log and tidies up."""

    class Stopped(BaseException):
        """As sudden as a crash, but for what `finally` does."""

    def stop() -> None:
        raise Stopped

    with failpoints.planted(point, stop), pytest.raises(Stopped):
        compact_store(path)
    if point == "compact.moved":
        with pytest.raises(StoreCorrupt, match="a compaction was broken off"):
            open_store(path)
    with StoreDirectory.open(path, write=True) as store:
        assert store.log.head.position == 7
        assert sum(1 for _ in store.log.frames()) == 3
        fill(store.log, 1)
    assert sorted(entry.name for entry in path.iterdir()) == ["MANIFEST", "log", "writer.lock"]
