"""Reading a store without an engine."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from actum_storage import Chunk, StoreClosed, StoreDirectory, StoreMismatch, open_store

from tests.support.batches import fill, record, records_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store with seven records in three frames and a schema."""
    with StoreDirectory.open(tmp_path / "store", write=True) as store:
        fill(store.log, 2, 1, 4)
        store.log.put_schemas(store.log.acquire(), {"a": b"the document"})
    return tmp_path / "store"


def test_reads(path: Path) -> None:
    """Head, frames, schemas and manifest are there."""
    with open_store(path) as store:
        assert (store.head.position, store.schemas(), store.warnings) == (7, {"a": b"the document"}, ())
        assert [frame.first for frame in store.frames()] == [1, 3, 4]
        assert [frame.first for frame in store.frames(3, 3)] == [3]
        assert records_of(store.frame_at(3)) == [record(3)]
        assert store.manifest.engine == "lmdb-0.9"
        assert str(path) in repr(store)


def test_backwards(path: Path) -> None:
    """The same frames, newest first."""
    with open_store(path) as store:
        assert [frame.first for frame in store.frames_backwards()] == [4, 3, 1]


def test_pages(path: Path) -> None:
    """The pages of a store at rest are sound; those of one that is being written are not looked at."""
    with open_store(path) as store:
        assert store.page_faults() == []
    with StoreDirectory.open(path, write=True) as store:
        assert store.page_faults() is None


def test_usage(path: Path) -> None:
    """What it takes, and who reads it in another process: how far that one is behind."""
    with open_store(path) as store:
        before = store.usage()
        assert 0 < before.log_bytes <= (path / "log" / "data.mdb").stat().st_size < before.log_bytes_max
        assert (before.readers, before.readers_behind, before.derived_bytes) == (0, 0, 0)
        assert before.free_bytes > 0
    with reading(path), StoreDirectory.open(path, write=True) as directory:
        fill(directory.log, 1, 1)
        usage = directory.log.usage()
        assert (usage.readers, usage.readers_behind >= 2) == (1, True)
    store.close()
    with pytest.raises(StoreClosed):
        store.usage()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Another process reads and does not end."""
    code = (
        "import lmdb, sys; environment = lmdb.open(sys.argv[1], readonly=True, lib_version=0)\n"
        "with environment.begin(): print(1, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path / "log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.communicate()


def test_checkpoints(path: Path) -> None:
    """Complete checkpoints are counted, and the bytes behind them."""
    with StoreDirectory.open(path, write=True) as store:
        writer = store.derived.begin(base=True)
        writer.write(Chunk("rows", 1, b"row"))
        writer.close(b"closing")
    with open_store(path) as store:
        assert store.checkpoints()[1::2] == (1, 0)
    file = path / "derived" / "00000001.chunks"
    file.write_bytes(file.read_bytes() + b"torn")
    with open_store(path) as store:
        assert store.checkpoints()[3] == 4


def test_no_store(tmp_path: Path) -> None:
    """A path without a store is refused."""
    with pytest.raises(StoreMismatch, match="no store at"):
        open_store(tmp_path / "nothing")


def test_closed(path: Path) -> None:
    """A closed store refuses to read; closing again does nothing."""
    store = open_store(path)
    store.close()
    store.close()
    for read in (store.frames, store.schemas, lambda: store.frame_at(1)):
        with pytest.raises(StoreClosed):
            read()
