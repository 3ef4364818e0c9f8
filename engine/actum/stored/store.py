"""`actum.open_store`: reads a store without an engine and without the user's classes, also beside a running engine.

Events come as plain data; the stored schemas say what they mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

import actum_storage
from actum_storage import stream_hash

from actum.clock import SystemClock
from actum.codec import Schema, decode_schema, decode_stored
from actum.records import check_identifier, datetime_of
from actum.recovery.verification import VerifyReport, read_head, verify
from actum.stored import subscriptions as stored_subscriptions
from actum.stored import views as stored_views
from actum.stored.automation import PROCESSES, Automation, StoredStep, by_time, outputs_of
from actum.stored.trace_search import TraceSearch
from actum.stored.traces import belongs_to

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import Self

    from actum_storage import CopyReport, Head, Lent, Manifest, Progress, StoreUsage

    from actum.deadlines.deadline import Deadline
    from actum.records import CommandId, StoredRecord
    from actum.stored.automation import StoredProcess
    from actum.stored.subscriptions import StoredSubscription
    from actum.stored.traces import StoredTrace
    from actum.stored.views import StoredRows, StoredView


class Stream(NamedTuple):
    """One aggregate in the log.

    Attributes:
        aggregate: the name of its type.
        key: which one.
        version: of its last event.
        position: of that event.
        timestamp_ns: when that was decided, nanoseconds since 1970 UTC.
    """

    aggregate: str
    key: str
    version: int
    position: int
    timestamp_ns: int

    @property
    def timestamp(self) -> datetime:
        """`timestamp_ns` as an aware UTC datetime, to the microsecond."""
        return datetime_of(self.timestamp_ns)


@final
class Store:
    """A store open for reading; from `open_store`.

    Example:
        with actum.open_store("bank") as store:
            for record in store.records(start=100):
                print(record.position, record.tag, record.event)
    """

    def __init__(self, store: actum_storage.Store) -> None:
        """Use `open_store`."""
        self._store = store
        self._automation = Automation()
        self._automation_position = 0

    @property
    def manifest(self) -> Manifest:
        """What the store says of itself."""
        return self._store.manifest

    @property
    def path(self) -> Path:
        """The directory, absolute."""
        return self._store.path

    @property
    def writer(self) -> str | None:
        """The id of the process that has the store open for writing, None if none has: now."""
        return self._store.writer

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the directory without being a reason to refuse it."""
        return self._store.warnings

    @property
    def head(self) -> Head:
        """The last durable position and the hash of its frame, now: a running engine moves it."""
        return self._store.head

    def records(
        self, start: int = 1, stop: int | None = None, *, holding: Collection[bytes] = ()
    ) -> Iterator[StoredRecord]:
        """The records at positions `start` to `stop`, both included, in order; up to the head as of now without `stop`.

        Args:
            start: the first position.
            stop: the last one.
            holding: a first sieve for searches: records of frames that hold none of these bytes are passed over, which
                costs a tenth of decoding them.

        Raises:
            StoreCorrupt: the log is damaged; the error names the position.
        """
        last = self.head.position if stop is None else stop
        for frame in self._store.frames(start, last):
            if holding and not any(frame.data.find(mark) >= 0 for mark in holding):
                continue
            for record in decode_stored(frame.first, frame.body):
                if start <= record.position <= last:
                    yield record

    def schemas(self) -> list[Schema]:
        """The JSON Schema of every version of every event type that the store has seen, by tag."""
        return sorted(
            (decode_schema(document) for document in self._store.schemas().values()), key=lambda schema: schema.tag
        )

    def record(self, position: int) -> StoredRecord:
        """The record at a position.

        Raises:
            NoSuchPosition: the log does not have it.
        """
        frame = self._store.frame_at(position)
        index = position - frame.first
        return decode_stored(position, frame.part(index, index + 1))[0]

    def streams(self, aggregate: str | None = None) -> list[Stream]:
        """The aggregates that have events, in the order in which they began. Reads the whole log.

        Args:
            aggregate: only those of this type.
        """
        found: dict[tuple[str, str], Stream] = {}
        for record in self.records():
            if aggregate is None or record.aggregate == aggregate:
                found[record.aggregate, record.key] = Stream(
                    record.aggregate, record.key, record.version, record.position, record.timestamp_ns
                )
        return list(found.values())

    def history(self, aggregate: str, key: str) -> list[StoredRecord]:
        """The records of one aggregate, oldest first. Reads the log backwards until it has found the first."""
        aggregate, key = check_identifier("aggregate", aggregate), check_identifier("key", key)
        wanted = stream_hash(aggregate, key)
        records: list[StoredRecord] = []
        for frame in self._store.frames_backwards():
            hashes = bytes(frame.streams)
            if hashes.find(wanted) < 0:
                continue
            found = decode_stored(frame.first, frame.body)
            records += (record for record in reversed(found) if (record.aggregate, record.key) == (aggregate, key))
            if records and records[-1].version == 1:
                break
        return records[::-1]

    def trace_id(self, position: int) -> str:
        """The id of the trace that the record at a position belongs to, to be given to `trace`.

        Raises:
            NoSuchPosition: the log does not have it.
        """
        found: str | int = position
        while isinstance(found, int):
            found = belongs_to(self.record(found))
        return found

    def trace(
        self, identifier: CommandId, *, position: int | None = None, progress: Progress | None = None
    ) -> StoredTrace:
        """What has come of a command, as a tree: events, steps of processes, their commands, deadlines, and on.

        There is no index: the log is looked through backwards until the command is found, then forwards to its head.

        Args:
            identifier: a correlation id, or the id of a command, as given to `send`.
            position: of a record that is known to belong to it: the search begins there.
            progress: told how many positions were looked at, and how many may have to be.

        Raises:
            Invalid: it can't be an id.
        """
        search = TraceSearch(identifier, self.head.position, position=position)
        while (piece := search.wanted()) is not None:
            search.give(piece, self.records(piece.start, piece.stop, holding=piece.marks))
            if progress is not None:
                progress(search.looked_at, search.looked_at + search.remaining)
        return search.trace()

    def processes(self) -> list[StoredProcess]:
        """The instances of all processes, also those that are done; those that began first first.

        Reads the whole log, and at later calls what has come since; as `deadlines` does. An engine knows those that are
        under way without that: see `Engine.processes`.
        """
        return self._read_automation().listed()

    def steps(self, process: str, key: str) -> list[StoredStep]:
        """The steps of an instance of a process, and what came of each; empty if there is no such instance."""
        return [
            StoredStep(record, outputs_of(record, self._store.frame_at(record.position)))
            for record in self.history(PROCESSES, f"{process}/{key}")
        ]

    def deadlines(self) -> list[Deadline]:
        """What is due when, in the order of the times; then what has failed. Reads the log, as `processes` does."""
        return sorted(self._read_automation().deadlines.values(), key=by_time)

    def read_automation(self, events_max: int) -> tuple[int, int]:
        """Read a part of what `processes` and `deadlines` need, so that these don't take long afterwards.

        Args:
            events_max: about so many events, and those of their frame.

        Returns:
            Up to which position it has been read, and where the log ends.
        """
        head = self.head.position
        stop = min(self._automation_position + events_max, head)
        if stop > self._automation_position:
            stop = self._store.frame_at(stop).last
            self._automation.read(self._store.frames(self._automation_position + 1, stop))
            self._automation_position = stop
        return self._automation_position, head

    def _read_automation(self) -> Automation:
        """What happens by itself, as of now."""
        self.read_automation(self.head.position)
        return self._automation

    def views(self) -> list[StoredView]:
        """The views in the newest checkpoint, with the position as of which it holds them; none without one.

        Raises:
            StoreCorrupt: the checkpoint is ahead of the log: acknowledged events are missing.
            StoreMismatch: it can't be read by this version.
        """
        return stored_views.stored_views(self._store)

    def rows(self, view: str) -> StoredRows:
        """The rows of a view in the newest checkpoint, as plain data, to be iterated and closed; they say as of when.

        They come from the disk a chunk at a time: a million take about two seconds, and the memory of what has changed
        since the checkpoint's base was written. An engine has newer ones: see `Engine.rows`.

        Raises:
            Invalid: the checkpoint doesn't have it, or is too old to say which field is its key.
            StoreCorrupt, StoreMismatch: as `views`.
        """
        return stored_views.stored_rows(self._store, view)

    @property
    def aggregates(self) -> tuple[str, ...]:
        """The names of the aggregates that the newest checkpoint knows; a log has to be read for those: `streams`."""
        return stored_views.saved_aggregates(self._store)

    @property
    def checkpoint_position(self) -> int:
        """Where the newest checkpoint was made, now; 0 if there is none of this log."""
        return stored_views.checkpoint_position(self._store)

    def usage(self) -> StoreUsage:
        """What the store takes of its disk now, and who reads it."""
        return self._store.usage()

    def subscriptions(self) -> list[StoredSubscription]:
        """The subscriptions that have ever run on this store, by name, also while they run."""
        return [stored_subscriptions.seen(self._store, report) for report in self._store.subscriptions()]

    def reset_subscription(self, name: str, position: int = 0) -> None:
        """Have a subscription that does not run go on behind a position; dead letters behind that come again.

        This, and the next two, write its bookmark, and nothing else: they need no engine, and may run beside one.

        Raises:
            Invalid: there is no such subscription or position, or it keeps its bookmark itself.
            SubscriptionInUse: it runs: ask `engine.subscription(...)` there.
        """
        stored_subscriptions.reset(self._store, name, position, SystemClock().now_ns())

    def retry_dead_letter(self, name: str, position: int) -> None:
        """Have a dead letter handled again as soon as its subscription begins.

        Raises:
            Invalid, SubscriptionInUse: as `reset_subscription`, or there is none at this position.
        """
        stored_subscriptions.retry(self._store, name, position, SystemClock().now_ns())

    def drop_dead_letter(self, name: str, position: int) -> None:
        """Forget a dead letter of a subscription that does not run.

        Raises:
            Invalid, SubscriptionInUse: as `reset_subscription`, or there is none at this position.
        """
        stored_subscriptions.drop(self._store, name, position)

    def verify(self, *, head: str | None = None, progress: Progress | None = None) -> VerifyReport:
        """Look at everything: pages, hashes, the chain, dense positions and versions, back-links, types, checkpoints.

        Damage is a finding in the report and raises nothing.

        Args:
            head: a head that was noted earlier (`show_head`): the log up to there must be that one.
            progress: told where it stands.

        Raises:
            Invalid: `head` is not `position:hash`.
        """
        return verify(self._store, None if head is None else read_head(head), progress)

    def backup(self, destination: str | os.PathLike[str], *, progress: Progress | None = None) -> CopyReport:
        """Copy the log as it is now into a new store, verified when this returns; see `Engine.backup`."""
        return self._store.copy(destination, progress=progress)

    def lend(self) -> Lent:
        """The open files, for an engine in this process, which can open them only once.

        `Engine.open(store.lend(), ..., read_only=True)` leaves them open when it is closed; close it before this store.
        """
        return self._store.lend()

    def close(self) -> None:
        """Close; again: nothing."""
        self._store.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Where it is."""
        return f"<Store {self._store!r}>"


def open_store(path: str | os.PathLike[str], *, any_file_system: bool = False) -> Store:
    """Open a store for reading; nothing is written, and a running engine is not disturbed.

    Args:
        path: the store's directory.
        any_file_system: read it also on a network file system: a backup that nobody writes to.

    Raises:
        StoreMismatch: there is no store, or it is of another format.
        StoreCorrupt: it is damaged.
        UnsafeFileSystem: it lies on a network file system.
        StoreInUse: this very process has it open already.
    """
    return Store(actum_storage.open_store(path, any_file_system=any_file_system))
