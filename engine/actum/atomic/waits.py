"""Who waits for whom: decisions that send commands, and held actors that wait for others; no circle is ever closed.

A decision that sends is taken to wait for the answer, and so for the actor that gives it. An actor that is held for a
`send_atomic` waits for those that are not held yet, and then for the one of them that decides. A wait that would close
a circle is found before it begins. If a `send_atomic` that has decided nothing yet is a part of it, that one steps
back: it lets its actors go and takes its place behind what waits for them. Otherwise the decision that sends is
refused. The scheduler asks; nothing here changes an actor but for what it awaits.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from actum.atomic.hold import Hold
from actum.errors import Reentrant

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Iterable, Mapping

    from actum.actor import Actor
    from actum.batch import Delivery, Reply

#: The asynchronous decision that runs here, if any: the actor, and what it decides.
DECIDING: ContextVar[tuple[Actor, Delivery] | None] = ContextVar("actum_deciding", default=None)


def note_wait(actor: Actor, command: object, reply: Reply | Future[Any]) -> None:
    """A decision sends a command and, as far as one can know, waits for the answer; a circle would wait forever.

    Raises:
        Reentrant: the actor waits for the one that decides, or is the same.
    """
    sender = DECIDING.get()
    if sender is None:
        return
    decider, delivery = sender
    if decider.deciding is not delivery:
        return  # a task that outlived the decision that started it
    while way := way_between([actor], decider):
        hold = next(filter(None, map(waiting_hold, way)), None)
        if hold is None:
            name = "a send_atomic" if isinstance(command, Hold) else type(command).__name__
            raise Reentrant(
                f"{decider!r}, while it decides, sends {name} to {actor!r}, which waits for it: "
                "they would wait forever. Yield more events instead, or send after the decision"
            )
        hold.step_back()
    awaits = decider.awaits = [] if decider.awaits is None else decider.awaits
    awaits.append(actor)
    schedulers = {decider.streams.scheduler, actor.streams.scheduler}
    for scheduler in schedulers:
        scheduler.decisions_sending += 1

    def answered(_: object) -> None:
        awaits.remove(actor)
        for scheduler in schedulers:
            scheduler.decisions_sending -= 1

    reply.add_done_callback(answered)


def way_between(starts: Iterable[Actor], end: Actor) -> list[Actor]:
    """The actors through which the first of some waits for another, both included; empty if none does.

    Each actor is looked at once: there may be as many ways as there are sets of actors.
    """
    before: dict[Actor, Actor | None] = dict.fromkeys(starts)
    reached = list(before)
    for actor in reached:
        if actor is end:
            return way_back(actor, before)
        for awaited in actor.awaits or ():
            if awaited not in before:
                before[awaited] = actor
                reached.append(awaited)
    return []


def way_back(end: Actor, before: Mapping[Actor, Actor | None]) -> list[Actor]:
    """The way that led to an actor, from its beginning."""
    way: list[Actor] = []
    actor: Actor | None = end
    while actor is not None:
        way.append(actor)
        actor = before[actor]
    return way[::-1]


def waiting_hold(actor: Actor) -> Hold | None:
    """What holds an actor for a `send_atomic` that has not begun to decide."""
    reply = None if actor.deciding is None else actor.deciding[1]
    return reply if isinstance(reply, Hold) and reply.waiting else None
