"""The bus: which actor gets a command, which view answers a query."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias, final

import msgspec

from actum.errors import Invalid, shown
from actum.messages import Command, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actum.actor import Actor
    from actum.directory import Directory
    from actum.kinds.catalogue import Catalogue
    from actum.streams import Streams
    from actum.views.live_view import LiveView


#: Where a command goes: the streams of its aggregate, what finds those awake, and what reads its target. A plain
#: tuple, since one is taken apart for every command.
CommandRoute: TypeAlias = "tuple[Streams, Callable[[Any], Actor | None], Callable[[Any], Any]]"


@final
class QueryRoute(msgspec.Struct, frozen=True):
    """Who answers a query: the view by name, since a rebuild puts another object there."""

    view: str
    answer: Callable[[Any, Any], Any]


@final
class Bus:
    """Routes by the type of the message."""

    __slots__ = ("_commands", "_directory", "_queries", "_views")

    def __init__(self, catalogue: Catalogue, directory: Directory, views: Mapping[str, LiveView]) -> None:
        """Routes for everything in the catalogue.

        Args:
            catalogue: what exists.
            directory: finds actors.
            views: the live ones, by name.
        """
        self._directory = directory
        self._views = views
        self._commands: dict[type, CommandRoute] = {}
        for kind in catalogue.aggregates:
            streams = directory.streams[kind.name]
            route = (streams, streams.actors.get, attrgetter(kind.key))
            self._commands.update((command, route) for command in kind.decisions)
        self._queries = {
            query: QueryRoute(kind.name, function)
            for kind in catalogue.views
            for query, function in kind.answers.items()
        }

    def actor_for(self, command: Command) -> Actor:
        """The actor that a command goes to, made if need be.

        Raises:
            Invalid: no aggregate takes this command, or its key is not a string of 1 to 200 bytes.
        """
        route = self._commands.get(type(command))
        if route is None:
            raise unknown(command, Command, "command", self._commands)
        streams, awake, key_of = route
        key = key_of(command)
        try:
            actor = awake(key)
        except Exception:  # noqa: BLE001  # not hashable, or it says it is not: no key either
            actor = None
        return self._directory.wake(streams, key) if actor is None else actor

    def route_of(self, query: Query[Any]) -> QueryRoute:
        """Who answers a query.

        Raises:
            Invalid: no view takes it.
        """
        route = self._queries.get(type(query))
        if route is None:
            raise unknown(query, Query, "query", self._queries)
        return route

    def answer(self, query: Query[Any]) -> Any:
        """The answer of the view that takes this query.

        Raises:
            Invalid: no view takes it.
            ViewBroken: the view is not served.
        """
        route = self._queries.get(type(query))
        if route is None:
            raise unknown(query, Query, "query", self._queries)
        live = self._views[route.view]
        live.check()
        return route.answer(live.view, query)


def unknown(message: object, base: type, what: str, known: Mapping[type, object]) -> Invalid:
    """The error for a message that nobody handles."""
    if isinstance(message, type) and issubclass(message, base):
        return Invalid(f"{message.__name__} is a class: make a {what} of it, {message.__name__}(...)")
    if not isinstance(message, base):
        return Invalid(f"a {what} is an instance of a subclass of {base.__name__}, not {shown(message)}")
    names = ", ".join(sorted(handled.__name__ for handled in known)) or "none"
    return Invalid(f"nothing given to Engine.open handles the {what} {type(message).__name__}; known are: {names}")
