"""Plain files made durable: what the operating system must be told so that a name, once seen, leads to whole bytes.

Neither LMDB nor Python syncs a directory; without it a file that was fsynced can be gone after a power cut. Errors of
the operating system become errors of the store here.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from actum_storage import failpoints
from actum_storage.errors import StorageError, StoreFull, StoreMismatch

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

#: Codes of the operating system for "no room": the disk's, a quota's, a limit's.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

#: Bring a file's bytes and size to the disk; macOS has only the stronger call.
sync_data = getattr(os, "fdatasync", os.fsync)

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600


@contextmanager
def os_errors(what: str) -> Generator[None]:
    """Translate `OSError`; `what` begins the message: "/path/to/file can't be written"."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StoreFull(f"{what}: {error.strerror}. Free space.") from error
        raise StorageError(f"{what}: {error}") from error


def path_of(path: str | os.PathLike[str]) -> Path:
    """An absolute path, of what a caller gave as one.

    Raises:
        StoreMismatch: it is none, or holds what no path can.
    """
    from pathlib import Path

    try:
        found = Path(path).absolute()
        possible = "\0" not in str(found)
        str(found).encode()
    except (TypeError, ValueError) as error:
        raise StoreMismatch(f"a {type(path).__name__} is given that is no path ({error}): give a directory") from error
    if not possible:
        raise StoreMismatch("a path with a zero byte in it leads nowhere: give a directory")
    try:
        found.exists()  # asks the system, to which it may be too long
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise StoreMismatch(f"{found} is no path here: {error.strerror}") from error
    return found


def make_directory(path: Path) -> None:
    """Create a directory and the missing ones above it, closed to others, each one synced into its parent."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    sync_directory(path.parent)


def replace_durably(path: Path, data: bytes) -> None:
    """Give `path` these bytes: after a crash it has them all or is as it was. Leaves `<name>.new` behind at worst."""
    temporary = path.with_name(path.name + ".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, FILE_MODE)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if failpoints.active:
        failpoints.hit("files.replace.written")
    temporary.replace(path)
    if failpoints.active:
        failpoints.hit("files.replace.renamed")
    sync_directory(path.parent)


def remove_tree(path: Path, *, ignore_errors: bool = False) -> None:
    """Delete a directory and all that is in it."""
    import shutil

    shutil.rmtree(path, ignore_errors=ignore_errors)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; the system may take fewer at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_file(path: Path) -> None:
    """Bring a file's bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Bring a directory's names to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def identity(path: Path) -> tuple[int, int] | None:
    """What stays the same of a file or directory whatever its name: device and inode; None if there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def allocate(descriptor: int, size: int) -> None:
    """Give a file its blocks up to `size`; what it holds stays."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    end = os.fstat(descriptor).st_size
    while end < size:  # macOS has no posix_fallocate: write zeros
        end += os.pwrite(descriptor, bytes(min(size - end, 1 << 16)), end)
