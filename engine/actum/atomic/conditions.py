"""Conditions of a command: events that must not be there, of any aggregates, found by their tags.

A rule that no single aggregate can keep, such as "a seat is booked once" when bookings are aggregates of their own, is
kept by the one writer: it knows the last position of every tagged event, also of those that are being written. What a
condition excludes is looked for in the same turn in which the command's events get their positions.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, cast, final
from uuid import UUID

import msgspec

from actum.atomic.tag_values import asked_for
from actum.errors import Invalid, shown
from actum.messages import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What a condition may ask for.
TagValue: TypeAlias = "str | int | UUID | date | Enum"


@final
class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """No event of these types with all these tags stands behind a position; else the command is a `Conflict`.

    Give it to `Engine.send(..., unless=Condition(...))`, or to one command in an `Envelope`. Checked when it is made.

    Attributes:
        events: event classes, each with `tags=` in its class statement.
        tags: values by the name of the tag, or their texts; an event has to have all of them. None given: every event.
        after: events up to this position don't count: what the sender knows already. With 0 all count.

    Example:
        await engine.send(command, unless=Condition(events=[SeatBooked], tags={"show_id": "s1", "seat": "A4"}))
    """

    events: Sequence[type[Event]]
    tags: Mapping[str, TagValue] = {}
    after: int = 0

    def __post_init__(self) -> None:
        """Check every part.

        Raises:
            Invalid: naming what is wrong and the fix.
        """
        if not isinstance(self.events, (list, tuple)) or not self.events:
            raise Invalid(f"events={shown(self.events)}: give a list of event classes")
        if not isinstance(self.tags, dict):
            raise Invalid(f"tags={shown(self.tags)}: give a dict of values by the name of the tag")
        if type(self.after) is not int or self.after < 0:
            raise Invalid(f"after={shown(self.after)} is not a position: give a receipt's position, or 0")
        for given in cast("Sequence[object]", self.events):
            event = given if isinstance(given, type) else type(given)
            if event is not given or not issubclass(event, Event):
                raise Invalid(f"events has {shown(given)}, which is no event class")
            unknown = [name for name in self.tags if name not in event.__tags__]
            if unknown or not event.__tags__:
                tags, missing = ", ".join(event.__tags__) or "none", ", ".join(map(shown, unknown)) or "tags"
                raise Invalid(
                    f"{event.__name__} has no {missing}: its tags are {tags}; "
                    f"say `class {event.__name__}(Event, tags=[...])`"
                )
            for name, value in self.tags.items():
                asked_for(event, name, value)

    def __repr__(self) -> str:
        """Which types and tags; not their values: those may be private."""
        names = ", ".join(event.__name__ for event in self.events)
        return f"<Condition no {names} with {', '.join(sorted(self.tags)) or 'any tags'} after {self.after}>"
