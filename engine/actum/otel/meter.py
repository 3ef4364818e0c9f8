"""Metrics: what `statistics()` says, as observable instruments, which are asked when somebody collects.

An instrument's name is that of `actum.prometheus` with a dot behind `actum`, such as `actum.commits`; its labels are
attributes.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, final

from opentelemetry import metrics
from opentelemetry.metrics import Observation

from actum.metrics import ENGINE_METRICS, FOLLOWER_METRICS, metrics_of
from actum.scrape import Scrape

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from opentelemetry.metrics import CallbackOptions, MeterProvider

    from actum.engine import Engine
    from actum.follower import Follower
    from actum.metrics import Metric

#: Endings of names, and the units that they stand for (UCUM).
UNITS = {"_seconds": "s", "_seconds_max": "s", "_events": "{event}"}


@final
class EngineMeter:
    """The instruments of one meter provider; make it once, since a provider has each instrument once.

    Collecting may happen in any thread: the figures are read in each engine's loop. Of an engine whose loop gives it no
    turn within five seconds there are none.
    """

    def __init__(self, meter_provider: MeterProvider | None = None) -> None:
        """Instruments of the provider, of the global one unless given, that have nothing to say yet."""
        self._readings: list[Reading] = []
        meter = metrics.get_meter("actum", meter_provider=meter_provider)
        every: tuple[Metric[Any], ...] = (*ENGINE_METRICS, *FOLLOWER_METRICS)
        for metric in {metric.name: metric for metric in every}.values():  # those of subscriptions are in both
            create = meter.create_observable_counter if metric.kind == "counter" else meter.create_observable_gauge
            name = metric.name.replace("_", ".", 1)
            create(name, [self._observing(metric)], unit=unit_of(metric.name), description=metric.words)

    @contextmanager
    def measuring(self, engine: Engine | Follower, *, name: str = "default") -> Generator[None]:
        """Measure an engine or a follower that is open, as long as this lasts.

        Args:
            engine: whose figures.
            name: tells several engines of one process apart: the attribute `actum.engine`.

        Raises:
            EngineClosed: it is not open.
        """
        reading = Reading(Scrape(engine), name)
        self._readings.append(reading)
        try:
            yield
        finally:
            self._readings.remove(reading)

    def _observing(self, metric: Metric[Any]) -> Any:
        """What the provider calls for one instrument."""

        def observe(_: CallbackOptions) -> Iterator[Observation]:
            for reading in tuple(self._readings):
                yield from reading.observations(metric)

        return observe


@final
class Reading:
    """The figures of one engine: read once for all the instruments that are asked one after the other."""

    def __init__(self, scrape: Scrape[Any], name: str) -> None:
        """Nothing read yet."""
        self._scrape = scrape
        self._name = name
        self._metrics = {metric.name for metric in metrics_of(scrape.first)}
        self._lock = Lock()
        self._asked: set[str] = set()
        self._statistics: Any = None

    def observations(self, metric: Metric[Any]) -> Iterator[Observation]:
        """What one instrument says; nothing if the engine has nothing of the sort."""
        if metric.name not in self._metrics:
            return
        labels = [f"actum.{label}" for label in metric.labels]
        for values, figure in metric.read(self._of_this_collection(metric.name)):
            yield Observation(figure, {"actum.engine": self._name, **dict(zip(labels, values, strict=True))})

    def _of_this_collection(self, asked: str) -> Any:
        """The statistics; who asks a second time begins a new collection.

        Raises:
            Exception: of reading them; the same for all of a collection, so that they don't wait one after the other.
        """
        with self._lock:
            fresh = self._statistics is not None and asked not in self._asked
            self._asked.add(asked)
            statistics = self._statistics
        if not fresh:
            try:
                statistics = self._scrape.read()
            except Exception as error:  # noqa: BLE001  # raised below
                statistics = error
            with self._lock:
                self._statistics, self._asked = statistics, {asked}
        if isinstance(statistics, Exception):
            raise statistics
        return statistics


def unit_of(name: str) -> str:
    """The unit that a metric's name ends with; none for a count."""
    return next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")
