"""What is measured of an engine while somebody looks: begun with the first, ended with the last, or with the engine."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, final

from actum.monitor.commit_times import CommitTimes
from actum.monitor.frames import Actors, AggregateVitals, Quantiles, Vitals
from actum.monitor.pauses import Pauses
from actum.monitor.sampling import Sample, Sampler
from actum.monitor.spread import WINDOW_SECONDS, Window, spread, spread_of_ordered
from actum.monitor.standouts import Standouts
from actum.monitor.usage import cpu_seconds, resident_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum.clock import Chance
    from actum.core import Core

#: How often the loop is looked at for being late, and what is timed is aimed anew.
TICK_SECONDS = 0.05


@final
class Measuring:
    """Timers, hooks and callbacks on an engine, and what they found."""

    def __init__(self, core: Core, chance: Chance) -> None:
        """Begin.

        Args:
            core: the engine's parts.
            chance: picks what is timed.
        """
        self._core = core
        self._now_ns = core.clock.monotonic_ns
        self._began_ns = self._now_ns()
        self._sampler = Sampler(core.scheduler, core.clock, chance)
        self._commits = CommitTimes(core.scheduler.committer, core.clock)
        self._lags: Window[float] = Window(self._now_ns)
        self._pauses = Pauses(self._now_ns)
        self._standouts = Standouts(core)
        self._ticked = False
        self.over = False
        core.scheduler.look(self._sampler.look)
        self._commits.begin()
        self._pauses.begin()
        self._wait()

    def _wait(self) -> None:
        """Have a tick soon."""
        loop = self._core.loop
        self._due = loop.time() + TICK_SECONDS
        self._timer = loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        """Note how late this is, and aim anew; with the engine everything ends."""
        core = self._core
        if core.stopping:
            self.end()
            return
        self._ticked = True
        self._lags.add(max(0.0, core.loop.time() - self._due))
        self._sampler.tick()
        self._commits.begin()
        self._wait()

    def end(self) -> None:
        """Take everything away again; a second time nothing."""
        if self.over:
            return
        self.over = True
        self._timer.cancel()
        self._pauses.end()
        self._commits.end()
        self._core.scheduler.look(None)

    def vitals(self) -> Vitals | None:
        """What was found; None before the first tick."""
        if not self._ticked:
            return None
        commits = self._commits.times.values()
        samples = sorted(self._sampler.samples.values(), key=itemgetter(0))
        pauses = self._pauses
        return Vitals(
            window_seconds=min(WINDOW_SECONDS, (self._now_ns() - self._began_ns) / 1e9),
            acknowledge=acknowledged(samples),
            commit=spread(one.commit for one in commits),
            write=spread(one.write for one in commits),
            batch_events=spread(one.events for one in commits),
            loop_lag=spread(self._lags.values()),
            collections=pauses.count,
            collection_seconds=pauses.total_ns / 1e9,
            collection_seconds_max=pauses.longest_ns / 1e9,
            memory_bytes=resident_bytes(),
            cpu_seconds=cpu_seconds(),
            aggregates=self._aggregates(samples),
        )

    def actors(self) -> Actors:
        """Those that stand out."""
        return self._standouts.find(self._sampler.samples.values(), self._sampler.recent)

    def _aggregates(self, samples: Sequence[Sample]) -> tuple[AggregateVitals, ...]:
        """One class each, of samples in the order of their times; those with the largest share first."""
        found: dict[str, list[Sample]] = {name: [] for name in self._core.directory.streams}
        for sample in samples:
            found[sample.aggregate].append(sample)
        all_commands = sum(sample.stands_for for sample in samples)
        vitals = [aggregate_vitals(name, own, all_commands) for name, own in found.items()]
        return tuple(sorted(vitals, key=lambda one: (-one.share, one.name)))


def aggregate_vitals(name: str, samples: Sequence[Sample], all_commands: int) -> AggregateVitals:
    """One class."""
    commands = sum(sample.stands_for for sample in samples)
    refused = sum(sample.stands_for for sample in samples if sample.refused)
    return AggregateVitals(
        name=name,
        share=commands / all_commands if all_commands else 0.0,
        acknowledge=acknowledged(samples),
        rejected_share=refused / commands if commands else 0.0,
        deepest=max((sample.waiting for sample in samples), default=0),
    )


def acknowledged(samples: Sequence[Sample]) -> Quantiles:
    """How long answers took, of samples in the order of their times."""
    return spread_of_ordered([sample.seconds for sample in samples], [sample.stands_for for sample in samples])
