"""Middleware wraps `send`: it sees what a caller sends, may change or refuse it, and sees the receipt or the error.

Example:
    async def timed(envelope: Envelope, send: Send) -> Receipt:
        started = time.perf_counter()
        try:
            return await send(envelope)
        finally:
            print(type(envelope.command).__name__, time.perf_counter() - started)

    Engine.open("bank", Account, middleware=[timed])
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec

from actum.atomic.conditions import Condition
from actum.messages import Command
from actum.records import Receipt


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A command and what was said beside it; each field is the parameter of `Engine.send` of that name.

    Only `traceparent` is none: it is what an observer gives a command that it traces, and is stored with its events.
    """

    command: Command
    command_id: UUID | str | None = None
    user_id: UUID | str | None = None
    correlation_id: UUID | str | None = None
    causation_id: UUID | str | None = None
    expected_version: int | None = None
    unless: Condition | None = None
    traceparent: str | None = None

    def __repr__(self) -> str:
        """What kind of command; not what it holds: that may be private."""
        return f"<Envelope {type(self.command).__name__}>"


#: The rest of the way: the next middleware, or the engine.
Send: TypeAlias = Callable[[Envelope], Awaitable[Receipt]]

#: Called with each envelope; the first one given is the outermost.
Middleware: TypeAlias = Callable[[Envelope, Send], Awaitable[Receipt]]


def wrapped(middleware: Sequence[Middleware], send: Send) -> Send:
    """`send` with all middleware around it, the first one outermost."""
    for layer in reversed(middleware):
        send = around(layer, send)
    return send


def around(middleware: Middleware, send: Send) -> Send:
    """`send` with one middleware around it."""

    async def dispatch(envelope: Envelope) -> Receipt:
        return await middleware(envelope, send)

    return dispatch
