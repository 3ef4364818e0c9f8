"""Stored schemas: written once, guarded by a hash."""

from __future__ import annotations

from hashlib import sha256

import pytest
from actum_storage import StorageError, StoreCorrupt
from actum_storage.schema import changed_schemas, copy_schema, parse_schema, seal_schema


def test_round_trip() -> None:
    """A sealed document comes back."""
    assert parse_schema(b"name", seal_schema(b"name", b"document"), "here") == ("name", b"document")


@pytest.mark.parametrize("index", [0, 7, 8, 39, 40, 47])
def test_damage(index: int) -> None:
    """A changed byte is found, and the schema named."""
    value = bytearray(seal_schema(b"name", b"document"))
    value[index] ^= 1
    with pytest.raises(StoreCorrupt, match=r"here, schema b'name'"):
        parse_schema(b"name", bytes(value), "here")


def test_under_another_name() -> None:
    """A document under a name that it wasn't stored for is damage."""
    with pytest.raises(StoreCorrupt):
        parse_schema(b"other", seal_schema(b"name", b"document"), "here")


@pytest.mark.parametrize(
    "value", [b"short", seal_schema(b"name", b"document")[:-1], seal_schema(b"name", b"") + b"more"]
)
def test_wrong_length(value: bytes) -> None:
    """A value that is not as long as it says is damage, and is not copied either."""
    with pytest.raises(StoreCorrupt):
        parse_schema(b"name", value, "here")
    with pytest.raises(StoreCorrupt):
        copy_schema(memoryview(b"name"), memoryview(value), "here")


def test_wrong_length_of_the_name() -> None:
    """A name longer than any can be is damage, and not copied."""
    with pytest.raises(StoreCorrupt, match="512 bytes"):
        copy_schema(memoryview(bytes(512)), memoryview(seal_schema(b"name", b"document")), "here")


def test_golden() -> None:
    """These are the bytes of docs/format.md."""
    own = sha256(b"name\0document").digest()
    assert seal_schema(b"name", b"document") == b"ACTS\0\0\0\x08" + own + b"document"


def test_changed() -> None:
    """Only what isn't stored yet is given to write."""
    assert changed_schemas({"a": b"1"}, {"a": b"1", "b": b"2"}) == {"b": b"2"}


def test_other_bytes() -> None:
    """A stored name never gets other bytes."""
    with pytest.raises(StorageError, match="never changes"):
        changed_schemas({"a": b"1"}, {"a": b"2"})
