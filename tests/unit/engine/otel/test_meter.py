"""Instruments with OpenTelemetry's own SDK: complete, true, and read once for a collection."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from actum import EngineClosed, follow, metrics, scrape
from actum.otel import EngineMeter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Sum

from tests.support.bank import Deposit, open_bank
from tests.support.fulfilment import AddStock, PlaceOrder, open_shop
from tests.support.scenes import scene, until
from tests.support.subscribers import Journal, Watcher

if TYPE_CHECKING:
    from pathlib import Path


class Collected:
    """A meter whose instruments are collected by hand."""

    def __init__(self) -> None:
        """Nothing measured yet."""
        self._reader = InMemoryMetricReader()
        self.provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.meter = EngineMeter(self.provider)

    def instruments(self) -> dict[str, Any]:
        """All that say anything, by name."""
        data = self._reader.get_metrics_data()
        if data is None:
            return {}
        return {
            instrument.name: instrument
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for instrument in scope.metrics
        }

    def figures(self) -> dict[tuple[str, frozenset[tuple[str, object]]], float]:
        """What they say, by name and attributes, the engine's own left out."""
        return {
            (name, frozenset((label, value) for label, value in point.attributes.items() if label != "actum.engine")): (
                point.value
            )
            for name, instrument in self.instruments().items()
            for point in instrument.data.data_points
        }


@scene
async def test_every_figure_is_there() -> None:
    """Each metric of the table that has anything to say is an instrument, with its kind, unit and words."""
    collected = Collected()
    async with open_shop() as shop:
        with collected.meter.measuring(shop, name="shop"):
            await shop.send(AddStock(product_id="tea", quantity=3))
            await shop.send(PlaceOrder(order_id="a", product_id="tea"))
            await until(lambda: shop.statistics().processes[0].steps)
            found = collected.instruments()
            statistics = shop.statistics()
            expected = {one.name.replace("_", ".", 1) for one in metrics.ENGINE_METRICS if list(one.read(statistics))}
            assert found.keys() == expected
            commits = found["actum.commits"]
            assert isinstance(commits.data, Sum)
            assert commits.data.is_monotonic
            assert (found["actum.commit_seconds"].unit, commits.description) == ("s", "Group commits")
            (point,) = commits.data.data_points
            assert (point.value, dict(point.attributes or {})) == (statistics.commits, {"actum.engine": "shop"})
            figures = collected.figures()
            assert figures["actum.process_active", frozenset({("actum.process", "Fulfilment")})] == 1
            assert figures["actum.engine_state", frozenset({("actum.state", "open")})] == 1
            assert figures["actum.engine_state", frozenset({("actum.state", "failed")})] == 0
        assert collected.instruments() == {}


@scene
async def test_statistics_are_read_once_for_a_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty instruments, one look; the next collection looks again, also from another thread."""
    reads: Counter[str] = Counter()
    read = scrape.Scrape.read

    def counted(self: Any) -> Any:
        reads["all"] += 1
        return read(self)

    monkeypatch.setattr(scrape.Scrape, "read", counted)
    collected = Collected()
    async with open_bank() as bank:
        with collected.meter.measuring(bank):
            for number in range(1, 4):
                await bank.send(Deposit(account_id="ann", amount=1))
                figures = await asyncio.to_thread(collected.figures)
                assert figures["actum.position", frozenset()] == number == reads["all"]


@scene
async def test_several_engines_and_followers_share_the_instruments(tmp_path: Path) -> None:
    """They are told apart by their names; one that is opened again is measured again."""
    collected = Collected()
    async with open_bank(tmp_path / "bank") as bank, open_bank() as other:
        with collected.meter.measuring(bank, name="one"), collected.meter.measuring(other, name="two"):
            points = collected.instruments()["actum.position"].data.data_points
            assert {point.attributes["actum.engine"] for point in points} == {"one", "two"}
        await bank.send(Deposit(account_id="ann", amount=1))
        with collected.meter.measuring(bank, name="one"):
            assert collected.figures()["actum.position", frozenset()] == 1
    async with follow(tmp_path / "bank", Watcher, services=[Journal()]) as follower:
        with collected.meter.measuring(follower):
            figures = collected.figures()
            assert figures["actum.follower_position", frozenset()] == 1
            assert ("actum.commits", frozenset[Any]()) not in figures


@scene
async def test_a_blocked_loop_has_no_figures_and_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK says so for each instrument; the next collection is right again."""
    monkeypatch.setattr(scrape, "SCRAPE_SECONDS_MAX", 0.05)
    collected = Collected()
    async with open_bank() as bank:
        with collected.meter.measuring(bank), caplog.at_level(logging.CRITICAL, "opentelemetry"):
            task = asyncio.ensure_future(asyncio.to_thread(collected.instruments))
            started = asyncio.get_running_loop().time()
            await asyncio.sleep(0)
            while not task.done() and asyncio.get_running_loop().time() - started < 0.5:
                pass  # blocks the loop for much longer than one scrape waits, and shorter than sixty would
            assert await task == {}
            assert (await asyncio.to_thread(collected.figures))["actum.position", frozenset()] == 0


@scene
async def test_what_is_not_open_is_refused() -> None:
    """At once, not at the first collection."""
    with pytest.raises(EngineClosed), Collected().meter.measuring(open_bank()):
        pass
