"""Metrics for Prometheus: a collector that asks for `statistics()` when it is scraped, and costs nothing in between.

Needs `pip install 'actum[prometheus]'`.

Example:
    from actum.prometheus import EngineCollector
    from prometheus_client import REGISTRY, start_http_server

    async with Engine.open("bank", Account, Balances) as engine:
        with EngineCollector(engine).registered(REGISTRY):
            start_http_server(9_100, addr="127.0.0.1")
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, TypeAlias, final, get_args

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, StateSetMetricFamily
    from prometheus_client.registry import Collector, CollectorRegistry
except ImportError as missing:
    raise ImportError("prometheus_client is missing: pip install 'actum[prometheus]'") from missing

from actum_storage import ActumError

from actum.alert import LagState

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from actum.engine import Engine
    from actum.statistics import (
        AggregateStatistics,
        CheckpointStatistics,
        EngineStatistics,
        SubscriptionStatistics,
        ViewStatistics,
    )

    Family: TypeAlias = "CounterMetricFamily | GaugeMetricFamily | StateSetMetricFamily"

ENGINE_STATES = ("open", "full", "failed", "closing", "closed", "read-only")
VIEW_STATES = ("live", "rebuilding", "broken")
LAG_STATES = get_args(LagState)

#: The longest that a scrape waits for the engine's loop.
SCRAPE_SECONDS_MAX = 5.0


@final
class EngineCollector(Collector):
    """What an engine says of itself, as metrics with the label `engine`.

    It may be scraped from any thread: the figures are read in the engine's loop. A loop that gives it no turn within
    `SCRAPE_SECONDS_MAX` makes the scrape fail, which is what an alert should see.
    """

    def __init__(self, engine: Engine, *, name: str = "default") -> None:
        """Figures of an engine that is open now.

        Args:
            engine: whose.
            name: tells several engines of one process apart.

        Raises:
            EngineClosed: it is not open.
        """
        engine.statistics()  # it has to be open
        self._engine = engine
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()

    @contextmanager
    def registered(self, registry: CollectorRegistry) -> Generator[EngineCollector]:
        """Be part of a registry, as long as the engine is open."""
        registry.register(self)
        try:
            yield self
        finally:
            registry.unregister(self)

    def collect(self) -> Iterator[Family]:
        """The metrics of this moment.

        Raises:
            TimeoutError: the engine's loop is blocked.
        """
        statistics = self._statistics()
        yield from self._engine_families(statistics)
        yield from self._aggregate_families(statistics.aggregates)
        yield from self._view_families(statistics.views)
        yield from self._subscription_families(statistics.subscriptions)
        if statistics.checkpoints is not None:
            yield from self._checkpoint_families(statistics.checkpoints)

    def describe(self) -> Iterator[Family]:
        """No names before the first scrape, so that registering needs no loop."""
        return iter(())

    def _statistics(self) -> EngineStatistics:
        """Read in the loop, wherever the scrape comes from; a loop that has ended changes nothing any more."""
        if get_ident() == self._thread or self._loop.is_closed():
            return self._engine.statistics()
        answer: Future[EngineStatistics] = Future()

        def read() -> None:
            try:
                answer.set_result(self._engine.statistics())
            except ActumError as error:
                answer.set_exception(error)

        self._loop.call_soon_threadsafe(read)
        return answer.result(timeout=SCRAPE_SECONDS_MAX)

    def _engine_families(self, statistics: EngineStatistics) -> Iterator[Family]:
        """The engine as a whole."""
        states = StateSetMetricFamily("actum_engine_state", "Where the engine is in its life", labels=["engine"])
        states.add_metric([self._name], {state: state == statistics.state for state in ENGINE_STATES})
        yield states
        commands = CounterMetricFamily(
            "actum_commands", "Commands answered with a receipt, or with an error", labels=["engine", "outcome"]
        )
        commands.add_metric([self._name, "accepted"], statistics.accepted)
        commands.add_metric([self._name, "rejected"], statistics.rejected)
        yield commands
        for name, words, value in (
            ("actum_queries", "Queries answered", statistics.queries),
            ("actum_activations", "Aggregates woken", statistics.activations),
            ("actum_passivations", "Aggregates put to sleep", statistics.passivations),
            ("actum_commits", "Group commits", statistics.commits),
            ("actum_commit_seconds", "Time spent in group commits", statistics.commit_seconds),
            ("actum_commit_losses", "Group commits that failed", statistics.commit_losses),
            (
                "actum_alerts",
                "Alerts about what fell behind, stopped or failed, and recovered",
                statistics.alerts_raised,
            ),
        ):
            counter = CounterMetricFamily(name, words, labels=["engine"])
            counter.add_metric([self._name], value)
            yield counter
        for name, words, value in (
            ("actum_position", "The last durable position", statistics.position),
            ("actum_commands_pending", "Commands accepted and not answered", statistics.pending),
            ("actum_actors_awake", "Aggregates in memory", statistics.awake),
            ("actum_commit_seconds_max", "The longest group commit since opening", statistics.commit_seconds_max),
            ("actum_open_seconds", "How long opening took", statistics.open_seconds),
        ):
            yield self._gauge(name, words, value)

    def _aggregate_families(self, aggregates: tuple[AggregateStatistics, ...]) -> Iterator[Family]:
        """One line for each aggregate class."""
        labels = ["engine", "aggregate"]
        awake = GaugeMetricFamily("actum_aggregate_awake", "Aggregates in memory, by class", labels=labels)
        snapshots = GaugeMetricFamily("actum_aggregate_snapshots", "Saved states, by class", labels=labels)
        quarantined = GaugeMetricFamily(
            "actum_aggregate_quarantined", "Aggregates whose commands are refused, by class", labels=labels
        )
        for each in aggregates:
            awake.add_metric([self._name, each.name], each.awake)
            snapshots.add_metric([self._name, each.name], each.snapshots)
            quarantined.add_metric([self._name, each.name], len(each.quarantined))
        yield from (awake, snapshots, quarantined)

    def _view_families(self, views: tuple[ViewStatistics, ...]) -> Iterator[Family]:
        """One line for each view."""
        labels = ["engine", "view"]
        rows = GaugeMetricFamily("actum_view_rows", "Rows, by view", labels=labels)
        position = GaugeMetricFamily("actum_view_position", "Everything up to here is in the rows", labels=labels)
        lag = GaugeMetricFamily("actum_view_lag_events", "Events in the log that are not in the rows", labels=labels)
        seconds = GaugeMetricFamily(
            "actum_view_lag_seconds", "Age of the oldest event that is not in the rows", labels=labels
        )
        states = StateSetMetricFamily("actum_view_state", "Whether a view is served", labels=labels)
        for each in views:
            rows.add_metric([self._name, each.name], each.rows)
            position.add_metric([self._name, each.name], each.position)
            lag.add_metric([self._name, each.name], each.lag)
            seconds.add_metric([self._name, each.name], each.lag_seconds)
            states.add_metric([self._name, each.name], {state: state == each.state for state in VIEW_STATES})
        yield from (rows, position, lag, seconds, states)

    def _subscription_families(self, subscriptions: tuple[SubscriptionStatistics, ...]) -> Iterator[Family]:
        """One line for each subscription; no families where there is none."""
        if not subscriptions:
            return
        labels = ["engine", "subscription"]
        for name, words, field in (
            ("actum_subscription_handled", "Events handled, by subscription", "handled"),
            ("actum_subscription_failures", "What failed, by subscription", "failures"),
        ):
            counter = CounterMetricFamily(name, words, labels=labels)
            for each in subscriptions:
                counter.add_metric([self._name, each.name], getattr(each, field))
            yield counter
        for name, words, field in (
            ("actum_subscription_position", "Everything up to here is done", "position"),
            ("actum_subscription_lag_events", "Events in the log that are not done", "lag"),
            ("actum_subscription_lag_seconds", "Age of the oldest event that is not done", "lag_seconds"),
            ("actum_subscription_heartbeat_seconds", "Since it moved or had nothing to do", "heartbeat_seconds"),
            ("actum_subscription_dead_letters", "Events that are put aside", "dead_letters"),
        ):
            gauge = GaugeMetricFamily(name, words, labels=labels)
            for each in subscriptions:
                gauge.add_metric([self._name, each.name], getattr(each, field))
            yield gauge
        states = StateSetMetricFamily("actum_subscription_state", "How a subscription is", labels=labels)
        for each in subscriptions:
            states.add_metric([self._name, each.name], {state: state == each.state for state in LAG_STATES})
        yield states

    def _checkpoint_families(self, checkpoints: CheckpointStatistics) -> Iterator[Family]:
        """The checkpoints."""
        made = CounterMetricFamily("actum_checkpoints", "Checkpoints made", labels=["engine"])
        made.add_metric([self._name], checkpoints.count)
        yield made
        yield self._gauge("actum_checkpoint_position", "Of the newest checkpoint", checkpoints.position)
        yield self._gauge("actum_checkpoint_seconds", "How long the last checkpoint took", checkpoints.seconds)
        failed = checkpoints.failure is not None
        yield self._gauge("actum_checkpoint_failing", "1 if the last attempt to make a checkpoint failed", failed)

    def _gauge(self, name: str, words: str, value: float) -> GaugeMetricFamily:
        """One figure of the engine."""
        gauge = GaugeMetricFamily(name, words, labels=["engine"])
        gauge.add_metric([self._name], value)
        return gauge
