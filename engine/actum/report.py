"""Collects `statistics()` from the parts of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actum.processes.left_behind import left_behind
from actum.statistics import AggregateStatistics, CheckpointStatistics, EngineStatistics, ViewStatistics

if TYPE_CHECKING:
    from actum.core import Core
    from actum.streams import Streams
    from actum.views.live_view import LiveView

SECOND_NS = 1e9


def statistics_of(core: Core, state: str) -> EngineStatistics:
    """Everything at this moment; `state` is the engine's own word for where it is in its life."""
    scheduler, directory = core.scheduler, core.directory
    committer = scheduler.committer
    if state == "open":
        state = "failed" if committer.failure is not None else "full" if committer.full else "open"
    return EngineStatistics(
        state=state,
        durability=core.options.durability,
        position=committer.durable,
        accepted=scheduler.accepted,
        rejected=scheduler.rejected,
        queries=core.queries,
        pending=scheduler.pending,
        awake=directory.awake,
        activations=directory.activations,
        passivations=directory.passivations,
        commits=committer.commits,
        commit_seconds=committer.commit_ns / SECOND_NS,
        commit_seconds_max=committer.commit_ns_max / SECOND_NS,
        commit_losses=committer.losses,
        open_seconds=core.open_seconds,
        aggregates=tuple(aggregate_statistics(streams) for streams in directory.streams.values()),
        views=tuple(view_statistics(core, view) for view in core.views.values()),
        subscriptions=tuple(consumer.statistics() for consumer in core.subscriptions),
        alerts=tuple(core.monitor.active.values()),
        alerts_raised=core.monitor.raised,
        checkpoints=checkpoint_statistics(core),
        deadlines=None if core.timer is None else core.timer.statistics(core.lag_trackers["timer", "timer"].look()),
        processes=(
            *(runner.statistics(core.lag_trackers["process", runner.kind.name].look()) for runner in core.runners),
            *left_behind(core),
        ),
        watches=core.watching.statistics(),
    )


def aggregate_statistics(streams: Streams) -> AggregateStatistics:
    """One aggregate class."""
    quarantined = tuple(sorted(streams.quarantined))
    return AggregateStatistics(
        name=streams.name, awake=len(streams.actors), snapshots=len(streams.snapshots), quarantined=quarantined
    )


def view_statistics(core: Core, view: LiveView) -> ViewStatistics:
    """One view."""
    rebuild = core.rebuilder.under_way.get(view.name)
    rebuilding = core.rebuilder.rebuilding(view.name)
    lag = core.lag_trackers["view", view.name].look()
    return ViewStatistics(
        name=view.name,
        rows=len(view.table.rows),
        position=view.position,
        lag=lag.events,
        state="rebuilding" if rebuilding else "live" if view.broken is None else "broken",
        failure=None if view.broken is None else str(view.broken),
        lag_state=lag.state,
        lag_seconds=lag.seconds,
        heartbeat_seconds=lag.heartbeat_seconds,
        rebuild=None if rebuild is None else rebuild.statistics(core.scheduler.durable),
    )


def checkpoint_statistics(core: Core) -> CheckpointStatistics | None:
    """The checkpoints, if there is a directory to save them in."""
    checkpointer = core.checkpointer
    if checkpointer is None:
        return None
    failure = None if checkpointer.failure is None else str(checkpointer.failure)
    return CheckpointStatistics(
        position=checkpointer.position, count=checkpointer.count, seconds=checkpointer.seconds, failure=failure
    )
