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


def told(failing: Failing) -> str:
    """What happened at an event, as a line for people."""
    where = f"{failing.sighting.tag} at position {failing.sighting.position}"
    return f"its handler of {where} raised {describe(failing.error)} (attempt {failing.attempts})"


def known(failing: Failing, subscription: str) -> dict[str, str | float | None]:
    """What stands beside a line about it in the log."""
    return {"subscription": subscription, "position": failing.sighting.position, "attempts": failing.attempts}
