"""What stands beside a line in Python's logging: its facts, as attributes of the `LogRecord` with stable names.

Each line has `actum_event`, which says what happened, in words that don't change; the others are named in
`docs/operations.md`. A message is for people, and may be said better one day.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actum.actor import Actor

#: All names of facts but `event`: an alert has those of its fields besides.
FACTS = frozenset(
    {
        *("action", "aggregate", "attempts", "deadline_id", "error", "events", "key", "position", "process", "seconds"),
        *("store", "subscription", "view", "who"),
    }
)

actor_log = logging.getLogger("actum.actor")


def facts(event: str, /, error: BaseException | None = None, **named: str | float | None) -> dict[str, object]:
    """The `extra` of a line.

    Args:
        event: what happened.
        error: what was raised, if anything: its class is a fact.
        named: other facts, of those in `FACTS`.
    """
    found: dict[str, object] = {"actum_event": event}
    if error is not None:
        found["actum_error"] = type(error).__name__
    found.update((f"actum_{name}", value) for name, value in named.items())
    return found


def handler_failed(actor: Actor, error: BaseException) -> None:
    """A handler of an aggregate has a bug; perhaps one too many."""
    named = {"aggregate": actor.streams.name, "key": actor.key}
    actor_log.error("%r failed", actor, exc_info=error, extra=facts("handler failed", error, **named))
    if actor.quarantined:
        said = facts("aggregate quarantined", error, **named)
        actor_log.error("%r is quarantined: its commands are refused; see Engine.release", actor, extra=said)
