"""The runner of one process: reads the log in order, and has each instance take its steps, each exactly once.

A step is one `send_atomic`: the entry in the instance's stream, what it schedules and cancels, and its commands. So a
crash leaves all of a step or nothing. After it, events are read again from a position up to which all were considered;
an event at or before the instance's own position is not handled again, and for an instance that has ended the stream
refuses the step. Instances that have events in one slice of the log go on beside each other; one alone keeps the order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast, final

from actum_storage import ActumError

from actum.deadlines.stream import CancelDeadline
from actum.errors import EngineClosed, Invalid, Rejected, shown
from actum.observer import Stepping, during
from actum.own_sends import REFUSALS, send_one, send_with, until_there_is_room
from actum.process_step import Entry, Step, Thinker, instance_of
from actum.processes.instances import Instance, Instances, mark_of
from actum.processes.roster import Roster
from actum.processes.stream import AdvanceProcess, EndProcess, FailProcess, ProcessMoved
from actum.statistics import ProcessStatistics
from actum.upcasting import Several, events_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum.core import Core
    from actum.processes.kind import ProcessKind
    from actum.subscriptions.lag import Lag
    from actum.timer import Timer

log = logging.getLogger("actum.processes")

#: Instances that take a step at a time.
STEPPING_MAX = 64
#: Events that nobody reacts to, after which the position is noted, so that the next opening need not read them again.
ADVANCE_EVENTS = 10_000
#: Longer reasons are cut.
REASON_CHARACTERS_MAX = 1_000


@final
class Runner:
    """One process at work.

    Attributes:
        kind: the process.
        roster: its instances.
        position: everything up to here has been considered.
        steps: steps taken since opening.
        again: attempts since opening that found the engine full.
        failure: why it has stopped, or None.
        trouble: why it tries something again, or nothing.
        failures: instances that failed since opening.
        last_failure: the last of them, with its reason, or nothing.
    """

    def __init__(self, core: Core, kind: ProcessKind, timer: Timer) -> None:
        """It does not run yet."""
        self._core = core
        self.kind = kind
        self._timer = timer
        self._thinker = Thinker(core, kind, timer)
        self.roster = Roster(kind, lambda: core.view_of(Instances), lambda: timer.view, core.clock)
        self._woken = asyncio.Event()
        self._lock = asyncio.Lock()
        self._slots = asyncio.Semaphore(STEPPING_MAX)
        self._running: asyncio.Task[None] | None = None
        self._interesting = {*kind.reactions, Several}
        self._going_on: list[asyncio.Task[None]] = []
        self._stepping: dict[str, int] = {}  # who takes a step, and about the event at which position
        self._unroutable = 0
        self.position = 0
        self.steps = 0
        self.again = 0
        self.failure: str | None = None
        self.trouble = ""
        self.failures = 0
        self.last_failure = ""

    def stand(self) -> bool:
        """Be where it stopped, without running: its instances can be retried and cancelled; whether it has ever run."""
        mark = self.roster.mark()
        if mark is not None:
            self.position = mark.position
        return mark is not None

    async def start(self) -> None:
        """Begin where it stopped; a process that is new here begins where its `start` says, durably."""
        if not self.stand():
            self.position = self._core.scheduler.durable if self.kind.start == "now" else 0
            await self._advance()
        self._running = asyncio.create_task(self._run(), name=f"actum process {self.kind.name}")

    async def stop(self) -> None:
        """Take no more steps. What was sent completes."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def wake(self) -> None:
        """There are more events."""
        self._woken.set()

    async def _run(self) -> None:
        """Read and react, until the engine closes or its store fails."""
        try:
            while True:
                self._woken.clear()
                if self.position >= self._core.scheduler.durable:
                    await self._woken.wait()
                    continue
                async with self._lock:
                    await self._react_to_slice()
                await asyncio.sleep(0)
        except Exception as error:  # whatever it is, it is told
            first = first_of_group(error)
            if not isinstance(first, EngineClosed):
                self.failure = f"the process {self.kind.name} has stopped: {first}"
                log.exception("%s", self.failure)

    async def _react_to_slice(self) -> None:
        """All instances that have events in the next part of the log take their steps."""
        considered = self.position
        found, last = self._slice(considered + 1, self._core.scheduler.durable)
        if found:
            async with asyncio.TaskGroup() as group:
                self._going_on = [
                    group.create_task(self._go_on(key, entries, considered), name=f"actum process {self.kind.name}")
                    for key, entries in found.items()
                ]
        self.position = last
        mark = self.roster.mark()
        if mark is None or last - mark.position >= ADVANCE_EVENTS:
            await self._advance()

    async def _advance(self) -> None:
        """Note the position."""
        name = self.kind.name
        command = AdvanceProcess(instance=mark_of(name), process=name, position=self.position)

        async def send() -> None:
            await send_one(self._core, command)

        await until_there_is_room(send, self._full)

    def _slice(self, start: int, stop: int, only: str | None = None) -> tuple[dict[str, list[Entry]], int]:
        """What instances have to react to in the next part of the log, by key, and the position where that ends.

        Args:
            start: the first position.
            stop: the last one, if it is not too far.
            only: one instance, if the others don't matter.
        """
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        last, seen = start - 1, 0
        for frame in self._core.log.frames(start, stop):
            for position, event in enumerate(self._core.codec.events(frame), frame.first):
                if start <= position <= stop and type(event) in self._interesting:
                    self._sort(found, position, frame.record(position - frame.first), only)
            last = min(frame.last, stop)
            seen += frame.count
            if seen >= self._core.options.replay_slice_events:
                break
        return found, last

    def _sort(self, found: dict[str, list[Entry]], position: int, data: bytes | memoryview, only: str | None) -> None:
        """Give the events of one record to the instances that they name."""
        record = self._core.codec.record(position, data)
        by_key: defaultdict[str, list[Any]] = defaultdict(list)
        for event in events_of(record.event):
            one = self.kind.reactions.get(type(event))
            if one is not None:
                by_key[getattr(event, one.key)].append(event)
        for key, events in by_key.items():
            if only is not None and key != only:
                continue
            try:
                instance_of(self.kind.name, key)
            except Invalid as error:
                self._unroutable += 1
                log.error("the event at position %d names no instance of %s: %s", position, self.kind.name, error)  # noqa: TRY400
                continue
            found[key].append(Entry(position, tuple(events), record))

    async def _go_on(self, key: str, entries: Sequence[Entry], considered: int, *, retried: bool = False) -> None:
        """One instance takes its steps, in order, until it fails."""
        async with self._slots:
            for entry in entries:
                row = self.roster.view.get(instance_of(self.kind.name, key))
                if row is not None and row.status == "failed" and not retried:
                    return
                retried = False
                if row is None or entry.position > row.position:
                    with during(self._core.observer, lambda: Stepping(self.kind.name, key, entry.record)):  # noqa: B023  # called at once
                        await self._take(key, row, entry, considered)

    async def _take(self, key: str, row: Instance | None, entry: Entry, considered: int) -> None:
        """One step of one instance, or its failure."""
        step: Step | None = None
        self._stepping[key] = entry.position
        try:
            try:
                step = self._thinker.think(key, row, entry, considered)
                if step is not None:
                    await self._send(step)
            except Rejected as error:
                again = None if step is None else self._thinker.think_again(step, error)
                if again is None:
                    raise
                await self._send(again)
        except ProcessMoved:
            return
        except Exception as error:
            if isinstance(error, ActumError) and not isinstance(error, REFUSALS):
                raise
            await self._fail(key, row, entry, considered, error)
        finally:
            del self._stepping[key]

    async def _send(self, step: Step) -> None:
        """Have a step done."""

        async def send() -> None:
            self._timer.check_room(step.scheduled)
            await send_with(self._core, step.own, step.commands, step.command_id)

        await until_there_is_room(send, self._full)
        self.steps += 1
        self.trouble = ""
        if step.scheduled:
            self._timer.wake()

    async def _fail(self, key: str, row: Instance | None, entry: Entry, considered: int, error: Exception) -> None:
        """An instance stands still, and everybody can see why."""
        reason = f"{type(error).__name__}: {error}"[:REASON_CHARACTERS_MAX]
        command = FailProcess(
            instance=instance_of(self.kind.name, key),
            process=self.kind.name,
            key=key,
            after=0 if row is None else row.number,
            position=entry.position,
            considered=considered,
            reason=reason,
            at_ns=self._core.clock.now_ns(),
        )

        async def send() -> None:
            await send_one(self._core, command)

        try:
            await until_there_is_room(send, self._full)
        except ProcessMoved:
            return
        self.failures += 1
        self.trouble = ""
        self.last_failure = f"{self.kind.name}/{key} at position {entry.position}: {reason}"
        if self._core.observer is not None:
            self._core.observer.failed(error)
        log.warning("%s/%s failed at position %d: %s", self.kind.name, key, entry.position, reason, exc_info=error)

    def _full(self, error: Exception) -> None:
        """It will be tried again."""
        self.again += 1
        self.trouble = f"{type(error).__name__}: {error}"
        log.warning("a step of %s is tried again later: %s", self.kind.name, error)

    async def retry(self, key: str) -> None:
        """Have a failed instance react again to the event at which it failed, and to what has come since.

        Raises:
            Invalid: no such instance has failed.
        """
        async with self._lock:
            failed = self._row(key)
            if failed is None or failed.status != "failed":
                name = self.kind.name
                raise Invalid(f"key={shown(key)}: no {name} of this key has failed; see engine.processes(...)")
            row: Instance | None = failed
            start = first = failed.failed_position
            stop = max(first, self.position)  # which may be lower soon after opening
            while start <= stop and row is not None and (row.status == "active" or start == first):
                found, last = self._slice(start, stop, key)
                await self._go_on(key, found.get(key, []), 0, retried=start == first)
                start, row = last + 1, self._row(key)
                await asyncio.sleep(0)

    async def cancel(self, key: str) -> bool:
        """End an instance, and cancel what it has scheduled; whether it was there."""
        async with self._lock:
            row = self._row(key)
            if row is None:
                return False
            own = [
                EndProcess(instance=row.instance),
                *(CancelDeadline(deadline_id=deadline_id) for deadline_id in row.timers.values()),
            ]
            await send_with(self._core, own, [], self._core.ids.make(self._core.clock.now_ns()))
            return True

    def _row(self, key: str) -> Instance | None:
        """One instance, if it is under way."""
        return self.roster.view.get(instance_of(self.kind.name, key))

    def is_idle(self) -> bool:
        """Whether it stands where the log ends."""
        return self.position >= self._core.scheduler.durable

    def waiting(self) -> str:
        """Whose step is not done yet, or nothing."""
        if not self._stepping:
            return ""
        key, position = next(iter(self._stepping.items()))
        others = f", and {len(self._stepping) - 1:,} others" if len(self._stepping) > 1 else ""
        return f"{self.kind.name}/{key} waits for its commands of position {position}{others}"

    def statistics(self, lag: Lag) -> ProcessStatistics:
        """How it stands; `lag` is how far behind it is."""
        roster = self.roster
        return ProcessStatistics(
            name=self.kind.name,
            active=roster.active(),
            stuck=roster.stuck(),
            failed=roster.failed(),
            state=lag.state,
            position=lag.position,
            lag=lag.events,
            lag_seconds=lag.seconds,
            heartbeat_seconds=lag.heartbeat_seconds,
            steps=self.steps,
            again=self.again,
            unroutable=self._unroutable,
            failure=self.failure,
        )

    def __repr__(self) -> str:
        """Name and position."""
        return f"<Runner {self.kind.name} @{self.position}>"


def first_of_group(error: Exception) -> Exception:
    """The first of the errors that instances have raised beside each other; or the one error."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    return error
