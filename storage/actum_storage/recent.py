"""The frames that `LmdbLog.frame_at` read lately, and which older ones have been verified.

Waking an actor reads single events scattered over many frames, often the same ones again. Whole frames are kept within
a bound of number and bytes; of many more only the verified hash is kept, which saves the second SHA-256, not the copy.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from actum_storage.frame import Frame

#: Whole frames kept, bounded by number and by size; one is always kept, however large.
CACHE_FRAMES_MAX = 64
CACHE_BYTES_MAX = 16 << 20
#: Frames remembered as verified, at about 150 bytes each.
VERIFIED_FRAMES_MAX = 65_536


@final
class RecentFrames:
    """A bounded cache, safe from any thread."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = Lock()
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._bytes = 0
        self._verified: dict[int, bytes] = {}
        self._last: Frame | None = None

    def holding(self, position: int) -> Frame | None:
        """The frame used last, if it holds the position."""
        frame = self._last
        return frame if frame is not None and frame.first <= position <= frame.last else None

    def frame(self, first: int) -> Frame | None:
        """The kept frame that begins at `first`."""
        return self._frames.get(first)

    def verified(self, first: int, own_hash: bytes) -> bool:
        """Whether the frame that begins at `first` was verified with this hash before."""
        return self._verified.get(first) == own_hash

    def add(self, frame: Frame) -> None:
        """Keep a verified frame as the one used last; the ones used longest ago make room."""
        with self._lock:
            if self._frames.pop(frame.first, None) is None:
                self._bytes += len(frame.data)
            self._frames[frame.first] = frame
            self._last = frame
            while len(self._frames) > 1 and (len(self._frames) > CACHE_FRAMES_MAX or self._bytes > CACHE_BYTES_MAX):
                self._bytes -= len(self._frames.popitem(last=False)[1].data)
            self._verified[frame.first] = frame.hash
            if len(self._verified) > VERIFIED_FRAMES_MAX:
                del self._verified[next(iter(self._verified))]
