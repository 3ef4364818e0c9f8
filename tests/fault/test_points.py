"""kill -9 before and behind every call that changes a file, through twelve commits, a backup and a compaction."""

from __future__ import annotations

import pytest

from tests.chaos.points import ROW

PARTS = 2


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(PARTS))
def test_points(part: int) -> None:
    """No violation in this part of the short row."""
    count = ROW.short // PARTS
    outcome = ROW.run(part * count, count)
    assert outcome.violations == []
    assert outcome.cases == count
