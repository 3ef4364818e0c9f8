"""`vitals`: of a running engine, and of a directory alone."""

from __future__ import annotations

import asyncio

from actum_tui.top.vital_rows import ROWS

from tests.support.bank import Deposit, open_bank
from tests.support.commands import answered, exit_code_of
from tests.support.scenes import scene
from tests.unit.tui.verbs.test_overview import asked, sockets

__all__ = ["sockets"]  # a fixture


@scene
async def test_of_an_engine() -> None:
    """Every figure by its key; those of a directory are not known of an engine in memory."""
    async with open_bank(monitor=True, durability="full") as bank:
        await bank.send(Deposit(account_id="a", amount=1))
        found = await asked("vitals")
        _, said, _ = await asyncio.to_thread(exit_code_of, "vitals", "--seconds", 0.5)
    assert set(found["figures"]) == {figure.key for row in ROWS for figure in row.figures}
    assert found["figures"]["cpu_share"] >= 0
    assert found["figures"]["log_bytes"] is None
    assert said.splitlines()[0].split() == ["section", "figure", "value", "p50", "p99", "max", "state"]
    assert "Checkpoints" in said


def test_of_a_directory_alone(one_event: str) -> None:
    """What the directory says."""
    found = answered("vitals", one_event, "--seconds", 0.5)
    assert found["figures"]["events_after_checkpoint"] is not None
    assert found["figures"]["cpu_share"] is None
    assert found["figures"]["free_bytes"] > 0


def test_explained(one_event: str) -> None:
    """What each figure is."""
    _, said, _ = exit_code_of("vitals", one_event, "--seconds", 0.5, "--explain")
    assert "write and fsync  What the disk takes of a commit." in said
