"""What a deadline is: the row that says what is due when, and the view that engines with deadlines are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, final

from actum.deadlines.stream import DeadlineCancelled, DeadlineFailed, DeadlineFired, DeadlineScheduled
from actum.handlers import project
from actum.messages import Row
from actum.records import datetime_of
from actum.views.live_view import View

if TYPE_CHECKING:
    from datetime import datetime

#: Failed deadlines that are kept to be seen and tried again; the ones that were due first are dropped.
FAILED_MAX = 10_000


class Deadline(Row, key="deadline_id", indexes=[("state", "due_ns")]):
    """A command that will be sent, or that could not be.

    Attributes:
        deadline_id: the caller's id, or one that was made.
        due_ns: when, nanoseconds since 1970 UTC by the engine's clock.
        command: the name of the command's class.
        arguments: its fields as plain data.
        number: how often this id has been scheduled.
        state: `"pending"`, or `"failed"`: the command was refused when it was due.
        reason: what it was refused with.
        user_id: who scheduled it.
        correlation_id: what it belongs to.
        causation_id: what caused it.
        traceparent: of what scheduled it, if that was traced.
    """

    deadline_id: str
    due_ns: int
    command: str
    arguments: Any
    number: int
    state: Literal["pending", "failed"] = "pending"
    reason: str | None = None
    user_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None

    @property
    def due(self) -> datetime:
        """`due_ns` as an aware UTC datetime, to the microsecond."""
        return datetime_of(self.due_ns)

    def __repr__(self) -> str:
        """Which one, and when; not what the command holds: that may be private."""
        return f"<Deadline {self.deadline_id} {self.command} {self.state}, due {self.due.isoformat()}>"


@final
class Deadlines(View[Deadline], name="actum.Deadlines"):
    """What is due when. Give it to `Engine.open`, and the engine has deadlines: `schedule`, `cancel`, `deadlines`."""

    @project
    def scheduled(self, event: DeadlineScheduled) -> None:
        """One more, or one in the place of another."""
        self.put(
            Deadline(
                deadline_id=event.deadline_id,
                due_ns=event.due_ns,
                command=event.command,
                arguments=event.arguments,
                number=event.number,
                user_id=event.user_id,
                correlation_id=event.correlation_id,
                causation_id=event.causation_id,
                traceparent=event.traceparent,
            )
        )

    @project
    def fired(self, event: DeadlineFired) -> None:
        """Over."""
        self.remove(event.deadline_id)

    @project
    def cancelled(self, event: DeadlineCancelled) -> None:
        """Over."""
        self.remove(event.deadline_id)

    @project
    def failed(self, event: DeadlineFailed) -> None:
        """Over, but somebody should look."""
        row = self.get(event.deadline_id)
        if row is not None:
            self.put(row.replace(state="failed", reason=event.reason))
            if self.count(state="failed") > FAILED_MAX:
                oldest = self.order_by(("state", "due_ns"), where={"state": "failed"}, limit=1)
                self.remove(oldest[0].deadline_id)
