"""What is measured: every metric with its name, kind, words, labels, and how it is read off `statistics()`.

One description for all exporters: `prometheus` and `otel` only say it in their own language. Reading costs something
when it is done, and nothing in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, Protocol, TypeAlias, TypeVar, get_args

from actum.alert import LagState

if TYPE_CHECKING:
    from actum.follower import FollowerStatistics
    from actum.statistics import (
        AggregateStatistics,
        CheckpointStatistics,
        DeadlineStatistics,
        EngineStatistics,
        ProcessStatistics,
        SubscriptionStatistics,
        ViewStatistics,
        WatchStatistics,
    )

S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)
E = TypeVar("E")

#: `states` has one sample for each state, 1 for the one that it is in; its last label says which.
MetricKind: TypeAlias = Literal["counter", "gauge", "states"]
#: The values of a metric's labels, and the figure.
Sample: TypeAlias = "tuple[tuple[str, ...], float]"
#: One metric of a table: its name, its kind, what it says, and how it is read; None if there is no such figure now.
Entry: TypeAlias = "tuple[str, MetricKind, str, Callable[[E], float | None]]"

ENGINE_STATES = ("open", "full", "failed", "closing", "closed", "read-only")
VIEW_STATES = ("live", "rebuilding", "broken")
LAG_STATES: tuple[str, ...] = get_args(LagState)


class Metric(NamedTuple, Generic[S_contra]):
    """One metric.

    Attributes:
        name: begins with `actum_`; the unit is its end, if it has one: `_seconds`, `_events`.
        kind: what sort of figure it is.
        words: what it says, for people.
        labels: their names; for states the last one is `state`.
        read: gives the samples of a moment; none if there is nothing of the sort.
    """

    name: str
    kind: MetricKind
    words: str
    labels: tuple[str, ...]
    read: Callable[[S_contra], Iterable[Sample]]


class Named(Protocol):
    """What has a figure of its own among several, and a name that tells it apart."""

    @property
    def name(self) -> str:
        """Its name."""
        ...


class Subscribed(Protocol):
    """What has subscriptions: the statistics of an engine, and of a follower."""

    @property
    def subscriptions(self) -> tuple[SubscriptionStatistics, ...]:
        """One each."""
        ...

    @property
    def alerts_raised(self) -> int:
        """Since opening."""
        ...


N = TypeVar("N", bound=Named)


def of_one(part: Callable[[S], E | None], *entries: Entry[E]) -> tuple[Metric[S], ...]:
    """Metrics without labels, of a part of the statistics that may not be there."""

    def reader(read: Callable[[E], float | None]) -> Callable[[S], Iterable[Sample]]:
        def samples(statistics: S) -> Iterable[Sample]:
            owner = part(statistics)
            value = None if owner is None else read(owner)
            return () if value is None else (((), value),)

        return samples

    return tuple(Metric(name, kind, words, (), reader(read)) for name, kind, words, read in entries)


def of_each(parts: Callable[[S], Iterable[N]], label: str, *entries: Entry[N]) -> tuple[Metric[S], ...]:
    """Metrics of several that are told apart by their names."""

    def reader(read: Callable[[N], float | None]) -> Callable[[S], Iterable[Sample]]:
        def samples(statistics: S) -> Iterable[Sample]:
            for part in parts(statistics):
                value = read(part)
                if value is not None:
                    yield (part.name,), value

        return samples

    return tuple(Metric(name, kind, words, (label,), reader(read)) for name, kind, words, read in entries)


def states_of_each(
    parts: Callable[[S], Iterable[N]],
    label: str,
    name: str,
    words: str,
    states: tuple[str, ...],
    state_of: Callable[[N], str],
) -> Metric[S]:
    """The state of each."""

    def samples(statistics: S) -> Iterable[Sample]:
        return [((part.name, state), state == state_of(part)) for part in parts(statistics) for state in states]

    return Metric(name, "states", words, (label, "state"), samples)


def engine(statistics: EngineStatistics) -> EngineStatistics:
    """As a whole."""
    return statistics


def follower(statistics: FollowerStatistics) -> FollowerStatistics:
    """As a whole."""
    return statistics


def subscribed(statistics: Subscribed) -> Subscribed:
    """An engine or a follower as a whole."""
    return statistics


def engine_states(statistics: EngineStatistics) -> Iterable[Sample]:
    """The state of the engine."""
    return [((state,), state == statistics.state) for state in ENGINE_STATES]


def commands(statistics: EngineStatistics) -> Iterable[Sample]:
    """Commands by what became of them."""
    return [(("accepted",), statistics.accepted), (("rejected",), statistics.rejected)]


def aggregates(statistics: EngineStatistics) -> tuple[AggregateStatistics, ...]:
    """By class."""
    return statistics.aggregates


def views(statistics: EngineStatistics) -> tuple[ViewStatistics, ...]:
    """By name."""
    return statistics.views


def subscriptions(statistics: Subscribed) -> tuple[SubscriptionStatistics, ...]:
    """By name."""
    return statistics.subscriptions


def processes(statistics: EngineStatistics) -> tuple[ProcessStatistics, ...]:
    """By name."""
    return statistics.processes


def checkpoints(statistics: EngineStatistics) -> CheckpointStatistics | None:
    """None for an engine in memory."""
    return statistics.checkpoints


def deadlines(statistics: EngineStatistics) -> DeadlineStatistics | None:
    """None for an engine without."""
    return statistics.deadlines


def timer_states(statistics: EngineStatistics) -> Iterable[Sample]:
    """The state of the timer, if there is one."""
    timer = statistics.deadlines
    return () if timer is None else [((state,), state == timer.state) for state in LAG_STATES]


def watches(statistics: EngineStatistics) -> WatchStatistics:
    """Live queries."""
    return statistics.watches


SUBSCRIPTION_METRICS: tuple[Metric[Subscribed], ...] = (
    *of_one(
        subscribed,
        ("actum_alerts", "counter", "Alerts raised", lambda one: one.alerts_raised),
    ),
    *of_each(
        subscriptions,
        "subscription",
        ("actum_subscription_handled", "counter", "Events handled, by subscription", lambda one: one.handled),
        ("actum_subscription_failures", "counter", "What failed, by subscription", lambda one: one.failures),
        ("actum_subscription_position", "gauge", "Everything up to here is done", lambda one: one.position),
        ("actum_subscription_lag_events", "gauge", "Events in the log that are not done", lambda one: one.lag),
        (
            "actum_subscription_lag_seconds",
            "gauge",
            "Age of the oldest event that is not done",
            lambda one: one.lag_seconds,
        ),
        (
            "actum_subscription_heartbeat_seconds",
            "gauge",
            "Since it moved or had nothing to do",
            lambda one: one.heartbeat_seconds,
        ),
        ("actum_subscription_dead_letters", "gauge", "Events that are put aside", lambda one: one.dead_letters),
    ),
    states_of_each(
        subscriptions,
        "subscription",
        "actum_subscription_state",
        "How a subscription is",
        LAG_STATES,
        lambda one: one.state,
    ),
)

AUTOMATION_METRICS: tuple[Metric[EngineStatistics], ...] = (
    *of_one(
        deadlines,
        ("actum_deadlines_pending", "gauge", "Deadlines that wait for their time", lambda one: one.pending),
        ("actum_deadlines_failing", "gauge", "Deadlines that were refused and not put away", lambda one: one.failing),
        ("actum_deadlines_overdue", "gauge", "Deadlines that should have been sent by now", lambda one: one.overdue),
        ("actum_deadlines_fired", "counter", "Deadlines sent and accepted", lambda one: one.fired),
        ("actum_deadlines_failed", "counter", "Deadlines sent and refused", lambda one: one.failed),
        ("actum_deadlines_again", "counter", "Attempts that found the engine full", lambda one: one.again),
        (
            "actum_deadlines_overdue_seconds",
            "gauge",
            "Since when the oldest pending deadline is due",
            lambda one: one.overdue_seconds,
        ),
        ("actum_deadlines_stopped", "gauge", "1 if the timer has stopped", lambda one: one.failure is not None),
    ),
    Metric("actum_deadlines_state", "states", "How the timer is", ("state",), timer_states),
    *of_each(
        processes,
        "process",
        ("actum_process_active", "gauge", "Instances under way, by process", lambda one: one.active),
        ("actum_process_failed", "gauge", "Instances that stand still, by process", lambda one: one.failed),
        ("actum_process_stuck", "gauge", "Instances that have waited for long, by process", lambda one: one.stuck),
        ("actum_process_position", "gauge", "Everything up to here has been considered", lambda one: one.position),
        ("actum_process_lag_events", "gauge", "Events in the log that have not", lambda one: one.lag),
        ("actum_process_lag_seconds", "gauge", "Age of the oldest of them", lambda one: one.lag_seconds),
        (
            "actum_process_heartbeat_seconds",
            "gauge",
            "Since it moved or had nothing to do",
            lambda one: one.heartbeat_seconds,
        ),
        ("actum_process_steps", "counter", "Steps taken, by process", lambda one: one.steps),
        ("actum_process_again", "counter", "Attempts that found the engine full", lambda one: one.again),
        ("actum_process_unroutable", "counter", "Events that name no instance", lambda one: one.unroutable),
        ("actum_process_stopped", "gauge", "1 if no more steps are taken", lambda one: one.failure is not None),
    ),
    states_of_each(processes, "process", "actum_process_state", "How a process is", LAG_STATES, lambda one: one.state),
)

ENGINE_METRICS: tuple[Metric[EngineStatistics], ...] = (
    Metric("actum_engine_state", "states", "Where the engine is in its life", ("state",), engine_states),
    Metric("actum_commands", "counter", "Commands answered with a receipt, or an error", ("outcome",), commands),
    *of_one(
        engine,
        ("actum_queries", "counter", "Queries answered", lambda one: one.queries),
        ("actum_activations", "counter", "Aggregates woken", lambda one: one.activations),
        ("actum_passivations", "counter", "Aggregates put to sleep", lambda one: one.passivations),
        ("actum_commits", "counter", "Group commits", lambda one: one.commits),
        ("actum_commit_seconds", "counter", "Time spent in group commits", lambda one: one.commit_seconds),
        ("actum_commit_losses", "counter", "Group commits that failed", lambda one: one.commit_losses),
        ("actum_position", "gauge", "The last durable position", lambda one: one.position),
        ("actum_commands_pending", "gauge", "Commands accepted and not answered", lambda one: one.pending),
        ("actum_actors_awake", "gauge", "Aggregates in memory", lambda one: one.awake),
        ("actum_commit_seconds_max", "gauge", "The longest commit since opening", lambda one: one.commit_seconds_max),
        ("actum_open_seconds", "gauge", "How long opening took", lambda one: one.open_seconds),
    ),
    *of_each(
        aggregates,
        "aggregate",
        ("actum_aggregate_awake", "gauge", "Aggregates in memory, by class", lambda one: one.awake),
        ("actum_aggregate_snapshots", "gauge", "Saved states, by class", lambda one: one.snapshots),
        (
            "actum_aggregate_quarantined",
            "gauge",
            "Aggregates whose commands are refused, by class",
            lambda one: len(one.quarantined),
        ),
    ),
    *of_each(
        views,
        "view",
        ("actum_view_rows", "gauge", "Rows, by view", lambda one: one.rows),
        ("actum_view_position", "gauge", "Everything up to here is in the rows", lambda one: one.position),
        ("actum_view_lag_events", "gauge", "Events in the log that are not in the rows", lambda one: one.lag),
        (
            "actum_view_lag_seconds",
            "gauge",
            "Age of the oldest event that is not in the rows",
            lambda one: one.lag_seconds,
        ),
    ),
    states_of_each(views, "view", "actum_view_state", "Whether a view is served", VIEW_STATES, lambda one: one.state),
    *SUBSCRIPTION_METRICS,
    *AUTOMATION_METRICS,
    *of_one(
        checkpoints,
        ("actum_checkpoints", "counter", "Checkpoints made", lambda one: one.count),
        ("actum_checkpoint_position", "gauge", "Of the newest checkpoint", lambda one: one.position),
        ("actum_checkpoint_seconds", "gauge", "How long the last checkpoint took", lambda one: one.seconds),
        (
            "actum_checkpoint_failing",
            "gauge",
            "1 if the last attempt to make a checkpoint failed",
            lambda one: one.failure is not None,
        ),
    ),
    *of_one(
        watches,
        ("actum_watchers", "gauge", "Live queries that are read", lambda one: one.watchers),
        ("actum_watch_coalesced", "counter", "Changes that became one for a slow reader", lambda one: one.coalesced),
        ("actum_watch_dropped", "counter", "Changes left out for a slow reader", lambda one: one.dropped),
        ("actum_watch_closed", "counter", "Live queries closed on a slow reader", lambda one: one.closed),
    ),
)

FOLLOWER_METRICS: tuple[Metric[FollowerStatistics], ...] = (
    *of_one(
        follower,
        ("actum_follower_position", "gauge", "The last position that it has seen in the log", lambda one: one.head),
    ),
    *SUBSCRIPTION_METRICS,
)


def metrics_of(statistics: Any) -> tuple[Metric[Any], ...]:
    """All that can be read off the statistics of an engine, or of a follower."""
    return FOLLOWER_METRICS if hasattr(statistics, "head") else ENGINE_METRICS
