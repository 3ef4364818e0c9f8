"""Metrics for Prometheus: complete, true, and readable from any thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from actum import EngineClosed, follow, metrics, scrape
from actum.prometheus import EngineCollector
from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from tests.support.bank import AllBalances, Deposit, open_bank
from tests.support.fragile import Do, open_fragile
from tests.support.fulfilment import AddStock, PlaceOrder, open_shop
from tests.support.scenes import scene, until
from tests.support.subscribers import Journal, Watcher

if TYPE_CHECKING:
    from pathlib import Path


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Values by name and labels, the engine's own left out."""
    return {
        (sample.name, tuple(value for label, value in sorted(sample.labels.items()) if label != "engine")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(registry: CollectorRegistry) -> dict[tuple[str, tuple[str, ...]], float]:
    """What a scrape gives."""
    return samples(generate_latest(registry).decode())


@scene
async def test_every_figure_is_there() -> None:
    """Counters count, gauges follow, states are one of all; what statistics() says, the metrics say."""
    registry = CollectorRegistry()
    async with open_bank() as bank:
        with EngineCollector(bank).registered(registry):
            await bank.send(Deposit(account_id="ann", amount=5))
            with pytest.raises(Exception, match="positive"):
                await bank.send(Deposit(account_id="ann", amount=0))
            await bank.ask(AllBalances())
            found = scraped(registry)
            statistics = bank.statistics()
            assert found["actum_commands_total", ("accepted",)] == statistics.accepted == 1
            assert found["actum_commands_total", ("rejected",)] == statistics.rejected == 1
            assert found["actum_queries_total", ()] == 1
            assert found["actum_position", ()] == 1
            assert found["actum_commits_total", ()] == 1
            assert found["actum_commit_seconds_total", ()] == statistics.commit_seconds
            assert found["actum_view_rows", ("Balances",)] == 1
            assert found["actum_view_lag_events", ("Balances",)] == 0
            assert found["actum_aggregate_awake", ("Account",)] == 1
            states = {labels: value for (name, labels), value in found.items() if name == "actum_engine_state"}
            assert {labels for labels, value in states.items() if value} == {("open",)}
            assert len(states) == len(metrics.ENGINE_STATES)
        assert scraped(registry) == {}


@scene
async def test_quarantine_and_broken_views_show() -> None:
    """What an operator has to see."""
    registry = CollectorRegistry()
    async with open_fragile(quarantine_failures_max=1) as engine:
        with EngineCollector(engine, name="one").registered(registry):
            with pytest.raises(Exception, match="raised"):
                await engine.send(Do(key="a", how="badly"))
            text = generate_latest(registry).decode()
            assert 'actum_aggregate_quarantined{aggregate="Fragile",engine="one"} 1.0' in text


@scene
async def test_subscriptions_show() -> None:
    """Position, lag, state and what was put aside, by subscription."""
    registry, journal = CollectorRegistry(), Journal()
    journal.faults = {1: -1}
    async with open_bank(None, Watcher, services=[journal]) as bank:
        with EngineCollector(bank).registered(registry):
            for amount in (1, 2):
                await bank.send(Deposit(account_id="ann", amount=amount))
            await bank.subscription(Watcher).caught_up()
            bank.subscription(Watcher).pause()
            await bank.send(Deposit(account_id="ann", amount=3))
            found = {name[6:]: value for (name, labels), value in scraped(registry).items() if labels == ("watcher",)}
            assert (found["subscription_position"], found["subscription_lag_events"]) == (2, 1)
            assert (found["subscription_handled_total"], found["subscription_failures_total"]) == (1, 3)
            assert found["subscription_dead_letters"] == 1
            assert scraped(registry)["actum_subscription_state", ("paused", "watcher")] == 1


@scene
async def test_from_another_thread() -> None:
    """As Prometheus' own server does it: over HTTP, while commands go on."""
    registry = CollectorRegistry()
    async with open_bank() as bank:
        with EngineCollector(bank).registered(registry):
            server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
            try:
                for number in range(5):
                    await bank.send(Deposit(account_id="ann", amount=1))
                    page = await asyncio.to_thread(read, f"http://127.0.0.1:{server.server_port}/metrics")
                    assert samples(page)["actum_position", ()] == number + 1
            finally:
                await asyncio.to_thread(server.shutdown)
                server.server_close()
                await asyncio.to_thread(thread.join)


def read(address: str) -> str:
    """A page."""
    with urlopen(address, timeout=10) as page:  # noqa: S310  # an address of this test
        text: str = page.read().decode()
    return text


@scene
async def test_a_blocked_loop_fails_the_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures of a loop that does not turn; the next scrape is right again."""
    monkeypatch.setattr(scrape, "SCRAPE_SECONDS_MAX", 0.01)
    async with open_bank() as bank:
        collector = EngineCollector(bank)
        with ThreadPoolExecutor(1) as scraper:
            attempt = scraper.submit(lambda: list(collector.collect()))
            with pytest.raises(TimeoutError):
                attempt.result(timeout=30)  # which blocks the loop until the scrape has given up
            assert attempt.done()
        monkeypatch.undo()
        assert await asyncio.to_thread(lambda: list(collector.collect()))


@scene
async def test_closed_engines() -> None:
    """One that was never opened has no figures; one that has closed says so."""
    registry = CollectorRegistry()
    bank = open_bank()
    with pytest.raises(EngineClosed):
        EngineCollector(bank)
    async with bank:
        collector = EngineCollector(bank)
    registry.register(collector)
    assert scraped(registry)["actum_engine_state", ("closed",)] == 1


@scene
async def test_a_follower_shows(tmp_path: Path) -> None:
    """Where it stands, and its subscriptions under the same names as an engine's."""
    registry = CollectorRegistry()
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="ann", amount=1))
    async with follow(tmp_path / "bank", Watcher, services=[Journal()]) as follower:
        with EngineCollector(follower).registered(registry):
            await follower.subscription(Watcher).caught_up()
            found = scraped(registry)
            assert found["actum_follower_position", ()] == 1
            assert found["actum_subscription_position", ("watcher",)] == 1
            assert ("actum_commits_total", ()) not in found


@scene
async def test_processes_and_deadlines_show() -> None:
    """How many are under way, pending and overdue."""
    registry = CollectorRegistry()
    async with open_shop() as shop:
        with EngineCollector(shop).registered(registry):
            await shop.send(AddStock(product_id="tea", quantity=3))
            await shop.send(PlaceOrder(order_id="a", product_id="tea"))
            await until(lambda: shop.statistics().processes[0].steps)
            found = scraped(registry)
            assert found["actum_process_active", ("Fulfilment",)] == 1
            assert found["actum_process_steps_total", ("Fulfilment",)] == 1
            assert found["actum_deadlines_pending", ()] == 1
            assert found["actum_deadlines_overdue_seconds", ()] == 0
