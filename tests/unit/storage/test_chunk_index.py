"""Checkpoints read chunk by chunk: the same that reading all of them gives, whatever happens to the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from actum_storage import Chunk, Derived, StoreCorrupt

if TYPE_CHECKING:
    from pathlib import Path

STORE = b"store id 16 byte"
Seen = list[tuple[bytes, list[tuple[str, int, bytes]]]]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the files are."""
    return tmp_path / "derived"


@pytest.fixture
def saved(directory: Path) -> Derived:
    """Open for writing, with a base of two chunks and a delta."""
    derived = Derived(directory, STORE, write=True)
    save(derived, b"first", b"one", b"two", base=True)
    save(derived, b"second", b"three")
    return derived


def save(derived: Derived, closing: bytes, *bodies: bytes, base: bool = False) -> None:
    """Write a checkpoint of these bodies."""
    writer = derived.begin(base=base)
    for body in bodies:
        writer.write(Chunk("rows \N{SNOWMAN}", len(body), body))
    writer.close(closing)


def seen(derived: Derived) -> Seen:
    """Everything, chunk by chunk."""
    file = derived.browse()
    if file is None:
        return []
    with file:
        return [
            (checkpoint.closing, [(place.section, place.count, file.body(place)) for place in checkpoint.chunks])
            for checkpoint in file.checkpoints
        ]


def whole(directory: Path) -> Seen:
    """The same, read at once."""
    return [
        (checkpoint.closing, [(chunk.section, chunk.count, bytes(chunk.body)) for chunk in checkpoint.chunks])
        for checkpoint in Derived(directory, STORE, write=False).read()
    ]


def file_of(directory: Path) -> Path:
    """The one file."""
    (path,) = directory.iterdir()
    return path


def test_nothing(directory: Path) -> None:
    """Without a directory, or of another store, there is nothing."""
    assert Derived(directory, STORE, write=False).browse() is None
    save(Derived(directory, b"another store id", write=True), b"closing", b"body", base=True)
    assert Derived(directory, STORE, write=False).browse() is None


def test_the_same_as_read_at_once(saved: Derived, directory: Path) -> None:
    """Chunks and closing documents."""
    assert seen(Derived(directory, STORE, write=False)) == whole(directory) != []
    assert "2 checkpoints" in repr(saved.browse())


def test_it_follows_the_writer(saved: Derived, directory: Path) -> None:
    """Deltas that have come since, an aborted one, and a new base in a new file."""
    reader = Derived(directory, STORE, write=False)
    assert len(seen(reader)) == 2
    writer = saved.begin(base=False)
    writer.write(Chunk("rows", 1, b"x" * 1_000_000))
    assert seen(reader) == whole(directory)
    writer.abort()
    save(saved, b"third", b"four")
    assert [closing for closing, _ in seen(reader)] == [b"first", b"second", b"third"]
    save(saved, b"base", b"new", base=True)
    assert seen(reader) == whole(directory) == [(b"base", [("rows \N{SNOWMAN}", 3, b"new")])]


def test_a_deleted_file_stays_readable(saved: Derived, directory: Path) -> None:
    """Who has begun to read a generation ends with it."""
    file = Derived(directory, STORE, write=False).browse()
    assert file is not None
    save(saved, b"base", b"new", base=True)
    with file:
        assert file.body(file.checkpoints[1].chunks[0]) == b"three"
    file.close()


def test_truncated_anywhere(saved: Derived, directory: Path) -> None:
    """At every length it is what reading at once gives, also for one who knew more before."""
    path = file_of(directory)
    data = path.read_bytes()
    for length in range(len(data), -1, -7):
        path.write_bytes(data)
        reader = Derived(directory, STORE, write=False)
        assert len(seen(reader)) == 2
        path.write_bytes(data[:length])
        assert seen(reader) == whole(directory)


def test_a_damaged_body_is_not_believed(saved: Derived, directory: Path) -> None:
    """It is named when it is read, and no earlier."""
    path = file_of(directory)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"two", b"TWO"))
    file = Derived(directory, STORE, write=False).browse()
    assert file is not None
    with file:
        first, second = file.checkpoints[0].chunks
        assert file.body(first) == b"one"
        with pytest.raises(StoreCorrupt, match="delete the directory derived/"):
            file.body(second)


def test_a_writer_that_found_damage_goes_on_before_it(saved: Derived, directory: Path) -> None:
    """What was known of the file is forgotten when the writer has cut off a checkpoint with a damaged body."""
    reader = Derived(directory, STORE, write=False)
    assert len(seen(reader)) == 2
    path = file_of(directory)
    with path.open("r+b") as file:  # in place: it stays the same file
        file.seek(path.read_bytes().index(b"three"))
        file.write(b"THREE")
    again = Derived(directory, STORE, write=True)
    save(again, b"other", b"a longer body than before", b"and one more")
    assert seen(reader) == whole(directory)
    assert [closing for closing, _ in seen(reader)] == [b"first", b"other"]


def test_size(saved: Derived, directory: Path) -> None:
    """Of all files."""
    assert Derived(directory, STORE, write=False).size == file_of(directory).stat().st_size
    assert Derived(directory / "nothing", STORE, write=False).size == 0
