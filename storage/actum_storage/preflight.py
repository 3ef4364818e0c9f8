"""What is checked before LMDB may touch a file, because its answer to a bad one is SIGBUS, or an empty database.

A truncated data file and a full disk without a lock file kill the process; a file of zero length opens as an empty
database; a file of another engine is refused late. So the two meta pages are read here with plain `pread`, and the lock
file is given its blocks before LMDB maps it. All of this happens before `lmdb.open`: closing a descriptor of an open
environment would drop the process's locks, so a lock file that is whole is looked at with `stat` only.
"""

from __future__ import annotations

import os
import resource
import sys
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from actum_storage.errors import StoreCorrupt, StoreFull, StoreMismatch
from actum_storage.files import FILE_MODE, NO_ROOM, allocate, os_errors

if TYPE_CHECKING:
    from pathlib import Path

#: The lock file with its table of 512 readers, in whole pages. LMDB leaves holes in it; on a full disk that is SIGBUS.
LOCK_BYTES = 9 * 4096
#: Free space without which no store is created.
CREATE_BYTES_MIN = 1 << 20
#: A commit may need room for more than its frame: copied pages, and the tail of the last one.
COMMIT_BYTES_MARGIN = 1 << 20
#: Free space that commits leave untouched: so many bytes, on a small file system so much of it.
RESERVE_BYTES_MAX = 16 << 20
RESERVE_SHARE_MAX = 0.02
#: How a directory ends in which a copy is being made.
UNFINISHED = ".unfinished"
#: How often a meta page that a live writer may be writing just now is read again before it is called damaged.
META_READS_MAX = 5

META_MAGIC = 0xBEEFC0DE
#: The data format of LMDB 0.9, and where its meta page begins behind the page's header. LMDB 1.0 has a longer one.
META_VERSION = 1
META_OFFSET = 16
NEWER_META_OFFSET = 24
#: magic, version, address, map size, free database (48, page size first), main database (48, root last), last page,
#: transaction.
META = Struct("=IIQQI44s40sQQQ")
META_SIZE = META_OFFSET + META.size
PAGE_BYTES_MAX = 1 << 15


class Meta(NamedTuple):
    """What this module needs of an LMDB meta page."""

    page_bytes: int
    root: int
    last_page: int
    transaction: int


def check_data_file(data: Path) -> None:
    """Make sure that LMDB can map this file without harm. It may be written to by another process meanwhile.

    Raises:
        StoreCorrupt: missing, empty, truncated, or without a usable meta page.
        StoreMismatch: written by another LMDB engine.
    """
    for attempt in range(META_READS_MAX):
        try:
            check_metas(data)
        except StoreCorrupt:
            if attempt + 1 == META_READS_MAX:
                raise
        else:
            return


def check_metas(data: Path) -> None:
    """One attempt of `check_data_file`."""
    if not data.exists():
        raise StoreCorrupt(f"{data} is missing: restore the store from a backup")
    with os_errors(f"{data} can't be read"):
        descriptor = os.open(data, os.O_RDONLY | os.O_CLOEXEC)
    try:
        meta = newest_meta(descriptor, data)
        size = os.fstat(descriptor).st_size  # after the metas: a live file only grows
    finally:
        os.close(descriptor)
    needed = (meta.last_page + 1) * meta.page_bytes
    if size < needed:
        raise StoreCorrupt(
            f"{data} is truncated: it has {size} bytes, its last commit needs {needed}. Restore it from a backup."
        )


def newest_meta(descriptor: int, data: Path) -> Meta:
    """The meta page that LMDB will use."""
    return max(read_metas(descriptor, data), key=lambda meta: meta.transaction)


def read_metas(descriptor: int, data: Path) -> tuple[Meta, Meta]:
    """Both meta pages, read at once so that a live writer has little time between them.

    Transactions alternate between them: page 0 has the even one of two numbers that follow each other. LMDB takes the
    newer one without a check, so a damaged number would silently take the store back to an older state.
    """
    page_bytes = meta_of(os.pread(descriptor, META_SIZE, 0), data).page_bytes
    pages = os.pread(descriptor, page_bytes + META_SIZE, 0)
    metas = meta_of(pages, data), meta_of(pages[page_bytes:], data)
    numbers = metas[0].transaction, metas[1].transaction
    alternate = numbers == (0, 0) or (numbers[0] % 2 == 0 and abs(numbers[0] - numbers[1]) == 1)
    if not alternate or metas[0].page_bytes != metas[1].page_bytes:
        raise StoreCorrupt(f"{data}: its meta pages, of transactions {numbers}, don't belong together. Restore it.")
    return metas


def meta_of(page: bytes, data: Path) -> Meta:
    """The meta page at the beginning of these bytes."""
    if len(page) < META_SIZE:
        raise StoreCorrupt(f"{data} has no meta pages, or is empty. Restore it from a backup.")
    magic, version, _, _, page_bytes, _, _, root, last_page, transaction = META.unpack_from(page, META_OFFSET)
    if int.from_bytes(page[NEWER_META_OFFSET : NEWER_META_OFFSET + 4], sys.byteorder) == META_MAGIC:
        raise StoreMismatch(f"{data} was written by LMDB 1.0; this version of actum uses LMDB 0.9")
    usual = 0 < page_bytes <= PAGE_BYTES_MAX and page_bytes & (page_bytes - 1) == 0
    if magic != META_MAGIC or version != META_VERSION or not usual or last_page < 1:
        raise StoreCorrupt(f"{data}: a meta page is damaged. Restore it from a backup.")
    return Meta(page_bytes, root, last_page, transaction)


def prepare_lock_file(lock: Path) -> None:
    """Give LMDB's lock file all its blocks, so that mapping it can't fail for want of room. A whole one is left alone.

    Raises:
        StoreFull: there is no room even for that; a file that was created for it is gone again.
    """
    state = lock.stat() if lock.exists() else None
    if state is not None and state.st_size >= LOCK_BYTES and state.st_blocks * 512 >= LOCK_BYTES:
        return
    with os_errors(f"{lock}: LMDB needs {LOCK_BYTES} bytes for it"):
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            allocate(descriptor, LOCK_BYTES)
        except OSError:
            if state is None:
                lock.unlink()
            raise
        finally:
            os.close(descriptor)


def check_free_space(directory: Path) -> None:
    """Refuse to begin a store where there is no room for an empty one.

    Raises:
        StoreFull: less than `CREATE_BYTES_MIN` are free.
    """
    state = os.statvfs(directory)
    free = state.f_bavail * state.f_frsize
    if free < CREATE_BYTES_MIN:
        raise StoreFull(f"{directory}: {free} bytes are free, a new store needs {CREATE_BYTES_MIN}. Free space.")


def low_on_space(data: str, size: int) -> int | None:
    """The free bytes, if a commit of `size` bytes would leave less than the reserve; None if there is enough.

    The reserve keeps a full disk from being LMDB's problem, and leaves room for the checkpoint at the end.
    """
    state = os.statvfs(data)
    free = state.f_bavail * state.f_frsize
    if free >= RESERVE_BYTES_MAX + size:  # no reserve is larger
        return None
    return free if free < reserve_of(state) + size else None


def reserve_of(state: os.statvfs_result) -> int:
    """The bytes that commits leave free on a file system: little of a large one, and never much of a small one."""
    return min(RESERVE_BYTES_MAX, int(state.f_blocks * state.f_frsize * RESERVE_SHARE_MAX))


def has_room(data: Path, size: int) -> bool:
    """Whether `data` could grow by a commit of `size` bytes: has the file system allocate as much, and gives it back.

    A short write and a failing disk both arrive as EIO; this tells them apart, also under quotas and `RLIMIT_FSIZE`.
    """
    import tempfile

    wanted = 2 * size + COMMIT_BYTES_MARGIN
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    try:
        if limit != resource.RLIM_INFINITY and data.stat().st_size + wanted > limit:
            return False
        with tempfile.TemporaryFile(dir=data.parent) as probe:
            allocate(probe.fileno(), wanted)
    except OSError as error:
        return error.errno not in NO_ROOM
    return True
