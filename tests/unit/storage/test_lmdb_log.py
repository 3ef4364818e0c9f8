"""What only the durable log has: settings, failing commits, damage in the file, a full disk, threads, forks."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import lmdb
import pytest
from actum_storage import (
    GENESIS,
    Head,
    LmdbLog,
    OutcomeUnknown,
    ReadOnly,
    StorageError,
    StoreClosed,
    StoreCorrupt,
    StoreFailed,
    StoreFull,
    StoreInUse,
    StoreMismatch,
    lmdb_log,
    preflight,
)
from actum_storage.lmdb_environment import translated

from tests.support.batches import batch, fill, record, records_of
from tests.support.damage import damage
from tests.support.processes import run_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def failure(kind: type[lmdb.Error], code: int, text: str = "mdb_txn") -> lmdb.Error:
    """An error as LMDB raises it."""
    error = kind(text)
    error.code = code  # type: ignore[misc]
    return error


class FailingEnvironment:
    """Stands before a real environment and lets commits fail, or every transaction."""

    def __init__(
        self, real: lmdb.Environment, error: BaseException, *, landed: bool = False, always: bool = False
    ) -> None:
        """Raise `error` instead of a commit, or after it if it `landed`, or at each `begin`."""
        self.real, self.error, self.landed, self.always = real, error, landed, always

    @contextmanager
    def begin(self, *arguments: Any, write: bool = False, **options: Any) -> Iterator[Any]:
        """A transaction."""
        if self.always:
            raise self.error
        with self.real.begin(*arguments, write=write, **options) as transaction:  # type: ignore[call-overload]
            yield transaction
            if write and not self.landed:
                transaction.abort()
        if write:
            raise self.error

    def info(self) -> Any:
        """Of the real one."""
        return self.real.info()

    def close(self) -> None:
        """Close the real one."""
        self.real.close()


@pytest.fixture
def failing(log: LmdbLog) -> Callable[..., None]:
    """Let the log's next transactions fail; with `None` they work again."""
    real = log._environment

    def install(error: BaseException | None, **options: bool) -> None:
        log._environment = real if error is None else FailingEnvironment(real, error, **options)  # type: ignore[assignment]

    return install


class TestSettings:
    """How the environment is opened."""

    def test_flags(self, log: LmdbLog) -> None:
        """Only a synced environment without a writable map acknowledges anything."""
        flags = log._environment.flags()
        assert (flags["sync"], flags["metasync"], flags["writemap"], flags["lock"]) == (True, True, False, True)
        assert log._environment.info()["map_size"] == 1 << 40
        assert log._environment.info()["max_readers"] >= 512
        assert log._environment.lib_version()[:2] == (0, 9)

    def test_permissions(self, tmp_path: Path, log: LmdbLog) -> None:
        """Directory and files are closed to others."""
        assert {
            path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "log", *(tmp_path / "log").iterdir()]
        } == {
            "log": 0o700,
            "data.mdb": 0o600,
            "lock.mdb": 0o600,
        }

    def test_relaxed_says_so(self, tmp_path: Path) -> None:
        """A log that never syncs says so wherever it is shown, and works."""
        log = LmdbLog.open(tmp_path / "log", write=True, durability="relaxed")
        assert not log._environment.flags()["sync"]
        assert "RELAXED" in repr(log)
        assert fill(log, 2).position == 2
        log.close()

    def test_small_address_space(self, tmp_path: Path) -> None:
        """A process with little address space gets a smaller map instead of an error."""
        code = """
            import resource, sys, pathlib
            from actum_storage import LmdbLog
            resource.setrlimit(resource.RLIMIT_AS, (1 << 38, 1 << 38))
            log = LmdbLog.open(pathlib.Path(sys.argv[1]), write=True)
            print(log._environment.info()["map_size"] == 1 << 36)
        """
        assert run_python(code, tmp_path / "log") == "True"

    def test_no_address_space(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Where not even the smallest map fits, opening is a clear error."""

        def refuse(*_: object, **__: object) -> None:
            raise failure(lmdb.MemoryError, errno.ENOMEM)

        monkeypatch.setattr(lmdb, "open", refuse)
        with pytest.raises(StorageError, match=r"data\.mdb"):
            LmdbLog.open(tmp_path, write=True)

    def test_opened_twice(self, tmp_path: Path, log: LmdbLog) -> None:
        """The same process can't open the environment twice, and is told why."""
        with pytest.raises(StoreInUse, match="this one"):
            LmdbLog.open(tmp_path / "log", write=False)

    def test_without_its_databases(self, tmp_path: Path) -> None:
        """An environment that lacks our databases is damaged, not empty: for a reader, and even more for a writer."""
        lmdb.open(str(tmp_path / "log"), lib_version=0).close()
        for write in (False, True):
            with pytest.raises(StoreCorrupt):
                LmdbLog.open(tmp_path / "log", write=write)

    def test_dead_readers_are_cleared(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, log: LmdbLog) -> None:
        """The slot of a reader that died inside a transaction is freed after some commits."""
        code = """
            import lmdb, os, sys
            environment = lmdb.open(sys.argv[1], readonly=True, lib_version=0)
            transaction = environment.begin()
            print(os.getpid(), flush=True)
            os._exit(0)
        """
        pid = run_python(code, tmp_path / "log")
        assert pid in log._environment.readers()
        monkeypatch.setattr(lmdb_log, "READER_CHECK_COMMITS", 2)
        fill(log, 1, 1)
        assert pid not in log._environment.readers()


class TestReadOnly:
    """A log opened for reading."""

    @pytest.fixture
    def reader(self, tmp_path: Path) -> Iterator[LmdbLog]:
        """A reader of a log with three records."""
        writer = LmdbLog.open(tmp_path / "log", write=True)
        fill(writer, 1, 2)
        writer.put_schemas(writer.acquire(), {"a": b"1"})
        writer.close()
        reader = LmdbLog.open(tmp_path / "log", write=False)
        yield reader
        reader.close()

    def test_reads(self, reader: LmdbLog) -> None:
        """It reads all there is."""
        assert (reader.head.position, len(list(reader.frames())), reader.schemas()) == (3, 2, {"a": b"1"})
        assert records_of(reader.frame_at(3)) == [record(2), record(3)]
        assert "read-only" in repr(reader)

    def test_writes_nothing(self, reader: LmdbLog) -> None:
        """Every way of writing is refused."""
        for write in (reader.acquire, lambda: reader.append(1, batch(4)), lambda: reader.put_schemas(1, {})):
            with pytest.raises(ReadOnly, match="write=True"):
                write()


class TestFailingCommit:
    """A commit that doesn't return."""

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, -30792])
    def test_full(self, log: LmdbLog, failing: Callable[..., None], code: int) -> None:
        """A full disk is StoreFull: the head stays, reading works, and so does writing once there is room."""
        head = fill(log, 3)
        epoch = log.acquire()
        failing(failure(lmdb.Error, code))
        for _ in range(2):
            with pytest.raises(StoreFull, match="head is still 3"):
                log.append(epoch, batch(4))
        assert (log.head, records_of(log.frame_at(3))) == (head, [record(n) for n in (1, 2, 3)])
        failing(None)
        assert log.append(epoch, batch(4)).position == 4

    @pytest.mark.parametrize(("room", "error"), [(False, StoreFull), (True, OutcomeUnknown)])
    def test_short_write_or_failing_disk(
        self, monkeypatch: pytest.MonkeyPatch, log: LmdbLog, failing: Callable[..., None], *, room: bool, error: type
    ) -> None:
        """EIO is a full disk only where there is no room; otherwise the disk is failing: no retry."""
        monkeypatch.setattr(lmdb_log, "has_room", lambda *_: room)
        failing(failure(lmdb.Error, errno.EIO))
        with pytest.raises(error):
            log.append(log.acquire(), batch(1))

    def test_failed(self, log: LmdbLog, failing: Callable[..., None]) -> None:
        """After any other failure nothing is served until the log is reopened; the first failure is the cause."""
        epoch = log.acquire()
        failing(failure(lmdb.Error, errno.EPERM))
        with pytest.raises(OutcomeUnknown, match="known after reopening") as first:
            log.append(epoch, batch(1))
        failing(None)
        for call in (
            lambda: log.append(epoch, batch(1)),
            lambda: log.put_schemas(epoch, {}),
            lambda: log.frame_at(1),
            log.acquire,
            log.frames,
            log.frames_backwards,
            log.schemas,
        ):
            with pytest.raises(StoreFailed, match="Close the store") as later:
                call()
            assert later.value.__cause__ is first.value
        assert "failed" in repr(log)

    @pytest.mark.parametrize("landed", [False, True])
    def test_reopening_tells(self, tmp_path: Path, log: LmdbLog, failing: Callable[..., None], *, landed: bool) -> None:
        """Reopening shows whether the commit took place: as a whole or not at all."""
        fill(log, 1)
        failing(failure(lmdb.Error, errno.EPERM), landed=landed)
        with pytest.raises(OutcomeUnknown):
            log.append(log.acquire(), batch(2, 3))
        log.close()
        again = LmdbLog.open(tmp_path / "log", write=True)
        assert again.head.position == (4 if landed else 1)
        again.close()

    def test_full_but_landed(self, log: LmdbLog, failing: Callable[..., None]) -> None:
        """A disk that is full, and a head that moved nevertheless: the outcome is unknown, not "nothing written"."""
        failing(failure(lmdb.Error, errno.ENOSPC), landed=True)
        with pytest.raises(OutcomeUnknown):
            log.append(log.acquire(), batch(1))

    def test_full_and_unreadable(self, log: LmdbLog, failing: Callable[..., None]) -> None:
        """A disk that is full, and a head that can't be read again: unknown as well."""
        failing(failure(lmdb.Error, errno.ENOSPC), always=True)
        with pytest.raises(OutcomeUnknown):
            log.append(log.acquire(), batch(1))

    def test_panic_while_reading(self, log: LmdbLog, failing: Callable[..., None]) -> None:
        """LMDB's panic, which follows a failed meta page, fails the log also when a reader meets it first."""
        fill(log, 1)
        failing(failure(lmdb.PanicError, -30795), always=True)
        with pytest.raises(StoreFailed):
            list(log.frames())
        failing(None)
        with pytest.raises(StoreFailed):
            log.append(log.acquire(), batch(2))

    def test_interrupted(self, log: LmdbLog, failing: Callable[..., None]) -> None:
        """An interrupt inside a commit leaves its outcome unknown too, and passes through as itself."""
        failing(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            log.append(log.acquire(), batch(1))
        with pytest.raises(StoreFailed):
            log.acquire()

    def test_another_writer(self, log: LmdbLog) -> None:
        """A frame that somebody else put behind our head is noticed, whatever became of the locks."""
        epoch = log.acquire()
        with log._environment.begin(write=True) as transaction:
            transaction.put((1).to_bytes(8, "big"), b"foreign", db=log._frames)
        with pytest.raises(StoreCorrupt, match="another process wrote"):
            log.append(epoch, batch(1))
        with pytest.raises(StoreFailed):
            log.append(epoch, batch(1))

    def test_schemas_fail_alike(self, log: LmdbLog, failing: Callable[..., None]) -> None:
        """Storing schemas on a full disk is StoreFull, and the log goes on."""
        epoch = log.acquire()
        failing(failure(lmdb.DiskError, errno.ENOSPC))
        with pytest.raises(StoreFull):
            log.put_schemas(epoch, {"a": b"1"})
        failing(None)
        log.put_schemas(epoch, {"a": b"1"})
        assert log.schemas() == {"a": b"1"}


class TestDamage:
    """Bytes that changed on the disk."""

    @pytest.fixture
    def damaged(self, tmp_path: Path, log: LmdbLog) -> LmdbLog:
        """Four frames, of which a byte of the third one's records is changed."""
        fill(log, 2, 2, 2, 2)
        log.close()
        damage(tmp_path / "log" / "data.mdb", record(5), index=10)
        again = LmdbLog.open(tmp_path / "log", write=True)
        assert again.head.position == 8
        return again

    def test_is_found(self, damaged: LmdbLog) -> None:
        """Every way to the damaged frame ends in an error that names file and position."""
        for read in (
            lambda: damaged.frame_at(6),
            lambda: list(damaged.frames()),
            lambda: list(damaged.frames_backwards()),
        ):
            with pytest.raises(StoreCorrupt, match=r"data\.mdb, frame at position 5: .*SHA-256"):
                read()

    def test_others_are_served(self, damaged: LmdbLog) -> None:
        """Frames before it are served, by an iterator too, up to the damage."""
        assert records_of(damaged.frame_at(8)) == [record(7), record(8)]
        iterator = damaged.frames()
        assert [next(iterator).first, next(iterator).first] == [1, 3]
        with pytest.raises(StoreCorrupt):
            next(iterator)

    def test_last_frame(self, tmp_path: Path, log: LmdbLog) -> None:
        """A damaged last frame is found at opening: nobody can write behind it."""
        fill(log, 2, 2)
        log.close()
        damage(tmp_path / "log" / "data.mdb", record(4))
        with pytest.raises(StoreCorrupt, match="frame at position 3"):
            LmdbLog.open(tmp_path / "log", write=True)

    def test_hash_of_the_last_frame(self, tmp_path: Path, log: LmdbLog) -> None:
        """A last frame whose hash became that of an empty log doesn't make the log an empty one."""
        head = fill(log, 2)
        log.close()
        content = (tmp_path / "log" / "data.mdb").read_bytes()
        (tmp_path / "log" / "data.mdb").write_bytes(content.replace(head.hash, GENESIS))
        with pytest.raises(StoreCorrupt):
            LmdbLog.open(tmp_path / "log", write=True)

    def test_missing_frame(self, log: LmdbLog) -> None:
        """A frame that vanished is damage: a position at or before the head is never "not found"."""
        fill(log, 2, 2, 2)
        with log._environment.begin(write=True) as transaction:
            transaction.delete((3).to_bytes(8, "big"), db=log._frames)
        for position in (3, 4):
            with pytest.raises(StoreCorrupt, match=f"no frame holds position {position}"):
                log.frame_at(position)
        with pytest.raises(StoreCorrupt, match="no frame holds position 3"):
            list(log.frames())

    def test_missing_first_frame(self, log: LmdbLog) -> None:
        """Also the very first one."""
        fill(log, 2, 2)
        with log._environment.begin(write=True) as transaction:
            transaction.delete((1).to_bytes(8, "big"), db=log._frames)
        for read in (lambda: log.frame_at(2), lambda: list(log.frames()), lambda: list(log.frames(3))):
            with pytest.raises(StoreCorrupt):
                read()

    def test_frame_under_another_key(self, log: LmdbLog) -> None:
        """A whole frame in the wrong place is not accepted there."""
        fill(log, 2, 2)
        data = log.frame_at(1).data
        with log._environment.begin(write=True) as transaction:
            transaction.put((3).to_bytes(8, "big"), data, db=log._frames)
        with pytest.raises(StoreCorrupt, match=r"frame at position 3: .*begins at position 1"):
            log.frame_at(3)

    def test_frame_under_a_damaged_key(self, log: LmdbLog) -> None:
        """A key of another length is damage."""
        fill(log, 2)
        (data,) = [frame.data for frame in log.frames()]
        with log._environment.begin(write=True) as transaction:
            transaction.put(b"\0" * 7 + b"\x02\0", data, db=log._frames)
        for read in (lambda: log.frame_at(2), lambda: list(log.frames())):
            with pytest.raises(StoreCorrupt, match="key has 9 bytes"):
                read()

    def test_schema(self, tmp_path: Path, log: LmdbLog) -> None:
        """A damaged schema is found and named."""
        log.put_schemas(log.acquire(), {"Deposited": b"the document"})
        log.close()
        damage(tmp_path / "log" / "data.mdb", b"the document")
        again = LmdbLog.open(tmp_path / "log", write=True)
        with pytest.raises(StoreCorrupt, match="schema b'Deposited'"):
            again.schemas()
        again.close()

    def test_verified_once(self, monkeypatch: pytest.MonkeyPatch, log: LmdbLog) -> None:
        """An old frame that was verified is not hashed again when its bytes have to be read again."""
        monkeypatch.setattr("actum_storage.recent.CACHE_FRAMES_MAX", 1)
        fill(log, 2, 2)
        first, second = log.frame_at(1), log.frame_at(3)
        monkeypatch.setattr("actum_storage.frame.sha256", None)
        assert (log.frame_at(1), log.frame_at(3)) == (first, second)
        with pytest.raises(TypeError):
            list(log.frames())

    def test_any_byte(self, tmp_path: Path) -> None:
        """Whatever byte of the file changes, what is read is right or an error, never wrong.

        LMDB's own code may end the process at a damaged tree page, about once in 1,000 (docs/format.md): no answer.
        """
        code = """
            import os, pathlib, random, sys
            from actum_storage import LmdbLog, StorageError, StoreDirectory, open_store
            from tests.support.batches import batch
            path = pathlib.Path(sys.argv[1])
            with StoreDirectory.open(path, write=True, durability="relaxed") as store:
                epoch = store.log.acquire()
                for number in range(300):
                    first, count, size = store.log.head.position + 1, number % 5 + 1, 24 if number % 9 else 700
                    store.log.append(epoch, batch(first, count, size=size))
                store.log.put_schemas(epoch, {f"Event{number}": bytes(50) for number in range(20)})
            def read():
                with open_store(path) as store:
                    return store.head, [frame.data for frame in store.frames()], store.schemas()
            data, right, generator = (path / "log" / "data.mdb").read_bytes(), read(), random.Random(5)
            outcomes = {"right": 0, "refused": 0, "wrong": 0, "signal": 0}
            for _ in range(400):
                offset = generator.randrange(len(data))
                descriptor = os.open(path / "log" / "data.mdb", os.O_WRONLY)
                os.pwrite(descriptor, bytes([data[offset] ^ 1 << generator.randrange(8)]), offset)
                child = os.fork()
                if not child:
                    try:
                        code = 0 if read() == right else 2
                    except StorageError:
                        code = 1
                    os._exit(code)
                status = os.waitpid(child, 0)[1]
                name = "signal" if os.WIFSIGNALED(status) else ["right", "refused", "wrong"][os.WEXITSTATUS(status)]
                outcomes[name] += 1
                os.pwrite(descriptor, data[offset:offset + 1], offset)
                os.close(descriptor)
            print(outcomes["wrong"], outcomes["signal"] <= 2, outcomes["refused"] > 100)
        """
        assert run_python(code, tmp_path / "store") == "0 True True"


class TestPieces:
    """Frames are copied in pieces, and no transaction outlives one."""

    @pytest.mark.parametrize(("frames_max", "bytes_max"), [(1, 1 << 20), (2, 1 << 20), (256, 1), (256, 500)])
    def test_any_piece_size(
        self, monkeypatch: pytest.MonkeyPatch, log: LmdbLog, frames_max: int, bytes_max: int
    ) -> None:
        """However the pieces are cut, the same frames come in both directions."""
        monkeypatch.setattr(lmdb_log, "PIECE_FRAMES_MAX", frames_max)
        monkeypatch.setattr(lmdb_log, "PIECE_BYTES_MAX", bytes_max)
        fill(log, 3, 1, 2, 5, 1)
        for start, stop in ((1, None), (4, 6), (5, 5), (12, 12), (2, 11)):
            firsts = [frame.first for frame in log.frames(start, stop)]
            assert firsts == [
                first
                for first in (1, 4, 5, 7, 12)
                if (stop or 12) >= first >= max(f for f in (1, 4, 5, 7, 12) if f <= start)
            ]
            assert [frame.first for frame in log.frames_backwards(start, stop)] == firsts[::-1]

    def test_no_transaction_is_left_open(self, log: LmdbLog) -> None:
        """An iterator that is not read to its end holds no reader's slot."""
        fill(log, 1, 1, 1)
        iterators = [log.frames(), log.frames_backwards()]
        for iterator in iterators:
            next(iterator)
        assert all(line.split()[-1] == "-" for line in log._environment.readers().splitlines()[1:])

    def test_closed_meanwhile(self, monkeypatch: pytest.MonkeyPatch, log: LmdbLog) -> None:
        """An iterator of a log that was closed says so at its next piece."""
        monkeypatch.setattr(lmdb_log, "PIECE_FRAMES_MAX", 1)
        fill(log, 1, 1)
        iterator = log.frames()
        next(iterator)
        log.close()
        with pytest.raises(StoreClosed):
            next(iterator)


class TestFullDisk:
    """Disks and limits that are really full."""

    def test_small_disk(self, small_disk: Path) -> None:
        """On a full disk appending is StoreFull, reading goes on, and writing resumes when something was deleted."""
        code = """
            import pathlib, sys
            from actum_storage import StoreFull, open_store, StoreDirectory
            from tests.support.batches import batch
            disk = pathlib.Path(sys.argv[1])
            (disk / "other").write_bytes(bytes(2 << 20))
            store = StoreDirectory.open(disk / "store", write=True)
            log, epoch = store.log, store.log.acquire()
            def write():
                while True:
                    log.append(epoch, batch(log.head.position + 1, 50, size=1000))
            for room in ("other", None):
                for _ in range(3):
                    try:
                        write()
                    except StoreFull as error:
                        assert f"head is still {log.head.position}" in str(error)
                assert sum(frame.count for frame in log.frames()) == log.head.position > 0
                before = log.head
                if room:
                    (disk / room).unlink()
            store.close()
            with open_store(disk / "store") as store:
                assert sum(frame.count for frame in store.frames()) == before.position
            with StoreDirectory.open(disk / "store", write=True) as store:
                print(store.log.head == before, before.position > 4000)
        """
        assert run_python(code, small_disk) == "True True"

    def test_the_reserve_stays(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A commit that would leave too little is refused before LMDB is asked, and goes through when there is room."""
        log = LmdbLog.open(tmp_path / "log", write=True)
        epoch = log.acquire()
        monkeypatch.setattr(preflight, "RESERVE_BYTES_MAX", 1 << 60)
        monkeypatch.setattr(preflight, "RESERVE_SHARE_MAX", 2.0)
        with pytest.raises(StoreFull, match=r"too few for a commit of .* and the reserve that stays.* head is still 0"):
            log.append(epoch, batch(1))
        monkeypatch.undo()
        assert log.append(epoch, batch(1)).position == 1
        log.close()

    def test_file_size_limit(self, tmp_path: Path) -> None:
        """A file at its size limit is a full disk as well, and raising the limit heals it."""
        code = """
            import pathlib, resource, signal, sys
            from actum_storage import LmdbLog, StoreFull
            from tests.support.batches import batch
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            log = LmdbLog.open(pathlib.Path(sys.argv[1]), write=True, durability="relaxed")
            epoch, (_, hard) = log.acquire(), resource.getrlimit(resource.RLIMIT_FSIZE)
            for limit in (300_000, 700_001):
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
                for size in (700, 100, 10):
                    try:
                        while True:
                            log.append(epoch, batch(log.head.position + 1, 20, size=size))
                    except StoreFull:
                        assert sum(frame.count for frame in log.frames()) == log.head.position > 0
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            print(log.append(epoch, batch(log.head.position + 1)).position == log.head.position)
        """
        assert run_python(code, tmp_path / "log") == "True"


class TestTranslation:
    """What errors of LMDB mean."""

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (failure(lmdb.CorruptedError, -30796), StoreCorrupt),
            (failure(lmdb.PageNotFoundError, -30797), StoreCorrupt),
            (failure(lmdb.InvalidError, -30793), StoreCorrupt),
            (failure(lmdb.NotFoundError, -30798), StoreCorrupt),
            (failure(lmdb.VersionMismatchError, -30794), StoreMismatch),
            (failure(lmdb.DiskError, errno.ENOSPC), StoreFull),
            (failure(lmdb.Error, 0, "The environment 'x' is already open in this process."), StoreInUse),
            (failure(lmdb.ReadersFullError, -30790), StorageError),
        ],
    )
    def test_translated(self, error: lmdb.Error, expected: type[StorageError]) -> None:
        """Each becomes the error for what one can do about it, and names the file."""
        found = translated(error, "store/log/data.mdb")
        assert type(found) is expected
        assert "store/log/data.mdb" in str(found)

    def test_while_reading(self, log: LmdbLog, failing: Callable[..., None]) -> None:
        """Errors of a read transaction are translated too."""
        fill(log, 1)
        failing(failure(lmdb.ReadersFullError, -30790), always=True)
        with pytest.raises(StorageError, match="mdb_txn"):
            log.frame_at(1)


def test_head_survives_reopening(tmp_path: Path, log: LmdbLog) -> None:
    """The head is read back from the last frame."""
    head = fill(log, 2, 3)
    log.close()
    again = LmdbLog.open(tmp_path / "log", write=True)
    assert again.head == head == Head(5, again.frame_at(5).hash)
    again.close()
