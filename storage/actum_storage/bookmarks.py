"""How far a subscription has come, and what it could not handle: a small SQLite file beside the log.

    subscriptions/<name>.db      WAL, synchronous=FULL: what was saved is there after a power cut
    subscriptions/<name>.lock    held by the one process that runs the subscription

A bookmark names the store, the position and the hash of the frame that holds it, so that one of another store, or of a
log that was put back from a backup and then went another way, is recognised instead of skipping what it has not seen.
Saving is synchronous and takes an fsync: call it beside the loop, one call at a time. `sqlite3` is loaded by the first
file that is opened, not by `import actum`.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol, final

from actum_storage.errors import StorageError, StoreCorrupt, StoreFull, StoreMismatch, SubscriptionInUse
from actum_storage.files import FILE_MODE, make_directory, os_errors, sync_directory
from actum_storage.lock import WriterLock

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator
    from pathlib import Path

#: Of the tables below; a file with a higher one is of a newer version.
FORMAT_VERSION = 1
TABLES = """
    CREATE TABLE bookmark (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        store_id TEXT NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, updated_ns INTEGER NOT NULL
    );
    CREATE TABLE dead_letters (
        position INTEGER PRIMARY KEY, aggregate TEXT NOT NULL, key TEXT NOT NULL, tag TEXT NOT NULL,
        error TEXT NOT NULL, attempts INTEGER NOT NULL, failed_ns INTEGER NOT NULL
    );
"""


class Bookmark(NamedTuple):
    """How far a subscription has come.

    Attributes:
        store_id: of the store that the position is in; empty for a log without a directory.
        position: the last one that is done.
        hash: of the frame that holds it, which tells this log from another with the same positions.
    """

    store_id: str
    position: int
    hash: bytes


class DeadLetter(NamedTuple):
    """An event that a subscription could not handle, and went past.

    Attributes:
        position: of the event.
        aggregate: in whose stream it is.
        key: which one.
        tag: the event's type as stored.
        error: what its handler raised the last time.
        attempts: how often it was tried; 0: somebody wants it tried again, as its subscription does when it begins.
        failed_ns: when it failed the last time, nanoseconds since 1970 UTC.
    """

    position: int
    aggregate: str
    key: str
    tag: str
    error: str
    attempts: int
    failed_ns: int


class Bookmarks(Protocol):
    """Keeps one subscription's bookmark and dead letters. One call at a time, from any thread."""

    def load(self) -> Bookmark | None:
        """The bookmark; None if there is none yet."""
        ...

    def save(self, bookmark: Bookmark, updated_ns: int) -> None:
        """Put it there; durable when this returns."""
        ...

    def dead_letters(self) -> list[DeadLetter]:
        """All, by position."""
        ...

    def bury(self, letter: DeadLetter, bookmark: Bookmark | None, updated_ns: int) -> None:
        """Keep a dead letter, or what has become of it, and go past it: both or neither."""
        ...

    def drop(self, position: int) -> None:
        """Forget the dead letter at a position, if there is one."""
        ...

    def reset(self, bookmark: Bookmark | None, position: int, updated_ns: int) -> None:
        """Go back to a position: set the bookmark, forget the dead letters behind it."""
        ...

    @property
    def place(self) -> str:
        """Where they are, for people."""
        ...

    def close(self) -> None:
        """Release everything; a second call does nothing."""
        ...


@final
class BookmarkFile:
    """`Bookmarks` in a file; from `BookmarkFile.open`, to be closed."""

    def __init__(self, path: Path, lock: WriterLock) -> None:
        """Use `BookmarkFile.open`."""
        self._path = path
        self._lock = lock
        self._opened: sqlite3.Connection | None = None

    @classmethod
    def open(cls, directory: Path, name: str) -> BookmarkFile:
        """Open or create a subscription's file, and be the only one that has it.

        On a full disk an existing file can't be read either, for SQLite wants room beside it: then this succeeds, and
        every call raises `StoreFull` until there is room.

        Raises:
            SubscriptionInUse: somebody has it; the message names the process.
            StoreCorrupt: the file is damaged.
            StoreMismatch: it is of a newer version.
            StoreFull, StorageError: it can't be created or read.
        """
        path = directory / f"{name}.db"
        with os_errors(f"{directory} can't be used"):
            make_directory(directory)
            lock = WriterLock.acquire(directory / f"{name}.lock", in_use)
        try:
            with os_errors(f"{path} can't be opened"):  # SQLite would create it open to others
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE))
                sync_directory(directory)
            file = cls(path, lock)
            with suppress(StoreFull), sqlite_errors(path):
                file._connection.execute("SELECT 1")
        except BaseException:
            lock.release()
            raise
        return file

    @property
    def _connection(self) -> sqlite3.Connection:
        """The open file."""
        if self._opened is None:
            self._opened = connected(self._path)
        return self._opened

    def load(self) -> Bookmark | None:
        """See `Bookmarks.load`."""
        with sqlite_errors(self._path):
            row = self._connection.execute("SELECT store_id, position, hash FROM bookmark").fetchone()
        return None if row is None else Bookmark(*row)

    def save(self, bookmark: Bookmark, updated_ns: int) -> None:
        """See `Bookmarks.save`."""
        with self._transaction():
            self._put(bookmark, updated_ns)

    def dead_letters(self) -> list[DeadLetter]:
        """See `Bookmarks.dead_letters`."""
        with sqlite_errors(self._path):
            rows = self._connection.execute(
                "SELECT position, aggregate, key, tag, error, attempts, failed_ns FROM dead_letters ORDER BY position"
            )
            return [DeadLetter(*row) for row in rows]

    def bury(self, letter: DeadLetter, bookmark: Bookmark | None, updated_ns: int) -> None:
        """See `Bookmarks.bury`."""
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?)", letter)
            if bookmark is not None:
                self._put(bookmark, updated_ns)

    def drop(self, position: int) -> None:
        """See `Bookmarks.drop`."""
        with self._transaction():
            self._connection.execute("DELETE FROM dead_letters WHERE position = ?", (position,))

    def reset(self, bookmark: Bookmark | None, position: int, updated_ns: int) -> None:
        """See `Bookmarks.reset`."""
        with self._transaction():
            self._connection.execute("DELETE FROM dead_letters WHERE position > ?", (position,))
            if bookmark is not None:
                self._put(bookmark, updated_ns)

    def close(self) -> None:
        """See `Bookmarks.close`."""
        if self._opened is not None:
            with sqlite_errors(self._path):
                self._opened.close()
        self._lock.release()

    @contextmanager
    def _transaction(self) -> Generator[None]:
        """All of it or nothing; durable at the end."""
        with sqlite_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # some errors have ended it already
                    self._connection.execute("ROLLBACK")
                raise

    def _put(self, bookmark: Bookmark, updated_ns: int) -> None:
        self._connection.execute("INSERT OR REPLACE INTO bookmark VALUES (1, ?, ?, ?, ?)", (*bookmark, updated_ns))

    @property
    def place(self) -> str:
        """See `Bookmarks.place`."""
        return f"the file {self._path}"

    def __repr__(self) -> str:
        """Where it is."""
        return f"<BookmarkFile {self._path}>"


@final
class MemoryBookmarks:
    """`Bookmarks` for a log in memory: gone with the process, as the log is."""

    def __init__(self) -> None:
        """Empty."""
        self._bookmark: Bookmark | None = None
        self._letters: dict[int, DeadLetter] = {}
        self._writing = threading.Lock()

    def load(self) -> Bookmark | None:
        """See `Bookmarks.load`."""
        return self._bookmark

    def save(self, bookmark: Bookmark, updated_ns: int) -> None:
        """See `Bookmarks.save`."""
        del updated_ns
        self._bookmark = bookmark

    def dead_letters(self) -> list[DeadLetter]:
        """See `Bookmarks.dead_letters`."""
        return [self._letters[position] for position in sorted(self._letters)]

    def bury(self, letter: DeadLetter, bookmark: Bookmark | None, updated_ns: int) -> None:
        """See `Bookmarks.bury`."""
        del updated_ns
        with self._writing:
            self._letters[letter.position] = letter
            self._bookmark = bookmark or self._bookmark

    def drop(self, position: int) -> None:
        """See `Bookmarks.drop`."""
        self._letters.pop(position, None)

    def reset(self, bookmark: Bookmark | None, position: int, updated_ns: int) -> None:
        """See `Bookmarks.reset`."""
        del updated_ns
        with self._writing:
            self._letters = {each: letter for each, letter in self._letters.items() if each <= position}
            self._bookmark = bookmark or self._bookmark

    def close(self) -> None:
        """See `Bookmarks.close`."""

    @property
    def place(self) -> str:
        """See `Bookmarks.place`."""
        return "what is remembered"

    def __repr__(self) -> str:
        """Where it stands."""
        return f"<MemoryBookmarks {self._bookmark}>"


def connected(path: Path) -> sqlite3.Connection:
    """A connection to the file, its tables made if they are not there."""
    import sqlite3

    # Whoever has the lock calls from one thread at a time, but not always from the same.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        refuse_newer(path, version)
        if version == 0:
            connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {FORMAT_VERSION}; COMMIT;")
        connection.execute("SELECT count(*) FROM bookmark, dead_letters").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_newer(path: Path, version: int) -> None:
    """Refuse a file of a version that is not known yet.

    Raises:
        StoreMismatch: naming both.
    """
    if version > FORMAT_VERSION:
        raise StoreMismatch(
            f"{path} is of format {version}; this version of actum uses format {FORMAT_VERSION}."
            " Use the version that wrote it."
        )


def in_use(path: Path, holder: str) -> SubscriptionInUse:
    """The error for a subscription that runs already."""
    own = holder == str(os.getpid())
    return SubscriptionInUse(
        f"subscription {path.stem} of {path.parent.parent} runs in process {holder}{', this one' * own}."
        " Stop it there, or give this one another name=."
    )


@contextmanager
def sqlite_errors(path: Path) -> Generator[None]:
    """Translate what SQLite raises."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        said = getattr(error, "sqlite_errorcode", 0)
        code = said & 0xFF  # the rest says more about the same
        if code == sqlite3.SQLITE_FULL or said == sqlite3.SQLITE_IOERR_SHMSIZE:  # no room for what lies beside it
            raise StoreFull(f"{path} can't be written: {error}. Free space.") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreCorrupt(
                f"{path} is damaged: {error}. Delete it: the subscription then begins at its start= again, and its"
                " dead letters are gone."
            ) from error
        raise StorageError(f"{path}: {error}") from error
