"""The ids of the commands of one `send_atomic`: made of one id, and seen in the log to belong together.

    bytes  0 .. 13                                14 15
          +-------------------------------------+-------+
          | BLAKE2b of the whole's id, as UUIDv8 | index |
          +-------------------------------------+-------+

Each command has an id of its own, so that a window finds it and its receipt can be made again; the family, which they
have in common, says which records must never be parted.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Protocol

from actum.records import shaped_as_uuid

#: Commands in one `send_atomic`; each target is held until all are decided.
SEND_ATOMIC_COMMANDS_MAX = 1_024

INDEX_BYTES = 2
FAMILY_BYTES = 16 - INDEX_BYTES
UUID_VERSION = 8


class Caused(Protocol):
    """As much of a record as knowing its command needs."""

    @property
    def aggregate(self) -> str:
        """The name of the aggregate's type."""
        ...

    @property
    def key(self) -> str:
        """The aggregate's key."""
        ...

    @property
    def command_id_bytes(self) -> bytes:
        """The command that caused the event."""
        ...


def family_of(command_id: bytes) -> bytes:
    """What the ids of all commands of a `send_atomic` with this id begin with."""
    digest = blake2b(command_id, digest_size=16, person=b"actum together").digest()
    return shaped_as_uuid(digest)[:FAMILY_BYTES]


def member(family: bytes, index: int) -> bytes:
    """The id of one command."""
    return family + index.to_bytes(INDEX_BYTES)


def index_of(command_id: bytes) -> int:
    """Which command of its family it is."""
    return int.from_bytes(command_id[FAMILY_BYTES:])


def same_family(first: bytes, second: bytes) -> bool:
    """Whether two ids are of commands of one `send_atomic`."""
    return first[6] >> 4 == UUID_VERSION and first[:FAMILY_BYTES] == second[:FAMILY_BYTES]


def inseparable(here: Caused, behind: Caused) -> bool:
    """Whether two records, one behind the other, are of one command, or of commands of one `send_atomic`."""
    if here.command_id_bytes != behind.command_id_bytes:
        return same_family(here.command_id_bytes, behind.command_id_bytes)
    return (here.aggregate, here.key) == (behind.aggregate, behind.key)
