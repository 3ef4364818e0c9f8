"""Opening an LMDB environment, and what LMDB's errors mean. Only `lmdb_log` uses it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import lmdb

from actum_storage.errors import StorageError, StoreCorrupt, StoreFull, StoreInUse, StoreMismatch

if TYPE_CHECKING:
    from pathlib import Path

Durability = Literal["full", "relaxed"]

#: Address space, not memory or disk; the smaller ones are for hosts that limit it.
MAP_BYTES = (1 << 40, 1 << 36, 1 << 32)
#: Slots for readers of all processes; each open transaction takes one.
READERS_MAX = 512
#: Codes of a commit that found no room: certain ones, and those that a full disk shares with a failing one.
FULL_CODES = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, -30792}
PERHAPS_FULL_CODES = {errno.EIO, -30772}
#: What LMDB raises when it meets pages that it didn't write, or lacks a database that was there.
DAMAGE = (lmdb.CorruptedError, lmdb.IncompatibleError, lmdb.InvalidError, lmdb.NotFoundError, lmdb.PageNotFoundError)


def open_environment(path: Path, *, write: bool, durability: Durability) -> lmdb.Environment:
    """The environment with the largest map that this host's address space has room for."""
    options: dict[str, Any] = {
        "subdir": True,
        "readonly": not write,
        "create": write,
        "mode": 0o700,
        "metasync": True,
        "sync": durability == "full",
        "writemap": False,
        "max_readers": READERS_MAX,
        "max_dbs": 2,
        "lock": True,
        "lib_version": 0,
    }
    for map_bytes in MAP_BYTES[:-1]:
        with suppress(lmdb.MemoryError):
            return lmdb.open(str(path), map_size=map_bytes, **options)
    return lmdb.open(str(path), map_size=MAP_BYTES[-1], **options)


def translated(error: lmdb.Error, where: str) -> StorageError:
    """What an error of LMDB means to a caller, except at a commit."""
    if isinstance(error, DAMAGE):
        return StoreCorrupt(f"{where}: {error}. Restore the store from a backup.")
    if isinstance(error, lmdb.VersionMismatchError):
        return StoreMismatch(f"{where}: written by another LMDB engine ({error})")
    if "already open in this process" in str(error):
        return StoreInUse(f"{where}: process {os.getpid()}, this one, has the store open already. Use that one.")
    if error.code == errno.EACCES:
        return StorageError(
            f"{where}: {error}. Readers write to lock.mdb too: be the engine's user, or copy the store."
        )
    if error.code in FULL_CODES:
        return StoreFull(f"{where}: {error}. Free space.")
    return StorageError(f"{where}: {error}")


class LogUsage(NamedTuple):
    """What a log takes.

    Attributes:
        bytes: used, of its file, which may be longer.
        bytes_max: it may use: what is mapped.
        readers: places in its table of readers that other processes hold: that read at this moment, or were killed
            while they did.
        readers_behind: commits since the state that the oldest of them reads: pages that can't be used again
            meanwhile make the file grow.
    """

    bytes: int
    bytes_max: int
    readers: int
    readers_behind: int


class Reader(NamedTuple):
    """A place in the table of readers.

    Attributes:
        process: whose it is.
        transaction: the one whose state it reads; None while it reads nothing.
    """

    process: str
    transaction: int | None


def readers_in(environment: lmdb.Environment) -> list[Reader]:
    """All that hold a place in the table."""
    found: list[Reader] = []
    for line in environment.readers().splitlines()[1:]:
        match line.split():
            case [process, _, transaction]:
                found.append(Reader(process, int(transaction) if transaction.isdecimal() else None))
            case _:
                pass
    return found


def usage_of(environment: lmdb.Environment, where: str) -> LogUsage:
    """What an environment that is open takes."""
    try:
        information, page_bytes, readers = environment.info(), environment.stat()["psize"], readers_in(environment)
    except lmdb.Error as error:
        raise translated(error, where) from error
    others = [reader for reader in readers if reader.process != str(os.getpid())]
    oldest = min((reader.transaction for reader in others if reader.transaction is not None), default=None)
    return LogUsage(
        bytes=(information["last_pgno"] + 1) * page_bytes,
        bytes_max=information["map_size"],
        readers=len(others),
        readers_behind=0 if oldest is None else max(0, information["last_txnid"] - oldest),
    )


def readers_of(path: Path) -> list[str]:
    """The processes that read an environment which is open elsewhere."""
    try:
        with lmdb.open(str(path), readonly=True, create=False, max_readers=READERS_MAX, lib_version=0) as environment:
            return sorted({reader.process for reader in readers_in(environment)})
    except lmdb.Error as error:
        raise translated(error, str(path / "data.mdb")) from error


def engine_version() -> str:
    """LMDB's version and its binding's."""
    return f"LMDB {'.'.join(map(str, lmdb.version()))}, py-lmdb {lmdb.__version__}"
