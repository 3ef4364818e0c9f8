"""What the engine sends by itself: commands of its own streams, and with them commands of the user, as one.

The user's commands pass the middleware, as if somebody had sent them; the engine's own don't. What is full is tried
again, later and later: nobody is there who could.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from actum_storage import ActumError, StoreFull

from actum.atomic_call import send_through, send_together
from actum.batch import PLAIN
from actum.errors import CommandFailed, Overloaded
from actum.middleware import Envelope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from actum.core import Core
    from actum.messages import Command
    from actum.records import Receipt

T = TypeVar("T")

#: The wait before what is full is tried again: this, then twice as long each time, up to the other.
AGAIN_SECONDS_MIN = 0.05
AGAIN_SECONDS_MAX = 30.0

#: What says that the engine is full: the same send works when it is not.
FULL = (Overloaded, StoreFull)


def is_over(core: Core) -> bool:
    """Whether an engine begins nothing any more: it is being closed, or its store has failed."""
    return core.stopping or core.scheduler.committer.failure is not None


def cancelling() -> bool:
    """Whether somebody has cancelled the task that runs here."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def refusal(core: Core, sending: Awaitable[object]) -> Exception | None:
    """Send; why the command can't be done, or None if it is done.

    Whatever is raised is about this command alone, also an error of actum's: a decision or middleware may have had to
    do with another engine. Only the end of this engine is no refusal.

    Raises:
        Exception: this engine is over; what it does not do now it does after it is opened again.
    """
    try:
        await sending
    except asyncio.CancelledError as error:
        if is_over(core) or cancelling():
            raise
        failed = CommandFailed("a handler, a decision or middleware ended as if it had been cancelled")
        failed.__cause__ = error
        return failed
    except Exception as error:
        if is_over(core):
            raise
        return error
    return None


def send_one(core: Core, command: Command) -> asyncio.Future[Receipt]:
    """Send a command of one of the engine's own streams.

    Raises:
        ActumError: as `Engine.send`.
    """
    reply: asyncio.Future[Receipt] = core.loop.create_future()
    core.scheduler.deliver(core.bus.actor_for(command), command, reply, PLAIN)
    return reply


async def send_with(core: Core, own: Sequence[Command], commands: Sequence[Envelope], command_id: bytes) -> None:
    """Send commands of the engine's own streams and commands of the user as one.

    Raises:
        ActumError: as `Engine.send_atomic`; its `command_index` counts the user's commands, and is below 0 for others.
        Exception: of middleware.
    """

    async def send(envelopes: Sequence[Envelope]) -> list[Receipt]:
        before = [Envelope(command=command) for command in own]
        try:
            receipts = await send_together(core, [*before, *envelopes], command_id)
        except ActumError as error:
            if error.command_index is not None:
                error.command_index -= len(own)
            raise
        return receipts[len(own) :]

    if core.middleware and commands:
        await send_through(core.middleware, commands, send)
    else:
        await send(commands)


async def until_there_is_room(send: Callable[[], Awaitable[T]], full: Callable[[Exception], object]) -> T:
    """Send, and again, as long as the engine is full; `full` is told each time.

    Cancelling ends the waiting.

    Raises:
        Exception: what else the send raises.
    """
    seconds = AGAIN_SECONDS_MIN
    while True:
        try:
            return await send()
        except FULL as error:
            full(error)
        await asyncio.sleep(seconds)
        seconds = min(2 * seconds, AGAIN_SECONDS_MAX)
