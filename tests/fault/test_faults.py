"""The first twenty calls fail in four ways: no error is an acknowledgement, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.chaos.faults import ROW

PARTS = 2


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(PARTS))
def test_faults(part: int) -> None:
    """No violation in this part of the short row."""
    count = ROW.short // PARTS
    outcome = ROW.run(part * count, count)
    assert outcome.violations == []
    assert outcome.cases == count
