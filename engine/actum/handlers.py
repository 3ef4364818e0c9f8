"""The decorators that mark handlers, and the reading of what a handler takes and gives.

A handler is found by the type of its message, taken from the annotation. The decorators only leave a mark, so a
handler stays an ordinary method that can be called in a test. Reading collects faults as sentences instead of raising
at the first.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

import msgspec

Handler = TypeVar("Handler", bound=Callable[..., Any])
Role = Literal["decide", "evolve", "project", "answer", "handle", "react", "refused"]

MARK = "__actum_role__"


def decide(handler: Handler) -> Handler:
    """Mark the method that takes a command and returns or yields events, or raises `Rejected`.

    It may be `async`, and may take services after the command, each by its annotation. It must not change the state.
    """
    return mark(handler, "decide")


def evolve(handler: Handler) -> Handler:
    """Mark the method that changes the state by an event; it takes every event ever written, without I/O or clock."""
    return mark(handler, "evolve")


def project(handler: Handler) -> Handler:
    """Mark the method of a view that changes rows by an event; it may take the event's `Record` as well."""
    return mark(handler, "project")


def answer(handler: Handler) -> Handler:
    """Mark the method of a view that answers a query, in memory and at once."""
    return mark(handler, "answer")


def handle(handler: Handler) -> Handler:
    """Mark the method of a subscription that does something about an event, at least once; it may be `async`.

    After the event it may take the event's `Record` and services, each by its annotation.
    """
    return mark(handler, "handle")


def mark(handler: Handler, role: Role) -> Handler:
    """Leave the role on the function; the catalogue looks for it at open."""
    setattr(handler, MARK, role)
    return handler


class HandlerInfo(msgspec.Struct, frozen=True):
    """A handler and what its annotations say."""

    function: Callable[..., Any]
    role: Role
    where: str
    message: type
    parameters: tuple[object, ...]
    returns: object


def read_handlers(
    owner: type, base: type[Any], message_bases: dict[Role, type[Any]], faults: list[str]
) -> list[HandlerInfo]:
    """The marked methods of a class, its parents' first; a child's method of the same name replaces its parent's."""
    members = members_of(owner, base)
    for name, member in members.items():
        if hasattr(member, MARK) and hasattr(member, "__func__"):
            faults.append(
                f"{owner.__name__}.{name} is a static or class method: a handler is a plain method with `self`"
            )
    found = (
        read_handler(owner, member, message_bases, faults)
        for member in members.values()
        if isinstance(member, types.FunctionType) and hasattr(member, MARK)
    )
    return [handler for handler in found if handler is not None]


def members_of(owner: type, base: type[Any]) -> dict[str, Any]:
    """What a class and its parents below `base` define, mixins included; a child's member replaces its parent's."""
    members: dict[str, Any] = {}
    for parent in reversed(owner.__mro__):
        if parent not in base.__mro__:
            members.update(vars(parent))
    return members


def read_handler(
    owner: type, function: Callable[..., Any], message_bases: dict[Role, type[Any]], faults: list[str]
) -> HandlerInfo | None:
    """One marked method, or None with the reason added to `faults`."""
    role: Role = getattr(function, MARK)
    where = f"{owner.__name__}.{function.__name__}"
    if role not in message_bases:
        allowed = " and ".join(f"@{name}" for name in message_bases)
        faults.append(f"{where} is marked @{role}, but {owner.__name__} takes {allowed}: use one of these")
        return None
    try:
        hints = typing.get_type_hints(function)
    except Exception as error:  # noqa: BLE001  # whatever an annotation raises is the user's fault to see
        faults.append(
            f"{where}: its annotations can't be read ({error}): define the types at module level, imported at run time"
        )
        return None
    parameters = list(inspect.signature(function).parameters.values())[1:]
    names = [parameter.name for parameter in parameters]
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            faults.append(f"{where}: {parameter} is not a plain parameter: a handler is called by position")
            return None
    wanted = message_bases[role]
    if not names or names[0] not in hints:
        faults.append(
            f"{where} has no annotated message: write `def {function.__name__}(self, message: <a {wanted.__name__}>)`"
        )
        return None
    missing = [name for name in names[1:] if name not in hints]
    if missing:
        faults.append(f"{where}: parameter {missing[0]!r} has no annotation: say what it is, so that it can be given")
        return None
    message = typing.get_origin(hints[names[0]]) or hints[names[0]]
    if not (isinstance(message, type) and issubclass(message, wanted) and message is not wanted):
        faults.append(f"{where}: @{role} takes a subclass of {wanted.__name__}, not {show(hints[names[0]])}")
        return None
    returns = hints.get("return", inspect.Signature.empty)
    return HandlerInfo(function, role, where, message, tuple(hints[name] for name in names[1:]), returns)


def event_types(annotation: object, event_base: type) -> Iterator[type]:
    """The event classes inside a return annotation: `A`, `A | B`, `list[A]`, `Iterator[A | B]`, `None`."""
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        if issubclass(annotation, event_base) and annotation is not event_base:
            yield annotation
        return
    for part in typing.get_args(annotation):
        yield from event_types(part, event_base)


def show(annotation: object) -> str:
    """An annotation as it is written in code."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
