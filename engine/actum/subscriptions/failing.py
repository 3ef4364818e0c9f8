"""An event whose handler raised, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actum.subscriptions.letters import describe

if TYPE_CHECKING:
    from actum.subscriptions.cursor import Sighting


#: What `open` raises for a mistake in its code: said at once, since it would be the same at the next attempt.
MISTAKES = (TypeError, AttributeError, NameError, ImportError, NotImplementedError, AssertionError)


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


def told(sighting: Sighting, error: Exception, attempts: int) -> str:
    """What happened at an event, as a line for people."""
    return (
        f"its handler of {sighting.tag} at position {sighting.position} raised {describe(error)} (attempt {attempts})"
    )
