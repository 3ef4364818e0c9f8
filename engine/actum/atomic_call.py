"""What `Engine.send_atomic` does before and after the send itself: arguments, middleware, the answer.

Middleware sees each command of the send as it sees any other, each in a task of its own. A command that has come
through waits for the others; the last one sends all. So middleware may refuse, change or time each of them, and what it
refuses is refused for all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast, final

from actum_storage import ActumError
from msgspec.structs import replace

from actum.arguments import metadata_of
from actum.atomic.ids import SEND_ATOMIC_COMMANDS_MAX
from actum.atomic.send import AtomicSend, Item
from actum.errors import Invalid, shown
from actum.middleware import Envelope, Middleware, wrapped
from actum.replies import Replies

if TYPE_CHECKING:
    from uuid import UUID

    from actum.core import Core
    from actum.messages import Command
    from actum.middleware import Send
    from actum.records import Receipt


def envelopes_of(commands: object, **said: UUID | str | None) -> list[Envelope]:
    """The commands of a send, each with what was said beside it, or else beside the whole.

    Raises:
        Invalid: not a sequence of commands and envelopes, too many, or an envelope has a command id of its own.
    """
    if not isinstance(commands, Sequence) or isinstance(commands, (str, bytes)):
        raise Invalid(f"commands={shown(commands)} is not a sequence: give a list of commands, or of envelopes")
    given = cast("Sequence[Command | Envelope]", commands)
    if len(given) > SEND_ATOMIC_COMMANDS_MAX:
        raise Invalid(
            f"{len(given):,} commands are too many for one send_atomic: give {SEND_ATOMIC_COMMANDS_MAX:,} at most"
        )
    return [envelope_of(one, index, said) for index, one in enumerate(given)]


def envelope_of(given: Command | Envelope, index: int, said: Mapping[str, UUID | str | None]) -> Envelope:
    """One command's envelope."""
    if not isinstance(given, Envelope):
        return replace(Envelope(command=given), **said)
    if given.command_id is not None:
        error = Invalid("an envelope of a send_atomic has no command_id: give one for the whole, command_id=...")
        error.command_index = index
        raise error
    return replace(given, **{name: value for name, value in said.items() if getattr(given, name) is None})


async def send_together(core: Core, envelopes: Sequence[Envelope], command_id: bytes | None) -> list[Receipt]:
    """Send commands as one. Cancelling abandons all before anything is decided; after that they complete.

    Raises:
        ActumError: of the first command that failed; nothing was written.
    """
    answered = core.loop.create_future()
    replies = Replies(answered, len(envelopes))
    items: list[Item] = []
    try:
        for envelope in envelopes:
            actor = core.bus.actor_for(envelope.command)
            items.append(Item(envelope.command, actor, metadata_of(envelope)))
        AtomicSend(core.scheduler, items, replies, command_id).begin()
    except ActumError as error:
        answered.cancel()  # nobody will wait for it
        if len(items) < len(envelopes):
            error.command_index = len(items)
        raise
    await answered
    receipts: list[Receipt] = []
    for outcome in replies.outcomes:
        if isinstance(outcome, ActumError):
            raise outcome
        receipts.append(outcome)
    return receipts


@final
class Gathering:
    """Commands of one send that come out of the middleware one by one; the last one sends all."""

    __slots__ = ("_answered", "_left", "_send", "envelopes")

    def __init__(self, count: int, send: Callable[[Sequence[Envelope]], Awaitable[list[Receipt]]]) -> None:
        """None has come out yet."""
        self.envelopes: list[Envelope | None] = [None] * count
        self._left = count
        self._send = send
        self._answered: asyncio.Future[list[Receipt] | Exception] = asyncio.get_running_loop().create_future()

    def end(self, index: int) -> Send:
        """What stands behind the middleware for one command; sent again, it gives the same answer again."""

        async def send(envelope: Envelope) -> Receipt:
            if self.envelopes[index] is None:
                self.envelopes[index] = envelope
                self._left -= 1
                if self._left == 0:
                    await self._send_all()
            answer = await asyncio.shield(self._answered)
            if isinstance(answer, Exception):
                raise answer
            return answer[index]

        return send

    @property
    def sent(self) -> bool:
        """Whether all have come out, and were sent."""
        return self._left == 0

    async def _send_all(self) -> None:
        """Send what has come out, and tell everyone."""
        answer: list[Receipt] | Exception
        try:
            answer = await self._send(cast("list[Envelope]", self.envelopes))
        except Exception as error:  # noqa: BLE001  # raised by each command's own task
            answer = error
        self._answered.set_result(answer)


async def send_through(
    middleware: Sequence[Middleware],
    envelopes: Sequence[Envelope],
    send: Callable[[Sequence[Envelope]], Awaitable[list[Receipt]]],
) -> list[Receipt]:
    """Have each command pass the middleware, then send all; cancelling cancels what still waits there.

    Raises:
        Invalid: middleware answered a command without sending it.
        Exception: what middleware raises, or the send.
    """
    gathering = Gathering(len(envelopes), send)

    async def pass_through(index: int, envelope: Envelope) -> Receipt:
        try:
            receipt = await wrapped(middleware, gathering.end(index))(envelope)
        except ActumError as refused:
            if refused.command_index is None and not gathering.sent:  # else it is about all of them
                refused.command_index = index
            raise
        if gathering.envelopes[index] is None:
            error = Invalid("middleware answered a command of a send_atomic without sending it: send all, or raise")
            error.command_index = index
            raise error
        return receipt

    loop = asyncio.get_running_loop()
    tasks = [
        loop.create_task(pass_through(index, envelope), name=f"actum send_atomic {index}")
        for index, envelope in enumerate(envelopes)
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            raise error
    return [task.result() for task in tasks]
