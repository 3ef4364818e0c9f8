"""The actor: one live aggregate, its state and its mailbox. `turn` decides its commands; what is rare is here.

State, version and position are tentative until the batch is durable, and visible to nobody else. If a handler has a
bug, or a batch is lost to a full disk, the actor forgets its state and reads it again from the log.

An actor has no task of its own: the scheduler gives it turns in the loop. It has no mailbox while it is idle.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, final

from actum_storage import ActumError, StorageError
from msgspec import Struct

from actum.atomic.hold import Hold
from actum.atomic.tags import exclusion
from actum.atomic.waits import DECIDING
from actum.codec import command_fault
from actum.errors import CommandFailed, Conflict, EngineClosed, Invalid, Quarantined, first_of, reason_of
from actum.logbook import handler_failed
from actum.messages import Event
from actum.records import Receipt
from actum.window import CommandWindow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from actum.aggregate import Aggregate
    from actum.batch import Delivery, Metadata, Outcome, Reply
    from actum.messages import Command
    from actum.streams import Replay, Streams

    #: A decision that was waited for: its command, and its events or what it raised.
    Decided = tuple[Delivery, "Checked | None", BaseException | None]
    #: Takes a decision into the open batch; False if it has no room, or a handler failed.
    Accept = Callable[["Actor", Delivery, "Checked"], bool]

#: Events that passed the check: their bytes, and what a replay will see.
Checked = tuple[tuple[bytes, Event], ...]


@final
class Actor(Struct, gc=False, eq=False):
    """One live aggregate. The garbage collector doesn't see it: the directory frees it (`Directory.clear`).

    Attributes:
        streams: those of its class.
        key: which one.
        stream: the hash of its stream.
        position: of its last event, tentative; 0 for none. It begins asleep, at its last durable event.
        version: its version, tentative.
        state: the aggregate, None while it has to be read from the log.
        mailbox: commands that wait, None for none.
        scheduled: whether it stands in the scheduler's queue.
        deciding: the command whose asynchronous decision is under way.
        failures: bugs in a row.
        fault: the last of them.
        touched: when it last worked, in ticks of the directory.
        awaits: actors whose answers the decision under way waits for.
        waiting: whether it waits for a commit or for its own waking, and comes back by itself.
        decided: a decision that was waited for, or found no room: it comes first in the next turn.
        lost: why the ground of the decision under way is lost, if it is.
        commands: that wrote, since its waking.
        snapshot_version: the version that is saved, or was when it woke.
    """

    streams: Streams
    key: str
    stream: bytes
    position: int
    version: int = 0
    state: Aggregate | None = None
    mailbox: list[Delivery] | None = None
    scheduled: bool = False
    deciding: Delivery | None = None
    failures: int = 0
    fault: BaseException | None = None
    touched: int = 0
    awaits: list[Actor] | None = None
    waiting: bool = False
    decided: Decided | None = None
    commands: int = 0
    snapshot_version: int = 0
    lost: Exception | None = None
    _woken: int = 0
    _window: CommandWindow | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits for it or depends on it."""
        return not (self.mailbox or self.scheduled or self.waiting) and self.deciding is None and self.decided is None

    @property
    def can_run(self) -> bool:
        """Whether there is work that nothing else has to come before."""
        return bool(self.mailbox or self.decided is not None) and self.deciding is None and not self.waiting

    @property
    def quarantined(self) -> bool:
        """Whether its commands are refused."""
        return self.failures >= self.streams.scheduler.options.quarantine_failures_max

    def prepare(self, accept: Accept) -> bool:
        """Wake, and go on with a decision that was waited for; False if the mailbox has to wait."""
        if not self.mailbox and self.decided is None:
            return False
        if self.state is None:
            error = self._quarantine() if self.quarantined else self._wake()
            if error is not None:
                self.refuse_all(error)
            if self.state is None:
                return False
        return (self.decided is None or self._resume(accept)) and self.state is not None

    def wait_for(self, delivery: Delivery, result: Awaitable[object] | Hold) -> None:
        """Have an asynchronous decision made while others work on; for a hold, nothing has to be made."""
        self.deciding = delivery
        if isinstance(result, Hold):
            result.taken()
            return
        self.streams.scheduler.spawn(self._decide_async(delivery, result), f"decide {self!r}", delivery[2].context)

    async def _decide_async(self, delivery: Delivery, result: Awaitable[object]) -> None:
        """Wait for an asynchronous decision, then ask for a turn. Cancelled only by a close that ran out of time.

        Raises:
            KeyboardInterrupt, SystemExit: as in `_fail`.
        """
        scheduler = self.streams.scheduler
        DECIDING.set((self, delivery))
        decided: Decided
        try:
            decided = delivery, self.collect(await result), None
        except BaseException as error:  # noqa: BLE001  # as above; a cancelled decision answers its caller too
            decided = delivery, None, first_of(error)
        if self.deciding is not delivery:
            return  # it was given up: the engine is closed, and its caller was told
        self.decided = decided
        self.deciding = self.awaits = None
        scheduler.schedule(self)
        if isinstance(decided[2], (KeyboardInterrupt, SystemExit)):
            raise decided[2]

    def _resume(self, accept: Accept) -> bool:
        """Go on with a decision that was waited for; False if the batch has no room for it yet."""
        assert self.decided is not None
        delivery, events, error = self.decided
        self.decided = None
        if self.lost is not None:
            self._answer(delivery[1], self.lost)
            self.lost = None
            return True
        if events is None:
            assert error is not None
            self._answer(delivery[1], self.excused(delivery[0], error))
            return True
        conflict = self.conflict(delivery[2], self.version)  # a condition may not hold any more
        if conflict is not None:
            self._answer(delivery[1], conflict)
            return True
        return accept(self, delivery, events)

    def collect(self, result: Any) -> Checked:
        """Step 2: what the handler gave, or still gives as a generator, as checked events."""
        if result is None:
            return ()
        check = self.streams.check_known
        if isinstance(result, Event):
            return (check(result),)
        events = tuple([check(event) for event in result])
        self.streams.check_size(events)
        return events

    def reject(self, reply: Reply, error: Exception) -> None:
        """Answer a command that a handler refused."""
        self.failures = 0
        self._answer(reply, error)

    def accept_nothing(self, delivery: Delivery) -> None:
        """A command that led to no event."""
        scheduler = self.streams.scheduler
        self.failures = 0
        _, reply, metadata = delivery
        command_id = metadata.command_id_bytes or scheduler.id_maker()()
        self._answer(reply, Receipt(command_id, self.key, self.version, self.position, ()))

    def answered(self, reply: Reply, metadata: Metadata) -> bool:
        """Whether the metadata decide the answer: a repeated command, or a wrong expected version."""
        if metadata.command_id_bytes is not None:
            try:
                position = self.known(metadata.command_id_bytes)
            except Exception as error:  # noqa: BLE001  # a damaged log answers this caller
                self._answer(reply, error)
                return True
            if position is not None:
                self._answer(reply, lambda: self.streams.receipt_at(position))
                return True
        conflict = self.conflict(metadata, self.version)
        if conflict is not None:
            self._answer(reply, conflict)
        return conflict is not None

    def conflict(self, metadata: Metadata, version: int) -> Conflict | Invalid | None:
        """The answer to a command that expects another version, or excludes an event that is there."""
        expected = metadata.expected_version
        if expected is None or expected == version:
            return None if metadata.unless is None else exclusion(metadata.unless, self.streams.tags, version)
        message = f"{self.streams.name}/{self.key} is at version {version}, not {expected}: read and decide again"
        return Conflict(message, expected_version=expected, version=version)

    def known(self, command_id: bytes) -> int | None:
        """The position of the last event of an earlier command with this id, if it is among the last that wrote.

        Commands without an id are counted, not held. What the ids of a `send_atomic` begin with finds one of them.
        """
        if self._window is None:
            self._window = CommandWindow.of(self.streams.read_window(self._woken))
        found = self._window.find(command_id)
        if found is None:
            return None
        position, number = found
        return position if self.commands - number < self.streams.scheduler.options.dedup_commands_max else None

    def remember(self, command_id: bytes, position: int) -> None:
        """Put a command into the window."""
        assert self._window is not None, "a command with an id is looked up before it is decided"
        size_max = self.streams.scheduler.options.dedup_commands_max
        self._window.add(command_id, position, self.commands, size_max)

    def _wake(self) -> Exception | None:
        """Read the state from snapshot and log; it stays None if that has to wait, for a commit or a long stream."""
        scheduler = self.streams.scheduler
        if self.waiting:
            return None
        if self.position > scheduler.durable:
            self.waiting = True
            scheduler.schedule_after_commit(self)
            return None
        try:
            replay = self.streams.replay(self.key, self.position)
            if replay.step():
                self._awake(replay)
            else:
                self.waiting = True
                scheduler.spawn(self._wake_in_slices(replay), f"wake {self!r}")
        except (KeyboardInterrupt, SystemExit) as error:
            self.refuse_all(self._failed(error))
            raise
        except BaseException as error:  # noqa: BLE001  # damage, or a bug in evolve
            return self._failed(error)
        return None

    async def _wake_in_slices(self, replay: Replay) -> None:
        """Replay a long stream without holding the loop, then ask for a turn. Cancelled only by a close."""
        try:
            while not replay.step():
                await asyncio.sleep(0)
            self._awake(replay)
        except BaseException as error:  # as in `_wake`
            task = asyncio.current_task()
            closing = task is not None and task.cancelling() > 0
            self.refuse_all(
                EngineClosed(f"the engine closed before {self!r} was awake") if closing else self._failed(error)
            )
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
        finally:
            self.waiting = False
            self.streams.scheduler.schedule(self)

    def _awake(self, replay: Replay) -> None:
        """Take over what a replay found."""
        self.version = replay.version
        self.snapshot_version = replay.snapshot_version
        self._woken = self.position
        self.commands = 0
        self._window = None
        self.state = replay.state

    def forget(self) -> None:
        """Drop the state; the next command reads it from the log again."""
        self.state = None
        self._window = None

    def rewind(self, position: int, error: Exception) -> None:
        """Go back to a durable position: a batch was lost. A decision under way, made on lost ground, gets `error`."""
        self.forget()
        self.position = position
        self.streams.forget_snapshot(self.key, position)
        if self.deciding is not None or self.decided is not None:
            self.lost = error

    def give_up(self, error: Exception) -> None:
        """Answer a decision that does not end, and what waits behind it; whatever it comes to is dropped."""
        if self.deciding is not None:
            self._answer(self.deciding[1], error)
            self.deciding = self.awaits = None
            self.refuse_all(error)

    def snapshot(self) -> None:
        """Save the state of an actor that is awake, for the next waking and the next checkpoint."""
        assert self.state is not None
        self.streams.save_snapshot(self.key, self.version, self.position, self.state)
        self.snapshot_version = self.version

    @property
    def events_since_snapshot(self) -> int:
        """Events that a waking would have to replay, as long as the actor is awake."""
        return self.version - self.snapshot_version if self.state is not None else 0

    def excused(self, command: Command, error: BaseException) -> Exception:
        """The answer to an asynchronous decision that raised. What a service does is not the aggregate's fault.

        What actum itself said to it, such as `Overloaded` or another aggregate's rejection, goes on as it is.
        """
        if isinstance(error, ActumError):
            return error
        handler_failed(self, error)
        self.forget()
        return command_fault(command) or self._command_failed(error)

    def fail(self, delivery: Delivery, error: BaseException) -> None:
        """Answer a command on which a handler had a bug; the state can't be trusted any more and is read again.

        Raises:
            KeyboardInterrupt, SystemExit: they are not the command's affair alone and go on to the loop.
        """
        command, reply, _ = delivery
        self._answer(reply, self.blamed(command, error))
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise error

    def blamed(self, command: Command, error: BaseException) -> Exception:
        """The answer to a command on which a handler had a bug, which is counted; the state is read again."""
        answer = command_fault(command) or self._failed(error)
        self.forget()
        return answer

    def _failed(self, error: BaseException) -> Exception:
        """Count a bug, and say what happened."""
        if isinstance(error, StorageError):
            return error
        self.failures += 1
        self.fault = error
        if self.quarantined:
            self.streams.quarantined.add(self.key)
        handler_failed(self, error)
        return self._command_failed(error)

    def _command_failed(self, error: BaseException) -> CommandFailed:
        """What a caller is told of a bug."""
        failed = CommandFailed(f"a handler of {self.streams.name}/{self.key} raised {reason_of(error)}")
        failed.__cause__ = error
        return failed

    def _quarantine(self) -> Quarantined:
        """The answer of an actor that failed too often."""
        error = Quarantined(
            f"{self.streams.name}/{self.key} is quarantined after {self.failures} failures in a row, "
            f"the last one {self.fault!r}: "
            f"fix the handler and reopen, or call engine.release({self.streams.kind.aggregate.__name__}, {self.key!r})"
        )
        error.__cause__ = self.fault
        return error

    def release(self) -> bool:
        """End the quarantine; False if there was none."""
        was = self.quarantined
        self.failures = 0
        self.fault = None
        self.streams.quarantined.discard(self.key)
        return was

    def refuse_all(self, error: Exception) -> None:
        """Answer everything that waits, a kept decision included, with the same error."""
        if self.decided is not None:
            self._answer(self.decided[0][1], error)
            self.decided = self.lost = None
        waiting, self.mailbox = self.mailbox or [], None
        for _, reply, _ in waiting:
            self._answer(reply, error)

    def _answer(self, reply: Reply, outcome: Outcome) -> None:
        """Give an answer, once what it was decided on is durable."""
        self.streams.scheduler.answer(self.position, reply, outcome)

    def __repr__(self) -> str:
        """Which one, its version, its mailbox and what it is doing."""
        waiting = len(self.mailbox) if self.mailbox else 0
        doing = "deciding" if self.deciding is not None else "asleep" if self.state is None else "awake"
        return f"<Actor {self.streams.name}/{self.key}@{self.version} mailbox {waiting} {doing}>"


# A Struct's own setter asks whether the collector has to hear of the value, which takes four times as long.
Actor.__setattr__ = object.__setattr__  # type: ignore[method-assign]
Actor.__delattr__ = object.__delattr__  # type: ignore[method-assign]
