"""The stream of one instance of a process: its steps, its failures, its end.

A step is decided here and nowhere else: `StepProcess` is a command of the same `send_atomic` as all effects of the
step, and it says after how many entries of the stream it was thought of. So of two attempts at one step, one is refused
with all that it wanted to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actum.aggregate import Aggregate
from actum.deadlines.stream import CancelDeadline
from actum.errors import Rejected
from actum.handlers import decide, evolve
from actum.messages import Command, Event

if TYPE_CHECKING:
    from actum.processes.instances import Instance


class StepProcess(Command):
    """An instance has reacted."""

    instance: str
    process: str
    key: str
    after: int
    position: int
    considered: int
    event: str
    state: Any
    timers: dict[str, str]
    commands: list[str]
    done: bool
    at_ns: int
    until: int = 0


class FailProcess(Command):
    """An instance could not react."""

    instance: str
    process: str
    key: str
    after: int
    position: int
    considered: int
    reason: str
    at_ns: int


class EndProcess(Command):
    """Somebody has cancelled an instance, with the deadlines that it had then."""

    instance: str
    after: int


class AdvanceProcess(Command):
    """All events up to a position are considered."""

    instance: str
    process: str
    position: int


class ProcessStepped(Event, tag="actum.ProcessStepped"):
    """An instance has reacted to an event.

    Attributes:
        instance: process and key.
        process: the process's name.
        key: the instance's key.
        number: of this entry in the stream.
        position: of the event.
        considered: up to here all events were considered by all instances.
        event: the name of the event, or of the command that was refused.
        state: the fields of the instance, as plain data.
        timers: the ids of what is scheduled, by name.
        commands: the names of the commands that were sent.
        done: whether it has ended.
        at_ns: when, nanoseconds since 1970 UTC.
        until: the instance was retried, and has still to read what came up to here while it stood still; or 0.
    """

    instance: str
    process: str
    key: str
    number: int
    position: int
    considered: int
    event: str
    state: Any
    timers: dict[str, str]
    commands: list[str]
    done: bool
    at_ns: int
    until: int = 0


class ProcessFailed(Event, tag="actum.ProcessFailed"):
    """An instance could not react to the event at `position`, and stands still until somebody retries or cancels it."""

    instance: str
    process: str
    key: str
    number: int
    position: int
    considered: int
    reason: str
    at_ns: int


class ProcessEnded(Event, tag="actum.ProcessEnded"):
    """Somebody has cancelled an instance."""

    instance: str


class ProcessAdvanced(Event, tag="actum.ProcessAdvanced"):
    """All events up to `position` were considered by all instances of a process."""

    instance: str
    process: str
    position: int


class ProcessMoved(Rejected):
    """The instance has ended, or has taken the step already."""


class ProcessStream(Aggregate, key="instance", name="actum.Processes"):
    """One instance of one process."""

    number: int = 0
    started: bool = False
    ended: bool = False
    failed: int = 0  # at which position it failed last
    passed: int = 0  # up to which nothing comes of it any more, though it may still be started behind that

    @decide
    def step(self, command: StepProcess) -> ProcessStepped:
        """What comes next, and once."""
        return ProcessStepped(**self._next(command))

    @decide
    def fail(self, command: FailProcess) -> ProcessFailed:
        """What comes next, and once."""
        return ProcessFailed(**self._next(command))

    @decide
    def end(self, command: EndProcess) -> ProcessEnded:
        """Once, and unless it has moved since: it may have scheduled more."""
        self._check(command.after)
        return ProcessEnded(instance=command.instance)

    @decide
    def advance(self, command: AdvanceProcess) -> ProcessAdvanced:
        """Always."""
        return ProcessAdvanced(instance=command.instance, process=command.process, position=command.position)

    def _next(self, command: StepProcess | FailProcess) -> dict[str, Any]:
        """The fields of the next entry, which says what its command says."""
        self._check(command.after)
        self._check_position(command.position)
        said = {name: getattr(command, name) for name in command.__struct_fields__ if name != "after"}
        return {"number": self.number + 1, **said}

    def _check(self, after: int) -> None:
        """Refuse what was thought of earlier."""
        if self.ended or self.number != after:
            raise ProcessMoved("the process has ended" if self.ended else f"the process is at {self.number}")

    def _check_position(self, position: int) -> None:
        """Refuse what was cancelled before the instance had ever started; after a crash it is read again."""
        if position <= self.passed:
            raise ProcessMoved(f"the process was cancelled at position {self.passed}")

    @evolve
    def stepped(self, event: ProcessStepped) -> None:
        """One more."""
        self.number = event.number
        self.started = True
        self.ended = event.done

    @evolve
    def has_failed(self, event: ProcessFailed) -> None:
        """One more."""
        self.number = event.number
        self.failed = event.position

    @evolve
    def was_ended(self, event: ProcessEnded) -> None:  # noqa: ARG002  # that it happened is all
        """It is over; one that was never started may still be."""
        self.ended = self.started
        if not self.started:
            self.number, self.passed = 0, self.failed

    @evolve
    def advanced(self, event: ProcessAdvanced) -> None:
        """Nothing depends on it."""


def passing_over(row: Instance, considered: int, now_ns: int, until: int) -> StepProcess:
    """The step of an instance that goes on behind the event at which it failed, without having reacted to it.

    Args:
        row: the instance.
        considered: up to here all events were considered by all instances.
        now_ns: when it is.
        until: up to here it has still to read what came while it stood still.
    """
    return silent_step(row, considered, now_ns, "passed over", position=row.failed_position, until=until)


def catching_up(row: Instance, considered: int, now_ns: int) -> StepProcess:
    """The step of an instance that has read all that came while it stood still; as `passing_over`."""
    return silent_step(row, considered, now_ns, "caught up", position=row.position, until=0)


def silent_step(row: Instance, considered: int, now_ns: int, event: str, *, position: int, until: int) -> StepProcess:
    """A step that does nothing but to say where the instance is."""
    return StepProcess(
        instance=row.instance,
        process=row.process,
        key=row.key,
        after=row.number,
        position=position,
        considered=considered,
        event=event,
        state=row.state,
        timers=row.timers,
        commands=[],
        done=False,
        at_ns=now_ns,
        until=until,
    )


def ending(row: Instance) -> list[Command]:
    """What ends an instance, and what it has scheduled."""
    cancelled = (CancelDeadline(deadline_id=deadline_id) for deadline_id in row.timers.values())
    return [EndProcess(instance=row.instance, after=row.number), *cancelled]
