"""Bookmarks read from outside: beside their holder, after its death, and when they are damaged; nothing is written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from actum_storage import Bookmark, BookmarkFile, BookmarkReport, DeadLetter
from actum_storage.bookmark_report import read_bookmarks

from tests.support.processes import Conversation
from tests.unit.storage.test_bookmarks import HOLD

HERE = Bookmark("0123", 7, b"h" * 32)
LETTER = DeadLetter(5, "Account", "alice", "Deposited", "ValueError: no", 3, 1_000)


def kept(directory: Path, name: str = "mailer") -> None:
    """A bookmark with a dead letter, closed."""
    file = BookmarkFile.open(directory, name)
    file.save(HERE, 1)
    file.bury(LETTER, None, 2)
    file.close()


def files(directory: Path) -> dict[str, bytes]:
    """All that is there."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_nothing_has_ever_run(tmp_path: Path) -> None:
    """No directory, no subscriptions."""
    assert read_bookmarks(tmp_path / "subscriptions") == []


def test_closed_files_are_read_and_left_as_they_are(tmp_path: Path) -> None:
    """By name, with everything in them; no file is made beside them."""
    kept(tmp_path)
    BookmarkFile.open(tmp_path, "its own").close()
    before = files(tmp_path)
    assert read_bookmarks(tmp_path) == [
        BookmarkReport("its own", None),
        BookmarkReport("mailer", None, HERE, 1, (LETTER,)),
    ]
    assert files(tmp_path) == before


def test_in_a_directory_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A backup on a read-only disk can be read."""
    kept(tmp_path)
    for path in (*tmp_path.iterdir(), tmp_path):
        path.chmod(0o500)
    try:
        assert read_bookmarks(tmp_path)[0].bookmark == HERE
    finally:
        tmp_path.chmod(0o700)


def test_beside_its_holder_and_after_its_death(tmp_path: Path) -> None:
    """The holder is named and not disturbed; what it saved last is seen, also after kill -9."""
    with Conversation(HOLD, tmp_path) as holder:
        pid = holder.first_line
        for number in (1, 2, 3):
            assert holder.ask("save") == str(number)
            (report,) = read_bookmarks(tmp_path)
            assert (report.holder, report.bookmark) == (pid, Bookmark("0123", number, bytes(32)))
        assert holder.ask("save") == "4"
        holder.kill()
    (report,) = read_bookmarks(tmp_path)
    assert (report.holder, report.bookmark, report.updated_ns) == (None, Bookmark("0123", 4, bytes(32)), 4)
    BookmarkFile.open(tmp_path, "mailer").close()


def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    """Noise, a newer version, and an empty file: each is told of, and hides no other."""
    kept(tmp_path)
    (tmp_path / "noise.db").write_bytes(os.urandom(8192))
    kept(tmp_path, "newer")
    connection = sqlite3.connect(tmp_path / "newer.db")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    (tmp_path / "empty.db").touch()
    found = {report.name: report for report in read_bookmarks(tmp_path)}
    assert "is damaged" in found["noise"].fault
    assert "format 9" in found["newer"].fault
    assert found["empty"] == BookmarkReport("empty", None)
    assert found["mailer"].bookmark == HERE
