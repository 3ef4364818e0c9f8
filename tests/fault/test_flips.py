"""Three hundred damaged copies of a store: never a wrong answer, and what any door sees `verify` finds."""

from __future__ import annotations

import pytest

from tests.chaos.flips import ROW

PARTS = 2


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(PARTS))
def test_flips(part: int) -> None:
    """No violation in this part of the short row."""
    count = ROW.short // PARTS
    outcome = ROW.run(part * count, count)
    assert outcome.violations == []
    assert outcome.cases == count
    assert all(outcome.counts.values())
