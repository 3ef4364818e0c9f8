"""Actors that stand out: the hottest and the slowest by samples, the deepest mailboxes by looking, the quarantined.

A look costs the same however many actors are awake. Mailboxes are looked at where they are likely to be full: of
actors that have a turn to come, of those that were sent something lately, of those that were deep at the last look, of
some that worked last and of some that did not work for longest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nlargest
from itertools import chain, islice
from typing import TYPE_CHECKING, final

from actum.errors import reason_of
from actum.monitor.frames import Actors, ActorSeen

if TYPE_CHECKING:
    from actum.actor import Actor
    from actum.core import Core
    from actum.monitor.sampling import Sample

#: Actors of each kind that are shown.
ACTORS_MAX = 40
#: Mailboxes that are looked at: of the queue for turns, and of those that worked last or not for longest.
READY_MAX = 1_000
AWAKE_MAX = 250

#: An actor by the name of its class and its key.
Name = tuple[str, str]


class Heat:
    """What the samples of one actor say.

    Attributes:
        samples: how many.
        commands: for which they stand.
        seconds_max: the longest time until an answer.
        version: the last that an answer had.
    """

    __slots__ = ("commands", "samples", "seconds_max", "version")

    def __init__(self) -> None:
        """Nothing yet."""
        self.samples = 0
        self.commands = 0
        self.seconds_max = 0.0
        self.version = 0

    def add(self, sample: Sample) -> None:
        """One more sample."""
        self.samples += 1
        self.commands += sample.stands_for
        self.seconds_max = max(self.seconds_max, sample.seconds)
        self.version = sample.version or self.version

    @property
    def known(self) -> bool:
        """Whether more is known than that one command of very many was found there by chance."""
        return self.samples > 1 or self.commands == 1


@final
class Standouts:
    """Finds actors that stand out, again and again."""

    __slots__ = ("_core", "_deepest")

    def __init__(self, core: Core) -> None:
        """Nothing was looked at yet."""
        self._core = core
        self._deepest: list[Name] = []

    def find(self, samples: Iterable[Sample], recent: Iterable[Name]) -> Actors:
        """Those that stand out now.

        Args:
            samples: commands that were timed.
            recent: actors that were sent something lately.
        """
        heats: dict[Name, Heat] = {}
        for sample in samples:
            heats.setdefault((sample.aggregate, sample.key), Heat()).add(sample)
        commands = sum(heat.commands for heat in heats.values())
        known = (name for name, heat in heats.items() if heat.known)
        hottest = nlargest(ACTORS_MAX, known, key=lambda name: heats[name].commands)
        slowest = nlargest(ACTORS_MAX, heats, key=lambda name: heats[name].seconds_max)
        looked_at = dict.fromkeys(self._likely(recent))
        deep = nlargest(ACTORS_MAX, (actor for actor in looked_at if actor.mailbox), key=depth)
        self._deepest = [(actor.streams.name, actor.key) for actor in deep]

        def seen(names: Iterable[Name]) -> tuple[ActorSeen, ...]:
            return tuple([self._seen(name, heats.get(name) or Heat(), commands) for name in names])

        return Actors(
            hottest=seen(hottest),
            deepest=seen(self._deepest),
            slowest=seen(slowest),
            quarantined=seen(islice(self._quarantined(), ACTORS_MAX)),
            looked_at=len(looked_at),
        )

    def _likely(self, recent: Iterable[Name]) -> Iterator[Actor]:
        """Actors that may have full mailboxes, some of them more than once."""
        directory = self._core.directory
        yield from islice(self._core.scheduler.ready, READY_MAX)
        for name in chain(self._deepest, recent):
            actor = self._awake(name)
            if actor is not None:
                yield actor
        yield from islice(reversed(directory.recent), AWAKE_MAX)
        yield from islice(directory.recent, AWAKE_MAX)

    def _quarantined(self) -> Iterator[Name]:
        """Those whose commands are refused."""
        for streams in self._core.directory.streams.values():
            for key in streams.quarantined:
                yield streams.name, key

    def _awake(self, name: Name) -> Actor | None:
        """The live actor of a name, if there is one."""
        aggregate, key = name
        return self._core.directory.streams[aggregate].actors.get(key)

    def _seen(self, name: Name, heat: Heat, commands: int) -> ActorSeen:
        """One actor, as it is now."""
        aggregate, key = name
        actor = self._awake(name)
        return ActorSeen(
            aggregate=aggregate,
            key=key,
            version=heat.version if actor is None else actor.version,
            mailbox=0 if actor is None else depth(actor),
            share=heat.commands / commands if commands else 0.0,
            slowest_seconds=heat.seconds_max,
            state=state_of(actor),
            fault=fault_of(actor),
        )


def depth(actor: Actor) -> int:
    """Commands in an actor's mailbox."""
    return len(actor.mailbox or ())


def state_of(actor: Actor | None) -> str:
    """What an actor is doing."""
    if actor is None:
        return "asleep"
    return "quarantined" if actor.quarantined else "awake" if actor.deciding is None else "deciding"


def fault_of(actor: Actor | None) -> str | None:
    """Why an actor is in quarantine."""
    if actor is None or not actor.quarantined or actor.fault is None:
        return None
    return reason_of(actor.fault)
