"""kill -9 while orders are fulfilled: every order ends, and no command has its effect twice."""

from __future__ import annotations

import pytest

from tests.chaos.orders import LIFE, ROW


@pytest.mark.timeout(180)
def test_every_order_ends_whatever_is_killed() -> None:
    """Ten kills in a store's life; then everything ends and adds up."""
    outcome = ROW.run(0, LIFE)
    assert outcome.violations == []
    assert outcome.counts["orders shipped"]
    assert outcome.counts["orders cancelled"]
