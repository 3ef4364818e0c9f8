"""The streams of one aggregate class: where each ends, which have snapshots, which are awake, and how one is read.

A record carries the position of its stream's record before it, so a stream is read without an index: walk the links
back to the snapshot, then decode forward. Heads and snapshots are kept in memory and saved by checkpoints; both
follow from the log.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, final

import msgspec

from actum.atomic.hold import HOLDING, Hold
from actum.codec import ENCODER, ENCODING_ERRORS, decode_link, decoder_of
from actum.logbook import facts
from actum.records import Receipt, Record
from actum.schemas.gate import check_evolved
from actum.upcasting import events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from actum_storage import Log

    from actum.actor import Actor
    from actum.aggregate import Aggregate
    from actum.atomic.tags import TagIndex
    from actum.codec import Codec, Link
    from actum.kinds.aggregate import AggregateKind
    from actum.messages import Event
    from actum.scheduler import Scheduler

    Evolve = Callable[[Any, Any], None]
    #: A handler of a command, and what its events need: their `@evolve`, the check, the aggregate's name, how many
    #: events are replayed at most.
    Simple = tuple[Callable[[Any, Any], object], Mapping[type, Evolve], Callable[[Any], tuple[bytes, Event]], str, int]


log = logging.getLogger("actum.streams")


class Snapshot(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A state and where in its stream it stood."""

    version: int
    position: int
    state: bytes


@final
class Streams:
    """One aggregate class at work.

    Attributes:
        kind: the class, read.
        name: its name in the log.
        actors: the aggregates that are awake, by key.
        heads: the position of the last durable event of every stream that is not awake, by key; those awake know
            better.
        snapshots: saved states, by key.
        keys_changed: streams that grew since the last checkpoint, but for those whose actors the directory still knows.
        snapshots_changed: snapshots since the last checkpoint.
        tags: where tagged events are, of all classes; None if there are none.
        quarantined: keys of those whose commands are refused; they are never put to sleep.
    """

    __slots__ = (
        "_codec",
        "_decode_state",
        "_log",
        "accepting",
        "actors",
        "check",
        "check_known",
        "check_size",
        "deciding",
        "decisions",
        "decode",
        "evolves",
        "heads",
        "keys_changed",
        "kind",
        "mutable",
        "name",
        "quarantined",
        "scheduler",
        "simple",
        "snapshots",
        "snapshots_changed",
        "tags",
    )  # fmt: skip

    def __init__(
        self, kind: AggregateKind, codec: Codec, log: Log, scheduler: Scheduler, tags: TagIndex | None = None
    ) -> None:
        """No streams yet."""
        self.tags = tags
        self.kind = kind
        self.name = kind.name
        #: Handler, its services, and whether it is a coroutine, as tuples: they are taken apart for every command.
        self.decisions: dict[type, tuple[Callable[..., Any], Sequence[object], bool]] = {
            command: (decision.function, decision.services, decision.is_async)
            for command, decision in kind.decisions.items()
        }
        self.decisions[Hold] = HOLDING
        self.evolves = kind.evolves
        self.scheduler = scheduler
        self.check = codec.check
        self.check_known = codec.checker(kind.name, kind.evolves)
        self.check_size = codec.check_size
        self.decode = codec.decode
        #: Events that can hold a list, a dict or a set: views, the caller and the state each get one of their own.
        self.mutable = frozenset(event for event in kind.evolves if event.__struct_config__.gc)
        #: What deciding and what accepting a command needs, a tuple each: taken apart it is cheaper than attributes.
        self.deciding = (scheduler, self.decisions, self.evolves, self.check)
        self.accepting = (
            self.name, self.evolves, self.mutable, self.decode, scheduler.options.snapshot_events_max,
        )  # fmt: skip
        #: The same for commands that are decided at once and without services, with the events that hold no container.
        simple_evolves: dict[type, Evolve] = {
            event: function for event, function in kind.evolves.items() if event not in self.mutable
        }
        self.simple: dict[type, Simple] = {
            command: (function, simple_evolves, self.check, self.name, scheduler.options.snapshot_events_max)
            for command, (function, services, is_async) in self.decisions.items()
            if not services and not is_async
        }
        self.actors: dict[str, Actor] = {}
        self.heads: dict[str, int] = {}
        self.keys_changed: set[str] = set()
        self.snapshots: dict[str, Snapshot] = {}
        self.snapshots_changed: dict[str, Snapshot] = {}
        self.quarantined: set[str] = set()
        self._codec = codec
        self._log = log
        self._decode_state = decoder_of(kind.aggregate)

    def copied(self, events: Iterable[tuple[bytes, Event]]) -> tuple[Event, ...]:
        """Events for a receipt: the caller may do with them what it likes."""
        return tuple([self.decode(payload) if type(event) in self.mutable else event for payload, event in events])

    def evolve(self, state: Any, events: Iterable[tuple[bytes, Event]]) -> None:
        """Change a state by checked events."""
        for payload, event in events:
            kind = type(event)
            self.evolves[kind](state, self.decode(payload) if kind in self.mutable else event)

    def head(self, key: str) -> int:
        """The position of a stream's last event, tentative if the actor is awake; 0 for no stream."""
        actor = self.actors.get(key)
        return self.heads.get(key, 0) if actor is None else actor.position

    def save_snapshot(self, key: str, version: int, position: int, state: Aggregate) -> None:
        """Keep a state for the next waking and the next checkpoint; one that can't be encoded is replayed instead."""
        try:
            encoded = ENCODER.encode(state)
        except ENCODING_ERRORS as error:
            said = facts("snapshot left out", error, aggregate=self.name, key=key)
            log.warning("no snapshot of %s/%s, its state can't be encoded: %s", self.name, key, error, extra=said)
            return
        self.snapshots[key] = self.snapshots_changed[key] = Snapshot(version, position, encoded)

    def forget_snapshot(self, key: str, position: int) -> None:
        """Drop a snapshot that is ahead of a position: its events were lost with their batch."""
        snapshot = self.snapshots.get(key)
        if snapshot is not None and snapshot.position > position:
            del self.snapshots[key]
            self.snapshots_changed.pop(key, None)

    def replay(self, key: str, position: int, version: int | None = None) -> Replay:
        """A replay of a stream up to a durable position, from its snapshot where that helps."""
        snapshot = self.snapshots.get(key)
        if snapshot is not None and snapshot.position <= position and version is None:
            try:
                state = self._decode_state(snapshot.state)
            except ENCODING_ERRORS as error:
                said = facts("snapshot dropped", error, aggregate=self.name, key=key)
                log.warning(
                    "the snapshot of %s/%s can't be decoded and is dropped: %s", self.name, key, error, extra=said
                )
                del self.snapshots[key]
            else:
                return Replay(self, state, snapshot.version, position, None, after=snapshot.position)
        return Replay(self, self.kind.aggregate(), 0, position, version)

    def walk(self, position: int) -> Iterator[tuple[int, Link, memoryview]]:
        """A stream from a durable position back to its first: positions, links and encoded records, newest first.

        The encoded record is a part of a cached frame: copy it to keep it.
        """
        while position > 0:
            frame = self._log.frame_at(position)
            while position >= frame.first:
                data = frame.record(position - frame.first)
                link = decode_link(data)
                yield position, link, data
                position = link.previous

    def records(self, positions: Iterable[int], known: Mapping[int, bytes] | None = None) -> Iterator[Record]:
        """The records at these positions, given in ascending order; those `known` are not read again."""
        frame = None
        for position in positions:
            data: bytes | memoryview | None = None if known is None else known.get(position)
            if data is None:
                if frame is None or position > frame.last:
                    frame = self._log.frame_at(position)
                data = frame.record(position - frame.first)
            yield self._codec.record(position, data)

    def read_window(self, position: int) -> dict[bytes, int]:
        """The last commands that wrote to the stream: the position of each one's last event by its id, oldest first."""
        limit = self.scheduler.options.dedup_commands_max
        window: dict[bytes, int] = {}
        for at, link, _ in self.walk(position):
            if link.command_id_bytes not in window:
                if len(window) == limit:
                    break
                window[link.command_id_bytes] = at
        return dict(reversed(window.items()))

    def receipt_at(self, position: int) -> Receipt:
        """The receipt of the command whose last event is at a durable position, made again from the log."""
        stream = self.walk(position)
        _, last, _ = next(stream)
        positions = [position]
        for at, link, _ in stream:
            if link.command_id_bytes != last.command_id_bytes:
                break
            positions.append(at)
        events = tuple(event for record in self.records(reversed(positions)) for event in events_of(record.event))
        return Receipt(last.command_id_bytes, last.key, last.version, position, events)

    def __repr__(self) -> str:
        """Name, streams and actors."""
        return (
            f"<Streams {self.name} {len(self.heads)} asleep {len(self.actors)} awake {len(self.snapshots)} snapshots>"
        )


@final
class Replay:
    """A state being rebuilt from its stream, a slice at a time.

    Attributes:
        state: so far.
        version: so far.
        snapshot_version: the version it started from.
    """

    __slots__ = ("_after", "_position", "_steps", "_streams", "_version_max", "snapshot_version", "state", "version")

    def __init__(
        self,
        streams: Streams,
        state: Aggregate,
        version: int,
        position: int,
        version_max: int | None,
        *,
        after: int = 0,
    ) -> None:
        """From `state` at `version`, whose last event is at `after`, to `position` or `version_max`."""
        self.state = state
        self.version = self.snapshot_version = version
        self._streams = streams
        self._position = position
        self._after = after
        self._version_max = version_max
        self._steps = self._replay(streams.scheduler.options.replay_slice_events)

    def step(self) -> bool:
        """Work through one slice; True when done."""
        return next(self._steps, True) is True

    def _replay(self, slice_events: int) -> Iterator[bool]:
        """Positions first, back to the snapshot, then decode forward; False after each slice."""
        positions: list[int] = []
        newest: dict[int, bytes] = {}  # the last slice walked over is usually all there is: it is not read again
        for position, _, data in self._streams.walk(self._position):
            if position <= self._after:
                break
            positions.append(position)
            if len(newest) < slice_events:
                newest[position] = bytes(data)
            if len(positions) % slice_events == 0:
                yield False
        evolves, state = self._streams.evolves, self.state
        positions.reverse()
        for done, record in enumerate(self._streams.records(positions, newest), 1):
            if self._version_max is not None and record.version > self._version_max:
                return
            assert record.version == self.version + 1, (
                f"{record.aggregate}/{record.key} jumps from {self.version} to {record.version}"
            )
            for event in events_of(record.event):
                if type(event) not in evolves:
                    check_evolved(record.aggregate, evolves, event, record.position)
                evolves[type(event)](state, event)
            self.version = record.version
            if done % slice_events == 0:
                yield False
