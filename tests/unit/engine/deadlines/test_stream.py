"""The life of one deadline: what it takes in which state, and that it fires once."""

from __future__ import annotations

from typing import Any

import pytest
from actum import Event
from actum.deadlines.stream import (
    CancelDeadline,
    DeadlineCancelled,
    DeadlineFailed,
    DeadlineFired,
    DeadlineGone,
    DeadlineScheduled,
    DeadlineStream,
    DeadlineUsed,
    FailDeadline,
    FireDeadline,
    ScheduleDeadline,
)

SCHEDULE = ScheduleDeadline(deadline_id="d", due_ns=7, command="Ring", arguments={"a": 1}, user_id="ann")


def evolved(state: str, number: int = 1) -> DeadlineStream:
    """A deadline in some state."""
    stream = DeadlineStream()
    events: dict[str, Event] = {
        "fired": DeadlineFired(deadline_id="d"),
        "failed": DeadlineFailed(deadline_id="d", reason="no"),
        "cancelled": DeadlineCancelled(deadline_id="d"),
    }
    if state != "new":
        said: Any = {name: getattr(SCHEDULE, name) for name in SCHEDULE.__struct_fields__}
        stream.scheduled(DeadlineScheduled(number=number, **said))
    if state in events:
        getattr(stream, state)(events[state])
    assert stream.state == state
    return stream


@pytest.mark.parametrize("state", ["new", "pending", "failed", "cancelled"])
def test_it_is_scheduled_anew_until_it_has_fired(state: str) -> None:
    """With a number of its own each time, and all that was said."""
    stream = evolved(state, 3)
    event = stream.schedule(SCHEDULE)
    assert (event.number, event.due_ns, event.command, event.user_id) == (stream.number + 1, 7, "Ring", "ann")


def test_an_id_that_has_fired_is_used_up() -> None:
    """A retry of the caller does not have it fire again."""
    with pytest.raises(DeadlineUsed, match="the deadline 'd' has fired already: give another deadline_id"):
        evolved("fired").schedule(SCHEDULE)


def test_what_is_pending_fires_or_fails() -> None:
    """What was pending is over, either way, and why it failed is kept."""
    assert evolved("pending").fire(FireDeadline(deadline_id="d", number=1)) == DeadlineFired(deadline_id="d")
    failed = evolved("pending").fail(FailDeadline(deadline_id="d", number=1, reason="full"))
    assert failed == DeadlineFailed(deadline_id="d", reason="full")


@pytest.mark.parametrize(
    ("state", "number"), [("new", 0), ("new", 1), ("fired", 1), ("failed", 1), ("cancelled", 1), ("pending", 2)]
)
def test_nothing_else_does(state: str, number: int) -> None:
    """Not twice, not after it was cancelled, and not one that has been scheduled anew since."""
    with pytest.raises(DeadlineGone):
        evolved(state).fire(FireDeadline(deadline_id="d", number=number))
    with pytest.raises(DeadlineGone):
        evolved(state).fail(FailDeadline(deadline_id="d", number=number, reason="no"))


@pytest.mark.parametrize(
    ("state", "ends"), [("new", False), ("pending", True), ("failed", True), ("fired", False), ("cancelled", False)]
)
def test_what_is_not_over_can_be_cancelled(state: str, ends: bool) -> None:  # noqa: FBT001
    """And what has failed is put away."""
    assert (evolved(state).cancel(CancelDeadline(deadline_id="d")) is not None) == ends
