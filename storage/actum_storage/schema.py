"""Stored schemas: documents by name that explain the records to a reader without the user's code. Opaque here.

A name is written once and never changes. The document is stored behind its length and a SHA-256 over name and document,
since LMDB has no checksums.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from actum_storage.errors import StorageError, StoreCorrupt
from actum_storage.layout import SCHEMA_HEADER, SCHEMA_HEADER_SIZE, SCHEMA_MAGIC

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
    return SCHEMA_HEADER.pack(SCHEMA_MAGIC, len(document)) + schema_hash(key, document) + document


def copy_schema(key: memoryview, value: memoryview, where: str) -> tuple[bytes, bytes]:
    """Copy a stored name and value out of the memory map, once both have lengths that can be right.

    A damaged length would otherwise lead the copy behind the end of the file, which is SIGBUS and not an error.
    """
    if len(key) > SCHEMA_NAME_BYTES_MAX:
        raise StoreCorrupt(f"{where}: a schema's name has {len(key)} bytes. Restore the store from a backup.")
    check_size(value, where)
    return bytes(key), bytes(value)


def parse_schema(key: bytes, value: bytes, where: str) -> tuple[str, bytes]:
    """The name and the document in a stored key and value.

    Raises:
        StoreCorrupt: they are not what `seal_schema` made.
    """
    where = f"{where}, schema {key!r:.80}"
    check_size(value, where)
    document = value[SCHEMA_HEADER_SIZE:]
    if value[SCHEMA_HEADER.size : SCHEMA_HEADER_SIZE] != schema_hash(key, document):
        raise StoreCorrupt(f"{where}: its SHA-256 does not match its bytes")
    return key.decode(), document


def check_size(value: bytes | memoryview, where: str) -> None:
    """Refuse a value that is not as long as its header says; touches nothing behind the header."""
    header = SCHEMA_MAGIC, len(value) - SCHEMA_HEADER_SIZE
    if len(value) < SCHEMA_HEADER_SIZE or SCHEMA_HEADER.unpack_from(value) != header:
        raise StoreCorrupt(f"{where}: not a stored schema, or not as long as it says. Restore the store from a backup.")


def schema_hash(key: bytes, document: bytes) -> bytes:
    """What guards a stored schema: a hash over its name, a NUL and its document."""
    return sha256(key + b"\0" + document).digest()
