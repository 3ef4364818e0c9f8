"""A checkpoint of rows that changed since the last one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from actum import Options
from actum_bench.bank import Deposit, key_of

if TYPE_CHECKING:
    from micro.conftest import AsyncBench, Opened

ROWS = 1_000


@pytest.mark.parametrize("durability", ["full", "relaxed"])
def test_checkpoint(durability: Literal["full", "relaxed"], tmp_path: Path, opened: Opened, abench: AsyncBench) -> None:
    """Save a checkpoint of 1,000 changed rows and heads, without its pauses."""
    options = Options(durability=durability, checkpoint_pause_seconds=0.0, checkpoint_seconds=0.0)
    engine = opened(tmp_path / "store", options)
    commands = [Deposit(account_id=key_of(number), amount=5) for number in range(ROWS)]
    abench(engine.checkpoint, n=1, durability=durability, before=lambda: engine.send_many(commands))
    checkpoints = engine.statistics().checkpoints
    assert checkpoints is not None
    assert checkpoints.position == engine.statistics().position
    assert checkpoints.failure is None
