"""Reads an aggregate class: who decides which command, with which services, and who evolves which event."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, final

import msgspec

from actum.aggregate import Aggregate
from actum.fingerprints import digest, fingerprint_of, own_constants, own_functions, type_description
from actum.handlers import HandlerInfo, event_types, read_handlers
from actum.kinds.checks import check_name, check_plain, check_types, event_descriptions
from actum.messages import Command, Event
from actum.services import service_for
from actum.upcasting import Upcasts


@final
class Decision(msgspec.Struct, frozen=True):
    """How one command is decided: the handler, the services it takes, and whether it is a coroutine."""

    function: Callable[..., Any]
    services: tuple[object, ...]
    is_async: bool


@final
class AggregateKind(msgspec.Struct, frozen=True):
    """One aggregate class, read."""

    name: str
    aggregate: type[Aggregate]
    key: str
    decisions: dict[type[Command], Decision]
    evolves: dict[type[Event], Callable[[Any, Any], None]]
    fingerprint: str


class AggregateReader:
    """Reads one aggregate class."""

    def __init__(
        self, aggregate: type[Aggregate], services: Sequence[object] | None, upcasts: Upcasts, faults: list[str]
    ) -> None:
        self.aggregate = aggregate
        self.services = services
        self.upcasts = upcasts
        self.faults = faults
        self.options = aggregate.__aggregate_options__

    def read(self) -> AggregateKind:
        """The kind, with what is faulty left out and named."""
        name = self.aggregate.__name__
        check_name(self.options.name, name, self.faults)
        for field in required_fields(self.aggregate):
            self.faults.append(f"{name}.{field} has no default: give it the value it has before the first event")
        if self.options.key is None:
            self.faults.append(
                f"{name} has no key: write `class {name}(Aggregate, key=<the commands' field that names the target>)`"
            )
        handlers = read_handlers(self.aggregate, Aggregate, {"decide": Command, "evolve": Event}, self.faults)
        decides = [handler for handler in handlers if handler.role == "decide"]
        evolves = [handler for handler in handlers if handler.role == "evolve"]
        self._check_once(decides)
        self._check_once(evolves)
        if self.aggregate.__struct_config__.frozen:
            self.faults.append(f"{name} is frozen: its state changes in @evolve handlers; remove `frozen=True`")
        check_types([self.aggregate, *(handler.message for handler in handlers)], self.faults)
        evolved = {handler.message: handler.function for handler in evolves}
        decisions = {handler.message: self._decision(handler, set(evolved)) for handler in decides}
        return AggregateKind(
            self.options.name, self.aggregate, self.options.key or "", decisions, evolved, self._fingerprint(evolves)
        )

    def _check_once(self, handlers: list[HandlerInfo]) -> None:
        """Each message has one handler."""
        seen: dict[type, HandlerInfo] = {}
        for handler in handlers:
            if handler.message in seen:
                first = seen[handler.message].where
                self.faults.append(
                    f"{handler.message.__name__} has two handlers, {first} and {handler.where}: keep one"
                )
            seen[handler.message] = handler
            if handler.role == "evolve":
                check_plain(handler, self.faults)
                if handler.parameters:
                    self.faults.append(f"{handler.where}: an @evolve handler takes the event only")

    def _decision(self, handler: HandlerInfo, evolved: set[type]) -> Decision:
        """The handler of one command, its target field, its events and its services checked."""
        key = self.options.key
        if key is not None and key not in handler.message.__struct_fields__:  # type: ignore[attr-defined]
            self.faults.append(
                f"{handler.message.__name__} has no field {key!r}, the key of {self.aggregate.__name__}: add it"
            )
        if handler.returns is inspect.Signature.empty:
            self.faults.append(
                f"{handler.where} has no return annotation: write `-> <the events it gives>`, or `-> None`"
            )
        for event in event_types(handler.returns, Event):
            if event not in evolved:
                self.faults.append(
                    f"{handler.where} emits {event.__name__}, but {self.aggregate.__name__} has no @evolve for it"
                )
        if inspect.isasyncgenfunction(handler.function):
            self.faults.append(f"{handler.where} is async and yields: collect the events in a list and return it")
        given = tuple(
            service_for(handler.where, parameter, self.services, self.faults) for parameter in handler.parameters
        )
        return Decision(handler.function, given, inspect.iscoroutinefunction(handler.function))

    def _fingerprint(self, evolves: list[HandlerInfo]) -> str:
        """What a snapshot depends on: the fields, the evolve handlers and their events."""
        return digest(
            b"aggregate",
            self.options.revision.encode(),
            type_description(self.aggregate),
            fingerprint_of(own_functions(self.aggregate, Aggregate, without="decide")),
            own_constants(self.aggregate, Aggregate),
            *event_descriptions((handler.message for handler in evolves), self.upcasts),
        )


def required_fields(aggregate: type[Aggregate]) -> list[str]:
    """The fields without a default: those that come before the defaults begin."""
    defaults = [default for default in aggregate.__struct_defaults__ if default is not msgspec.NODEFAULT]
    return list(aggregate.__struct_fields__[: len(aggregate.__struct_fields__) - len(defaults)])
