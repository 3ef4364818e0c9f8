"""Room kept for the end: a file that is there only to be deleted when the disk is full, so that an engine closes well.

Commits leave a reserve free (see `preflight`); other programs don't. When they have filled a disk to its last byte, the
checkpoint of a closing engine gets the blocks of this file. The next opening that finds room takes them again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, final

from actum_storage.files import FILE_MODE, allocate
from actum_storage.preflight import reserve_of

if TYPE_CHECKING:
    from pathlib import Path


#: What file systems allocate at a time.
BLOCK_BYTES = 4096


@final
class Ballast:
    """The file, there or not; of a store that is open for writing."""

    def __init__(self, path: Path) -> None:
        """Nothing is allocated yet."""
        self._path = path

    def hold(self, size_max: int) -> bool:
        """Allocate the file, as large as the reserve may be on this file system; whether it is there in full.

        It is not made where that would leave less than the reserve: a disk that is nearly full is not filled further.
        """
        state = os.statvfs(self._path.parent)
        reserve = reserve_of(state)
        size = min(size_max, reserve)
        try:
            held = self._held()
            if held >= size:
                if held >= size + BLOCK_BYTES:
                    os.truncate(self._path, size)
                return True
            if state.f_bavail * state.f_frsize < size + reserve:
                return False
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._path, flags, FILE_MODE)
            try:
                allocate(descriptor, size)
            finally:
                os.close(descriptor)
        except OSError:
            self.drop()
            return False
        return True

    def drop(self) -> bool:
        """Give the room back; whether there was any."""
        try:
            freed = self._held()
            self._path.unlink()
        except OSError:
            return False
        return freed > 0

    def _held(self) -> int:
        """Bytes that it has on the disk, which a sparse file of that length has not."""
        try:
            return self._path.lstat().st_blocks * 512
        except FileNotFoundError:
            return 0
