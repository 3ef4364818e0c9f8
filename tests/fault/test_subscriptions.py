"""Subscriptions that are killed while they work: what was acknowledged is seen, in order, at least once."""

from __future__ import annotations

import pytest

from tests.chaos.readers import LIFE, ROW


@pytest.mark.timeout(180)
def test_killed_at_any_moment() -> None:
    """The file has every deposit, a batch again at most after each death; database and table have each once."""
    outcome = ROW.run(0, LIFE)
    assert outcome.violations == []
    assert outcome.counts["events seen"]
