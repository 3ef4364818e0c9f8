"""A thousand states of the disk after a power cut: nothing acknowledged is lost, and everything opens by itself."""

from __future__ import annotations

import pytest

from tests.chaos.power import ROW

PARTS = 4


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(PARTS))
def test_power(part: int) -> None:
    """No violation in this part of the short row."""
    count = ROW.short // PARTS
    outcome = ROW.run(part * count, count)
    assert outcome.violations == []
    assert outcome.cases == count
