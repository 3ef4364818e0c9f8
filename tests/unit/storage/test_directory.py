"""A store directory: created, opened, refused; what crashes leave, and what others see of it."""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from actum_storage import (
    Chunk,
    ReadOnly,
    StorageError,
    StoreClosed,
    StoreCorrupt,
    StoreDirectory,
    StoreFull,
    StoreInUse,
    StoreMismatch,
    preflight,
)

from tests.support.batches import batch, fill
from tests.support.damage import patch
from tests.support.processes import Conversation, run_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: A writer that appends a frame for each number of records it is sent and answers with the head; "close" ends it.
WRITER = """
    import sys
    from actum_storage import StoreDirectory
    from tests.support.batches import batch
    store = StoreDirectory.open(sys.argv[1], write=True)
    epoch = store.log.acquire()
    print("ready", flush=True)
    for line in sys.stdin:
        print(store.log.append(epoch, batch(store.log.head.position + 1, int(line))).position, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is, or will be."""
    return tmp_path / "store"


@pytest.fixture
def closed(path: Path) -> Path:
    """A closed store with five records, a schema and a checkpoint."""
    with StoreDirectory.open(path, write=True) as store:
        fill(store.log, 2, 3)
        store.log.put_schemas(store.log.acquire(), {"a": b"1"})
        writer = store.derived.begin(base=True)
        writer.write(Chunk("rows", 1, b"row"))
        writer.close(b"closing")
    return path


def names(path: Path) -> set[str]:
    """What is in a directory."""
    return {entry.name for entry in path.iterdir()}


def position_after_opening(path: Path) -> int:
    """Open for writing, append a record, close; gives the head's position before that."""
    with StoreDirectory.open(path, write=True) as store:
        position = store.log.head.position
        fill(store.log, 1)
    return position


class TestCreate:
    """A store that wasn't there."""

    def test_files(self, path: Path) -> None:
        """A new store has its files and nothing else, and is empty."""
        with StoreDirectory.open(path, write=True) as store:
            assert names(path) == {"MANIFEST", "writer.lock", "log"}
            assert names(path / "log") == {"data.mdb", "lock.mdb"}
            assert (store.log.head.position, store.derived.read(), store.warnings) == (0, [], ())
            assert store.path == path.absolute()

    def test_permissions(self, path: Path) -> None:
        """Directories are 0700 and files 0600, parents that had to be made too, whatever the umask."""
        umask = os.umask(0)
        try:
            with StoreDirectory.open(path / "a" / "store", write=True) as store:
                store.derived.begin(base=True).close(b"")
        finally:
            os.umask(umask)
        for each in path.rglob("*"):
            assert each.stat().st_mode & 0o777 == (0o700 if each.is_dir() else 0o600), each

    def test_manifest(self, path: Path) -> None:
        """The manifest is written once and stays."""
        with StoreDirectory.open(path, write=True) as store:
            manifest = store.manifest
        with StoreDirectory.open(str(path), write=True) as store:
            assert store.manifest == manifest
            assert (manifest.format_version, manifest.engine) == (1, "lmdb-0.9")

    def test_in_an_empty_directory(self, path: Path) -> None:
        """An existing empty directory will do, also the root of a fresh file system."""
        (path / "lost+found").mkdir(parents=True)
        assert position_after_opening(path) == 0

    def test_relative_path(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A relative path is fixed at opening; changing the directory later doesn't matter."""
        monkeypatch.chdir(tmp_path)
        with StoreDirectory.open("store", write=True) as store:
            monkeypatch.chdir("/")
            store.derived.begin(base=True).close(b"")
        assert names(tmp_path / "store") == {"MANIFEST", "writer.lock", "log", "derived"}

    def test_no_room(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        """Without room for an empty store, none is begun; with room it is."""
        with monkeypatch.context() as patch:
            patch.setattr(preflight, "CREATE_BYTES_MIN", 1 << 60)
            with pytest.raises(StoreFull):
                StoreDirectory.open(path, write=True)
        assert position_after_opening(path) == 0

    def test_crash_at_every_step(self, tmp_path: Path) -> None:
        """Wherever creation is killed, the next opening finds no store yet or completes it, and it is usable."""
        code = """
            import os, pathlib, sys
            from actum_storage import StoreDirectory, StoreMismatch, open_store
            from tests.support.batches import fill
            root = pathlib.Path(sys.argv[1])
            def creates(number):
                path, steps = root / str(number), 0
                def step(event, arguments):
                    nonlocal steps
                    if event in {"open", "os.mkdir", "os.rename", "os.truncate"} and str(path) in str(arguments[0]):
                        steps += 1
                        if steps == number:
                            os._exit(1)
                child = os.fork()
                if not child:
                    sys.addaudithook(step)
                    StoreDirectory.open(path, write=True).close()
                    os._exit(0)
                finished = not os.waitpid(child, 0)[1]
                try:
                    open_store(path).close()
                except StoreMismatch as error:
                    assert "no store at" in str(error) and not finished, error
                for position in (0, 1):
                    with StoreDirectory.open(path, write=True) as store:
                        assert store.log.head.position == position
                        fill(store.log, 1)
                return finished
            number = 1
            while not creates(number):
                number += 1
            print(number > 12)
        """
        assert run_python(code, tmp_path) == "True"

    def test_torn_log_of_a_crash(self, path: Path) -> None:
        """A half-written environment from a crash during creation is made anew, never given to LMDB."""
        (path / "log.new").mkdir(parents=True)
        (path / "log.new" / "data.mdb").write_bytes(b"")
        (path / "MANIFEST.new").write_bytes(b"half")
        assert position_after_opening(path) == 0
        assert names(path) == {"MANIFEST", "writer.lock", "log"}


class TestRefused:
    """What is not opened, and not touched."""

    def test_foreign_directory(self, path: Path) -> None:
        """A directory with other things in it is refused, named, and left as it was."""
        path.mkdir()
        (path / "thesis.txt").write_text("years of work")
        for write in (True, False):
            with pytest.raises(StoreMismatch, match=r"other things \(thesis\.txt\)"):
                StoreDirectory.open(path, write=write)
        assert names(path) == {"thesis.txt"}

    def test_not_a_directory(self, path: Path) -> None:
        """A file is refused."""
        path.write_bytes(b"")
        with pytest.raises(StoreMismatch, match="not a directory"):
            StoreDirectory.open(path, write=True)
        with pytest.raises(StoreMismatch, match="no store at"):
            StoreDirectory.open(path, write=False)
        with pytest.raises(StorageError):
            StoreDirectory.open(path / "below", write=True)

    @pytest.mark.parametrize("exists", [False, True])
    def test_reading_what_is_not_there(self, path: Path, *, exists: bool) -> None:
        """Reading a missing or an empty directory is an error and creates nothing."""
        if exists:
            path.mkdir()
        with pytest.raises(StoreMismatch, match="no store at"):
            StoreDirectory.open(path, write=False)
        assert path.exists() is exists
        assert not exists or names(path) == set()

    def test_bad_durability(self, path: Path) -> None:
        """An unknown durability is refused before anything is created."""
        with pytest.raises(StorageError, match="use 'full' or 'relaxed'"):
            StoreDirectory.open(path, write=True, durability="none")  # type: ignore[arg-type]
        assert not path.exists()

    @pytest.mark.parametrize("write", [True, False])
    def test_newer_format(self, closed: Path, *, write: bool) -> None:
        """A store of a newer format is refused as such."""
        body = (closed / "MANIFEST").read_bytes()[:-72].replace(b"format 1", b"format 2")
        (closed / "MANIFEST").write_bytes(body + f"sha256 {sha256(body).hexdigest()}\n".encode())
        with pytest.raises(StoreMismatch, match="format 2"):
            StoreDirectory.open(closed, write=write)

    @pytest.mark.parametrize(
        ("damage", "name"),
        [
            (lambda path: patch(path / "MANIFEST", 30, b"!"), "MANIFEST"),
            (lambda path: (path / "MANIFEST").write_bytes(b""), "MANIFEST"),
            (lambda path: (path / "MANIFEST").unlink(), "MANIFEST is missing"),
            (lambda path: ((path / "MANIFEST").unlink(), shutil.rmtree(path / "derived")), "MANIFEST is missing"),  # type: ignore[func-returns-value]
            (lambda path: os.truncate(path / "log" / "data.mdb", 0), "data.mdb"),
            (lambda path: os.truncate(path / "log" / "data.mdb", 4096), "data.mdb"),
            (lambda path: os.truncate(path / "log" / "data.mdb", 20_000), "data.mdb is truncated"),
            (lambda path: (path / "log" / "data.mdb").unlink(), "data.mdb is missing"),
            (lambda path: shutil.rmtree(path / "log"), "data.mdb is missing"),
            (lambda path: patch(path / "log" / "data.mdb", 16, b"!"), "data.mdb"),
        ],
        ids=[
            "damaged MANIFEST", "empty MANIFEST", "no MANIFEST", "no MANIFEST, no derived", "empty log", "one page",
            "truncated log", "no data file", "no log", "damaged meta page",
        ],
    )  # fmt: skip
    def test_damaged(self, closed: Path, damage: Callable[[Path], object], name: str) -> None:
        """Damage is found before LMDB sees it, for readers and writers, the file is named, and nothing is changed."""
        damage(closed)
        before = {each: each.stat().st_size for each in closed.rglob("*") if each.name != "writer.lock"}
        for _ in range(2):
            with pytest.raises(StoreCorrupt, match=name):
                StoreDirectory.open(closed, write=True)
        with pytest.raises((StoreCorrupt, StoreMismatch), match=name.split(maxsplit=1)[0]):
            StoreDirectory.open(closed, write=False)
        assert {each: each.stat().st_size for each in closed.rglob("*") if each.name != "writer.lock"} == before

    def test_truncated_anywhere(self, closed: Path) -> None:
        """Cut at any length, the log is refused by an error and not by a signal."""
        code = """
            import os, pathlib, sys
            from actum_storage import StoreCorrupt, StoreDirectory
            path = pathlib.Path(sys.argv[1])
            data = (path / "log" / "data.mdb").read_bytes()
            with StoreDirectory.open(path, write=False) as store:
                used = store.log._environment.info()["last_pgno"] * 4096 + 4096
            for size in range(0, used, 512):
                (path / "log" / "data.mdb").write_bytes(data[:size])
                child = os.fork()
                if not child:
                    for write in (True, False):
                        try:
                            StoreDirectory.open(path, write=write)
                        except StoreCorrupt:
                            continue
                        os._exit(1)
                    os._exit(0)
                assert os.waitpid(child, 0)[1] == 0, size
            print("refused")
        """
        assert run_python(code, closed) == "refused"

    def test_refused_store_is_unlocked(self, closed: Path) -> None:
        """A writer that was refused holds nothing: after the repair the same process opens it."""
        manifest = (closed / "MANIFEST").read_bytes()
        (closed / "MANIFEST").write_bytes(b"damaged")
        with pytest.raises(StoreCorrupt):
            StoreDirectory.open(closed, write=True)
        (closed / "MANIFEST").write_bytes(manifest)
        assert position_after_opening(closed) == 5


class TestWriters:
    """One writer."""

    def test_same_process(self, path: Path) -> None:
        """A second opening in the same process is refused, for writing and for reading."""
        with StoreDirectory.open(path, write=True) as store:
            for write in (True, False):
                with pytest.raises(StoreInUse, match=f"process {os.getpid()}, this one"):
                    StoreDirectory.open(path, write=write)
            assert fill(store.log, 1).position == 1

    def test_another_process(self, path: Path) -> None:
        """A second writer in another process is refused with the pid of the first, which goes on."""
        with Conversation(WRITER, path) as writer:
            assert writer.ask("2") == "2"
            with pytest.raises(StoreInUse, match=f"process {writer.process.pid}\\."):
                StoreDirectory.open(path, write=True)
            assert writer.ask("3") == "5"

    def test_killed(self, path: Path) -> None:
        """After kill -9 the store opens at once, with everything that was acknowledged."""
        with Conversation(WRITER, path) as writer:
            acknowledged = [writer.ask(str(count)) for count in (1, 20, 300)]
            writer.kill()
        assert position_after_opening(path) == int(acknowledged[-1]) == 321

    def test_close_twice(self, path: Path) -> None:
        """Closing gives the lock back; closing again does nothing; everything is refused afterwards."""
        store = StoreDirectory.open(path, write=True)
        store.close()
        store.close()
        with pytest.raises(StoreClosed):
            store.log.acquire()
        with pytest.raises(StoreClosed):
            store.derived.read()
        assert position_after_opening(path) == 0

    def test_repr(self, path: Path) -> None:
        """The repr tells path and state, also that nothing is synced."""
        with StoreDirectory.open(path, write=True, durability="relaxed") as store:
            assert str(path) in repr(store)
            assert "RELAXED" in repr(store)


class TestReaders:
    """Reading, beside a writer or not."""

    def test_stopped_store(self, closed: Path) -> None:
        """A stopped store is read without changing a byte of it."""
        before = {each: each.read_bytes() for each in closed.rglob("*") if each.is_file() and each.name != "lock.mdb"}
        with StoreDirectory.open(closed, write=False) as store:
            assert (store.log.head.position, store.log.schemas()) == (5, {"a": b"1"})
            assert [checkpoint.closing for checkpoint in store.derived.read()] == [b"closing"]
            for write in (store.log.acquire, store.derived.clear, lambda: store.derived.begin(base=True)):
                with pytest.raises(ReadOnly):
                    write()
        after = {each: each.read_bytes() for each in closed.rglob("*") if each.is_file() and each.name != "lock.mdb"}
        assert after == before

    def test_beside_a_writer(self, path: Path) -> None:
        """Beside a live writer in another process a reader sees each frame as soon as it is acknowledged."""
        with Conversation(WRITER, path) as writer:
            with StoreDirectory.open(path, write=False) as reader:
                position = 0
                for count in (1, 7, 100, 1):
                    assert reader.log.head.position == position
                    iterator = reader.log.frames()
                    position = int(writer.ask(str(count)))
                    assert reader.log.frame_at(position).last == position
                    assert sum(frame.count for frame in iterator) == position - count
                    assert sum(frame.count for frame in reader.log.frames()) == position
            assert writer.ask("1") == str(position + 1)

    def test_writer_beside_a_reader(self, closed: Path) -> None:
        """A writer opens beside a live reader."""
        code = """
            import sys
            from actum_storage import open_store
            with open_store(sys.argv[1]) as store:
                print(store.head.position, flush=True)
                for line in sys.stdin:
                    print(store.head.position, flush=True)
        """
        with Conversation(code, closed) as reader:
            assert reader.first_line == "5"
            assert position_after_opening(closed) == 5
            assert reader.ask("again") == "6"

    def test_without_a_lock_file(self, closed: Path) -> None:
        """A restored store without LMDB's lock file is readable; the file is made whole."""
        (closed / "log" / "lock.mdb").unlink()
        with StoreDirectory.open(closed, write=False) as store:
            assert store.log.head.position == 5
        assert (closed / "log" / "lock.mdb").stat().st_blocks * 512 >= 36_864

    def test_lock_file_deleted_under_a_writer(self, path: Path) -> None:
        """When LMDB's lock file was deleted under a live writer, a reader is refused: it would read recycled pages."""
        with Conversation(WRITER, path) as writer:
            writer.ask("1")
            (path / "log" / "lock.mdb").unlink()
            with pytest.raises(StoreCorrupt, match="deleted while a writer runs"):
                StoreDirectory.open(path, write=False)


class TestPermissions:
    """Who else can look."""

    def test_loose(self, closed: Path) -> None:
        """Permissions that let others in are told, with the cure, and the store opens."""
        (closed / "log" / "data.mdb").chmod(0o644)
        closed.chmod(0o755)
        with StoreDirectory.open(closed, write=False) as store:
            assert store.warnings == (
                f"{closed} is open to others (mode 0755): chmod 700 {closed}",
                f"{closed}/log/data.mdb is open to others (mode 0644): chmod 600 {closed}/log/data.mdb",
            )

    def test_tight(self, closed: Path) -> None:
        """A store as it was created has no warnings."""
        with StoreDirectory.open(closed, write=True) as store:
            assert store.warnings == ()


class TestFullDisk:
    """Opening where there is no room."""

    @pytest.mark.parametrize("lock_file", [True, False])
    def test_open(self, small_disk: Path, *, lock_file: bool) -> None:
        """On a full disk an existing store opens and is read; without its lock file it is refused, not a SIGBUS."""
        code = """
            import os, pathlib, sys
            from actum_storage import StoreDirectory, StoreFull
            from tests.support.batches import batch, fill
            disk, lock_file = pathlib.Path(sys.argv[1]), sys.argv[2] == "True"
            with StoreDirectory.open(disk / "store", write=True) as store:
                fill(store.log, 5)
            if not lock_file:
                (disk / "store" / "log" / "lock.mdb").unlink()
            with (disk / "filler").open("wb", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError:
                    pass
            for write in (True, False):
                try:
                    with StoreDirectory.open(disk / "store", write=write) as store:
                        print(store.log.head.position)
                        if write:
                            store.log.append(store.log.acquire(), batch(6, 1000))
                except StoreFull:
                    print("full")
            try:
                StoreDirectory.open(disk / "new", write=True)
            except StoreFull:
                print("full")
            (disk / "filler").unlink()
            with StoreDirectory.open(disk / "store", write=True) as store:
                print(store.log.append(store.log.acquire(), batch(6)).position)
        """
        expected = ["5", "full", "5", "full", "6"] if lock_file else ["full", "full", "full", "6"]
        assert run_python(code, small_disk, lock_file).split() == expected


def test_batch_survives(path: Path) -> None:
    """What one opening appended, the next one reads."""
    with StoreDirectory.open(path, write=True) as store:
        store.log.append(store.log.acquire(), batch(1, 3))
    with StoreDirectory.open(path, write=True) as store:
        assert [frame.count for frame in store.log.frames()] == [3]


class TestWhatCanBeMadeAgain:
    """Derived state, and what a compaction left, are no reason to give a store up."""

    @pytest.mark.parametrize("kind", ["file", "pipe", "circle"])
    def test_no_directory_for_checkpoints(self, kind: str, tmp_path: Path) -> None:
        """It can be read all the same; who writes is told to delete it."""
        path = tmp_path / "store"
        with StoreDirectory.open(path, write=True) as store:
            fill(store.log, 3)
        derived = path / "derived"
        match kind:
            case "file":
                derived.touch()
            case "pipe":
                os.mkfifo(derived)
            case _:
                derived.symlink_to(derived)
        (path / "ballast").mkdir()
        with StoreDirectory.open(path, write=False) as store:
            assert (store.log.head.position, store.derived.read()) == (3, [])
        (path / "ballast").rmdir()
        with pytest.raises(StoreCorrupt, match="derived is not a directory. Delete it: it is made again"):
            StoreDirectory.open(path, write=True)
        derived.unlink()
        StoreDirectory.open(path, write=True).close()

    @pytest.mark.parametrize("new", [True, False])
    def test_a_log_that_was_moved_away(self, new: bool, tmp_path: Path) -> None:  # noqa: FBT001
        """The next opening for writing puts one in its place: the compacted one, or else the old one."""
        path = tmp_path / "store"
        with StoreDirectory.open(path, write=True) as store:
            fill(store.log, 3)
        if new:
            shutil.copytree(path / "log", path / "log.compact")
        (path / "log").rename(path / "log.old")
        with pytest.raises(StoreCorrupt, match="Open the store for writing once"):
            StoreDirectory.open(path, write=False)
        with StoreDirectory.open(path, write=True) as store:
            assert store.log.head.position == 3
        assert names(path) == {"MANIFEST", "writer.lock", "log"}
