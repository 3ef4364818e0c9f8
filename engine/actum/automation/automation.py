"""What an engine offers for things that happen by themselves: deadlines and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from actum_storage import ReadOnly

from actum.automation.due import due_at
from actum.automation.process_runner import Runner
from actum.automation.timer import Timer, new_deadline_id, stored_command
from actum.deadlines.deadline import Deadlines
from actum.deadlines.lag import FailedDeadlinesSubject, TimerSubject
from actum.errors import Invalid, shown
from actum.freshness import tracker_of
from actum.processes.circles import Circles
from actum.processes.lag import InstancesSubject, ProcessSubject
from actum.processes.process import Process
from actum.processes.status import ProcessStatus
from actum.records import check_identifier, optional_identifier

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from actum.core import Core
    from actum.deadlines.deadline import Deadline
    from actum.messages import Command
    from actum.middleware import Middleware

P = TypeVar("P", bound=Process)


class Automation:
    """The part of `Engine` that sends commands when nobody does."""

    def _open_core(self) -> Core:
        """The parts of the open engine."""
        raise NotImplementedError

    async def schedule(
        self,
        command: Command,
        *,
        at: datetime | None = None,
        after: timedelta | float | None = None,
        deadline_id: UUID | str | None = None,
        user_id: UUID | str | None = None,
        correlation_id: UUID | str | None = None,
        causation_id: UUID | str | None = None,
    ) -> Deadline:
        """Have a command sent later; when this returns, the deadline is on disk. Needs `Deadlines` in `Engine.open`.

        It is sent once, at that time or as soon after it as the engine is open. The same `deadline_id` again replaces
        a deadline that is pending. Cancelling abandons the answer, as for `send`.

        Args:
            command: a command that an aggregate takes.
            at: when; an aware datetime. One that has passed is due at once.
            after: or how long from now, by the engine's clock: a timedelta, or seconds.
            deadline_id: names it, for `cancel`, and makes a retry safe; made unless given.
            user_id: who sends it; as the next two, stored with the events of the command.
            correlation_id: what it belongs to.
            causation_id: what caused it; the deadline's id unless given.

        Raises:
            Invalid: a time that is none, or a command that no aggregate takes or that can't be stored.
            Rejected: a deadline of this id has fired already.
            Overloaded: `deadlines_pending_max` are pending, or a queue is full.
        """
        core = writing(self._open_core())
        timer = timer_of(core)
        due_ns = due_at(at, after, core.clock.now_ns())
        key = new_deadline_id(core) if deadline_id is None else deadline_key(deadline_id)
        return await timer.schedule(
            stored_command(
                timer,
                command,
                deadline_id=key,
                due_ns=due_ns,
                user_id=optional_identifier("user_id", user_id),
                correlation_id=optional_identifier("correlation_id", correlation_id),
                causation_id=optional_identifier("causation_id", causation_id),
            )
        )

    async def cancel(self, deadline_id: UUID | str) -> bool:
        """Have a deadline not fire, or put a failed one away; False if there is none, or it has fired.

        True means that its command was not sent and will not be.
        """
        return await timer_of(writing(self._open_core())).cancel(deadline_key(deadline_id))

    async def retry_deadline(self, deadline_id: UUID | str) -> Deadline:
        """Try a deadline again that has failed.

        Raises:
            Invalid: no deadline of this id has failed.
        """
        return await timer_of(writing(self._open_core())).retry(deadline_key(deadline_id))

    def deadlines(self) -> list[Deadline]:
        """What is due when, in the order of the times; then what has failed."""
        return timer_of(self._open_core()).listed()

    def processes(self, process: type[P], *, status: str | None = None) -> list[ProcessStatus[P]]:
        """The instances of a process that have not ended; those that failed first, then by key.

        Args:
            process: its class.
            status: only the `"active"`, the `"stuck"` or the `"failed"` ones.

        Raises:
            Invalid: another status, or the class was not given to `Engine.open`.
        """
        if status not in (None, "active", "stuck", "failed"):
            raise Invalid(f'status={shown(status)}: give "active", "stuck", "failed", or None for all')
        return runner_of(self._open_core(), process).roster.listed(status)

    async def retry_process(self, process: type[Process], key: str) -> None:
        """Have a failed instance react again to the event at which it failed, and to what has come since.

        It may fail again: see `processes`. Cancelling abandons the answer, not the retry.

        Raises:
            Invalid: no such instance has failed.
        """
        await runner_of(writing(self._open_core()), process).retry(check_identifier("key", key))

    async def cancel_process(self, process: type[Process], key: str) -> bool:
        """End an instance, and cancel what it has scheduled; False if it is not there. It sends no commands."""
        return await runner_of(writing(self._open_core()), process).cancel(check_identifier("key", key))


def deadline_key(deadline_id: object) -> str:
    """A deadline's id as its stream is called.

    Raises:
        Invalid: it is no UUID and no text of 1 to 200 bytes.
    """
    return check_identifier("deadline_id", str(deadline_id) if isinstance(deadline_id, UUID) else deadline_id)


def automate(core: Core, middleware: Sequence[Middleware]) -> None:
    """Give the parts of an engine those that send commands by themselves, if its classes ask for them."""
    core.middleware = middleware
    if any(kind.view is Deadlines for kind in core.catalogue.views):
        timer = core.timer = Timer(core)
        circles = Circles()
        core.runners = tuple(Runner(core, kind, timer, circles) for kind in core.catalogue.processes)
        track(core, timer)


def track(core: Core, timer: Timer) -> None:
    """Have the lag of all these tracked, so that it is shown and raises alerts."""
    trackers, clock = core.lag_trackers, core.clock
    trackers["timer", "timer"] = tracker_of(
        core, TimerSubject(timer, clock), head=timer.overdue, caught_up=False, what="deadlines"
    )
    trackers["deadlines", "deadlines"] = tracker_of(core, FailedDeadlinesSubject(timer, clock), head=timer.failing)
    for runner in core.runners:
        instances = InstancesSubject(runner, clock)
        trackers["process", runner.kind.name] = tracker_of(core, ProcessSubject(runner, clock), caught_up=False)
        trackers["instances", runner.kind.name] = tracker_of(core, instances, head=instances.count)


def writing(core: Core) -> Core:
    """The parts of an engine that takes commands.

    Raises:
        ReadOnly: it takes none.
    """
    if core.read_only:
        raise ReadOnly("the engine was opened with read_only=True: it takes no commands")
    return core


def timer_of(core: Core) -> Timer:
    """The timer of an engine.

    Raises:
        Invalid: it has none.
    """
    if core.timer is None:
        raise Invalid("this engine has no deadlines: pass actum.Deadlines to Engine.open too")
    return core.timer


def runner_of(core: Core, process: type[Process]) -> Runner:
    """What runs a process.

    Raises:
        Invalid: the class was not given to `Engine.open`.
    """
    for runner in core.runners:
        if runner.kind.process is process:
            return runner
    raise Invalid(f"{shown(process)} is not a process of this engine: pass one of the classes given to Engine.open")
