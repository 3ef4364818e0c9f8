"""What makes frames one log: gaps, foreign frames and a wrong end are damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from actum_storage import GENESIS, Frame, Head, StoreCorrupt, seal
from actum_storage.chain import Chain

from tests.support.batches import batch

if TYPE_CHECKING:
    from collections.abc import Iterator


def linked(*counts: int) -> list[Frame]:
    """Frames that follow each other."""
    frames: list[Frame] = []
    first, previous = 1, GENESIS
    for count in counts:
        frames.append(seal(batch(first, count), previous))
        first, previous = first + count, frames[-1].hash
    return frames


def walk(frames: list[Frame], start: int, stop: int, *, backwards: bool = False, head: Head | None = None) -> list[int]:
    """First positions of a walk over these frames, one frame a piece."""
    last = frames[-1]

    def piece(position: int, _limit: int) -> Iterator[Frame]:
        yield max((frame for frame in frames if frame.first <= position), key=lambda frame: frame.first)

    def head_before(first: int) -> Head:
        before = [frame for frame in frames if frame.first < first]
        return Head(before[-1].last, before[-1].hash) if before else Head(0, GENESIS)

    chain = Chain("here", head or Head(last.last, last.hash), piece, head_before)
    steps = chain.backwards(start, stop) if backwards else chain.forwards(start, stop)
    return [frame.first for frame in steps]


BOTH = pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])


@BOTH
def test_whole(*, backwards: bool) -> None:
    """Linked frames are walked in order."""
    assert sorted(walk(linked(2, 1, 3), 1, 6, backwards=backwards)) == [1, 3, 4]


@BOTH
def test_missing_frame(*, backwards: bool) -> None:
    """A frame that is gone is damage, and the position named."""
    frames = linked(2, 1, 3)
    with pytest.raises(StoreCorrupt, match="here: no frame holds position 3, although the head is 6"):
        walk([frames[0], frames[2]], 1, 6, backwards=backwards)


@BOTH
def test_missing_before_the_first(*, backwards: bool) -> None:
    """A gap just before the range is found as well."""
    frames = linked(2, 1, 3)
    with pytest.raises(StoreCorrupt, match="position 3"):
        walk([frames[0], frames[2]], 4, 6, backwards=backwards)


def test_missing_end() -> None:
    """A log that ends before its head is damage, not an end."""
    frames = linked(2, 1, 3)
    head = Head(6, frames[2].hash)
    for backwards in (False, True):
        with pytest.raises(StoreCorrupt, match="no frame holds position"):
            walk(frames[:2], 1, 6, backwards=backwards, head=head)


@BOTH
def test_foreign_frame(*, backwards: bool) -> None:
    """A valid frame of another log is not accepted in the place of the right one."""
    frames, others = linked(2, 1, 3), linked(1, 1, 1, 3)
    with pytest.raises(StoreCorrupt, match=r"does not follow|not the one that was there"):
        walk([*frames[:2], others[3]], 1, 6, backwards=backwards, head=Head(6, others[3].hash))


@BOTH
def test_foreign_neighbour(*, backwards: bool) -> None:
    """The first frame of a range is checked against the one before it, which is not in the range."""
    frames, others = linked(2, 1, 3), linked(1, 1, 1)
    with pytest.raises(StoreCorrupt, match="does not follow"):
        walk([frames[0], others[2], frames[2]], 4, 6, backwards=backwards)


@BOTH
def test_wrong_end(*, backwards: bool) -> None:
    """The last frame must be the head's."""
    with pytest.raises(StoreCorrupt, match="not the one that was there before"):
        walk(linked(2, 1), 1, 3, backwards=backwards, head=Head(3, b"x" * 32))
