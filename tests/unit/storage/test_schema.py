"""Stored schemas: written once, guarded by a hash."""

from __future__ import annotations

import pytest
from actum_storage import StorageError, StoreCorrupt
from actum_storage.schema import changed_schemas, parse_schema, seal_schema


def test_round_trip() -> None:
    """A sealed document comes back."""
    assert parse_schema(b"name", seal_schema(b"name", b"document"), "here") == b"document"


@pytest.mark.parametrize("index", [0, 31, 32, 39])
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


def test_too_short() -> None:
    """A value shorter than a hash is damage."""
    with pytest.raises(StoreCorrupt):
        parse_schema(b"name", b"short", "here")


def test_changed() -> None:
    """Only what isn't stored yet is given to write."""
    assert changed_schemas({"a": b"1"}, {"a": b"1", "b": b"2"}) == {"b": b"2"}


def test_other_bytes() -> None:
    """A stored name never gets other bytes."""
    with pytest.raises(StorageError, match="never changes"):
        changed_schemas({"a": b"1"}, {"a": b"2"})
