"""How many steps of an instance follow from one command: more and more of them are an endless circle.

A process that reacts to what it does itself, or two that react to each other, would write as fast as they can until the
disk is full. What is kept here is of the last steps only, in memory: a circle is fast, and always among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from actum.atomic.ids import FAMILY_BYTES, family_of

if TYPE_CHECKING:
    from actum.records import Record

#: Steps of one instance that may follow from one command: at some thousand a second a circle is stopped within seconds.
STEPS_MAX = 10_000
#: Steps, and instances, of which it is known from what they follow.
KEPT_MAX = 2 * STEPS_MAX


class EndlessCircle(Exception):  # it is shown with its name
    """Too many steps of an instance follow from one command."""


@final
class Circles:
    """Those of one engine.

    Attributes:
        beginnings: the first command, by the last ones that follow from it through steps.
        steps: how many an instance has taken that follow from a first command.
    """

    __slots__ = ("beginnings", "steps")

    def __init__(self) -> None:
        """No step is known."""
        self.beginnings: dict[bytes, bytes] = {}
        self.steps: dict[tuple[bytes, str], int] = {}

    def check(self, record: Record, instance: str) -> None:
        """Refuse one step more.

        Raises:
            EndlessCircle: too many.
        """
        steps = self.steps.get((self._beginning(record), instance), 0)
        if steps >= STEPS_MAX:
            raise EndlessCircle(
                f"{steps:,} steps of this instance follow from one command: a process reacts to what it does itself, "
                "or two to each other. Mend it; a retry goes on from here"
            )

    def note(self, record: Record, instance: str, command_id: bytes) -> None:
        """An instance takes a step, with this id, about an event."""
        beginning = self._beginning(record)
        put(self.beginnings, family_of(command_id), beginning)
        put(self.steps, (beginning, instance), self.steps.pop((beginning, instance), 0) + 1)

    def forget(self, record: Record, instance: str) -> None:
        """Somebody wants an instance to go on."""
        self.steps.pop((self._beginning(record), instance), None)

    def _beginning(self, record: Record) -> bytes:
        family = record.command_id_bytes[:FAMILY_BYTES]
        return self.beginnings.get(family, family)

    def __repr__(self) -> str:
        """How many steps it knows."""
        return f"<Circles of {len(self.beginnings)} steps>"


def put(kept: dict[Any, Any], key: object, value: object) -> None:
    """Put in what is newest, and the oldest out."""
    kept[key] = value
    if len(kept) > KEPT_MAX:
        del kept[next(iter(kept))]
