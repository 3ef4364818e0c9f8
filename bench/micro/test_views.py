"""Events folded into a view."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from actum import Engine, MemoryLog
from actum.views.live_view import LiveView
from actum_bench.bank import Account, Balances, Deposited, key_of

if TYPE_CHECKING:
    from micro.conftest import Bench

EVENTS = 1_000


@pytest.fixture
def view(runner: asyncio.Runner) -> LiveView:
    """The bank's view, empty."""

    async def taken() -> LiveView:
        async with Engine.open(MemoryLog(), Account, Balances) as engine:
            core = engine._open_core()  # pyright: ignore[reportPrivateUsage]
            return core.view_of(Balances).twin()

    return runner.run(taken())


@pytest.mark.parametrize("rows", [1, EVENTS])
def test_apply(rows: int, view: LiveView, bench: Bench) -> None:
    """Apply an event to a view, 1,000 at once."""
    events = [Deposited(account_id=key_of(number % rows), amount=5) for number in range(EVENTS)]

    def apply() -> None:
        view.apply(view.position + 1, events, list)

    bench(apply, n=10, operations=EVENTS)
    assert view.broken is None
    assert len(view.table) == rows
