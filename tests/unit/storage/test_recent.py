"""The frames read lately, within their bounds."""

from __future__ import annotations

import pytest
from actum_storage import GENESIS, Frame, recent, seal
from actum_storage.recent import RecentFrames

from tests.support.batches import batch


def frame(first: int, count: int = 1) -> Frame:
    """A frame of some records."""
    return seal(batch(first, count), GENESIS)


def test_holding_is_the_last_one() -> None:
    """Only the frame used last is found by any of its positions."""
    frames = RecentFrames()
    assert frames.holding(1) is None
    frames.add(frame(1, 3))
    frames.add(frame(4, 2))
    assert [frames.holding(position) is not None for position in range(1, 7)] == [
        False,
        False,
        False,
        True,
        True,
        False,
    ]


def test_found_by_first_position() -> None:
    """Kept frames are found by where they begin."""
    frames = RecentFrames()
    frames.add(frame(1, 3))
    frames.add(frame(4))
    assert frames.frame(1) == frame(1, 3)
    assert frames.frame(2) is None


def test_number_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frames used longest ago make room."""
    monkeypatch.setattr(recent, "CACHE_FRAMES_MAX", 2)
    frames = RecentFrames()
    for first in (1, 2, 1, 3):
        frames.add(frame(first))
    assert [frames.frame(first) is not None for first in (1, 2, 3)] == [True, False, True]


def test_size_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Size is bounded too, but the last frame is always kept, however large."""
    monkeypatch.setattr(recent, "CACHE_BYTES_MAX", len(frame(1).data) + 1)
    frames = RecentFrames()
    for first, count in ((1, 1), (2, 1), (3, 50)):
        frames.add(frame(first, count))
    assert [frames.frame(first) is not None for first in (1, 2, 3)] == [False, False, True]


def test_same_frame_again_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adding a frame twice takes its room once."""
    monkeypatch.setattr(recent, "CACHE_BYTES_MAX", 2 * len(frame(1).data))
    frames = RecentFrames()
    for first in (1, 2, 2, 2, 2):
        frames.add(frame(first))
    assert frames.frame(1) is not None


def test_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verified hashes are remembered longer than frames, and bounded as well."""
    monkeypatch.setattr(recent, "CACHE_FRAMES_MAX", 1)
    monkeypatch.setattr(recent, "VERIFIED_FRAMES_MAX", 2)
    frames = RecentFrames()
    for first in (1, 2, 3):
        frames.add(frame(first))
    assert [frames.verified(first, frame(first).hash) for first in (1, 2, 3)] == [False, True, True]
    assert not frames.verified(3, frame(2).hash)
