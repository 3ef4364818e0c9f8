"""The actor: one live aggregate, its state and its mailbox. The only place that changes an aggregate's state.

A command goes through three steps, and the state changes only in the last, after all that can fail:
1. decide: the user's handler, all its events collected;
2. check: every event encoded and decoded again;
3. accept: evolve the state, append the records to the open batch, note the receipt.

State, version and position are tentative until the batch is durable, and visible to nobody else. If a handler has a
bug, or a batch is lost to a full disk, the actor forgets its state and reads it again from the log.

An actor has no task of its own: the scheduler calls `run` in the loop. It has no mailbox while it is idle.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast, final

from actum_storage import ActumError, StorageError
from msgspec import Raw

from actum.batch import PLAIN
from actum.codec import command_fault, encode_into
from actum.errors import CommandFailed, Conflict, EngineClosed, Invalid, Quarantined, Rejected
from actum.messages import Event
from actum.records import Receipt

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from actum.aggregate import Aggregate
    from actum.batch import Delivery, Metadata, OpenBatch, Outcome, Reply
    from actum.streams import Replay, Streams

    #: A decision that was waited for: its command, and its events or what it raised.
    Decided = tuple[Delivery, "Checked | None", BaseException | None]

log = logging.getLogger("actum.actor")

#: Events that passed the check: their bytes, and what a replay will see.
Checked = list[tuple[bytes, Event]]


@final
class Actor:
    """One live aggregate.

    Attributes:
        key: which one.
        state: the aggregate, None while it has to be read from the log.
        version: its version, tentative.
        position: of its last event, tentative; 0 for none.
        mailbox: commands that wait, None for none.
        scheduled: whether it stands in the scheduler's queue.
        deciding: the command whose asynchronous decision is under way.
        failures: bugs in a row.
        fault: the last of them.
        touched: when it last worked, in ticks of the directory.
        awaits: actors whose answers the decision under way waits for.
        waiting: whether it waits for a commit or for its own waking, and comes back by itself.
    """

    __slots__ = (
        "_commands", "_decided", "_lost", "_snapshot_version", "_stream", "_window", "_woken", "awaits", "deciding",
        "failures", "fault", "key", "mailbox", "position", "scheduled", "state", "streams", "touched", "version",
        "waiting",
    )  # fmt: skip

    def __init__(self, streams: Streams, key: str, stream: bytes, position: int) -> None:
        """Asleep at the position of its last durable event."""
        self.streams = streams
        self.key = key
        self.position = position
        self.version = 0
        self.state: Aggregate | None = None
        self.mailbox: list[Delivery] | None = None
        self.scheduled = False
        self.deciding: Delivery | None = None
        self.failures = 0
        self.fault: BaseException | None = None
        self.touched = 0
        self.awaits: list[Actor] | None = None
        self.waiting = False
        self._stream = stream
        self._decided: Decided | None = None
        self._lost: Exception | None = None
        self._woken = 0
        self._window: dict[bytes, tuple[int, int]] | None = None
        self._commands = 0
        self._snapshot_version = 0

    @property
    def idle(self) -> bool:
        """Whether nothing waits for it or depends on it."""
        return not (self.mailbox or self.scheduled or self.waiting) and self.deciding is None and self._decided is None

    @property
    def can_run(self) -> bool:
        """Whether there is work that nothing else has to come before."""
        return bool(self.mailbox or self._decided is not None) and self.deciding is None and not self.waiting

    def waits_for(self, actor: Actor) -> bool:
        """Whether it is that actor, or waits for its answer, directly or through others."""
        return self is actor or any(awaited.waits_for(actor) for awaited in self.awaits or ())

    @property
    def quarantined(self) -> bool:
        """Whether its commands are refused."""
        return self.failures >= self.streams.scheduler.options.quarantine_failures_max

    def run(self, batch: OpenBatch) -> None:
        """Take commands until the mailbox is empty, the turn's budget is spent, or something has to be waited for.

        Args:
            batch: where events and receipts go.
        """
        if (self.state is None or self._decided is not None) and not self._prepare(batch):
            return
        mailbox = self.mailbox
        if mailbox is None or self.deciding is not None:
            return
        taken = 0
        scheduler = self.streams.scheduler
        budget = scheduler.budget
        try:
            while taken < budget and taken < len(mailbox) and self.state is not None:
                delivery = mailbox[taken]
                taken += 1
                _, reply, metadata = delivery
                if reply.done():
                    scheduler.pending -= 1  # dropped whole: nobody waits for it any more
                    continue
                if metadata is not PLAIN and self._answered(reply, metadata):
                    continue
                if not self._decide(delivery, batch):
                    break
        finally:  # what was taken leaves the mailbox even if a handler raises something that goes on
            scheduler.budget -= taken
            if taken == len(mailbox):
                self.mailbox = None
            else:
                del mailbox[:taken]

    def _prepare(self, batch: OpenBatch) -> bool:
        """Wake, and go on with a decision that was waited for; False if the mailbox has to wait."""
        if not self.mailbox and self._decided is None:
            return False
        if self.state is None:
            error = self._quarantine() if self.quarantined else self._wake()
            if error is not None:
                self.refuse_all(error)
            if self.state is None:
                return False
        return self._decided is None or self._resume(batch)

    def _decide(self, delivery: Delivery, batch: OpenBatch) -> bool:
        """Step 1 and 2; False if the actor has to wait."""
        command = delivery[0]
        function, services, is_async = self.streams.decisions[type(command)]
        try:
            result = function(self.state, command, *services)
            if is_async:
                self.deciding = delivery
                self.streams.scheduler.spawn(self._decide_async(delivery, result), f"decide {self!r}")
                return False
            # By its type, not by isinstance, which costs four times as much for a class with a metaclass.
            events = [self.streams.check(result)] if type(result) in self.streams.evolves else self._collect(result)
        except (Rejected, Invalid) as error:
            self.failures = 0
            self._answer(delivery[1], error)
            return True
        except BaseException as error:  # noqa: BLE001  # a user's handler may raise anything
            self._fail(delivery, error)
            return True
        return self._accept(delivery, events, batch)

    async def _decide_async(self, delivery: Delivery, result: Awaitable[object]) -> None:
        """Wait for an asynchronous decision, then ask for a turn. Cancelled only by a close that ran out of time.

        Raises:
            KeyboardInterrupt, SystemExit: as in `_fail`.
        """
        scheduler = self.streams.scheduler
        scheduler.enter(self, delivery)
        decided: Decided
        try:
            decided = delivery, self._collect(await result), None
        except BaseException as error:  # noqa: BLE001  # as above; a cancelled decision answers its caller too
            decided = delivery, None, first_of(error)
        if self.deciding is not delivery:
            return  # it was given up: the engine is closed, and its caller was told
        self._decided = decided
        self.deciding = self.awaits = None
        scheduler.schedule(self)
        if isinstance(decided[2], (KeyboardInterrupt, SystemExit)):
            raise decided[2]

    def _resume(self, batch: OpenBatch) -> bool:
        """Go on with a decision that was waited for; False if the batch has no room for it yet."""
        assert self._decided is not None
        delivery, events, error = self._decided
        self._decided = None
        if self._lost is not None:
            self._answer(delivery[1], self._lost)
            self._lost = None
            return True
        if events is None:
            assert error is not None
            self._refuse(delivery, error)
            return True
        return self._accept(delivery, events, batch)

    def _collect(self, result: Any) -> Checked:
        """Step 2: what the handler gave, or still gives as a generator, as checked events."""
        if result is None:
            return []
        check = self.streams.check
        if isinstance(result, Event):
            return [check(result)]
        events = [check(event) for event in result]
        self.streams.check_size(events)
        return events

    def _accept(self, delivery: Delivery, events: Checked, batch: OpenBatch) -> bool:
        """Step 3; False if the batch has no room: the decision is kept for the next one."""
        if not events:
            self._accept_nothing(delivery)
            return True
        if not batch.has_room(len(events)):
            self._decided = (delivery, events, None)
            return False
        _, reply, metadata = delivery
        streams, state, key = self.streams, self.state, self.key
        scheduler, name, evolves, mutable = streams.scheduler, streams.name, streams.evolves, streams.mutable
        now_ns = scheduler.now_ns()
        if metadata is PLAIN:
            command_id, correlation_id, causation_id, user_id = scheduler.make_id(now_ns), None, None, None
        else:
            command_id = metadata.command_id_bytes or scheduler.make_id(now_ns)
            correlation_id, causation_id, user_id = metadata.correlation_id, metadata.causation_id, metadata.user_id
        version, previous = self.version, self.position
        records, offsets, happened = batch.records, batch.offsets, batch.events
        position, size, count = batch.first + len(happened), len(records), len(happened)
        try:
            for payload, event in events:
                version += 1
                offsets.append(len(records))
                encode_into(
                    (
                        Raw(payload), name, key, version, previous, now_ns, command_id,
                        correlation_id, causation_id, user_id,
                    ),
                    records,
                    -1,
                )  # fmt: skip
                previous = position
                position += 1
                kind = type(event)
                evolves[kind](state, streams.decode(payload) if mutable and kind in mutable else event)
        except BaseException as error:  # noqa: BLE001  # as in `_decide`; and to reject is too late here
            del records[size:], offsets[count:]
            self._fail(delivery, error)
            return True

        # From here on nothing can fail.
        batch.actors.setdefault(self, self.position)
        for _, event in events:
            happened.append(event)
            batch.streams.append(self._stream)
        self.version, self.position, self.failures = version, previous, 0
        written = streams.copied(events) if mutable or len(events) > 1 else (events[0][1],)
        batch.receipts.append((reply, Receipt(command_id, key, version, previous, written)))
        self._commands += 1
        if metadata is not PLAIN and metadata.command_id_bytes is not None:
            self._remember(command_id, previous)
        if version - self._snapshot_version >= streams.snapshot_events_max:
            self.snapshot()
        return True

    def _accept_nothing(self, delivery: Delivery) -> None:
        """A command that led to no event."""
        scheduler = self.streams.scheduler
        self.failures = 0
        _, reply, metadata = delivery
        command_id = metadata.command_id_bytes or scheduler.make_id(scheduler.now_ns())
        self._answer(reply, Receipt(command_id, self.key, self.version, self.position, ()))

    def _answered(self, reply: Reply, metadata: Metadata) -> bool:
        """Whether the metadata decide the answer: a repeated command, or a wrong expected version."""
        if metadata.command_id_bytes is not None:
            try:
                position = self._known(metadata.command_id_bytes)
            except Exception as error:  # noqa: BLE001  # a damaged log answers this caller
                self._answer(reply, error)
                return True
            if position is not None:
                self._answer(reply, lambda: self.streams.receipt_at(position))
                return True
        expected = metadata.expected_version
        if expected is not None and expected != self.version:
            message = (
                f"{self.streams.name}/{self.key} is at version {self.version}, not {expected}: read and decide again"
            )
            self._answer(reply, Conflict(message, expected_version=expected, version=self.version))
            return True
        return False

    def _known(self, command_id: bytes) -> int | None:
        """The position of the last event of an earlier command with this id, if it is among the last that wrote.

        The window holds positions and numbers: commands since waking are 1, 2, 3 ..., those found in the stream 0, -1,
        -2 ... Commands without an id of their own are counted, not held.
        """
        if self._window is None:
            found = self.streams.read_window(self._woken)
            self._window = {key: (at, number) for number, (key, at) in enumerate(found.items(), 1 - len(found))}
        position, number = self._window.get(command_id, (None, 0))
        limit = self.streams.scheduler.options.dedup_commands_max
        return position if self._commands - number < limit else None

    def _remember(self, command_id: bytes, position: int) -> None:
        """Put a command into the window, and the oldest out."""
        window = self._window
        assert window is not None, "a command with an id is looked up before it is decided"
        window.pop(command_id, None)
        window[command_id] = position, self._commands
        if len(window) > self.streams.scheduler.options.dedup_commands_max:
            del window[next(iter(window))]

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
        self._snapshot_version = replay.snapshot_version
        self._woken = self.position
        self._commands = 0
        self._window = {} if self.position == 0 else None
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
        if self.deciding is not None or self._decided is not None:
            self._lost = error

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
        self._snapshot_version = self.version

    @property
    def events_since_snapshot(self) -> int:
        """Events that a waking would have to replay, as long as the actor is awake."""
        return self.version - self._snapshot_version if self.state is not None else 0

    def _refuse(self, delivery: Delivery, error: BaseException) -> None:
        """Answer an asynchronous decision that raised. What a service does is not the aggregate's fault: not counted.

        What actum itself said to it, such as `Overloaded` or another aggregate's rejection, goes on as it is.
        """
        if isinstance(error, ActumError):
            self._answer(delivery[1], error)
            return
        log.error("%r failed", self, exc_info=error)
        self._answer(delivery[1], command_fault(delivery[0]) or self._command_failed(error))
        self.forget()

    def _fail(self, delivery: Delivery, error: BaseException) -> None:
        """Answer a command on which a handler had a bug; the state can't be trusted any more and is read again.

        Raises:
            KeyboardInterrupt, SystemExit: they are not the command's affair alone and go on to the loop.
        """
        command, reply, _ = delivery
        invalid = command_fault(command)
        self._answer(reply, self._failed(error) if invalid is None else invalid)
        self.forget()
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise error

    def _failed(self, error: BaseException) -> Exception:
        """Count a bug, and say what happened."""
        if isinstance(error, StorageError):
            return error
        self.failures += 1
        self.fault = error
        log.error("%r failed", self, exc_info=error)
        return self._command_failed(error)

    def _command_failed(self, error: BaseException) -> CommandFailed:
        """What a caller is told of a bug."""
        failed = CommandFailed(f"a handler of {self.streams.name}/{self.key} raised {type(error).__name__}: {error}")
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
        return was

    def refuse_all(self, error: Exception) -> None:
        """Answer everything that waits, a kept decision included, with the same error."""
        if self._decided is not None:
            self._answer(self._decided[0][1], error)
            self._decided = self._lost = None
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


def first_of(error: BaseException) -> BaseException:
    """The first rejection of a group of rejections, such as a TaskGroup raises; any other error as it is."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        if group.split((Rejected, Invalid))[1] is None:
            return first_of(group.exceptions[0])
        return group
    return error
