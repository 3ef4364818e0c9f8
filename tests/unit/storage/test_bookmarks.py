"""Bookmarks: what is saved is there again, one process has a file, and what is wrong with it is said."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from actum_storage import (
    Bookmark,
    BookmarkFile,
    Bookmarks,
    DeadLetter,
    MemoryBookmarks,
    StorageError,
    StoreCorrupt,
    StoreDirectory,
    StoreFull,
    StoreMismatch,
    SubscriptionInUse,
    compact_store,
    copy_store,
    diagnose,
)

from tests.support.processes import Conversation, run_python

HERE = Bookmark("0123", 7, b"h" * 32)
LETTER = DeadLetter(9, "Account", "alice", "Deposited", "ValueError: no", 3, 1_000)

HOLD = """
    import os, pathlib, sys
    from actum_storage import Bookmark, BookmarkFile
    file = BookmarkFile.open(pathlib.Path(sys.argv[1]), "mailer")
    print(os.getpid(), flush=True)
    for number, line in enumerate(sys.stdin, 1):
        file.save(Bookmark("0123", number, bytes(32)), number)
        print(number, flush=True)
"""


@pytest.fixture(params=["file", "memory"])
def bookmarks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bookmarks]:
    """Both of them."""
    kept: Bookmarks = BookmarkFile.open(tmp_path, "mailer") if request.param == "file" else MemoryBookmarks()
    yield kept
    kept.close()


def test_nothing_is_there_at_first(bookmarks: Bookmarks) -> None:
    """A new one has no bookmark and no dead letters."""
    assert bookmarks.load() is None
    assert bookmarks.dead_letters() == []


def test_the_last_bookmark_counts(bookmarks: Bookmarks) -> None:
    """Each one takes the place of the one before, also backwards."""
    bookmarks.save(HERE._replace(position=8), 1)
    bookmarks.save(HERE, 2)
    assert bookmarks.load() == HERE


def test_a_dead_letter_is_buried_with_its_bookmark(bookmarks: Bookmarks) -> None:
    """Both are there, the letter as it was last; without a bookmark the old one stays."""
    bookmarks.bury(LETTER, HERE, 1)
    assert (bookmarks.load(), bookmarks.dead_letters()) == (HERE, [LETTER])
    again = LETTER._replace(attempts=4)
    bookmarks.bury(again, None, 2)
    assert (bookmarks.load(), bookmarks.dead_letters()) == (HERE, [again])


def test_dead_letters_are_in_order_and_can_be_dropped(bookmarks: Bookmarks) -> None:
    """By position; dropping one that isn't there does nothing."""
    for position in (5, 3, 4):
        bookmarks.bury(LETTER._replace(position=position), None, 1)
    bookmarks.drop(4)
    bookmarks.drop(40)
    assert [letter.position for letter in bookmarks.dead_letters()] == [3, 5]


def test_reset_forgets_what_comes_again(bookmarks: Bookmarks) -> None:
    """The dead letters behind the new position are gone, those before it stay."""
    for position in (3, 4, 5):
        bookmarks.bury(LETTER._replace(position=position), HERE, 1)
    bookmarks.reset(HERE._replace(position=4), 4, 2)
    assert bookmarks.load() == HERE._replace(position=4)
    assert [letter.position for letter in bookmarks.dead_letters()] == [3, 4]


def test_a_file_is_found_again(tmp_path: Path) -> None:
    """What was saved is there after closing and opening, in files that are closed to others."""
    first = BookmarkFile.open(tmp_path / "subscriptions", "mailer")
    first.bury(LETTER, HERE, 1)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "subscriptions").iterdir()}
    assert modes == dict.fromkeys(("mailer.db", "mailer.db-wal", "mailer.db-shm", "mailer.lock"), 0o600)
    first.close()
    first.close()
    again = BookmarkFile.open(tmp_path / "subscriptions", "mailer")
    assert (again.load(), again.dead_letters()) == (HERE, [LETTER])
    again.close()


def test_one_process_has_it(tmp_path: Path) -> None:
    """A second opening is refused with the pid, here and elsewhere; other names are free; kill -9 sets it free."""
    with Conversation(HOLD, tmp_path) as holder:
        with pytest.raises(SubscriptionInUse, match=f"mailer .* runs in process {holder.first_line}\\. Stop it"):
            BookmarkFile.open(tmp_path, "mailer")
        BookmarkFile.open(tmp_path, "other").close()
        assert [holder.ask("save") for _ in range(3)] == ["1", "2", "3"]
        holder.kill()
    mine = BookmarkFile.open(tmp_path, "mailer")
    assert mine.load() == Bookmark("0123", 3, bytes(32))
    with pytest.raises(SubscriptionInUse, match=f"process {os.getpid()}, this one"):
        BookmarkFile.open(tmp_path, "mailer")
    mine.close()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """What is no SQLite file is damage, and nothing is left locked."""
    (tmp_path / "mailer.db").write_bytes(b"not a database at all" * 100)
    for _ in range(2):
        with pytest.raises(StoreCorrupt, match=r"mailer.db is damaged: .* Delete it"):
            BookmarkFile.open(tmp_path, "mailer")


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """A file of a later version is left alone."""
    BookmarkFile.open(tmp_path, "mailer").close()
    connection = sqlite3.connect(tmp_path / "mailer.db")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(StoreMismatch, match="is of format 2"):
        BookmarkFile.open(tmp_path, "mailer")


def test_what_the_system_refuses_is_an_error_of_the_store(tmp_path: Path) -> None:
    """A file where the directory belongs is refused with a sentence."""
    (tmp_path / "subscriptions").write_bytes(b"")
    with pytest.raises(StorageError, match="can't be used"):
        BookmarkFile.open(tmp_path / "subscriptions", "mailer")


def test_a_full_disk_is_said(small_disk: Path) -> None:
    """A bookmark for which there is no room is `StoreFull`; the one before it stays, and with room it goes on."""
    file = BookmarkFile.open(small_disk, "mailer")
    file.save(HERE, 1)
    filling = fill(small_disk)
    with pytest.raises(StoreFull, match="Free space"):
        save_many(file)
    assert file.load() is not None
    filling.unlink()
    file.save(HERE, 2)
    assert file.load() == HERE
    file.close()


def fill(disk: Path) -> Path:
    """A file that leaves no room."""
    filling = disk / "filling"
    size = 1 << 20
    with filling.open("wb", buffering=0) as other:
        while size >= 1:
            try:
                if other.write(bytes(size)) == size:
                    continue
            except OSError:
                pass
            size //= 2
    return filling


def save_many(file: BookmarkFile) -> None:
    """More than fits into a page or two."""
    for position in range(8, 1_000):
        file.save(HERE._replace(position=position), 1)


def test_importing_loads_no_sqlite() -> None:
    """`sqlite3` is loaded by the first file, not by the import."""
    assert run_python("import sys, actum; print('sqlite3' in sys.modules)") == "False"


def test_a_store_with_bookmarks_is_a_store_like_any_other(tmp_path: Path) -> None:
    """It opens, is copied without them, is compacted with them staying, and a diagnosis finds nothing."""
    with StoreDirectory.open(tmp_path / "store", write=True) as store:
        assert store.subscriptions == tmp_path / "store" / "subscriptions"
        file = BookmarkFile.open(store.subscriptions, "mailer")
        file.save(HERE, 1)
        copy_store(store.manifest, store.log, tmp_path / "copy")
        assert store.warnings == ()
        file.close()
    assert not (tmp_path / "copy" / "subscriptions").exists()
    compact_store(tmp_path / "store")
    found = {finding.name: finding.level for finding in diagnose(tmp_path / "store")}
    assert {name for name, level in found.items() if level != "ok"} <= {"room", "fsync", "file system"}
    again = BookmarkFile.open(tmp_path / "store" / "subscriptions", "mailer")
    assert again.load() == HERE
    again.close()
