"""kill -9: whatever moment it strikes, every acknowledged command is there after reopening, none twice, none half."""

from __future__ import annotations

import pytest

from tests.chaos.kill import LIFE, ROW


@pytest.mark.timeout(180)
@pytest.mark.parametrize("first", range(0, ROW.short, LIFE))
def test_acknowledged_commands_survive_kill_9(first: int) -> None:
    """Twenty kills in a store's life, each checked; three lives."""
    outcome = ROW.run(first, LIFE)
    assert outcome.violations == []
    assert outcome.cases == LIFE
    assert outcome.counts["acknowledged"] > LIFE
