"""A hold: stands in an actor's mailbox for a `send_atomic`; when the actor comes to it, it works for nobody else.

To the actor it is the command and the reply of a delivery like any other, and taking it looks like an asynchronous
decision that is under way: what comes behind it waits, and the actor stays awake. So a turn knows nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast, final

from actum.batch import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from actum.actor import Actor
    from actum.batch import Delivery
    from actum.messages import Command


class Holder(Protocol):
    """For whom actors are held."""

    @property
    def waiting(self) -> bool:
        """Whether it still waits for actors."""
        ...

    def taken(self, hold: Hold, /) -> None:
        """An actor has come to its hold."""
        ...

    def refused(self, hold: Hold, error: Exception, /) -> None:
        """An actor can't be held, or not any longer."""
        ...

    def step_back(self) -> None:
        """Let all go, and begin behind what waits for them."""
        ...


@final
class Hold:
    """One actor's part in a `send_atomic`.

    Attributes:
        holder: for whom.
        actor: which actor.
    """

    __slots__ = ("actor", "holder")

    def __init__(self, holder: Holder, actor: Actor) -> None:
        """Not in a mailbox yet."""
        self.holder = holder
        self.actor = actor

    @property
    def delivery(self) -> Delivery:
        """How it stands in a mailbox."""
        return cast("Command", self), self, PLAIN

    @property
    def held(self) -> bool:
        """Whether the actor works for this send now."""
        return self.actor.deciding is not None and self.actor.deciding[1] is self

    @property
    def waiting(self) -> bool:
        """Whether its send still waits for other actors."""
        return self.holder.waiting

    def taken(self) -> None:
        """The actor has come to it."""
        self.holder.taken(self)

    def step_back(self) -> None:
        """Something that is under way waits for a held actor, and this send for it: let it go first."""
        self.holder.step_back()

    def leave(self) -> None:
        """Go out of the actor's mailbox."""
        self.actor.mailbox = [waiting for waiting in self.actor.mailbox or () if waiting[1] is not self] or None

    def release(self) -> None:
        """Let the actor go, if it is held; what waits behind goes on."""
        actor = self.actor
        if self.held:
            actor.deciding = actor.awaits = actor.lost = None
            actor.streams.scheduler.schedule(actor)

    def done(self) -> bool:
        """It is never dropped in a mailbox: its send has to hear of it."""
        return False

    def set_result(self, result: object, /) -> NoReturn:
        """Nothing is decided in its name."""
        raise AssertionError(f"a hold was answered with {result!r}")

    def set_exception(self, exception: Exception, /) -> None:
        """The actor takes no commands."""
        self.holder.refused(self, exception)

    def add_done_callback(self, callback: Callable[[Any], object], /) -> NoReturn:
        """Nobody waits for a hold; for its send they do."""
        raise AssertionError(f"{callback!r} waits for a hold")

    def __repr__(self) -> str:
        """Of which actor."""
        return f"<Hold {self.actor!r}>"


def hold(state: object, command: Hold) -> Hold:
    """The handler of a hold; see `Actor.wait_for`."""
    del state
    return command


#: How a hold stands among an aggregate's decisions: its handler, no services, and not decided at once.
HOLDING = (hold, (), True)
