"""What is measured: one table, complete, with names that are each given once."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest
from actum import metrics
from actum.statistics import (
    CheckpointStatistics,
    DeadlineStatistics,
    EngineStatistics,
    ProcessStatistics,
    SubscriptionStatistics,
    ViewStatistics,
    WatchStatistics,
)

from tests.support.clocks import FakeClock
from tests.support.fulfilment import AddStock, PlaceOrder, open_shop
from tests.support.scenes import scene, until

#: Figures that are no metric: words, and what others say.
WORDS = {"name", "state", "failure", "durability", "alerts", "lag_state", "rebuild", "aggregates", "views"}
LEFT_OUT = {
    EngineStatistics: {"subscriptions", "checkpoints", "deadlines", "processes", "watches"},
    ViewStatistics: {"heartbeat_seconds"},
    SubscriptionStatistics: {"head", "bookmark", "batches", "retries"},
    DeadlineStatistics: {"next_due_ns"},
}


def test_every_name_is_given_once() -> None:
    """Within an engine, and within a follower; each says what it is."""
    for table in (metrics.ENGINE_METRICS, metrics.FOLLOWER_METRICS):
        names = [metric.name for metric in table]
        assert len(set(names)) == len(names)
        assert all(name.startswith("actum_") for name in names)
        assert all(metric.words for metric in table)


@scene
async def test_every_sample_has_a_value_for_each_label() -> None:
    """What is read fits what was said of it."""
    async with open_shop() as shop:
        await shop.send(AddStock(product_id="tea", quantity=3))
        await shop.send(PlaceOrder(order_id="a", product_id="tea"))
        await until(lambda: shop.statistics().processes[0].steps)
        statistics = shop.statistics()
        table = metrics.metrics_of(statistics)
        assert table is metrics.ENGINE_METRICS
        read = {metric.name: list(metric.read(statistics)) for metric in table}
        assert all(len(values) == len(metric.labels) for metric in table for values, _ in read[metric.name])
        states = [metric for metric in table if metric.kind == "states"]
        assert len(states) == 5
        assert all(figure in (0, 1) for metric in states for _, figure in read[metric.name])
        assert read["actum_deadlines_pending"] == [((), 1)]
        assert read["actum_process_active"] == [(("Fulfilment",), 1)]
        assert read["actum_checkpoints"] == []  # it is in memory


@pytest.mark.parametrize(
    "part",
    [
        EngineStatistics,
        ViewStatistics,
        SubscriptionStatistics,
        DeadlineStatistics,
        ProcessStatistics,
        CheckpointStatistics,
        WatchStatistics,
    ],
)
def test_no_figure_is_forgotten(part: type[msgspec.Struct]) -> None:
    """Every number of the statistics is read by a metric, or left out on purpose."""
    tree = ast.parse(Path(metrics.__file__).read_text())
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert set(part.__struct_fields__) - WORDS - LEFT_OUT.get(part, set()) - read == set()


@scene
async def test_overdue_deadlines_show() -> None:
    """What nobody fires is seen to be late, since when."""
    clock = FakeClock()
    async with open_shop(clock=clock) as shop:
        await shop.schedule(PlaceOrder(order_id="a", product_id="tea"), after=60)
        timer = shop._core and shop._core.timer
        assert timer is not None
        timer.failure = "it has stopped"  # so that it stays where it is
        clock.advance(90)
        found = {metric.name: list(metric.read(shop.statistics())) for metric in metrics.AUTOMATION_METRICS}
        assert found["actum_deadlines_overdue_seconds"] == [((), 30.0)]
        assert found["actum_deadlines_stopped"] == [((), True)]
