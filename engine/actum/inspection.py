"""Looking into the past: for tools and tests. An application reads views.

Everything here reads durable events from the log, in slices, and never touches a live actor.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from actum.atomic_ids import family_of
from actum.codec import ENCODER
from actum.errors import Invalid, shown
from actum.records import EPOCH, check_identifier
from actum.upcasting import events_of

if TYPE_CHECKING:
    from actum.aggregate import Aggregate
    from actum.core import Core
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


async def history(core: Core, aggregate: type[Aggregate], key: str) -> list[Record]:
    """All durable records of a stream, oldest first; what an upcaster made several events of comes as several."""
    streams, key = streams_of(core, aggregate), check_identifier("key", key)
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


async def state(core: Core, aggregate: type[Aggregate], key: str, version: int | None) -> Aggregate:
    """The state of an aggregate as of a version, or as of its last durable event; a copy.

    Raises:
        Invalid: the version does not exist.
    """
    streams, key = streams_of(core, aggregate), check_identifier("key", key)
    if version is not None and (type(version) is not int or version < 0):
        raise Invalid(f"version={shown(version)} is not a version: give 0, 1, 2 ...")
    replay = streams.replay(key, durable_head(core, streams, key), version)
    while not replay.step():
        await asyncio.sleep(0)
    if version is not None and version != replay.version:
        raise Invalid(f"{streams.name}/{key} has no version {version}: it is at {replay.version}")
    return replay.state


async def version_at(core: Core, aggregate: type[Aggregate], key: str, at: datetime) -> int:
    """The version that an aggregate had at a moment; 0 for none yet.

    Raises:
        Invalid: the moment has no time zone.
    """
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise Invalid(f"at={at if isinstance(at, datetime) else shown(at)} has no time zone: give an aware datetime")
    moment_ns = (at - EPOCH) // timedelta(microseconds=1) * 1_000 + 999  # timestamps are shown to the microsecond
    streams, key = streams_of(core, aggregate), check_identifier("key", key)
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
