"""Who follows the log: views, subscriptions, processes and the timer, each as one row with the same columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from actum import (
    DeadlineStatistics,
    EngineStatistics,
    ProcessStatistics,
    RebuildStatistics,
    SubscriptionStatistics,
    ViewStatistics,
)

from actum_tui.top.vital_figures import Level

#: States in which somebody has to do something; in others than these and `live` there is something to wait for.
ERRORS = frozenset({"broken", "failed", "stalled"})


class Consumer(NamedTuple):
    """One that follows the log.

    Attributes:
        kind: `"view"`, `"subscription"`, `"process"` or `"timer"`.
        name: its name.
        holds: how much it holds: rows, dead letters, instances that have not ended, deadlines to come.
        unit: what these are.
        position: everything up to here is done; None for the timer, which follows the clock.
        lag: events before it; deadlines that are overdue.
        seconds: the age of the oldest of them.
        state: one word.
        failure: why, if that is known.
        rebuild: how far its rebuilding is, or None.
    """

    kind: str
    name: str
    holds: int
    unit: str
    position: int | None
    lag: int
    seconds: float
    state: str
    failure: str | None = None
    rebuild: RebuildStatistics | None = None

    def data(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "kind": self.kind,
            "name": self.name,
            "holds": self.holds,
            "holds_unit": self.unit,
            "position": self.position,
            "lag": self.lag,
            "lag_seconds": self.seconds,
            "state": self.state,
            "failure": self.failure,
            "rebuild": None if self.rebuild is None else msgspec.structs.asdict(self.rebuild),
        }

    @property
    def level(self) -> Level:
        """`"fine"`, `"warning"` or `"error"`."""
        return "error" if self.state in ERRORS else "fine" if self.state == "live" else "warning"

    @property
    def rebuilt_share(self) -> float:
        """How much of the log its rebuilding has folded, 0 to 1."""
        rebuild = self.rebuild
        return 0.0 if rebuild is None or not rebuild.head else min(1.0, rebuild.position / rebuild.head)


def consumers(statistics: EngineStatistics) -> list[Consumer]:
    """All of an engine's."""
    return list(every_consumer(statistics))


def every_consumer(statistics: EngineStatistics) -> Iterator[Consumer]:
    """Views, subscriptions, processes, the timer."""
    yield from map(of_view, statistics.views)
    yield from map(of_subscription, statistics.subscriptions)
    yield from map(of_process, statistics.processes)
    if statistics.deadlines is not None:
        yield of_timer(statistics.deadlines)


def of_view(view: ViewStatistics) -> Consumer:
    """A view; broken or rebuilding says more than how far it is."""
    state = view.lag_state if view.state == "live" else view.state
    return Consumer(
        kind="view",
        name=view.name,
        holds=view.rows,
        unit="rows",
        position=view.position,
        lag=view.lag,
        seconds=view.lag_seconds,
        state=state,
        failure=view.failure,
        rebuild=view.rebuild,
    )


def of_subscription(subscription: SubscriptionStatistics) -> Consumer:
    """A subscription."""
    return Consumer(
        kind="subscription",
        name=subscription.name,
        holds=subscription.dead_letters,
        unit="dead letters",
        position=subscription.position,
        lag=subscription.lag,
        seconds=subscription.lag_seconds,
        state=subscription.state,
        failure=subscription.failure,
        rebuild=subscription.rebuild,
    )


def of_process(process: ProcessStatistics) -> Consumer:
    """A process; it is not well while an instance of it stands still."""
    state = "failed" if process.failed and process.state == "live" else process.state
    failure = process.failure or (f"{process.failed:,} instances have failed" if process.failed else None)
    return Consumer(
        kind="process",
        name=process.name,
        holds=process.active,
        unit="active",
        position=process.position,
        lag=process.lag,
        seconds=process.lag_seconds,
        state=state,
        failure=failure,
    )


def of_timer(deadlines: DeadlineStatistics) -> Consumer:
    """What sends deadlines."""
    return Consumer(
        kind="timer",
        name="deadlines",
        holds=deadlines.pending,
        unit="pending",
        position=None,
        lag=deadlines.overdue,
        seconds=deadlines.overdue_seconds,
        state=deadlines.state,
        failure=deadlines.failure,
    )
