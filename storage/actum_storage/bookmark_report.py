"""What lies in a store's `subscriptions/`, read beside whoever runs them: nothing is written, no lock is taken.

SQLite writes beside a file in WAL mode even to read it. So a file without a WAL is read as one that cannot change; one
with a WAL belongs to a process that runs, or was killed, and is read as SQLite reads it.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from actum_storage.bookmarks import Bookmark, DeadLetter, refuse_newer, sqlite_errors
from actum_storage.errors import StorageError
from actum_storage.lock import holder_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


class BookmarkReport(NamedTuple):
    """One subscription's file.

    Attributes:
        name: the subscription's.
        holder: the process that runs it; None if none does.
        bookmark: how far it has come; None if it keeps its bookmark itself, or has none yet.
        updated_ns: when that was saved, nanoseconds since 1970 UTC; 0 without one.
        dead_letters: what it could not handle, by position.
        fault: why the file can't be read; then the rest is empty.
    """

    name: str
    holder: str | None
    bookmark: Bookmark | None = None
    updated_ns: int = 0
    dead_letters: tuple[DeadLetter, ...] = ()
    fault: str = ""


def read_bookmarks(directory: Path) -> list[BookmarkReport]:
    """All of a store's subscriptions that have ever run, by name."""
    return [read_bookmark(path) for path in sorted(directory.glob("*.db"))]


def read_bookmark(path: Path) -> BookmarkReport:
    """One of them."""
    name, holder = path.stem, None
    try:
        holder = holder_of(path.with_suffix(".lock"))
        with sqlite_errors(path), closing(reading(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            refuse_newer(path, version)
            if version == 0:  # its process is just making it, or was killed doing that
                return BookmarkReport(name, holder)
            row = connection.execute("SELECT store_id, position, hash, updated_ns FROM bookmark").fetchone()
            letters = connection.execute(
                "SELECT position, aggregate, key, tag, error, attempts, failed_ns FROM dead_letters ORDER BY position"
            ).fetchall()
    except (OSError, StorageError) as error:
        return BookmarkReport(name, holder, fault=str(error))
    bookmark, updated_ns = (None, 0) if row is None else (Bookmark(*row[:3]), row[3])
    return BookmarkReport(name, holder, bookmark, updated_ns, tuple(DeadLetter(*letter) for letter in letters))


def reading(path: Path) -> sqlite3.Connection:
    """A connection that only reads."""
    import sqlite3

    wal = path.with_name(f"{path.name}-wal")
    still = "" if wal.exists() else "&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro{still}", uri=True)
