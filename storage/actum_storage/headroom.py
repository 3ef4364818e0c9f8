"""Headroom: zeros behind the end of the data file, so that a commit changes bytes of the file and not its size.

To sync a file that has grown, or blocks that were only reserved, a journaling file system writes its journal too, which
takes about as long as little data. So the file is made longer ahead of LMDB, by zeros that were
really written, a piece at a time, and the next commit syncs them along. LMDB writes pages by their number and asks
nobody how long the file is; what lies behind its last page means nothing to it, nor to a copy.

Nothing depends on it: where there is no room for zeros, or they can't be written, commits are as slow as without.
Large commits gain nothing and get none. Rejected: `posix_fallocate` (its blocks count as unwritten, and cost the
journal again), a thread (it would have to know where LMDB is writing).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, final

from actum_storage.preflight import reserve_of

if TYPE_CHECKING:
    from pathlib import Path

#: Zeros are written so many at a time: enough for many small commits, and little beside an fsync.
PIECE_BYTES = 256 * 1024
#: A commit takes its bytes, and the pages above them that LMDB writes anew, some of them behind all others: three
#: pages at most in small stores. To ask LMDB costs a sixth of a small commit, so the margin is not much larger.
COMMIT_BYTES_MARGIN = 16 * 1024
#: From here on the data takes longer than the journal.
COMMIT_BYTES_MAX = PIECE_BYTES // 2


@final
class Headroom:
    """The zeros of one data file. Used by the thread that commits, between commits."""

    __slots__ = ("_descriptor", "_end", "_path", "_used_max")

    def __init__(self, path: Path) -> None:
        """None yet; nothing is opened before the first commit."""
        self._path = path
        self._descriptor = -1
        self._end = 0
        self._used_max = 0  # LMDB has used no more than this

    def wants_to_know(self, size: int) -> bool:
        """Whether it can't tell if a commit of so many bytes has room, unless it is told what LMDB has used."""
        if size > COMMIT_BYTES_MAX:
            self._used_max = self._end
            return False
        self._used_max += size + COMMIT_BYTES_MARGIN
        return self._used_max > self._end

    def provide(self, used: int, size: int) -> None:
        """Have room for a commit of `size` bytes behind the `used` ones, if the disk has plenty. Never fails."""
        needed = size + COMMIT_BYTES_MARGIN
        try:
            if self._descriptor < 0:
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
            if used + needed > self._end:  # the file never gets shorter
                self._end = os.fstat(self._descriptor).st_size
            if used + needed > self._end and self._has_plenty():
                self._end += os.pwrite(self._descriptor, bytes(PIECE_BYTES), self._end)
        except OSError:
            self._end = used
        self._used_max = used + needed

    def close(self) -> None:
        """Release the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _has_plenty(self) -> bool:
        """Whether a piece, and as much again, is free beyond the reserve that commits leave."""
        state = os.fstatvfs(self._descriptor)
        return state.f_bavail * state.f_frsize > reserve_of(state) + 2 * PIECE_BYTES

    def __repr__(self) -> str:
        """Of which file, up to where."""
        return f"<Headroom {self._path} up to {self._end}>"
