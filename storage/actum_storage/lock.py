"""One writer for each store: an exclusive `flock` on `writer.lock`, a file of our own.

LMDB's own lock makes a second writer wait forever, and vanishes when somebody deletes `lock.mdb`. Ours fails at once,
names the process that holds it, is released by the kernel however that process ends, and also refuses a second opening
in the same process. The file stays when the lock is released: deleting it would let two writers lock two files.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, final

from actum_storage.errors import StoreInUse
from actum_storage.files import FILE_MODE, os_errors
from actum_storage.fork import ForkGuard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from actum_storage.errors import StorageError

#: The holder's pid, right-aligned, and a newline: always as long, so that a full disk has room for it.
HOLDER = "{:>20}\n"
HOLDER_SIZE = 21
#: `is_held` takes the lock for some microseconds: who wants to hold it tries again so often, at such intervals.
LOOKS_MAX = 10
LOOK_SECONDS = 0.002


@final
class WriterLock:
    """The held lock; from `WriterLock.acquire`."""

    def __init__(self, descriptor: int) -> None:
        """Use `WriterLock.acquire`."""
        self._descriptor = descriptor
        # A child that outlives its parent must not hold the lock. Closing its copy leaves the parent's as it is.
        self._guard = ForkGuard(self._close)

    @classmethod
    def acquire(cls, path: Path, refusal: Callable[[Path, str], StorageError] | None = None) -> WriterLock:
        """Take the lock or fail at once; the file is created if missing.

        Args:
            path: the lock's file.
            refusal: makes the error of the path and the process that has the lock; that of a store unless given.

        Raises:
            StoreInUse: somebody has it; the message names the process.
        """
        with os_errors(f"{path} can't be locked"):
            while True:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
                try:
                    lock_or_fail(descriptor, path, refusal or store_in_use)
                    if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                        os.pwrite(descriptor, HOLDER.format(os.getpid()).encode(), 0)
                        return cls(descriptor)
                except BaseException:
                    os.close(descriptor)
                    raise
                os.close(descriptor)  # the file was replaced between opening and locking: lock the new one

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def lock_or_fail(descriptor: int, path: Path, refusal: Callable[[Path, str], StorageError]) -> None:
    """Lock the open file, or say who holds it. Somebody who looks whether it is held may hold it for a moment."""
    try:
        for _ in range(LOOKS_MAX):
            with suppress(BlockingIOError):
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            time.sleep(LOOK_SECONDS)
        return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise refusal(path, holder_in(descriptor)) from error


def store_in_use(path: Path, holder: str) -> StoreInUse:
    """The error for a store with a writer."""
    own = holder == str(os.getpid())
    fix = "Use that one, or close it." if own else "Close it there, or open it read-only here."
    return StoreInUse(f"{path.parent} is open for writing in process {holder}{', this one' * own}. {fix}")


def holder_in(descriptor: int) -> str:
    """The process that an open lock file names."""
    return os.pread(descriptor, HOLDER_SIZE, 0).strip().decode("ascii", "replace") or "unknown"


def is_held(path: Path) -> bool:
    """Whether a writer is alive; looks without disturbing it, see `lock_or_fail`."""
    return holder_of(path) is not None


def holder_of(path: Path) -> str | None:
    """The process that holds the lock, None if none does; looks without disturbing it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return holder_in(descriptor)
    finally:
        os.close(descriptor)
    return None
