"""The durable log: frames in an LMDB environment, one put and one fsync for each commit.

Two databases: `frames` (first position -> frame) and `schemas` (name -> SHA-256 and document). A commit begins and ends
in one call, since a write transaction belongs to its thread; others read meanwhile, in transactions that last as long
as it takes to copy a piece of about 1 MiB and never across a `yield`, because a long reader makes the file grow. What
LMDB raises is translated in one place. After a commit with unknown outcome nothing is served until the log is reopened.

Rejected: a row per event (slower, and the fsync stays), DUPSORT (most of LMDB's past bugs), `writemap` (a full disk is
SIGBUS), `set_mapsize` at run time (it invalidates every transaction).
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, final

import lmdb

from actum_storage import failpoints
from actum_storage.chain import Chain, missing
from actum_storage.errors import (
    Fenced,
    OutcomeUnknown,
    PositionConflict,
    ReadOnly,
    StorageError,
    StoreClosed,
    StoreCorrupt,
    StoreFailed,
    StoreFull,
)
from actum_storage.files import identity, path_of
from actum_storage.fork import ForkGuard
from actum_storage.frame import copy_value, hash_of, key_position, parse_at, parse_header, sealed
from actum_storage.headroom import Headroom
from actum_storage.layout import POSITION
from actum_storage.lmdb_environment import FULL_CODES, PERHAPS_FULL_CODES, open_environment, translated, usage_of
from actum_storage.log import EMPTY, Head, span, within
from actum_storage.preflight import has_room, low_on_space
from actum_storage.recent import RecentFrames
from actum_storage.schema import changed_schemas, copy_schema, parse_schema, seal_schema

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

    from actum_storage.frame import Batch, Frame
    from actum_storage.lmdb_environment import Durability, LogUsage

    Cursor = lmdb.Cursor[memoryview]
    Database = lmdb._Database  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001  # lmdb has no other name for it
    #: Database, key and value.
    Put = tuple[Database, bytes, bytes]

#: Slots that dead readers left are freed every so many commits; otherwise they would make the file grow.
READER_CHECK_COMMITS = 1_024
#: What one read transaction copies at most (one frame more when that frame is larger).
PIECE_BYTES_MAX = 1 << 20
PIECE_FRAMES_MAX = 256


@final
class LmdbLog:
    """A `Log` in a directory; from `LmdbLog.open`, which `StoreDirectory` calls after its lock and its checks."""

    def __init__(
        self, environment: lmdb.Environment, path: Path, *, write: bool, create: bool, durability: Durability
    ) -> None:
        """Use `LmdbLog.open`."""
        self._environment = environment
        self._path = path
        self._where = str(path / "data.mdb")
        self._write = write
        self._durability = durability
        self._guard = ForkGuard()
        self._writing = Lock()
        self._recent = RecentFrames()
        self._epoch = 0
        self._commits = 0
        self._closed = False
        self._failure: BaseException | None = None
        self._frames = environment.open_db(b"frames", create=create)
        self._schemas = environment.open_db(b"schemas", create=create)
        self._head = EMPTY
        self._identity: tuple[int, int] | None = None
        self._page_bytes = environment.stat()["psize"]
        self._headroom = Headroom(path / "data.mdb") if write and durability == "full" else None

    @classmethod
    def open(cls, path: Path, *, write: bool, durability: Durability = "full") -> LmdbLog:
        """Open the environment in directory `path`; with `write` it is created if there is no data file.

        In an existing one nothing is created: a database that is not found is damage, never a new and empty log.

        Args:
            path: the directory, which must exist unless `write`.
            write: whether `append` is allowed. The caller makes sure that there is one writer.
            durability: "relaxed" skips every fsync: for tests and benchmarks, a crash of the machine ruins the file.

        Raises:
            StoreCorrupt, StoreMismatch, StoreInUse, StorageError: see `translated`.
        """
        where = str(path / "data.mdb")
        create = write and not (path / "data.mdb").exists()
        opened = identity(path / "data.mdb")  # before LMDB opens it: the file may be replaced at any moment
        try:
            environment = open_environment(path, write=write, durability=durability)
        except lmdb.Error as error:
            raise translated(error, where) from error
        try:
            environment.reader_check()
            log = cls(environment, path, write=write, create=create, durability=durability)
            log._identity = opened
            log._head = log._read_head(EMPTY)
        except BaseException as error:
            environment.close()
            if isinstance(error, lmdb.Error):
                raise translated(error, where) from error
            raise
        return log

    @property
    def head(self) -> Head:
        """See `Log.head`. A read-only log looks each time, because another process writes."""
        if not self._write and not self._closed:
            self._check_usable()
            self._check_in_place()
            self._head = self._read_head(self._head)
        return self._head

    def acquire(self) -> int:
        """See `Log.acquire`."""
        with self._writing:
            self._check_writable()
            self._epoch += 1
            return self._epoch

    def append(self, epoch: int, batch: Batch) -> Head:
        """See `Log.append`."""
        with self._writing:
            self._check_writer(epoch)
            position, previous = self._head
            if batch.first != position + 1:
                raise PositionConflict(f"a batch from position {batch.first}: the next position is {position + 1}")
            own_hash, data = sealed(batch, previous)
            head = Head(position + len(batch.offsets), own_hash)
            self._commit([(self._frames, POSITION.pack(batch.first), data)], head)
            return head

    def append_sealed(self, epoch: int, frames: Sequence[Frame]) -> Head:
        """Write frames that another log has sealed, in one commit; as `append` otherwise."""
        with self._writing:
            self._check_writer(epoch)
            head = self._head
            for frame in frames:
                if (frame.first, frame.previous) != (head.position + 1, head.hash):
                    raise PositionConflict(f"{frame!r} does not continue {head!r}")
                head = Head(frame.last, frame.hash)
            self._commit([(self._frames, POSITION.pack(frame.first), frame.data) for frame in frames], head)
            return head

    def frame_at(self, position: int) -> Frame:
        """See `Log.frame_at`. Recent frames are kept; an older one is hashed once and remembered as verified."""
        self._check_usable()
        if not 1 <= position <= self._head.position:
            within(position, self.head)
        frame = self._recent.holding(position)
        if frame is not None:
            return frame
        with self._cursor(self._frames) as cursor:
            first = self._seek(cursor, position)
            frame = self._recent.frame(first)
            data = copy_value(cursor.value(), self._at(first)) if frame is None else b""
        if frame is None:
            known = self._recent.verified(first, hash_of(data))
            frame = parse_header(data, self._at(first))[0] if known else self._parsed(first, data)
        if position > frame.last:
            raise missing(self._where, position, self._head)
        self._recent.add(frame)
        return frame

    def frames(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """See `Log.frames`."""
        self._check_usable()
        head = self.head
        return self._chain(head, backwards=False).forwards(*span(start, stop, head))

    def frames_backwards(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """See `Log.frames_backwards`."""
        self._check_usable()
        head = self.head
        return self._chain(head, backwards=True).backwards(*span(start, stop, head))

    def schemas(self) -> dict[str, bytes]:
        """See `Log.schemas`."""
        self._check_usable()
        with self._cursor(self._schemas) as cursor:
            stored = [copy_schema(key, value, self._where) for key, value in cursor]
        return dict(parse_schema(key, value, self._where) for key, value in stored)

    def put_schemas(self, epoch: int, documents: Mapping[str, bytes]) -> None:
        """See `Log.put_schemas`."""
        with self._writing:
            self._check_writer(epoch)
            puts: list[Put] = []
            for name, document in changed_schemas(self.schemas(), documents).items():
                key = name.encode()
                puts.append((self._schemas, key, seal_schema(key, document)))
            if puts:
                self._commit(puts, self._head)

    def usage(self) -> LogUsage:
        """What the log takes now, and who reads it."""
        self._check_usable()
        return usage_of(self._environment, self._where)

    def close(self) -> None:
        """See `Log.close`. A forked child closes nothing: it is its parent's."""
        if self._guard.forked:
            return
        with self._writing:
            if not self._closed:
                self._closed = True
                self._environment.close()
                if self._headroom is not None:
                    self._headroom.close()

    def __repr__(self) -> str:
        """Path, head and state."""
        state = "closed" if self._closed else "failed" if self._failure else "writing" if self._write else "read-only"
        relaxed = " RELAXED: nothing is fsynced" if self._durability == "relaxed" else ""
        return f"<LmdbLog {self._path} head {self._head.position} {state}{relaxed}>"

    def _chain(self, head: Head, *, backwards: bool) -> Chain:
        return Chain(self._where, head, partial(self._piece, backwards=backwards), self._head_before)

    def _piece(self, position: int, limit: int, *, backwards: bool) -> Iterator[Frame]:
        """The frames from the one holding `position` towards the one holding `limit`, as many as one copy may take."""
        self._check_usable()
        copies: list[tuple[int, bytes]] = []  # first position and value
        size = 0
        with self._cursor(self._frames) as cursor:
            self._seek(cursor, position)
            for key, value in cursor.iterprev() if backwards else cursor.iternext():
                first = key_position(key, self._where)
                if first > limit and not backwards:
                    break
                copies.append((first, copy_value(value, self._at(first))))
                size += len(value)
                if (first <= limit and backwards) or size >= PIECE_BYTES_MAX or len(copies) >= PIECE_FRAMES_MAX:
                    break
        for first, data in copies:  # the transaction is over
            yield self._parsed(first, data)

    def _seek(self, cursor: Cursor, position: int) -> int:
        """Put the cursor on the frame that should hold the position; gives that frame's first position."""
        found = cursor.set_range(POSITION.pack(position))
        if found and key_position(cursor.key(), self._where) == position:
            return position
        if not (cursor.prev() if found else cursor.last()):
            raise missing(self._where, position, self._head)
        return key_position(cursor.key(), self._where)

    def _head_before(self, first: int) -> Head:
        """The end of the frame before the one that begins at `first`, from its header alone."""
        with self._cursor(self._frames) as cursor:
            self._seek(cursor, first)
            if not cursor.prev():
                return EMPTY
            key = key_position(cursor.key(), self._where)
            data = copy_value(cursor.value(), self._at(key))
        frame, _, _ = parse_header(data, self._at(key))
        return Head(frame.last, frame.hash)

    def _read_head(self, known: Head) -> Head:
        """The end of the log as the disk has it; its last frame is verified unless it is the one known already."""
        with self._cursor(self._frames) as cursor:
            if not cursor.last():
                return EMPTY
            first, value = key_position(cursor.key(), self._where), cursor.value()
            if known.position and hash_of(value) == known.hash:
                return known
            data = copy_value(value, self._at(first))
        frame = self._parsed(first, data)
        return Head(frame.last, frame.hash)

    def _commit(self, puts: Sequence[Put], head: Head) -> None:
        """One write transaction and its fsync. When it fails, either nothing was written or the log is failed."""
        size = len(puts[0][2]) if len(puts) == 1 else sum(len(value) for _, _, value in puts)
        free = low_on_space(self._where, size)
        if free is not None:
            raise StoreFull(
                f"{self._where}: {free:,} bytes are free, too few for a commit of {size:,} and the reserve that stays."
                f" Nothing of it was written, the head is still {self._head.position}. Free space; writing goes on by"
                " itself."
            )
        try:
            if self._headroom is not None and self._headroom.wants_to_know(size):
                self._headroom.provide((self._environment.info()["last_pgno"] + 1) * self._page_bytes, size)
            if failpoints.active:
                failpoints.hit("log.commit.begin")
            frames = self._frames
            with self._environment.begin(write=True) as transaction:
                put = transaction.put
                for database, key, value in puts:
                    # By position, which costs less: dupdata, overwrite, append, database.
                    if not put(key, value, True, False, database is frames, database):  # noqa: FBT003
                        self._refuse(key)
                if failpoints.active:
                    failpoints.hit("log.commit.put")
            if failpoints.active:
                failpoints.hit("log.commit.done")
            self._head = head
        except lmdb.Error as error:
            raise self._commit_failed(error, size) from error
        except BaseException as error:
            self._failure = error
            raise
        self._commits += 1
        if self._commits % READER_CHECK_COMMITS == 0:
            with suppress(lmdb.Error):
                self._environment.reader_check()

    def _refuse(self, key: bytes) -> NoReturn:
        raise StoreCorrupt(
            f"{self._where}: key {key.hex()} was refused behind position {self._head.position}: another process"
            " wrote to the log, or it is damaged. Close the store and verify it."
        )

    def _commit_failed(self, error: lmdb.Error, size: int) -> StorageError:
        """What a failed commit means: `StoreFull` only when the disk is, and the head has verifiably not moved."""
        code, path = error.code, path_of(self._where)
        full = code in FULL_CODES or (code in PERHAPS_FULL_CODES and not has_room(path, size))
        position = self._head.position
        if full and self._head_unmoved():
            return StoreFull(
                f"{self._where}: no room for a commit of {size} bytes ({error}). Nothing of it was written, the head is"
                f" still {position}. Free space; writing goes on by itself."
            )
        self._failure = OutcomeUnknown(
            f"{self._where}: the commit behind position {position} failed ({error}); whether it took place is known"
            " after reopening. Close the store, open it again and compare the head."
        )
        return self._failure

    def _head_unmoved(self) -> bool:
        with suppress(StorageError):
            return self._read_head(EMPTY) == self._head
        return False

    @contextmanager
    def _cursor(self, database: Database) -> Generator[Cursor]:
        """A cursor in a read transaction of its own; copy what you need and leave at once."""
        try:
            with self._environment.begin(database, buffers=True) as transaction, transaction.cursor() as cursor:
                yield cursor
        except lmdb.PanicError as error:
            self._failure = self._failure or error
            raise self._failed() from error
        except lmdb.Error as error:
            self._check_usable()  # closed by another thread meanwhile
            raise translated(error, self._where) from error

    def _parsed(self, first: int, data: bytes) -> Frame:
        return parse_at(first, data, self._at(first))

    def _at(self, first: int) -> str:
        return f"{self._where}, frame at position {first}"

    def _failed(self) -> StoreFailed:
        return StoreFailed(
            f"{self._where}: an earlier call failed ({self._failure}). Close the store and open it again."
        )

    def _check_usable(self) -> None:
        self._guard.check()
        if self._closed:
            raise StoreClosed(f"{self._where} is closed: open the store again")
        if self._failure is not None:
            raise self._failed() from self._failure

    def _check_in_place(self) -> None:
        """A reader still maps a file that was replaced, and would never see anything new: `StoreFailed` then."""
        if identity(self._path / "data.mdb") != self._identity:
            raise StoreFailed(f"{self._where} is another file now: the store was compacted, or is gone. Open it again.")

    def _check_writable(self) -> None:
        self._check_usable()
        if not self._write:
            raise ReadOnly(f"{self._where} is open for reading: open the store with write=True")

    def _check_writer(self, epoch: int) -> None:
        if self._guard.forked or self._closed or self._failure is not None or not self._write:
            self._check_writable()
        if not 0 < epoch == self._epoch:
            raise Fenced(f"epoch {epoch}: {self._where} is at epoch {self._epoch}. Acquire it to write.")
