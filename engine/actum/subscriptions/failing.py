"""An event whose handler raised, and what is said of it: to people, and in a dead letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actum_storage import DeadLetter

if TYPE_CHECKING:
    from actum.clock import Clock
    from actum.subscriptions.cursor import Sighting

#: What is kept of an error's text.
ERROR_CHARACTERS_MAX = 2_000


class Failing(NamedTuple):
    """The event that failed last.

    Attributes:
        sighting: where it is.
        attempts: how often.
        error: what its handler raised.
        given_up: whether it will be put aside as soon as what stands before it is done.
    """

    sighting: Sighting
    attempts: int
    error: Exception
    given_up: bool = False


def letter_of(sighting: Sighting, attempts: int, error: Exception, clock: Clock) -> DeadLetter:
    """An event that could not be handled."""
    return DeadLetter(
        sighting.position,
        sighting.aggregate,
        sighting.key,
        sighting.tag,
        describe(error),
        attempts,
        clock.now_ns(),
    )


def told(sighting: Sighting, error: Exception, attempts: int) -> str:
    """What happened at an event, as a line for people."""
    return (
        f"its handler of {sighting.tag} at position {sighting.position} raised {describe(error)} (attempt {attempts})"
    )


def describe(error: BaseException) -> str:
    """An error as a line for people."""
    return f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS_MAX]
