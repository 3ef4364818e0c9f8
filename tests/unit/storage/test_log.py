"""The few functions that every log shares."""

from __future__ import annotations

import pytest
from actum_storage import Head, NoSuchPosition
from actum_storage.log import span, within

HEAD = Head(9, b"\xab" * 32)


@pytest.mark.parametrize(
    ("start", "stop", "expected"), [(1, None, (1, 9)), (3, 5, (3, 5)), (3, 99, (3, 9)), (12, None, (12, 9))]
)
def test_span(start: int, stop: int | None, expected: tuple[int, int]) -> None:
    """A range ends at the head at the latest."""
    assert span(start, stop, HEAD) == expected


def test_span_begins_at_one() -> None:
    """A range that begins before the log is refused."""
    with pytest.raises(NoSuchPosition):
        span(0, None, HEAD)


@pytest.mark.parametrize("position", [1, 9])
def test_within(position: int) -> None:
    """The first and the last position are in the log."""
    assert within(position, HEAD) == position


@pytest.mark.parametrize("position", [-1, 0, 10])
def test_not_within(position: int) -> None:
    """Anything before or behind is refused, naming what there is."""
    with pytest.raises(NoSuchPosition, match=f"position {position}: the log holds positions 1 to 9"):
        within(position, HEAD)


def test_head_repr() -> None:
    """A head prints short."""
    assert repr(HEAD) == "Head(9, abababab)"
