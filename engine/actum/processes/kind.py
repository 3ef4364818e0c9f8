"""Reads a process class: its reactions by event, its refusals by command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast, final

import msgspec
from actum_storage import ActumError

from actum.atomic.tag_values import key_fault
from actum.codec import decoder_of
from actum.errors import Rejected
from actum.handlers import HandlerInfo, read_handlers
from actum.messages import Command, Event
from actum.processes.process import REACTION, Process, ReactionOptions
from actum.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The longest name of a process, in bytes: name and key together are the key of a stream.
NAME_BYTES_MAX = 60
#: The longest `stuck_seconds`: 100 years.
STUCK_SECONDS_MAX = 100 * 366 * 86_400


@final
class Reaction(msgspec.Struct, frozen=True):
    """What a process does about one event."""

    function: Callable[..., Any]
    starts: bool
    key: str
    wants_record: bool


@final
class Refusal(msgspec.Struct, frozen=True):
    """What a process does about one of its commands that was rejected."""

    function: Callable[..., Any]
    wants_error: bool


@final
class ProcessKind(msgspec.Struct, frozen=True):
    """One process class, read."""

    name: str
    process: type[Process]
    start: str
    strict: bool
    stuck_seconds: float | None
    reactions: dict[type[Event], Reaction]
    refusals: dict[type[Command], Refusal]
    decode: Callable[[bytes], Any]


def read_process(process: type[Process], faults: list[str]) -> ProcessKind:
    """The kind, with what is faulty left out and named."""
    name, options = process.__name__, process.__process_options__
    if options.key is None:
        faults.append(
            f"{name} has no key: write `class {name}(Process, key=<the events' field that names the instance>)`"
        )
    if not 0 < len(options.name.encode()) <= NAME_BYTES_MAX or "/" in options.name:
        faults.append(f"{name}: the name of a process has 1 to {NAME_BYTES_MAX} bytes, and no '/': give another name=")
    if options.start not in ("now", "beginning"):
        faults.append(f'{name}: start={options.start!r} is neither "now" nor "beginning"')
    stuck = options.stuck_seconds
    if stuck is not None and (type(stuck) not in (int, float) or not 0 < stuck <= STUCK_SECONDS_MAX):
        faults.append(f"{name}: stuck_seconds={stuck!r} is no time above 0: give seconds, or None")
    defaults = process.__struct_defaults__
    if len(defaults) < len(process.__struct_fields__) or msgspec.NODEFAULT in defaults:
        faults.append(f"{name} has a field without a default: give it the value it has before the first event")
    handlers = read_handlers(process, Process, {"react": Event, "refused": Command}, faults)
    for handler in handlers:
        check(handler, (Record,) if handler.role == "react" else (Rejected, ActumError), faults)
    reactions: dict[type[Event], Reaction] = {}
    refusals: dict[type[Command], Refusal] = {}
    for handler in handlers:
        if handler.message in reactions or handler.message in refusals:
            faults.append(f"{handler.where}: {name} handles {handler.message.__name__} twice: keep one handler")
        elif handler.role == "react":
            reactions[handler.message] = reaction(handler, options.key or "", faults)
        else:
            refusals[handler.message] = Refusal(handler.function, wants_error=bool(handler.parameters))
    if not any(one.starts for one in reactions.values()):
        faults.append(f"{name} never starts: mark the handler of its first event @react(starts=True)")
    return ProcessKind(
        options.name, process, options.start, options.strict, stuck, reactions, refusals, decoder_of(process)
    )


def check(handler: HandlerInfo, allowed: Sequence[type], faults: list[str]) -> None:
    """A handler of a process works at once, and takes one thing more at most."""
    if inspect.iscoroutinefunction(handler.function) or inspect.isasyncgenfunction(handler.function):
        faults.append(f"{handler.where} is async: a process works in memory and at once; send a command that waits")
    if len(handler.parameters) > 1 or any(parameter not in allowed for parameter in handler.parameters):
        faults.append(f"{handler.where}: behind its message it may take one {allowed[0].__name__}, and no services")


def reaction(handler: HandlerInfo, key: str, faults: list[str]) -> Reaction:
    """A reaction, with the field that names the instance."""
    said: ReactionOptions = getattr(handler.function, REACTION)
    field = said.key or key
    if key and field not in handler.message.__struct_fields__:  # type: ignore[attr-defined]
        faults.append(
            f"{handler.where}: {handler.message.__name__} has no field {field!r}, which names the instance: "
            "write @react(key=<its field that does>)"
        )
    elif key and (fault := key_fault(cast("type[Event]", handler.message), field)) is not None:
        faults.append(f"{handler.where}: {fault}")
    return Reaction(handler.function, said.starts, field, wants_record=bool(handler.parameters))
