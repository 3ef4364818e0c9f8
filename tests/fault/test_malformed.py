"""A hundred and ten directories that are no store: a sentence for each, and nothing is changed."""

from __future__ import annotations

import pytest

from tests.chaos.malformed import ROW

PARTS = 2


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(PARTS))
def test_malformed(part: int) -> None:
    """No violation in this part of the short row."""
    count = ROW.short // PARTS
    outcome = ROW.run(part * count, count)
    assert outcome.violations == []
    assert outcome.cases == count
    assert all(outcome.counts.values())
