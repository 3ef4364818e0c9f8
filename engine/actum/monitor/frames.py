"""What a monitored engine shows of itself, once an interval: frozen structs, the same on the wire and in a recording.

Counters count since opening: who reads two frames has the rates between them. Latencies and shares are measured by
sampling while somebody is attached, over the last seconds (`window_seconds`); nothing is measured otherwise.
"""

from __future__ import annotations

from typing import Any

import msgspec

from actum.statistics import EngineStatistics

#: Raised with every change that an older reader would not understand.
PROTOCOL = 1


class Column(msgspec.Struct, frozen=True):
    """A field of a view's rows, or of an aggregate's state.

    Attributes:
        name: the field.
        type: as Python writes it: `"int"`, `"str | None"`.
        numeric: whether its values are numbers, which stand to the right.
        ordered: whether an index orders by it: paging by it is cheap however many rows there are.
    """

    name: str
    type: str
    numeric: bool = False
    ordered: bool = False


class ViewShape(msgspec.Struct, frozen=True):
    """A view.

    Attributes:
        name: its name.
        key: the field that is its key.
        columns: its fields.
        events: the tags of the events that it is changed by; empty if that is not known.
    """

    name: str
    key: str
    columns: tuple[Column, ...]
    events: tuple[str, ...] = ()


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """The first message of an engine: who it is, what does not change.

    Attributes:
        protocol: of this conversation.
        version: of actum.
        name: of the store's directory; `"memory"` for an engine without.
        store: the absolute path of that directory, None for an engine without one.
        store_id: of the store; empty without a directory.
        pid: the process.
        python: its version.
        loop: `"uvloop"` or `"asyncio"`.
        opened_ns: when the engine was opened, nanoseconds since 1970 UTC.
        durability: `"full"` or `"relaxed"`.
        admin: whether it takes actions, not only questions.
        aggregates: the names of its aggregates.
        views: its views.
        processes: the names of its processes.
        subscriptions: the names of its subscriptions.
        events: the tags of its events.
    """

    protocol: int = PROTOCOL
    version: str
    name: str
    store: str | None
    store_id: str
    pid: int
    python: str
    loop: str
    opened_ns: int
    durability: str
    admin: bool
    aggregates: tuple[str, ...] = ()
    views: tuple[ViewShape, ...] = ()
    processes: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


class Quantiles(msgspec.Struct, frozen=True, array_like=True):
    """Some measured values: how many, and how they are spread. Times are in seconds."""

    count: int = 0
    p50: float = 0.0
    p99: float = 0.0
    maximum: float = 0.0


class AggregateVitals(msgspec.Struct, frozen=True, kw_only=True):
    """One aggregate class, as samples show it.

    Attributes:
        name: its name in the log.
        share: of all commands, 0 to 1.
        acknowledge: seconds from `send` to the answer.
        rejected_share: of its commands that were answered with an error, 0 to 1.
        deepest: commands in the fullest mailbox that was seen.
    """

    name: str
    share: float
    acknowledge: Quantiles
    rejected_share: float
    deepest: int


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine measures only while somebody looks.

    Attributes:
        window_seconds: the quantiles are of so long a time.
        acknowledge: seconds from `send` to the answer, of sampled commands.
        commit: seconds from handing a batch to the writer to its end in the loop.
        write: seconds of the writer's thread for it: the write and its fsync.
        batch_events: events in a commit.
        loop_lag: seconds by which the loop was late.
        collections: of the garbage collector since attaching, all generations.
        collection_seconds: that they took together.
        collection_seconds_max: the longest.
        memory_bytes: the process's resident set.
        cpu_seconds: of the process, since it began.
        aggregates: one each, those with the largest share first.
    """

    window_seconds: float
    acknowledge: Quantiles
    commit: Quantiles
    write: Quantiles
    batch_events: Quantiles
    loop_lag: Quantiles
    collections: int
    collection_seconds: float
    collection_seconds_max: float
    memory_bytes: int
    cpu_seconds: float
    aggregates: tuple[AggregateVitals, ...] = ()


class ActorSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One actor.

    Attributes:
        aggregate: the name of its class.
        key: which one.
        version: of its last event.
        mailbox: commands in its mailbox.
        share: of all sampled commands, 0 to 1.
        slowest_seconds: the longest sampled answer of the window, 0 if none was sampled.
        state: `"awake"`, `"deciding"` (asynchronously), `"asleep"` or `"quarantined"`.
        fault: what its handler raised last, if it is quarantined.
    """

    aggregate: str
    key: str
    version: int
    mailbox: int
    share: float = 0.0
    slowest_seconds: float = 0.0
    state: str = "awake"
    fault: str | None = None


class Actors(msgspec.Struct, frozen=True, kw_only=True):
    """The actors that stand out.

    Attributes:
        hottest: with the most sampled commands, most first.
        deepest: with the fullest mailboxes.
        slowest: with the longest sampled answers.
        quarantined: whose commands are refused.
        looked_at: actors whose mailboxes were looked at: with very many awake, some of them.
    """

    hottest: tuple[ActorSeen, ...]
    deepest: tuple[ActorSeen, ...]
    slowest: tuple[ActorSeen, ...]
    quarantined: tuple[ActorSeen, ...]
    looked_at: int


class RowsPage(msgspec.Struct, frozen=True, kw_only=True, tag="rows page"):
    """Some rows of a view.

    Attributes:
        view: its name.
        position: as of which the values are so.
        key: the field that identifies a row.
        columns: its fields, in the order of the values.
        rows: the values of each, as JSON has them; a long one is cut, see `cut`.
        offset: rows before these.
        count: rows in the view.
        matched: rows that the filter lets through, of those that were looked at.
        looked_at: rows that were looked at for it; less than `count` while a long look is under way.
        looked_position: as of which it is so that these are the rows, in this order, and `matched`; in a frame of a
            view that takes long to look at it may be an earlier one than `position`.
        exact: whether it is so as of that one position. It is not if the view is large and rows changed while they were
            looked at: one that did may be missing, or be counted as it was before.
        cut: the row and the column, each from 0, of values that were too long and are cut.
    """

    view: str
    position: int
    key: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    offset: int
    count: int
    matched: int
    looked_at: int
    looked_position: int = 0
    exact: bool = True
    cut: tuple[tuple[int, int], ...] = ()


class StoreVitals(msgspec.Struct, frozen=True, kw_only=True):
    """What the store's directory says, read by who looks, at no cost to the engine.

    Attributes:
        position: the last durable position.
        timestamp_ns: of its record, nanoseconds since 1970 UTC; 0 for an empty log.
        writer: the id of the process that has it open for writing, None if none has.
        log_bytes: used by the log.
        map_bytes: the most it may use.
        readers: other processes' readers that hold a place in the log's reader table: they read at this moment, or were
            killed while they did.
        derived_bytes: of checkpoints.
        checkpoint_position: of the newest one, 0 for none.
        free_bytes: on the disk.
        readers_behind: commits since the state that the oldest of these readers sees: meanwhile the log grows.
        unsaved_since_ns: of the first record that is in no checkpoint, nanoseconds since 1970 UTC; 0 if all are in one.
    """

    position: int
    timestamp_ns: int
    writer: str | None
    log_bytes: int
    map_bytes: int
    readers: int
    derived_bytes: int
    checkpoint_position: int
    free_bytes: int
    readers_behind: int = 0
    unsaved_since_ns: int = 0


class Frame(msgspec.Struct, frozen=True, kw_only=True, tag="frame"):
    """One look.

    Attributes:
        time_ns: nanoseconds since 1970 UTC.
        monotonic_ns: for rates between frames.
        left_out: frames that were left out since attaching because the reader was slow.
        statistics: the engine's; None if it is not attached to, but only its directory read.
        vitals: what is measured while somebody looks; None as above, and in the first frame.
        store: of the directory; filled in by the reader's side.
        actors: if wanted.
        rows: if wanted.
        rows_failure: why there are none though they are wanted.
    """

    time_ns: int
    monotonic_ns: int
    left_out: int = 0
    statistics: EngineStatistics | None = None
    vitals: Vitals | None = None
    store: StoreVitals | None = None
    actors: Actors | None = None
    rows: RowsPage | None = None
    rows_failure: str | None = None
