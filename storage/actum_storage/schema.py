"""Stored schemas: documents by name that explain the records to a reader without the user's code. Opaque here.

A name is written once and never changes. The document is stored behind a SHA-256 over name and document, since LMDB has
no checksums.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from actum_storage.errors import StorageError, StoreCorrupt
from actum_storage.layout import HASH_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The longest name, in bytes of UTF-8: what an LMDB key can hold.
SCHEMA_NAME_BYTES_MAX = 511


def changed_schemas(stored: Mapping[str, bytes], documents: Mapping[str, bytes]) -> dict[str, bytes]:
    """The documents that are not stored yet.

    Raises:
        StorageError: a name is stored with other bytes, is empty, or is too long.
    """
    for name, document in documents.items():
        if not 0 < len(name.encode()) <= SCHEMA_NAME_BYTES_MAX:
            raise StorageError(f"schema name {name!r:.80}: a name has 1 to {SCHEMA_NAME_BYTES_MAX} bytes of UTF-8")
        if stored.get(name, document) != document:
            raise StorageError(f"schema {name!r} is stored with other bytes and never changes: use a new name")
    return {name: bytes(document) for name, document in documents.items() if name not in stored}


def seal_schema(key: bytes, document: bytes) -> bytes:
    """The value to store under this key."""
    return schema_hash(key, document) + document


def parse_schema(key: bytes, value: bytes, where: str) -> bytes:
    """The document in a stored value.

    Raises:
        StoreCorrupt: it is not what `seal_schema` made for this key.
    """
    document = value[HASH_SIZE:]
    if value[:HASH_SIZE] != schema_hash(key, document):
        raise StoreCorrupt(f"{where}, schema {key!r}: its SHA-256 does not match its bytes")
    return document


def schema_hash(key: bytes, document: bytes) -> bytes:
    """What guards a stored schema: a hash over its name, a NUL and its document."""
    return sha256(key + b"\0" + document).digest()
