"""Reading a store without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from actum_storage import StoreClosed, StoreCorrupt, StoreDirectory, StoreMismatch, VerifyReport, open_store

from tests.support.batches import fill, record, records_of
from tests.support.damage import damage

if TYPE_CHECKING:
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


def test_verify(path: Path) -> None:
    """Verifying a whole store counts what it went through."""
    with open_store(path) as store:
        assert store.verify() == VerifyReport(frames=3, records=7, head=store.head, schemas=1)


def test_verify_an_empty_store(tmp_path: Path) -> None:
    """An empty store is whole."""
    StoreDirectory.open(tmp_path / "store", write=True).close()
    with open_store(tmp_path / "store") as store:
        assert store.verify()[:2] == (0, 0)


@pytest.mark.parametrize(
    ("written", "where"),
    [(record(2), "frame at position 1"), (b"the document", "schema b'a'")],
    ids=["frame", "schema"],
)
def test_verify_damage(path: Path, written: bytes, where: str) -> None:
    """Damage is found, and file and position are named."""
    damage(path / "log" / "data.mdb", written)
    with open_store(path) as store, pytest.raises(StoreCorrupt, match=rf"data\.mdb, {where}"):
        store.verify()


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
