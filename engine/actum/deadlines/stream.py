"""The stream of one deadline: scheduled, then fired, failed or cancelled.

Each deadline is an aggregate of its own, so that no stream grows without end. That it fires once is decided here and
nowhere else: `FireDeadline` is a command of the same `send_atomic` as the command that was scheduled, so both are in
one frame or neither is, and a deadline that has fired refuses to fire again.
"""

from __future__ import annotations

from typing import Any, Literal

from actum.aggregate import Aggregate
from actum.errors import Rejected
from actum.handlers import decide, evolve
from actum.messages import Command, Event


class ScheduleDeadline(Command):
    """Send a command at a time. A deadline that is pending is replaced, one that failed or was cancelled set anew."""

    deadline_id: str
    due_ns: int
    command: str
    arguments: Any
    user_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None


class FireDeadline(Command):
    """It is time; sent together with the command."""

    deadline_id: str
    number: int


class FailDeadline(Command):
    """The command was refused."""

    deadline_id: str
    number: int
    reason: str


class CancelDeadline(Command):
    """Don't send it."""

    deadline_id: str


class RetryDeadline(ScheduleDeadline):
    """Schedule it again, as it was: it has failed, and nobody has put it away or tried it again since."""

    number: int


class DeadlineScheduled(Event, tag="actum.DeadlineScheduled", omit_defaults=True):
    """A command will be sent."""

    deadline_id: str
    number: int
    due_ns: int
    command: str
    arguments: Any
    user_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None


class DeadlineFired(Event, tag="actum.DeadlineFired"):
    """The command was sent, and accepted: what it wrote is in the same frame."""

    deadline_id: str


class DeadlineFailed(Event, tag="actum.DeadlineFailed"):
    """The command was sent, and refused."""

    deadline_id: str
    reason: str


class DeadlineCancelled(Event, tag="actum.DeadlineCancelled"):
    """The command will not be sent."""

    deadline_id: str


class DeadlineGone(Rejected):
    """The deadline is not pending any more, or has been scheduled anew since."""


class DeadlineUsed(Rejected):
    """The deadline has fired: its id is used up.

    What to do: nothing, if this was a retry; else give another `deadline_id`.
    """


class DeadlineStream(Aggregate, key="deadline_id", name="actum.Deadlines"):
    """One deadline."""

    state: Literal["new", "pending", "fired", "failed", "cancelled"] = "new"
    number: int = 0

    @decide
    def schedule(self, command: ScheduleDeadline) -> DeadlineScheduled:
        """Unless it has fired."""
        if self.state == "fired":
            raise DeadlineUsed(f"the deadline {command.deadline_id!r} has fired already: give another deadline_id")
        return self._scheduled_by(command)

    @decide
    def retry(self, command: RetryDeadline) -> DeadlineScheduled:
        """Only what has failed, and once."""
        if self.state != "failed" or self.number != command.number:
            raise DeadlineGone(f"the deadline is {self.state}, scheduled {self.number} times")
        return self._scheduled_by(command)

    def _scheduled_by(self, command: ScheduleDeadline) -> DeadlineScheduled:
        """What a command wants, once more."""
        said = {name: getattr(command, name) for name in ScheduleDeadline.__struct_fields__}
        return DeadlineScheduled(number=self.number + 1, **said)

    @decide
    def fire(self, command: FireDeadline) -> DeadlineFired:
        """Only what is pending, and once."""
        self._check(command.number)
        return DeadlineFired(deadline_id=command.deadline_id)

    @decide
    def fail(self, command: FailDeadline) -> DeadlineFailed:
        """Only what is pending."""
        self._check(command.number)
        return DeadlineFailed(deadline_id=command.deadline_id, reason=command.reason)

    @decide
    def cancel(self, command: CancelDeadline) -> DeadlineCancelled | None:
        """What is over stays as it is; what failed is put away."""
        if self.state in ("pending", "failed"):
            return DeadlineCancelled(deadline_id=command.deadline_id)
        return None

    def _check(self, number: int) -> None:
        """Refuse what is not pending."""
        if self.state != "pending" or self.number != number:
            raise DeadlineGone(f"the deadline is {self.state}, scheduled {self.number} times")

    @evolve
    def scheduled(self, event: DeadlineScheduled) -> None:
        """It waits."""
        self.state = "pending"
        self.number = event.number

    @evolve
    def fired(self, event: DeadlineFired) -> None:  # noqa: ARG002  # that it happened is all
        """It is over."""
        self.state = "fired"

    @evolve
    def failed(self, event: DeadlineFailed) -> None:  # noqa: ARG002
        """It is over."""
        self.state = "failed"

    @evolve
    def cancelled(self, event: DeadlineCancelled) -> None:  # noqa: ARG002
        """It is over."""
        self.state = "cancelled"
