"""A subscription class, read: its handlers by event type, what each takes, and the tags it wants from the log."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, final

import msgspec

from actum.codec import tag_of
from actum.handlers import read_handlers
from actum.messages import Event
from actum.records import Record
from actum.services import service_for
from actum.subscriptions.subscription import Subscription, SubscriptionOptions
from actum.upcasting import leading_to

if TYPE_CHECKING:
    from actum.handlers import HandlerInfo
    from actum.upcasting import Upcasts

#: A name is also that of a file, on any file system.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)


@final
class Handling(msgspec.Struct, frozen=True):
    """How one event is handled.

    Attributes:
        function: the `@handle` method.
        arguments: what it takes behind the event: services, and `Record` itself where the record belongs.
    """

    function: Callable[..., Any]
    arguments: tuple[object, ...]


@final
class SubscriptionKind(msgspec.Struct, frozen=True):
    """One subscription class, read."""

    subscription: type[Subscription]
    options: SubscriptionOptions
    handlers: dict[type[Event], Handling]

    @property
    def name(self) -> str:
        """Its name in files and tools."""
        return self.options.name

    @property
    def keeps_bookmark(self) -> bool:
        """Whether it keeps its bookmark itself."""
        return self.subscription.save_bookmark is not Subscription.save_bookmark

    @property
    def is_transactional(self) -> bool:
        """Whether a batch that fails is undone."""
        return self.subscription.batch is not Subscription.batch

    def tags(self, upcasts: Upcasts) -> frozenset[str]:
        """The tags of the stored events that are, or may become, what it handles."""
        old = {tag_of(upcast.source) for event in self.handlers for upcast in leading_to(event, upcasts)}
        return frozenset(map(tag_of, self.handlers)) | old

    @property
    def is_array_like(self) -> bool:
        """How the events of its log are laid out: all of them in the same way."""
        return any(event.__struct_config__.array_like for event in self.handlers)


def read_subscription(
    subscription: type[Subscription], services: Sequence[object] | None, faults: list[str]
) -> SubscriptionKind:
    """Read a class; what is wrong with it is added to `faults`. Services None: it will not run."""
    options, name = subscription.__subscription_options__, subscription.__name__
    if NAME.fullmatch(options.name) is None:
        faults.append(
            f"the name of {name}, which is also that of a file, is not made of 1 to 100 letters, digits, _, - and dots "
            "(not first): give another name="
        )
    handlers: dict[type[Event], Handling] = {}
    for handler in read_handlers(subscription, Subscription, {"handle": Event}, faults):
        if handler.message in handlers:
            faults.append(f"{handler.where}: {name} handles {handler.message.__name__} twice: keep one handler")
        handlers[handler.message] = handling(handler, services, faults)
    if not handlers:
        faults.append(f"{name} handles nothing: mark a method with @handle")
    if overrides(subscription, "load_bookmark") != overrides(subscription, "save_bookmark"):
        faults.append(f"{name} overrides one of load_bookmark and save_bookmark: override both, or neither")
    required = [
        parameter.name
        for parameter in list(inspect.signature(subscription.__init__).parameters.values())[1:]
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        faults.append(f"{name}.__init__ takes {required[0]!r}: it is made without arguments; take services instead")
    return SubscriptionKind(subscription, options, handlers)


def overrides(subscription: type[Subscription], method: str) -> bool:
    """Whether a class has a method of its own."""
    return getattr(subscription, method) is not getattr(Subscription, method)


def handling(handler: HandlerInfo, services: Sequence[object] | None, faults: list[str]) -> Handling:
    """One handler, with the services it takes."""
    function = handler.function
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        faults.append(
            f"{handler.where} yields: a @handle handler is called or awaited, not iterated; remove the `yield`"
        )
    arguments = tuple(
        Record if annotation is Record else service_for(handler.where, annotation, services, faults)
        for annotation in handler.parameters
    )
    return Handling(function, arguments)
