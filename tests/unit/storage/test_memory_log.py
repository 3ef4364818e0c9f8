"""What only the log in memory has; the rest is in tests/contract/test_log.py."""

from __future__ import annotations

import pytest
from actum_storage import MemoryLog, StoreClosed

from tests.support.batches import batch, fill


def test_reopen_closes_the_old_one() -> None:
    """Reopening leaves one log open, as a directory would."""
    old = MemoryLog()
    epoch = old.acquire()
    fill(old, 2)
    new = old.reopen()
    with pytest.raises(StoreClosed):
        old.append(epoch, batch(3))
    assert new.head.position == 2


def test_reopened_log_is_apart() -> None:
    """What the new log gets, the old one never shows."""
    old = MemoryLog()
    fill(old, 2)
    fill(old.reopen(), 5)
    assert old.head.position == 2
