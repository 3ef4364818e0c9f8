"""Upcasters: what was once written is read as what today's code knows. The log itself never changes.

A stored tag is the version of an event. An event that has to change in a way that its old bytes can't be read in gets
another tag; the old type stays in the code, and a function says what it means today: one event, several, or none.
A record keeps its position and its version whatever becomes of its event. Renamed tags are upcasters that the
catalogue writes itself.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast, final, overload

import msgspec

from actum.errors import shown
from actum.fingerprints import fingerprint_of
from actum.handlers import MARK, event_types, show
from actum.messages import TAG_FIELD, Event

Function = TypeVar("Function", bound=Callable[..., Any])
ROLE = "upcast"
REVISION = "__actum_revision__"


@overload
def upcast(function: Function, /) -> Function:  # noqa: D418  # what is public is explained
    """Mark it as `@upcast`."""


@overload
def upcast(*, revision: str) -> Callable[[Function], Function]:  # noqa: D418  # as above
    """Mark it as `@upcast(revision=...)`."""


def upcast(function: Function | None = None, /, *, revision: str = "") -> Function | Callable[[Function], Function]:
    """Mark the function that says what an event of an old type means today; give it to `Engine.open(upcasters=...)`.

    It takes the old event and returns the event of today, a list of events, or None for "nothing any more", and says
    so in its annotations. It sees nothing but the event: no state, no clock, no I/O.

    Args:
        function: the upcaster.
        revision: change it when code that the upcaster calls, but that isn't in it, changes what it does: views and
            snapshots are then made again.

    Example:
        @upcast
        def in_cents(event: DepositedInEuros) -> Deposited:
            return Deposited(account_id=event.account_id, cents=event.euros * 100)
    """

    def marked(function: Function) -> Function:
        setattr(function, MARK, ROLE)
        setattr(function, REVISION, revision)
        return function

    return marked if function is None else marked(function)


@final
class Several(Event, tag="actum:several"):
    """What one record's event has become when that is not exactly one event. Inside the engine only."""

    events: tuple[Event, ...]


class Upcast(msgspec.Struct, frozen=True):
    """One upcaster, read.

    Attributes:
        source: the old type.
        name: the function's, for messages.
        function: gives an event, several, or None.
        results: the types that it gives.
        code: what it does, for fingerprints.
    """

    source: type[Event]
    name: str
    function: Callable[[Any], Any]
    results: tuple[type[Event], ...]
    code: bytes


#: Upcasters by the type that they take.
Upcasts = Mapping[type[Event], Upcast]


def events_of(event: Event) -> tuple[Event, ...]:
    """The events that a record holds as the code of today sees them."""
    return event.events if isinstance(event, Several) else (event,)


def read_upcasters(functions: Sequence[object], faults: list[str]) -> dict[type[Event], Upcast]:
    """Read the functions given to `Engine.open(upcasters=...)`; what is wrong with them is added to `faults`."""
    upcasts: dict[type[Event], Upcast] = {}
    for function in functions:
        read = read_upcaster(function, faults)
        if read is None:
            continue
        if read.source in upcasts:
            faults.append(f"{upcasts[read.source].name} and {read.name} both take {read.source.__name__}: keep one")
        upcasts[read.source] = read
    faults.extend(
        f"upcaster {read.name}: {read.source.__name__} becomes itself again: break the circle"
        for read in upcasts.values()
        if read.source in reached(read, upcasts)
    )
    return upcasts


def read_upcaster(function: object, faults: list[str]) -> Upcast | None:
    """One upcaster, or None with the reason added to `faults`."""
    name = getattr(function, "__name__", None) or shown(function)
    if not isinstance(function, types.FunctionType) or getattr(function, MARK, None) != ROLE:
        faults.append(f"upcaster {name} is not a function marked @upcast: mark it")
        return None
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        faults.append(f"upcaster {name} is async or yields: return the event, a list of events, or None")
        return None
    try:
        hints = typing.get_type_hints(function)
    except Exception as error:  # noqa: BLE001  # whatever an annotation raises is the user's fault to see
        faults.append(f"upcaster {name}: its annotations can't be read ({error}): define the types at module level")
        return None
    parameters = list(inspect.signature(function).parameters)
    source = hints.get(parameters[0]) if len(parameters) == 1 else None
    if not (isinstance(source, type) and issubclass(source, Event) and source is not Event) or "return" not in hints:
        faults.append(
            f"upcaster {name}: write `def {name}(event: <the old Event>) -> <the new one, a list of them, or None>`"
        )
        return None
    results = tuple(event_types(hints["return"], Event))
    if not results and hints["return"] is not type(None):
        faults.append(f"upcaster {name} returns {show(hints['return'])}: it returns events, a list of them, or None")
    revision: str = getattr(function, REVISION, "")
    return Upcast(source, name, function, results, revision.encode() + b"\0" + fingerprint_of([function]))


def renamed(event_type: type[Event]) -> Iterator[Upcast]:
    """An upcaster for each tag that an event type had before."""
    names = tuple(event_type.__struct_fields__)
    for tag in event_type.__renamed_from__:
        old = types.new_class(event_type.__name__, (event_type,), {"tag": tag, "tag_field": TAG_FIELD})

        def rename(event: Event) -> Event:
            return event_type(**{name: getattr(event, name) for name in names})

        yield Upcast(cast("type[Event]", old), f"renamed_from={tag!r}", rename, (event_type,), tag.encode())


def reached(start: Upcast, upcasts: Upcasts) -> set[type[Event]]:
    """The types that an upcaster's events may become, at once or through other upcasters."""
    found: set[type[Event]] = set()
    waiting = list(start.results)
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += upcasts[current].results if current in upcasts else ()
    return found


def leading_to(event_type: type[Event], upcasts: Upcasts) -> list[Upcast]:
    """The upcasters through which an event of this type can come about, in the order of their tags."""
    found = [upcast for upcast in upcasts.values() if event_type in reached(upcast, upcasts)]
    return sorted(found, key=lambda upcast: str(upcast.source.__struct_config__.tag))


def check_upcasts(
    upcasts: Upcasts, handled: Collection[type[Event]], evolved: Collection[type[Event]], faults: list[str]
) -> None:
    """A type is either of today, with an @evolve, or old, with an upcaster that leads to types with one.

    A stored event stands in an aggregate's stream, so what it has become must be evolved too: a view alone is not
    enough. Without aggregates (`evolved` is empty) there is nothing to wake.
    """
    for upcast in upcasts.values():
        if upcast.source in handled:
            faults.append(
                f"{upcast.source.__name__} has an upcaster, {upcast.name}, and handlers too: "
                "handlers take what the upcaster returns"
            )
        for result in upcast.results:
            if result in upcasts or result in evolved:
                continue
            if result not in handled:
                faults.append(
                    f"upcaster {upcast.name} returns {result.__name__}, which no handler takes: "
                    "add a handler, or return None for events that mean nothing any more"
                )
            elif evolved:
                faults.append(
                    f"upcaster {upcast.name} returns {result.__name__}, for which no aggregate has an @evolve: "
                    f"add one to the aggregate of {upcast.source.__name__}, an empty one if it means nothing there"
                )
