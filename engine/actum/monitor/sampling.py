"""Commands that are timed: some of them, picked by chance, only while somebody looks.

What is measured is the time from the delivery into a mailbox until the answer is there for the caller: middleware is
not in it, nor what the caller waits for the loop afterwards. A command of `send_many` is answered when its part is, and
one of `send_atomic` when all are, since their callers wait so long. What is never answered is not counted: a command
whose caller has gone, and one that is refused at the door because a queue is full.

Whether a command is timed is drawn for each, with a chance that follows from how many came in the twentieth of a second
before, and falls within it, so that a burst after silence costs little as well. One that is timed with a chance of 1 in
100 stands for 100, so shares and quantiles are those of all commands. Rejected: to time the first command after some
moment; of commands that come together, always in the same order, only the first ones would ever be seen.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, final

from actum.monitor.spread import Window
from actum.records import Receipt
from actum.replies import Part

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from actum.actor import Actor
    from actum.batch import Reply
    from actum.clock import Chance, Clock
    from actum.scheduler import Scheduler

#: Commands to be timed between two ticks; each one more makes the next a fifth less likely.
SAMPLES_PER_TICK = 5
#: No command is less likely to be timed than 1 in so many, however many come before the next tick.
ONE_IN_MAX = 100_000
#: Which actors got commands lately: as many as are timed in some seconds.
RECENT_MAX = 500


class Sample(NamedTuple):
    """A command that was timed.

    Attributes:
        seconds: until the answer.
        stands_for: so many commands, itself among them.
        aggregate: the name of its class.
        key: which one.
        waiting: commands in the mailbox with it.
        refused: whether that was an error.
        version: of the aggregate then, as far as the answer says it.
    """

    seconds: float
    stands_for: int
    aggregate: str
    key: str
    waiting: int
    refused: bool
    version: int


class Taken(NamedTuple):
    """A command that is being timed.

    Attributes:
        reply: who waits for the answer.
        stands_for: so many commands, itself among them.
        name: of its class, and its key.
        waiting: commands in the mailbox with it.
        alone: whether it is no part of a `send_atomic`.
        started_ns: when it was delivered.
    """

    reply: Reply
    stands_for: int
    name: tuple[str, str]
    waiting: int
    alone: bool
    started_ns: int


@final
class Sampler:
    """Times commands.

    Attributes:
        samples: those that were answered.
        recent: aggregate and key of actors that were sent the last ones, answered or not.
    """

    def __init__(self, scheduler: Scheduler, clock: Clock, chance: Chance) -> None:
        """Nothing is timed yet.

        Args:
            scheduler: shows the commands; see `Scheduler.look`.
            clock: times them.
            chance: picks them.
        """
        self.samples: Window[Sample] = Window(clock.monotonic_ns)
        self.recent: deque[tuple[str, str]] = deque(maxlen=RECENT_MAX)
        self._scheduler = scheduler
        self._clock = clock
        self._chance = chance
        self._one_in = 1
        self._timed = 0  # since the last tick
        self._ticked = scheduler.delivered

    def tick(self) -> None:
        """Draw anew, by what has come since the last time."""
        delivered = self._scheduler.delivered
        self._one_in = max(1, (delivered - self._ticked) // SAMPLES_PER_TICK)
        self._ticked, self._timed = delivered, 0
        self._scheduler.look(self.look, self._chance.misses(self._one_in))

    def look(self, actors: Sequence[Actor], reply: Reply) -> int:
        """Time a command, or one of those of a `send_atomic`; how many may pass before the next."""
        alone = len(actors) == 1
        actor = actors[0] if alone else actors[self._chance.below(len(actors))]
        name = actor.streams.name, actor.key
        taken = Taken(reply, self._one_in, name, len(actor.mailbox or ()) + 1, alone, self._clock.monotonic_ns())
        reply.add_done_callback(partial(self._answered, taken))
        self.recent.append(name)
        self._timed += 1
        if self._timed > SAMPLES_PER_TICK:
            self._one_in = min(ONE_IN_MAX, self._one_in + self._one_in // 4 + 1)
        return self._chance.misses(self._one_in)

    def _answered(self, taken: Taken, answered: asyncio.Future[Any]) -> None:
        """Keep the time of a command whose caller is still there."""
        if answered.cancelled():
            return
        reply, stands_for, (aggregate, key), waiting, alone, started_ns = taken
        outcome = reply.outcome if isinstance(reply, Part) else answered.exception() or answered.result()
        seconds = (self._clock.monotonic_ns() - started_ns) / 1e9
        refused = not isinstance(outcome, Receipt)
        version = outcome.version if isinstance(outcome, Receipt) and alone else 0
        self.samples.add(Sample(seconds, stands_for, aggregate, key, waiting, refused, version))
