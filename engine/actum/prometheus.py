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

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, final

try:
    from prometheus_client.core import Metric as Family
    from prometheus_client.registry import Collector, CollectorRegistry
except ImportError as missing:
    raise ImportError("prometheus_client is missing: pip install 'actum[prometheus]'") from missing

from actum.metrics import metrics_of
from actum.scrape import Scrape

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from actum.engine import Engine
    from actum.follower import Follower
    from actum.metrics import Metric

#: What Prometheus calls the kinds of metrics.
TYPES = {"counter": "counter", "gauge": "gauge", "states": "stateset"}


@final
class EngineCollector(Collector):
    """What an engine, or a follower, says of itself, as metrics with the label `engine`.

    It may be scraped from any thread: the figures are read in the engine's loop. A loop that gives it no turn within
    five seconds makes the scrape fail, which is what an alert should see.
    """

    def __init__(self, engine: Engine | Follower, *, name: str = "default") -> None:
        """Figures of an engine or a follower that is open now.

        Args:
            engine: whose.
            name: tells several engines of one process apart.

        Raises:
            EngineClosed: it is not open.
        """
        self._scrape: Scrape[Any] = Scrape(engine)
        self._name = name
        self._metrics = metrics_of(self._scrape.first)

    @contextmanager
    def registered(self, registry: CollectorRegistry) -> Generator[EngineCollector]:
        """Be part of a registry, as long as the engine is open."""
        registry.register(self)
        try:
            yield self
        finally:
            registry.unregister(self)

    def collect(self) -> Iterator[Family]:
        """The metrics of this moment; none of what the engine has nothing of.

        Raises:
            TimeoutError: the engine's loop is blocked.
        """
        statistics = self._scrape.read()
        for metric in self._metrics:
            family = self._family(metric, statistics)
            if family.samples:
                yield family

    def describe(self) -> Iterator[Family]:
        """No names before the first scrape, so that registering needs no loop."""
        return iter(())

    def _family(self, metric: Metric[Any], statistics: object) -> Family:
        """One metric with its samples."""
        family = Family(metric.name, metric.words, TYPES[metric.kind])
        names = ["engine", *metric.labels]
        if metric.kind == "states":
            names[-1] = metric.name  # as OpenMetrics wants it
        sample_name = f"{metric.name}_total" if metric.kind == "counter" else metric.name
        for values, figure in metric.read(statistics):
            family.add_sample(sample_name, dict(zip(names, (self._name, *values), strict=True)), figure)
        return family
