"""The instances of one process, as its runner, its users and those who look after it ask for them. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, final

from actum.codec import ENCODER, ENCODING_ERRORS
from actum.processes.instances import Instance, Instances, mark_of
from actum.processes.status import ProcessStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from actum.clock import Clock
    from actum.deadlines.deadline import Deadlines
    from actum.processes.kind import ProcessKind
    from actum.views.live_view import LiveView

#: Stuck instances are counted no further.
STUCK_MAX = 10_000
BY_STATUS = ("process", "status", "since_ns")


@final
class Roster:
    """Those that have not ended."""

    __slots__ = ("_clock", "_deadlines", "_kind", "_live")

    def __init__(
        self, kind: ProcessKind, live: Callable[[], LiveView], deadlines: Callable[[], Deadlines], clock: Clock
    ) -> None:
        """Of one process.

        Args:
            kind: the process.
            live: the view of all instances; another one after a rebuild.
            deadlines: that of all deadlines.
            clock: says who is stuck.
        """
        self._kind = kind
        self._live = live
        self._deadlines = deadlines
        self._clock = clock

    @property
    def view(self) -> Instances:
        """The instances of all processes.

        Raises:
            ViewBroken: it is not served.
        """
        live = self._live()
        live.check()
        return cast("Instances", live.view)

    def mark(self) -> Instance | None:
        """The row that says how far the process has come; None for one that is new here."""
        return self.view.get(mark_of(self._kind.name))

    def active(self) -> int:
        """How many have not failed; as the other counts, 0 if the view is not served."""
        return self._count("active")

    def failed(self) -> int:
        """How many have failed."""
        return self._count("failed")

    def stuck(self) -> int:
        """How many have not reacted to anything for too long; at most 10,000."""
        stuck_ns = self.stuck_ns()
        return 0 if stuck_ns is None else len(self._oldest("active", STUCK_MAX, stuck_ns))

    def stuck_ns(self) -> int | None:
        """An active instance that has not reacted since before this is stuck; None if none ever is."""
        seconds = self._kind.stuck_seconds
        return None if seconds is None else self._clock.now_ns() - round(seconds * 1e9)

    def fault(self, row: Instance) -> str | None:
        """Why today's class can't read the fields of an instance, or None."""
        return self._state(row)[1]

    def oldest(self, status: str = "active") -> Instance | None:
        """The one that has been in a status for longest; None also if the view is not served."""
        rows = self._oldest(status, 1)
        return rows[0] if rows else None

    def listed(self, status: str | None = None) -> list[ProcessStatus[Any]]:
        """All, or those of one status: those that failed first, then by key.

        Raises:
            ViewBroken: the view is not served.
        """
        rows = sorted(self._rows(status), key=lambda row: (row.status == "active", row.key))
        return [self._status(row) for row in rows]

    def _rows(self, status: str | None) -> list[Instance]:
        """Those of a status, as the index has them: few are found among many at once."""
        view, where = self.view, {"process": self._kind.name}
        if status is None:
            return view.where(**where)
        if status == "failed":
            return view.where(**where, status="failed")
        stuck_ns, where = self.stuck_ns(), {**where, "status": "active"}
        if status == "active":
            return view.order_by(BY_STATUS, where=where, start=stuck_ns)
        return [] if stuck_ns is None else view.order_by(BY_STATUS, where=where, stop=stuck_ns)

    def behind(self) -> list[str]:
        """The keys of those that were retried, and have not read yet all that came while they stood still."""
        rows: Iterable[Instance] = self._live().table.rows.values()
        return [row.key for row in rows if row.until and row.process == self._kind.name]

    def _status(self, row: Instance) -> ProcessStatus[Any]:
        """One instance, for people."""
        kind = self._kind
        state, fault = self._state(row)
        due = {name: self._deadlines().get(deadline_id) for name, deadline_id in row.timers.items()}
        return ProcessStatus(
            process=row.process,
            key=row.key,
            status=self._word(row),
            state=state,
            state_fault=fault,
            since_ns=row.since_ns,
            position=row.position,
            deadlines={name: one.due_ns for name, one in due.items() if one is not None and one.state == "pending"},
            waits_for=tuple(sorted(event.__name__ for event in kind.reactions)),
            failure=row.reason if row.status == "failed" else None,
            failed_position=row.failed_position if row.status == "failed" else None,
        )

    def _word(self, row: Instance) -> Literal["active", "stuck", "failed"]:
        """How an instance is."""
        stuck_ns = self.stuck_ns()
        is_stuck = row.status == "active" and stuck_ns is not None and row.since_ns < stuck_ns
        return "stuck" if is_stuck else row.status

    def _state(self, row: Instance) -> tuple[Any, str | None]:
        """The fields of an instance, or those of a new one and why they can't be read."""
        if not row.started:
            return self._kind.process(), None
        try:
            return self._kind.decode(ENCODER.encode(row.state)), None
        except ENCODING_ERRORS as error:
            return self._kind.process(), f"today's {self._kind.process.__name__} can't read it: {error}"

    def _count(self, status: str) -> int:
        live = self._live()
        return 0 if live.broken else live.view.count(process=self._kind.name, status=status)

    def _oldest(self, status: str, limit: int, stop_ns: int | None = None) -> list[Instance]:
        """Those that have been in a status for longest, since before `stop_ns`."""
        live, where = self._live(), {"process": self._kind.name, "status": status}
        rows: list[Any] = [] if live.broken else live.view.order_by(BY_STATUS, where=where, stop=stop_ns, limit=limit)
        return rows

    def __repr__(self) -> str:
        """How many there are."""
        return f"<Roster of {self._kind.name}: {self.active()} active, {self.failed()} failed>"
