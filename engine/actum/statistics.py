"""What an engine says about itself: frozen structs of one moment, the only source of figures for tools."""

from __future__ import annotations

from typing import Self

import msgspec

from actum.alert import Alert


class RebuildStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """A view, or the tables of a SQL projection, being made again from the log, beside what is served.

    Attributes:
        step: `"folding"` the log, `"indexing"` its rows, or `"comparing"` them with those that are served.
        position: everything up to here is in its rows.
        head: where it has to get to; this moves on while commands come.
        seconds: since it began.
        seconds_left: of folding, if it goes on as fast as so far; None before the first events and in later steps.
    """

    step: str
    position: int
    head: int
    seconds: float
    seconds_left: float | None

    @classmethod
    def of(cls, step: str, position: int, head: int, seconds: float) -> Self:
        """How far it is, and what follows from that."""
        left = seconds * (head - position) / position if step == "folding" and position > 0 else None
        return cls(step=step, position=position, head=head, seconds=seconds, seconds_left=left)


class ViewStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One view.

    Attributes:
        name: its name.
        rows: rows in it.
        position: everything up to here is in the rows.
        lag: events in the log that are not; 0 for a healthy view, since views apply before any reply.
        state: `"live"`, `"rebuilding"` or `"broken"`.
        failure: why it is broken.
        lag_state: as `SubscriptionStatistics.state`: `"live"`, `"slow"`, `"stalled"`, `"failed"` or `"rebuilding"`.
        lag_seconds: the age of the oldest event that is not in the rows, 0 if there is none.
        heartbeat_seconds: since it last moved, or stood where the log ends.
        rebuild: how far the rebuilding is, or None.
    """

    name: str
    rows: int
    position: int
    lag: int
    state: str
    failure: str | None
    lag_state: str
    lag_seconds: float
    heartbeat_seconds: float
    rebuild: RebuildStatistics | None = None


class SubscriptionStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription.

    Attributes:
        name: its name.
        state: `"live"`; `"catching up"`, after opening, `resume` or `reset`, as long as the rest becomes less;
            `"slow"`; `"stalled"`; `"paused"`; `"rebuilding"`, beside its work; or `"failed"`: stopped by an event,
            can't be opened, or its task is dead.
        position: everything up to here is done.
        head: the last position of the log.
        lag: events between the two.
        lag_seconds: the age of the oldest of them, 0 if there is none.
        heartbeat_seconds: since it last moved, or stood where the log ends.
        bookmark: the position that was written; after a crash it goes on behind it.
        handled: events whose handlers have returned since opening.
        batches: handled since opening.
        failures: of handlers and of everything else, since opening.
        retries: since opening.
        dead_letters: events that are put aside.
        failure: why it has stopped, or what it is trying again.
        rebuild: how far `actum.sql.rebuild` is with this one's tables, or None.
    """

    name: str
    state: str
    position: int
    head: int
    lag: int
    lag_seconds: float
    heartbeat_seconds: float
    bookmark: int
    handled: int
    batches: int
    failures: int
    retries: int
    dead_letters: int
    failure: str | None
    rebuild: RebuildStatistics | None = None


class AggregateStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One aggregate class.

    Attributes:
        name: its name in the log.
        awake: actors.
        snapshots: saved states.
        quarantined: keys of actors whose commands are refused.
    """

    name: str
    awake: int
    snapshots: int
    quarantined: tuple[str, ...]


class CheckpointStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Checkpoints.

    Attributes:
        position: of the newest one, 0 for none.
        count: made since opening.
        seconds: how long the last one took.
        failure: why the last attempt failed, or None.
    """

    position: int
    count: int
    seconds: float
    failure: str | None


class DeadlineStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Deadlines.

    Attributes:
        pending: scheduled commands that wait for their time.
        failing: those that were refused when they were due, and that nobody has put away.
        overdue: those that should have been sent by now; at most `lag_events_max` and one are counted.
        overdue_seconds: for how long the first of them is, 0 if there is none.
        state: of the timer, as `SubscriptionStatistics.state`.
        next_due_ns: when the next one is due, nanoseconds since 1970 UTC; None if there is none.
        fired: sent and accepted since opening.
        failed: sent and refused since opening.
        again: attempts since opening that found the engine full.
        failure: why none are sent any more, or None.
    """

    pending: int
    failing: int
    overdue: int
    overdue_seconds: float
    state: str
    next_due_ns: int | None
    fired: int
    failed: int
    again: int
    failure: str | None


class ProcessStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One process; also one whose class is no longer given, if it has instances that have not ended.

    Attributes:
        name: its name.
        active: instances that have not ended.
        stuck: those of them that have not reacted to anything for `stuck_seconds`; 10,000 are counted.
        failed: those that stand still until somebody retries or cancels them.
        state: of the process on its way through the log, as `SubscriptionStatistics.state`.
        position: everything up to here has been considered.
        lag: events in the log that have not.
        lag_seconds: the age of the oldest of them, 0 if there is none.
        heartbeat_seconds: since it last moved or took a step, or stood where the log ends.
        steps: taken since opening.
        again: attempts since opening that found the engine full.
        unroutable: events since opening whose field that names the instance holds no key.
        failure: why no more steps are taken, or None.
    """

    name: str
    active: int
    stuck: int
    failed: int
    state: str
    position: int
    lag: int
    lag_seconds: float
    heartbeat_seconds: float
    steps: int
    again: int
    unroutable: int
    failure: str | None


class WatchStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Live queries.

    Attributes:
        watchers: those that read now.
        coalesced: changes that became one with others, or with the whole state, because their reader was not there yet.
        dropped: changes left out because their reader was too slow.
        closed: watches closed because their reader was too slow.
    """

    watchers: int
    coalesced: int
    dropped: int
    closed: int


class EngineStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """The engine.

    Attributes:
        state: `"open"`, `"full"` (the disk; queries go on), `"failed"` (reopen), `"closing"` or `"closed"`.
        durability: `"full"`, or `"relaxed"`: acknowledged commands may then be lost.
        position: the last durable position.
        accepted: commands answered with a receipt since opening.
        rejected: commands answered with an error since opening.
        queries: queries answered since opening.
        pending: commands accepted and not answered: waiting, being decided, or being committed.
        awake: actors.
        activations: actors woken since opening.
        passivations: actors put to sleep since opening.
        commits: group commits since opening.
        commit_seconds: time spent in them.
        commit_seconds_max: the longest.
        commit_losses: commits that failed.
        open_seconds: how long opening took.
        aggregates: one each.
        views: one each.
        subscriptions: one each.
        alerts: the last one of each subject that is slow, stalled or failed; see `Alert`.
        alerts_raised: since opening.
        checkpoints: of derived state; None for an engine in memory.
        deadlines: scheduled commands; None for an engine without.
        processes: one each.
        watches: live queries.
    """

    state: str
    durability: str
    position: int
    accepted: int
    rejected: int
    queries: int
    pending: int
    awake: int
    activations: int
    passivations: int
    commits: int
    commit_seconds: float
    commit_seconds_max: float
    commit_losses: int
    open_seconds: float
    aggregates: tuple[AggregateStatistics, ...]
    views: tuple[ViewStatistics, ...]
    subscriptions: tuple[SubscriptionStatistics, ...]
    alerts: tuple[Alert, ...]
    alerts_raised: int
    checkpoints: CheckpointStatistics | None
    deadlines: DeadlineStatistics | None = None
    processes: tuple[ProcessStatistics, ...] = ()
    watches: WatchStatistics
