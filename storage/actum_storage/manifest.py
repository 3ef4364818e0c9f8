"""The MANIFEST: what makes a directory a store. Three lines of text, written once, whole or not at all.

    actum store, format 1
    {"created_ns": 1767225600000000000, "engine": "lmdb-0.9", "store_id": "0123456789abcdef0123456789abcdef"}
    sha256 5f0c...

The hash covers the two lines above it. Whatever later formats add, they keep these three lines, so that an older
version can say which format it met. A directory without a MANIFEST holds no acknowledged record.
"""

from __future__ import annotations

import os
import re
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from actum_storage.errors import StoreCorrupt, StoreMismatch
from actum_storage.files import os_errors, replace_durably

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION = 1
#: The LMDB engine whose data format `log/` has; 1.0 can't read it.
ENGINE = "lmdb-0.9"
#: A MANIFEST is about 200 bytes; nothing longer is read as one.
MANIFEST_BYTES_MAX = 4096

SHAPE = rb"actum store, format ([1-9][0-9]{0,8})\n(\{[ -~]*\})\n"
CHECKSUM = rb"sha256 ([0-9a-f]{64})\n"
STORE_ID = "[0-9a-f]{32}"
#: "sha256 ", 64 hexadecimal digits, newline.
CHECKSUM_SIZE = 72


class Manifest(NamedTuple):
    """What a store says of itself.

    Attributes:
        format_version: of the directory as a whole.
        store_id: 32 hexadecimal digits, drawn at creation.
        engine: what wrote `log/`.
        created_ns: nanoseconds since 1970, by the clock of the host that created it.
    """

    format_version: int
    store_id: str
    engine: str
    created_ns: int

    @classmethod
    def new(cls) -> Manifest:
        """The manifest of a store that is being created now."""
        return cls(
            format_version=FORMAT_VERSION, store_id=os.urandom(16).hex(), engine=ENGINE, created_ns=time.time_ns()
        )

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read and check a MANIFEST.

        Raises:
            StoreCorrupt: damaged.
            StoreMismatch: of a newer format, or of a store with another engine.
        """
        with os_errors(f"{path} can't be read"), path.open("rb") as file:
            return cls.parse(file.read(MANIFEST_BYTES_MAX), str(path))

    @classmethod
    def parse(cls, data: bytes, where: str) -> Manifest:
        """Check the bytes of a MANIFEST; `where` is for messages."""
        body = data[:-CHECKSUM_SIZE]
        shape, checksum = re.fullmatch(SHAPE, body), re.fullmatch(CHECKSUM, data[-CHECKSUM_SIZE:])
        if shape is None or checksum is None or sha256(body).hexdigest().encode() != checksum[1]:
            raise StoreCorrupt(f"{where} is damaged: its SHA-256 does not match. Restore it from a backup.")
        version = int(shape[1])
        if version != FORMAT_VERSION:
            raise StoreMismatch(
                f"{where}: a store of format {version}; this version of actum uses format {FORMAT_VERSION}."
                " Open it with the version that wrote it."
            )
        fields = parse_fields(shape[2])
        if fields is None:
            raise StoreMismatch(f"{where} is whole, but says nothing that format {version} knows. Restore it.")
        if fields["engine"] != ENGINE:
            raise StoreMismatch(f"{where}: its log is of engine {fields['engine']!r}; actum uses {ENGINE!r}")
        return cls(format_version=version, **fields)

    def write(self, path: Path) -> None:
        """Store it durably, whole or not at all."""
        with os_errors(f"{path} can't be written"):
            replace_durably(path, self.encode())

    def encode(self) -> bytes:
        """The three lines."""
        import json

        fields = {"created_ns": self.created_ns, "engine": self.engine, "store_id": self.store_id}
        body = f"actum store, format {self.format_version}\n{json.dumps(fields)}\n".encode()
        return body + f"sha256 {sha256(body).hexdigest()}\n".encode()


def parse_fields(line: bytes) -> dict[str, Any] | None:
    """The second line's fields; None if they are not exactly those of this format."""
    import json

    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    known = cast("dict[str, Any]", fields)
    fitting = (
        known.keys() == {"created_ns", "engine", "store_id"}
        and type(known["created_ns"]) is int
        and isinstance(known["engine"], str)
        and isinstance(known["store_id"], str)
        and re.fullmatch(STORE_ID, known["store_id"]) is not None
    )
    return known if fitting else None
