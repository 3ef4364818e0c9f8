"""What makes frames one log: positions without a gap, and each frame carrying the hash of the one before it.

Both walks check this for every frame they give, and at both ends: the first one against the frame before it, the last
one against the head. A frame that is missing although the head is behind it is damage, never an end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actum_storage.errors import StoreCorrupt
from actum_storage.log import Head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from actum_storage.frame import Frame


class Chain(NamedTuple):
    """A walk over stored frames.

    Attributes:
        where: the file, for messages.
        head: the end of the log when the walk began.
        piece: frames from the one that should hold a position towards a limit, already parsed; at least one.
        head_before: the end of the frame before the one that begins at a position.
    """

    where: str
    head: Head
    piece: Callable[[int, int], Iterator[Frame]]
    head_before: Callable[[int], Head]

    def forwards(self, start: int, stop: int) -> Iterator[Frame]:
        """Every frame with a record in `[start, stop]`, oldest first."""
        link: Head | None = None
        position = start
        while position <= stop:
            for frame in self.piece(position, stop):
                self._check_holds(frame, position)
                self._check_link(link or self.head_before(frame.first), frame)
                link = Head(frame.last, frame.hash)
                self._check_head(link)
                position = frame.last + 1
                yield frame

    def backwards(self, start: int, stop: int) -> Iterator[Frame]:
        """Every frame with a record in `[start, stop]`, newest first; `piece` must go backwards."""
        newer: Frame | None = None
        position = stop
        while position >= start:
            for frame in self.piece(position, start):
                self._check_holds(frame, position)
                link = Head(frame.last, frame.hash)
                self._check_head(link)
                if newer is not None:
                    self._check_link(link, newer)
                if frame.first <= start:
                    self._check_link(self.head_before(frame.first), frame)
                newer = frame
                position = frame.first - 1
                yield frame

    def _check_holds(self, frame: Frame, position: int) -> None:
        if not frame.first <= position <= frame.last:
            raise missing(self.where, position, self.head)

    def _check_link(self, before: Head, frame: Frame) -> None:
        if before.position + 1 != frame.first:
            raise missing(self.where, frame.first - 1, self.head)
        if before.hash != frame.previous:
            raise StoreCorrupt(
                f"{self.where}, position {frame.first}: the frame there does not follow the one that ends at"
                f" {before.position}. Restore the store from a backup."
            )

    def _check_head(self, link: Head) -> None:
        if link.position == self.head.position and link.hash != self.head.hash:
            raise StoreCorrupt(
                f"{self.where}, position {link.position}: the last frame is not the one that was there before."
                " Restore the store from a backup."
            )


def missing(where: str, position: int, head: Head) -> StoreCorrupt:
    """The error for a position that the log must hold and doesn't."""
    return StoreCorrupt(
        f"{where}: no frame holds position {position}, although the head is {head.position}. Restore it from a backup."
    )
