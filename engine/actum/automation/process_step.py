"""What an instance of a process wants to do about an event: thought out here, without doing it.

Everything that a step needs to be the same at a second attempt follows from the instance and the position of the event:
the id of the send, and those of its deadlines.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast, final

from msgspec.structs import replace

from actum.atomic.ids import SEND_ATOMIC_COMMANDS_MAX
from actum.automation.due import due_at
from actum.automation.timer import stored_command
from actum.codec import ENCODER
from actum.deadlines.stored import plain
from actum.deadlines.stream import CancelDeadline
from actum.errors import Invalid, Rejected, shown
from actum.messages import Command
from actum.middleware import Envelope
from actum.processes.process import Cancel, Done, Schedule
from actum.processes.stream import ProcessMoved, StepProcess
from actum.records import check_identifier

if TYPE_CHECKING:
    from actum.automation.timer import Timer
    from actum.core import Core
    from actum.messages import Event
    from actum.processes.instances import Instance
    from actum.processes.kind import ProcessKind
    from actum.records import Record


class Entry(NamedTuple):
    """What one record holds for one instance.

    Attributes:
        position: the record's.
        events: one, or several that an upcaster made of it.
        record: the record.
    """

    position: int
    events: tuple[Event, ...]
    record: Record


class Step(NamedTuple):
    """What is sent as one.

    Attributes:
        key: of the instance.
        row: the instance before it.
        entry: what it reacts to.
        considered: up to here all events were considered.
        own: the entry in the instance's stream, and what becomes of deadlines.
        commands: what it does.
        scheduled: how many deadlines are new.
        command_id: of the whole.
    """

    key: str
    row: Instance | None
    entry: Entry
    considered: int
    own: list[Command]
    commands: list[Envelope]
    scheduled: int
    command_id: bytes


class UnexpectedEvent(Exception):  # it is shown with its name
    """A strict process got an event for an instance that was never started."""


@final
class Thinker:
    """Calls the handlers of one process."""

    __slots__ = ("_core", "_kind", "_timer")

    def __init__(self, core: Core, kind: ProcessKind, timer: Timer) -> None:
        """For a process of an engine."""
        self._core = core
        self._kind = kind
        self._timer = timer

    def think(self, key: str, row: Instance | None, entry: Entry, considered: int) -> Step | None:
        """The step of an instance; None if the event does not concern it.

        Raises:
            UnexpectedEvent: the process is strict, and the instance is not there.
            Exception: of a handler.
        """
        outputs: list[Any] = []
        state, reacted = self._state(row), row is not None and row.started
        for event in entry.events:
            one = self._kind.reactions[type(event)]
            if reacted or one.starts:
                reacted = True
                given = (entry.record,) if one.wants_record else ()
                outputs += collected(one.function(state, event, *given))
            elif self._kind.strict:
                raise UnexpectedEvent(f"{type(event).__name__} came, but no {self._kind.name} was started for {key!r}")
        if not reacted:
            return None
        name = type(entry.events[-1]).__name__
        return self._step(key, row, entry, considered, (name, 0, state, outputs))

    def think_again(self, step: Step, error: Rejected) -> Step | None:
        """What an instance does instead, since one of its commands was rejected; None if it has no handler for that.

        Raises:
            Exception: of a handler.
        """
        index = error.command_index
        if index is None and len(step.commands) == 1:
            index = 0  # the middleware refused it
        if isinstance(error, ProcessMoved) or index is None or index < 0:
            return None
        command = step.commands[index].command
        refusal = self._kind.refusals.get(type(command))
        if refusal is None:
            return None
        state = self._state(step.row)
        outputs = collected(refusal.function(state, command, *((error,) if refusal.wants_error else ())))
        name = f"{type(command).__name__} refused"
        return self._step(step.key, step.row, step.entry, step.considered, (name, 1, state, outputs))

    def _state(self, row: Instance | None) -> Any:
        """The instance's state, made anew: a handler may change it, and fail."""
        if row is None or not row.started:
            return self._kind.process()
        return self._kind.decode(ENCODER.encode(row.state))

    def _timers_of(self, row: Instance) -> dict[str, str]:
        """What an instance has scheduled and is not over."""
        known = self._timer.view
        return {name: deadline_id for name, deadline_id in row.timers.items() if known.get(deadline_id) is not None}

    def _step(
        self, key: str, row: Instance | None, entry: Entry, considered: int, thought: tuple[str, int, Any, list[Any]]
    ) -> Step:
        """What the outputs of a handler mean."""
        name, attempt, state, outputs = thought
        timers = {} if row is None else self._timers_of(row)
        instance = instance_of(self._kind.name, key)
        schedules: list[Command] = []
        cancelled: list[str] = []
        correlation_id = entry.record.correlation_id or str(entry.record.command_id)
        said = {"correlation_id": correlation_id, "causation_id": str(entry.record.command_id)}
        for index, output in enumerate(outputs):
            if isinstance(output, Schedule):
                timer = output.name or type(output.command).__name__
                cancelled += [timers[timer]] if timer in timers else []
                timers[timer] = deadline_id = id_of("deadline", instance, entry.position, attempt, index).hex()
                due_ns = due_at(output.at, output.after, entry.record.timestamp_ns)
                schedules.append(
                    stored_command(self._timer, output.command, deadline_id=deadline_id, due_ns=due_ns, **said)
                )
            elif isinstance(output, Cancel):
                cancelled += [timers.pop(output.name)] if output.name in timers else []
        done = any(isinstance(output, Done) for output in outputs)
        if done:
            cancelled += timers.values()
            timers.clear()
        new = [one for one in schedules if one.deadline_id not in cancelled]  # type: ignore[attr-defined]
        commands = [output for output in outputs if isinstance(output, Command)]
        taken = StepProcess(
            instance=instance,
            process=self._kind.name,
            key=key,
            after=0 if row is None else row.number,
            position=entry.position,
            considered=considered,
            event=name,
            state=plain(state),
            timers=timers,
            commands=[type(command).__name__ for command in commands],
            done=done,
            at_ns=self._core.clock.now_ns(),
            until=0 if row is None or row.until <= entry.position else row.until,
        )
        old: set[str] = set() if row is None else set(row.timers.values())
        gone = [CancelDeadline(deadline_id=one) for one in cancelled if one in old]
        return Step(
            key,
            row,
            entry,
            considered,
            [taken, *gone, *new],
            [replace(Envelope(command=command), **said) for command in commands],
            len(new),
            id_of("step", instance, entry.position, attempt, 0 if row is None else row.number),
        )


def collected(outputs: object) -> list[Any]:
    """What a handler gave: nothing, one thing, or several.

    Raises:
        Exception: of a handler that yields.
        Invalid: too many.
        TypeError: something else than a process may do.
    """
    if outputs is None:
        return []
    several = isinstance(outputs, Iterable) and not isinstance(outputs, (str, bytes))
    all_given = cast("Iterable[Any]", outputs if several else (outputs,))
    given: list[Any] = list(islice(all_given, SEND_ATOMIC_COMMANDS_MAX + 1))
    if len(given) > SEND_ATOMIC_COMMANDS_MAX:
        raise Invalid(
            f"a step does at most {SEND_ATOMIC_COMMANDS_MAX:,} things, since all of them are written as one: "
            "yield fewer, and the rest when an event of these comes back"
        )
    for one in given:
        if not isinstance(one, (Command, Schedule, Cancel, Done)):
            raise TypeError(f"a process yields commands, Schedule, Cancel and Done, not {shown(one)}")
    return given


def instance_of(process: str, key: object) -> str:
    """The key of an instance's stream.

    Raises:
        Invalid: its own key is no string of 1 byte and more, or too long together with the process's name.
    """
    key = check_identifier("key", key)
    try:
        return check_identifier("process and key", f"{process}/{key}")
    except Invalid as error:
        raise Invalid(f"{error}: a key has to be shorter") from None


def id_of(what: str, instance: str, position: int, *numbers: int) -> bytes:
    """16 bytes that follow from an instance and what it reacts to."""
    text = " ".join([what, instance, str(position), *map(str, numbers)])
    return blake2b(text.encode(), digest_size=16, person=b"actum process").digest()
