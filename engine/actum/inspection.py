"""Looking into the past: for tools and tests. An application reads views.

Everything here reads durable events from the log, in slices, and never touches a live actor.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from actum.atomic.ids import family_of
from actum.automation.process_step import instance_of
from actum.codec import ENCODER, ENCODING_ERRORS
from actum.errors import Invalid, shown
from actum.processes.process import Process
from actum.processes.stream import ProcessStepped, ProcessStream
from actum.records import EPOCH, check_identifier
from actum.upcasting import events_of

if TYPE_CHECKING:
    from actum.aggregate import Aggregate
    from actum.core import Core
    from actum.processes.kind import ProcessKind
    from actum.records import Receipt, Record
    from actum.streams import Streams

#: Records read before the loop gets its turn.
SLICE_RECORDS = 500


class SnapshotDifferences(NamedTuple):
    """The saved states of one aggregate class, compared with ones made again from the log.

    Attributes:
        snapshots: how many there are.
        different: the keys of those that are not what their events make.
    """

    snapshots: int
    different: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether all are the same."""
        return not self.different


def stream_of(core: Core, owner: type[Aggregate | Process], key: str) -> tuple[Streams, str]:
    """The streams that an aggregate's, or an instance's of a process, is one of, and its key there.

    Raises:
        Invalid: the class was not given to `Engine.open`, or the key is none.
    """
    if isinstance(owner, type) and issubclass(owner, Process):
        instance = instance_of(process_kind(core, owner).name, key)
        return streams_of(core, ProcessStream), instance
    return streams_of(core, owner), check_identifier("key", key)


def process_kind(core: Core, process: type[Process]) -> ProcessKind:
    """A process class, read.

    Raises:
        Invalid: the class was not given to `Engine.open`.
    """
    for kind in core.catalogue.processes:
        if kind.process is process:
            return kind
    raise Invalid(f"{shown(process)} is not a process of this engine: pass one of the classes given to Engine.open")


def streams_of(core: Core, aggregate: type[Aggregate]) -> Streams:
    """The streams of an aggregate class.

    Raises:
        Invalid: the class was not given to `Engine.open`.
    """
    for streams in core.directory.streams.values():
        if streams.kind.aggregate is aggregate:
            return streams
    raise Invalid(
        f"{shown(aggregate)} is not an aggregate of this engine: pass one of the classes given to Engine.open"
    )


async def history(core: Core, owner: type[Aggregate | Process], key: str) -> list[Record]:
    """All durable records of a stream, oldest first; what an upcaster made several events of comes as several."""
    streams, key = stream_of(core, owner, key)
    positions: list[int] = []
    for position, _, _ in streams.walk(durable_head(core, streams, key)):
        positions.append(position)
        if len(positions) % SLICE_RECORDS == 0:
            await asyncio.sleep(0)
    positions.reverse()
    records: list[Record] = []
    for count, record in enumerate(streams.records(positions), 1):
        events = events_of(record.event)
        records += [record] if events == (record.event,) else [replace(record, event=event) for event in events]
        if count % SLICE_RECORDS == 0:
            await asyncio.sleep(0)
    return records


async def state(core: Core, owner: type[Aggregate | Process], key: str, version: int | None) -> Aggregate | Process:
    """The state of an aggregate, or of an instance of a process, as of a version, or of its last durable event; a copy.

    Raises:
        Invalid: the version does not exist.
    """
    streams, key = stream_of(core, owner, key)
    if version is not None and (type(version) is not int or version < 0):
        raise Invalid(f"version={shown(version)} is not a version: give 0, 1, 2 ...")
    if issubclass(owner, Process):
        return process_state(core, process_kind(core, owner), key, version)
    replay = streams.replay(key, durable_head(core, streams, key), version)
    while not replay.step():
        await asyncio.sleep(0)
    if version is not None and version != replay.version:
        raise Invalid(f"{streams.name}/{key} has no version {version}: it is at {replay.version}")
    return replay.state


def process_state(core: Core, kind: ProcessKind, instance: str, version: int | None) -> Process:
    """The state that the last step up to a version has left; that before the first one, if there is none.

    Raises:
        Invalid: the version does not exist, or today's class can't hold that state.
    """
    streams = streams_of(core, ProcessStream)
    last = 0
    for position, link, _ in streams.walk(durable_head(core, streams, instance)):
        last = last or link.version
        if version is not None and last < version:
            break
        if version is not None and link.version > version:
            continue
        (record,) = streams.records([position])
        if isinstance(record.event, ProcessStepped):
            try:
                state: Process = kind.decode(ENCODER.encode(record.event.state))
            except ENCODING_ERRORS as error:
                raise Invalid(f"the state of {instance} at version {link.version} can't be read: {error}") from error
            return state
    if version is not None and last < version:
        raise Invalid(f"{instance} has no version {version}: it is at {last}")
    return kind.process()


async def version_at(core: Core, owner: type[Aggregate | Process], key: str, at: datetime) -> int:
    """The version that an aggregate, or an instance of a process, had at a moment; 0 for none yet.

    Raises:
        Invalid: the moment has no time zone.
    """
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise Invalid(f"at={at if isinstance(at, datetime) else shown(at)} has no time zone: give an aware datetime")
    moment_ns = (at - EPOCH) // timedelta(microseconds=1) * 1_000 + 999  # timestamps are shown to the microsecond
    streams, key = stream_of(core, owner, key)
    for count, (_, link, _) in enumerate(streams.walk(durable_head(core, streams, key)), 1):
        if link.timestamp_ns <= moment_ns:
            return link.version
        if count % SLICE_RECORDS == 0:
            await asyncio.sleep(0)
    return 0


async def verify_snapshots(core: Core, aggregate: type[Aggregate]) -> SnapshotDifferences:
    """Every saved state of a class, compared with the one that its events make."""
    streams = streams_of(core, aggregate)
    snapshots = dict(streams.snapshots)
    different: list[str] = []
    for key, snapshot in snapshots.items():
        if snapshot.position > core.scheduler.durable:
            continue  # its last event is being committed
        replay = streams.replay(key, snapshot.position, snapshot.version)
        while not replay.step():
            await asyncio.sleep(0)
        if replay.version != snapshot.version or ENCODER.encode(replay.state) != snapshot.state:
            different.append(key)
        await asyncio.sleep(0)
    return SnapshotDifferences(len(snapshots), tuple(different))


async def outcome(core: Core, command_id: bytes) -> Receipt | None:
    """The receipt of the command with this id, found by reading the log backwards; None if it wrote nothing yet.

    For the id of a `send_atomic`: that of its last command that wrote.
    """
    await core.scheduler.outcome_of_batches()
    family = family_of(command_id)
    for frame in core.log.frames_backwards():
        if frame.data.find(command_id) >= 0 or frame.data.find(family) >= 0:
            for position in range(frame.last, frame.first - 1, -1):
                record = core.codec.record(position, frame.record(position - frame.first))
                if record.command_id_bytes == command_id or record.command_id_bytes.startswith(family):
                    return core.directory.streams[record.aggregate].receipt_at(position)
        await asyncio.sleep(0)
    return None


def durable_head(core: Core, streams: Streams, key: str) -> int:
    """The position of a stream's last durable event: a live actor may be ahead of the log."""
    actor = streams.actors.get(key)
    return streams.head(key) if actor is None else core.scheduler.committer.durable_position(actor)
