"""Every figure of the storage and of the loop, row by row, with what to think of it."""

from __future__ import annotations

from collections.abc import Callable

from actum import CheckpointStatistics, EngineStatistics
from actum.monitor import StoreVitals

from actum_tui.top.look import SECOND_NS, Look
from actum_tui.top.verdicts import (
    FREE_BYTES_ERROR,
    FREE_BYTES_WARNING,
    LOOP_LAG_SECONDS_WARNING,
    MAP_SHARE_ERROR,
    MAP_SHARE_WARNING,
    READERS_BEHIND_WARNING,
    READERS_WARNING,
)
from actum_tui.top.vital_figures import (
    Figure,
    Limits,
    Row,
    Unit,
    of_both,
    of_engine,
    of_store,
    of_vitals,
    quantile_figures,
)

COMMITS, LOOP, LOG, CHECKPOINTS = "Commits", "Process", "Log", "Checkpoints"


def of_checkpoints(key: str, unit: Unit, read: Callable[[CheckpointStatistics], float]) -> tuple[Figure]:
    """A figure of an engine's checkpoints; an engine in memory has none."""

    def figure(statistics: EngineStatistics) -> float | None:
        return None if statistics.checkpoints is None else read(statistics.checkpoints)

    return of_engine(key, unit, figure)


def checkpoint_position(look: Look) -> float | None:
    """Of the newest checkpoint, as the engine or else the directory says."""
    statistics, store = look.now.statistics, look.now.store
    if statistics is not None and statistics.checkpoints is not None:
        return statistics.checkpoints.position
    return None if store is None else store.checkpoint_position


def position(look: Look) -> float | None:
    """The last durable one, as the engine or else the directory says."""
    statistics, store = look.now.statistics, look.now.store
    return statistics.position if statistics is not None else None if store is None else store.position


def events_after_checkpoint(look: Look) -> float | None:
    """That an opening would have to read."""
    last, saved = position(look), checkpoint_position(look)
    return None if last is None or saved is None else max(0.0, last - saved)


def unsaved_seconds(look: Look) -> float | None:
    """The age of the first event that is in no checkpoint."""
    store = look.now.store
    if store is None:
        return None
    return max(0.0, (look.now.time_ns - store.unsaved_since_ns) / SECOND_NS) if store.unsaved_since_ns else 0.0


def bytes_per_event(store: StoreVitals) -> float:
    """Of the log."""
    return store.log_bytes / store.position if store.position else 0.0


COMMIT_ROWS = (
    Row(
        COMMITS,
        "commits/s",
        "engine",
        "Group commits a second: each is one write and one fsync for all commands that were ready. Many commands in few"
        " commits is the engine at its best; one command a commit is a single client that waits.",
        of_both("commits_per_second", "per second", lambda look: look.statistics_rate(lambda now: now.commits)),
    ),
    Row(
        COMMITS,
        "events a commit",
        "vitals",
        "How many events share a commit. They gather while the commit before them is under way: the slower the disk,"
        " the more there are. Nothing to worry about.",
        quantile_figures("commit_events", "count", lambda vitals: vitals.batch_events),
    ),
    Row(
        COMMITS,
        "commit",
        "vitals",
        "From handing a batch to the writer to its end in the loop. Every command waits for about one to two of these."
        " Much longer than the write itself: the loop is busy, see loop lag.",
        quantile_figures("commit_seconds", "seconds", lambda vitals: vitals.commit),
        Limits(0.05, 0.5),
        drawn=1,
    ),
    Row(
        COMMITS,
        "write and fsync",
        "vitals",
        "What the disk takes of a commit. Milliseconds on a good disk; above 50 ms look for other writers on it, a full"
        " cache, or a network in between.",
        quantile_figures("write_seconds", "seconds", lambda vitals: vitals.write),
        Limits(0.05, 0.5),
        drawn=1,
        short="write",
    ),
    Row(
        COMMITS,
        "longest commit",
        "engine",
        "Since opening. One long one is a disk that was busy once; look at p99 for what is usual.",
        of_engine("longest_commit_seconds", "seconds", lambda now: now.commit_seconds_max),
        drawn=None,
    ),
    Row(
        COMMITS,
        "lost commits",
        "engine",
        "Commits that failed since opening: their commands were answered with an error, none was acknowledged. A full"
        " disk mends itself; anything else needs the engine opened again. Its log says what happened.",
        of_engine("lost_commits", "count", lambda now: now.commit_losses),
        Limits(0, 0),
        drawn=None,
    ),
)

LOOP_ROWS = (
    Row(
        LOOP,
        "loop lag",
        "vitals",
        "By how much the event loop is late. Above 100 ms something computes in it for too long: move that into a"
        " thread or a process. Everything waits for it: answers, queries, commits.",
        quantile_figures("loop_lag_seconds", "seconds", lambda vitals: vitals.loop_lag),
        Limits(LOOP_LAG_SECONDS_WARNING),
        drawn=1,
    ),
    Row(
        LOOP,
        "CPU",
        "vitals",
        "Of one core, all threads of the process. Near 100 % the loop is the limit: spread the work over engines, or do"
        " less in handlers and views.",
        of_both("cpu_share", "share", lambda look: look.vitals_rate(lambda now: now.cpu_seconds)),
    ),
    Row(
        LOOP,
        "memory",
        "vitals",
        "The process's resident set: views, awake actors, and what your code holds. It should level off; if it only"
        " grows, look at the rows of views, and at passivate_seconds.",
        of_vitals("memory_bytes", "bytes", lambda now: now.memory_bytes),
    ),
    Row(
        LOOP,
        "collections/s",
        "vitals",
        "Runs of the garbage collector, all generations. Each stops the loop for a moment; gc_policy=freeze keeps them"
        " short.",
        of_both("collections_per_second", "per second", lambda look: look.vitals_rate(lambda now: now.collections)),
    ),
    Row(
        LOOP,
        "in collections",
        "vitals",
        "The share of time that the garbage collector takes from the loop. A few percent are usual; above 10 %"
        " something makes very many containers, or gc_policy is none.",
        of_both("collection_share", "share", lambda look: look.vitals_rate(lambda now: now.collection_seconds)),
        Limits(0.1),
    ),
    Row(
        LOOP,
        "longest pause",
        "vitals",
        "The longest run of the garbage collector since this dashboard attached.",
        of_vitals("longest_collection_seconds", "seconds", lambda now: now.collection_seconds_max),
        Limits(0.1),
        drawn=None,
    ),
    Row(
        LOOP,
        "opening took",
        "engine",
        "Reading the last checkpoint and the events after it. If that is long, make checkpoints more often:"
        " checkpoint_seconds, checkpoint_events_min.",
        of_engine("open_seconds", "seconds", lambda now: now.open_seconds),
        drawn=None,
    ),
)

LOG_ROWS = (
    Row(
        LOG,
        "map use",
        "store",
        "How much of the address space that the log may have is used. When it is full nothing more is written. The map"
        " is large on purpose: this should be near nothing for years.",
        of_store("map_share", "share", lambda now: now.log_bytes / now.map_bytes if now.map_bytes else 0.0),
        Limits(MAP_SHARE_WARNING, MAP_SHARE_ERROR),
        gauge=True,
    ),
    Row(
        LOG,
        "log",
        "store",
        "What the log uses on the disk. It is the truth and only ever grows; actum compact gives unused pages back.",
        of_store("log_bytes", "bytes", lambda now: now.log_bytes),
    ),
    Row(
        LOG,
        "growth",
        "store",
        "How fast the log grows. Compare it with the free disk: that is how long you have.",
        of_both("log_bytes_per_second", "bytes per second", lambda look: look.store_rate(lambda now: now.log_bytes)),
    ),
    Row(
        LOG,
        "bytes an event",
        "store",
        "The log's size divided by its events. Small commits make it larger: a frame takes whole pages.",
        of_store("event_bytes", "bytes", bytes_per_event),
        drawn=None,
    ),
    Row(
        LOG,
        "free disk",
        "store",
        "Free space where the store lies. When there is none, commands are refused and queries go on, until there is"
        " space again.",
        of_store("free_bytes", "bytes", lambda now: now.free_bytes),
        Limits(FREE_BYTES_WARNING, FREE_BYTES_ERROR, below=True),
        drawn=None,
    ),
    Row(
        LOG,
        "readers",
        "store",
        "Other processes that read the log at this moment, or were killed while they did: followers, verbs, dashboards."
        " There is room for 512.",
        of_store("readers", "count", lambda now: now.readers),
        Limits(READERS_WARNING),
        drawn=None,
    ),
    Row(
        LOG,
        "readers behind",
        "store",
        "Commits since the state that the oldest reader still sees. While it stays there no page is used again, and the"
        " log grows: end the process that reads for so long.",
        of_store("reader_commits_behind", "count", lambda now: now.readers_behind),
        Limits(READERS_BEHIND_WARNING),
        drawn=None,
    ),
)

CHECKPOINT_ROWS = (
    Row(
        CHECKPOINTS,
        "position",
        "store",
        "Everything up to here is in the newest checkpoint: opening reads that, and then the log from here.",
        of_both("checkpoint_position", "position", checkpoint_position),
        drawn=None,
    ),
    Row(
        CHECKPOINTS,
        "events after it",
        "store",
        "What an opening would have to fold besides the checkpoint: some 1 to 2 million a second. It falls to 0"
        " whenever a checkpoint is made; if it only grows, none is.",
        of_both("events_after_checkpoint", "count", events_after_checkpoint),
    ),
    Row(
        CHECKPOINTS,
        "unsaved for",
        "store",
        "The age of the oldest event that is in no checkpoint. About checkpoint_seconds at most while there is enough"
        " to save; if it only grows, checkpoints fail, or are turned off.",
        of_both("unsaved_seconds", "seconds", unsaved_seconds),
    ),
    Row(
        CHECKPOINTS,
        "made",
        "engine",
        "Checkpoints since opening. One is made every checkpoint_seconds, if there is enough to save.",
        of_checkpoints("checkpoints", "count", lambda now: now.count),
        drawn=None,
    ),
    Row(
        CHECKPOINTS,
        "last one took",
        "engine",
        "A checkpoint is written in slices of a millisecond beside everything else: a long one disturbs nobody.",
        of_checkpoints("checkpoint_seconds", "seconds", lambda now: now.seconds),
        drawn=None,
    ),
    Row(
        CHECKPOINTS,
        "size",
        "store",
        "What checkpoints use on the disk. They can be thrown away: that costs a rebuild, never data.",
        of_store("checkpoint_bytes", "bytes", lambda now: now.derived_bytes),
        drawn=None,
    ),
)

ROWS: tuple[Row, ...] = (*COMMIT_ROWS, *LOOP_ROWS, *LOG_ROWS, *CHECKPOINT_ROWS)
