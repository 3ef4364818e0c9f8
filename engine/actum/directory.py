"""The directory of live actors: finds one, wakes one, and puts the least recently used to sleep.

Waking here only makes the actor; it reads its state at its first turn. Sleeping takes only actors that nothing
depends on: no mailbox, no decision under way, and every event durable.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain
from typing import TYPE_CHECKING, Any, final

from actum_storage import stream_hash

from actum.actor import Actor
from actum.records import check_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from actum.options import Options
    from actum.streams import Streams

#: Actors looked at in one sweep at most, so that a sweep stays a matter of milliseconds.
SWEEP_ACTORS_MAX = 2_048


@final
class Directory:
    """All streams of all aggregate classes, and which actors are awake.

    Attributes:
        streams: by the aggregate's name in the log.
        changed: live actors that wrote since the last checkpoint.
        recent: the live actors, least recently used first.
        tick: seconds since opening, as counted by `sweep`.
        activations: actors woken.
        passivations: actors put to sleep.
    """

    __slots__ = (
        "_actors_max",
        "_idle_ticks_max",
        "activations",
        "changed",
        "passivations",
        "recent",
        "streams",
        "tick",
    )

    def __init__(self, options: Options) -> None:
        """No streams yet."""
        self.streams: dict[str, Streams] = {}
        self.changed: dict[Actor, int] = {}
        self.activations = 0
        self.passivations = 0
        self.recent: OrderedDict[Actor, None] = OrderedDict()
        self._actors_max = options.actors_max
        self._idle_ticks_max = max(1, round(options.passivate_seconds))
        self.tick = 0

    def wake(self, streams: Streams, key: str) -> Actor:
        """Make the actor of a key; it is not awake yet.

        Raises:
            Invalid: the key is not a string of 1 to 200 bytes.
        """
        key = check_identifier(f"{streams.name}'s key {streams.kind.key}", key)
        actor = Actor(streams, key, stream_hash(streams.name, key), streams.heads.get(key, 0))
        streams.actors[key] = actor
        self.recent[actor] = None
        self.activations += 1
        return actor

    def sweep(self, durable: int, *, ticks: int = 0) -> None:
        """Put actors to sleep: the least recently used while there are too many, then those idle for too long.

        Args:
            durable: the last durable position.
            ticks: seconds that have passed since the last call that gave any.
        """
        self.tick += ticks
        excess = len(self.recent) - self._actors_max
        for looked, actor in enumerate(list(self._oldest(SWEEP_ACTORS_MAX))):
            idle_ticks = self.tick - actor.touched
            if looked >= excess and idle_ticks <= self._idle_ticks_max:
                return
            if actor.idle and not actor.quarantined and actor.position <= durable:
                self._sleep(actor)
            else:
                self.recent.move_to_end(actor)

    def take_changed(
        self, taken_from: list[dict[Any, Any] | set[Any]], *, everything: bool
    ) -> list[tuple[Streams, Iterator[str]]]:
        """The keys of the streams that grew since the last time, or of all streams; the next time begins anew.

        Only what is swapped is taken now; the keys come as they are asked for, so that nothing is copied in one go but
        the keys of all streams, when everything is wanted.

        Args:
            taken_from: gets what holds them, to be emptied when they have been read.
            everything: whether all streams are meant.
        """
        changed, self.changed = self.changed, {}
        taken_from.append(changed)
        taken: list[tuple[Streams, Iterator[str]]] = []
        for streams in self.streams.values():
            keys, streams.keys_changed = streams.keys_changed, set()
            taken_from.append(keys)
            if everything:
                taken.append((streams, iter([*streams.heads, *streams.actors])))
            else:
                taken.append((streams, chain(keys, keys_of(streams, changed))))
        return taken

    def _oldest(self, count: int) -> Iterator[Actor]:
        """The first few actors by last use."""
        for _, actor in zip(range(count), self.recent, strict=False):
            yield actor

    def _sleep(self, actor: Actor) -> None:
        """Forget an actor but for where its stream ends, and its state where replaying it would be long."""
        streams = actor.streams
        if actor.events_since_snapshot >= streams.scheduler.options.snapshot_events_min:
            actor.snapshot()
        if actor.position:
            streams.heads[actor.key] = actor.position
        if self.changed.pop(actor, None) is not None:
            streams.keys_changed.add(actor.key)
        actor.forget()
        actor.fault = None  # its traceback leads back to the actor
        del streams.actors[actor.key]
        del self.recent[actor]
        self.passivations += 1

    def clear(self) -> None:
        """Forget all actors, when no command can come any more.

        The collector can't see that an actor and its streams are in a circle, so it is broken here.
        """
        for actor in self.recent:
            actor.forget()
            actor.fault = None
        for streams in self.streams.values():
            streams.actors.clear()
            streams.quarantined.clear()
        self.recent.clear()
        self.changed.clear()

    @property
    def crowded(self) -> bool:
        """Whether more actors are awake than should be."""
        return len(self.recent) > self._actors_max

    @property
    def awake(self) -> int:
        """How many actors are live."""
        return len(self.recent)

    def actors(self) -> Iterator[Actor]:
        """All live actors, least recently used first."""
        return iter(self.recent)

    def __repr__(self) -> str:
        """How many actors and streams."""
        return f"<Directory {self.awake} awake of {sum(len(streams.heads) for streams in self.streams.values())}+>"


def keys_of(streams: Streams, actors: Iterable[Actor]) -> Iterator[str]:
    """The keys of those actors that are of one class."""
    return (actor.key for actor in actors if actor.streams is streams)
