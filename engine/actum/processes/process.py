"""The process: reacts to events with commands, until it is done. Users subclass `Process`.

A handler changes the state and yields what shall happen: commands, `Schedule`, `Cancel`, `Done`. What it yields is
one step: the new state and all of its effects are in one frame, or nothing of it is. So a crash never parts them,
and no command of a step needs to be recognised when it is sent again: a step that is in the log is not taken again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform, overload

import msgspec

from actum.aggregate import AggregateMeta
from actum.handlers import Handler, mark
from actum.messages import Command, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

C = TypeVar("C")

#: Where `@react` leaves its options on the function.
REACTION = "__actum_reaction__"


class ProcessOptions(msgspec.Struct, frozen=True):
    """What `class X(Process, key=..., name=..., start=..., strict=..., stuck_seconds=...)` said."""

    key: str | None
    name: str
    start: str
    strict: bool
    stuck_seconds: float | None


class ReactionOptions(msgspec.Struct, frozen=True):
    """What `@react(starts=..., key=...)` said."""

    starts: bool = False
    key: str | None = None


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class ProcessMeta(AggregateMeta):
    """Takes a process's options from the class statement."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        start: Literal["now", "beginning"] = "now",
        strict: bool = False,
        stuck_seconds: float | None = None,
        **options: Any,
    ) -> ProcessMeta:
        """Create the class; see `Process` for the options."""
        made: Any = super().__new__(mcs, name, bases, namespace, **options)
        said = made.__aggregate_options__
        made.__process_options__ = ProcessOptions(said.key, said.name, start, strict, stuck_seconds)
        return made  # type: ignore[no-any-return]


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))  # mypy looks here, pyright above
class Process(msgspec.Struct, metaclass=ProcessMeta):
    """State plus reactions. Every field needs a default: that is the state before the first event.

    Class options:
        key: the field of events that names the instance (needed); `@react(key=...)` for events that call it otherwise.
        name: the name in the log, the class's name unless given; keep it when you rename the class.
        start: which events a process sees that is new to a store: `"now"`, those from now on, or `"beginning"`, all.
        strict: an event for an instance that was never started makes a failed one, instead of being ignored.
        stuck_seconds: an active instance that has not reacted to anything for so long counts as stuck: it is shown as
            that, and raises an alert. Longer than its longest deadline; None: it may wait for ever.

    Example:
        class Fulfilment(Process, key="order_id"):
            paid: bool = False

            @react(starts=True)
            def placed(self, event: OrderPlaced) -> Iterator[Command | Schedule]:
                yield ReserveStock(product_id=event.product_id, order_id=event.order_id)
                yield Schedule(CancelOrder(order_id=event.order_id), after=minutes(30), name="unpaid")

            @refused
            def sold_out(self, command: ReserveStock) -> Iterator[Command | Done]:
                yield CancelOrder(order_id=command.order_id)
                yield Done()
    """

    __process_options__: ClassVar[ProcessOptions]


class Schedule(Value):
    """Yielded by a process: send a command later, unless it is cancelled, or the process is done before.

    Attributes:
        command: what to send.
        after: how long after the event that it reacts to: a timedelta, or seconds.
        at: or when; an aware datetime.
        name: names it within the instance; a name that is pending is scheduled anew. The command's class unless given.
    """

    command: Command
    after: timedelta | float | None = None
    at: datetime | None = None
    name: str | None = None


class Cancel(Value):
    """Yielded by a process: don't send what was scheduled under a name. If it is not pending any more, nothing."""

    name: str


class Done(Value):
    """Yielded by a process: it has ended; what it has scheduled is cancelled."""


@overload
def react(handler: Handler, /) -> Handler: ...
@overload
def react(*, starts: bool = False, key: str | None = None) -> Callable[[Handler], Handler]: ...
def react(handler: Any = None, /, *, starts: bool = False, key: str | None = None) -> Any:
    """Mark the method of a process that takes an event, and returns or yields what shall happen.

    It may take the event's `Record` as well. It works at once, in memory: it has no services and no clock.

    Args:
        handler: the method, where the decorator stands without parentheses.
        starts: whether the event starts an instance that is not there yet.
        key: the field of the event that names the instance, if it is not the process's `key`.
    """

    def marked(function: Any) -> Any:
        setattr(function, REACTION, ReactionOptions(starts, key))
        return mark(function, "react")

    return marked if handler is None else marked(handler)


def refused(handler: Handler) -> Handler:
    """Mark the method of a process that takes one of its own commands that was rejected; nothing of its step is there.

    The state is that before the step. What this handler yields is done instead; it may take the `Rejected` as well.
    """
    return mark(handler, "refused")
