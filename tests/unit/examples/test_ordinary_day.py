"""The shop's ordinary day: it goes on by itself, and what a dashboard shows happens in it."""

from __future__ import annotations

import pytest
from actum import MemoryLog

from examples.shop import FULFILMENT, open_shop
from examples.shop.demo import ordinary_day, town, troubles
from examples.shop.demo.ordinary_day import OrdinaryDay
from examples.shop.demo.town import Town
from examples.shop.demo.troubles import TROUBLES
from tests.support.scenes import scene


@scene
async def test_a_day_is_full_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are shipped or refused, some wait, some fail, somebody is quarantined; then the day is over."""
    monkeypatch.setattr(ordinary_day, "ORDERS_A_SECOND", 10_000.0)
    monkeypatch.setattr(ordinary_day, "SHELVES_SECONDS", 0.01)
    monkeypatch.setattr(town, "THINK_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(troubles, "LABEL_SECONDS", 0.0)
    async with open_shop(MemoryLog(), *FULFILMENT, *TROUBLES) as engine:
        await OrdinaryDay(engine, Town(3)).trade(events_max=10_000)
        await engine.subscription(troubles.Labels).caught_up()
        found = engine.statistics()
    fulfilment, rewards = found.processes
    assert found.position >= 10_000
    assert found.rejected > 0
    assert found.deadlines is not None
    assert found.deadlines.pending > 0
    assert fulfilment.active > 0
    assert rewards.failed > 0
    assert {aggregate.name for aggregate in found.aggregates if aggregate.quarantined} == {"Loyalty"}
    assert found.subscriptions[0].dead_letters > 0
