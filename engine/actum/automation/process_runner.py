"""The runner of one process: reads the log in order, and has each instance take its steps, each exactly once.

A step is one `send_atomic`: the entry in the instance's stream, what it schedules and cancels, and its commands. So a
crash leaves all of a step or nothing. After it, events are read again from a position up to which all were considered;
an event at or before the instance's own position is not handled again, and for an instance that has ended the stream
refuses the step. Instances go on beside each other, also past one that waits; one alone keeps the order (`backlog`).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, final
from weakref import WeakValueDictionary

from actum.automation.own_sends import refusal, send_one, send_with, until_there_is_room
from actum.automation.process_reader import Reader
from actum.automation.process_step import Entry, Step, Thinker, instance_of
from actum.automation.process_wishes import Wishes
from actum.errors import Invalid, Rejected, reason_of, shown
from actum.logbook import facts
from actum.observer import Stepping, during
from actum.processes.backlog import Backlog
from actum.processes.crew import Crew
from actum.processes.instances import Instance, Instances, mark_of
from actum.processes.roster import Roster
from actum.processes.stream import AdvanceProcess, FailProcess, ProcessMoved, catching_up, ending, passing_over
from actum.statistics import ProcessStatistics

if TYPE_CHECKING:
    from actum.automation.timer import Timer
    from actum.core import Core
    from actum.messages import Command
    from actum.processes.circles import Circles
    from actum.processes.kind import ProcessKind
    from actum.subscriptions.lag import Lag

log = logging.getLogger("actum.processes")

#: Instances that take a step at a time.
STEPPING_MAX = 64
#: Events that nobody reacts to, after which the position is noted, so that the next opening need not read them again.
ADVANCE_EVENTS = 10_000
#: Events that were read and are not done, above which nothing more is read.
BACKLOG_EVENTS_MAX = 1_000


@final
class Runner:
    """One process at work.

    Attributes:
        kind: the process.
        roster: its instances.
        steps: steps taken since opening.
        again: attempts since opening that found the engine full.
        failure: why it has stopped, or None.
        trouble: why it tries something again, or nothing.
        failures: instances that failed since opening.
        last_failure: the last of them, with its reason, or nothing.
    """

    def __init__(self, core: Core, kind: ProcessKind, timer: Timer, circles: Circles) -> None:
        """It does not run yet."""
        self._circles = circles
        self._core = core
        self.kind = kind
        self._timer = timer
        self._thinker = Thinker(core, kind, timer)
        self.roster = Roster(kind, lambda: core.view_of(Instances), lambda: timer.view, core.clock)
        self._woken = asyncio.Event()
        self._alone: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._wishes = Wishes(core)
        self._crew = Crew(self.wake)
        self._backlog = Backlog(0)
        self._slots = asyncio.Semaphore(STEPPING_MAX)
        self._running: asyncio.Task[None] | None = None
        self._reader = Reader(core, kind)
        self._stepping: dict[str, int] = {}  # who takes a step, and about the event at which position
        self.steps = 0
        self.again = 0
        self.failure: str | None = None
        self.trouble = ""
        self.failures = 0
        self.last_failure = ""

    @property
    def position(self) -> int:
        """Everything up to here has been considered."""
        return self._backlog.considered

    async def start(self, *, running: bool) -> None:
        """Begin where it stopped; a process that is new here begins where its `start` says, durably.

        Without running, it stands there: its instances can be retried and cancelled.
        """
        mark = self.roster.mark()
        if mark is not None:
            self._backlog = Backlog(mark.position)
        elif running:
            self._backlog = Backlog(self._core.scheduler.durable if self.kind.start == "now" else 0)
            await self._advance()
        if running:
            self._running = asyncio.create_task(self._run(), name=f"actum process {self.kind.name}")

    async def stop(self) -> None:
        """Take no more steps. What was sent completes; who asked for something is told."""
        tasks = [*self._wishes.tasks, *self._crew.tasks, *([] if self._running is None else [self._running])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """There are more events."""
        self._woken.set()

    async def _run(self) -> None:
        """Read and react, until the engine closes or its store fails."""
        try:
            self._begin({key: [] for key in self.roster.behind()}, self._backlog.read)
            while True:
                self._woken.clear()
                self._crew.check()
                mark = self.roster.mark()
                if mark is None or self.position - mark.position >= ADVANCE_EVENTS:
                    await self._advance()
                if self.is_full() or self._backlog.read >= self._core.scheduler.durable:
                    await self._woken.wait()
                    continue
                self._begin(*self._reader.slice(self._backlog.read + 1, self._core.scheduler.durable))
                await asyncio.sleep(0)
        except Exception as error:  # whatever it is, it is told
            self._crew.cancel()
            if not self._core.stopping:
                self.failure = f"the process {self.kind.name} has stopped: {reason_of(error)}"
                log.exception("%s", self.failure, extra=facts("process stopped", error, process=self.kind.name))

    def _begin(self, found: dict[str, list[Entry]], read: int) -> None:
        """Have instances react to the next part of the log, each in a task of its own."""
        for key in self._backlog.take(found, read):
            self._crew.put(self._work(key), f"actum process {self.kind.name}/{key}")

    def is_full(self) -> bool:
        """Whether it waits for its instances, and reads no further."""
        return len(self._backlog) >= BACKLOG_EVENTS_MAX

    async def _work(self, key: str) -> None:
        """One instance takes its steps, in order."""
        async with self._lock(key):
            await self._catch_up(key)
            while (entry := self._backlog.first(key)) is not None:
                await self._consider(key, entry)
                self._backlog.done(key)
        self.wake()

    def _lock(self, key: str) -> asyncio.Lock:
        """What one instance is worked on with, by one at a time; it is there as long as somebody has it."""
        lock = self._alone.get(key)
        if lock is None:
            lock = self._alone[key] = asyncio.Lock()
        return lock

    async def _advance(self) -> None:
        """Note the position."""

        async def send() -> None:
            await send_one(self._core, self._progress())

        await until_there_is_room(send, self._full)

    def _progress(self) -> AdvanceProcess:
        """That everything up to here has been considered."""
        name = self.kind.name
        return AdvanceProcess(instance=mark_of(name), process=name, position=self.position)

    async def _consider(self, key: str, entry: Entry, *, until: int | None = None) -> None:
        """One event, by one instance: it takes a step, unless it has taken it before, or stands still.

        With `until` it is retried, and has then to read what came up to there.
        """
        row = self._row(key)
        if row is not None and ((row.status == "failed" and until is None) or entry.position <= row.position):
            return
        if row is not None and until is not None:
            row = row.replace(until=until)
        async with self._slots:
            self._stepping[key] = entry.position
            try:
                with during(self._core.observer, lambda: Stepping(self.kind.name, key, entry.record)):
                    await self._take(key, row, entry)
            finally:
                del self._stepping[key]

    async def _take(self, key: str, row: Instance | None, entry: Entry) -> None:
        """One step of one instance, or its failure."""
        error = await refusal(self._core, self._react(key, row, entry))
        if error is not None and not isinstance(error, ProcessMoved):
            await self._fail(key, row, entry, error)

    async def _react(self, key: str, row: Instance | None, entry: Entry) -> None:
        """Have the process say what it does, and do it; or what it does instead, if that is rejected."""
        instance = instance_of(self.kind.name, key)
        self._circles.check(entry.record, instance)
        step = self._thinker.think(key, row, entry, self.position)
        if step is None:
            return
        self._circles.note(entry.record, instance, step.command_id)
        try:
            await self._send(step)
        except Rejected as error:
            again = self._thinker.think_again(step, error)
            if again is None:
                raise
            self._circles.note(entry.record, instance, again.command_id)
            await self._send(again)

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

    async def _fail(self, key: str, row: Instance | None, entry: Entry, error: Exception) -> None:
        """An instance stands still, and everybody can see why."""
        reason = reason_of(error)
        command = FailProcess(
            instance=instance_of(self.kind.name, key),
            process=self.kind.name,
            key=key,
            after=0 if row is None else row.number,
            position=entry.position,
            considered=self.position,
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
        said = facts("step failed", error, process=self.kind.name, key=key, position=entry.position)
        log.warning(
            "%s/%s failed at position %d: %s",
            self.kind.name,
            key,
            entry.position,
            reason,
            exc_info=error,
            extra=said,
        )

    def _full(self, error: Exception) -> None:
        """It will be tried again."""
        self.again += 1
        self.trouble = reason_of(error)
        said = facts("step postponed", error, process=self.kind.name)
        log.warning("a step of %s is tried again later: %s", self.kind.name, error, extra=said)

    async def retry(self, key: str) -> None:
        """Have a failed instance react again to the event at which it failed, and to what has come since.

        Cancelling abandons the answer. What it has still to read then is read all the same, also after a crash.

        Raises:
            Invalid: no such instance has failed.
            EngineClosed: the engine closed meanwhile.
        """
        await self._wishes.fulfil(self._retry(key), f"retry {self.kind.name}/{key}")

    async def cancel(self, key: str) -> bool:
        """End an instance, and cancel what it has scheduled; whether it was there.

        Raises:
            EngineClosed: the engine closed meanwhile.
        """
        return await self._wishes.fulfil(self._cancel(key), f"cancel {self.kind.name}/{key}")

    async def _retry(self, key: str) -> None:
        """From the event at which it failed to what has been read; what comes behind that waits in its line."""
        async with self._lock(key):
            failed = self._row(key)
            if failed is None or failed.status != "failed":
                name = self.kind.name
                raise Invalid(f"key={shown(key)}: no {name} of this key has failed; see engine.processes(...)")
            await self._react_again(failed)
            await self._catch_up(key)

    async def _catch_up(self, key: str) -> None:
        """Have an instance that was retried react to all that came while it stood still, in order; note that it has."""
        start = 0
        while (row := self._row(key)) is not None and row.until:
            start = max(start, row.position + 1)
            if start > row.until:
                caught_up = catching_up(row, self.position, self._core.clock.now_ns())
                with suppress(ProcessMoved):
                    await until_there_is_room(partial(self._send_own, caught_up), self._full)
                continue
            found, last = self._reader.slice(start, row.until, key)
            for entry in found.get(key, []):
                await self._consider(key, entry)
            start = last + 1
            await asyncio.sleep(0)

    async def _react_again(self, failed: Instance) -> None:
        """To the event at which an instance failed; if it concerns it no longer, it is passed over.

        The step says how far the log was read meanwhile, which may be less soon after opening.
        """
        position = start = failed.failed_position
        until = self._backlog.read if self._backlog.read > position else 0
        stop = position if failed.started else max(position, until)  # what starts it may have come since
        while start <= stop:
            found, last = self._reader.slice(start, stop, failed.key)
            for entry in found.get(failed.key, []):
                if entry.position == position:
                    self._circles.forget(entry.record, failed.instance)
                await self._consider(failed.key, entry, until=until)
                row = self._row(failed.key)
                if row is None or row.number != failed.number:
                    return
            start = last + 1
            await asyncio.sleep(0)
        if failed.started:
            await self._send_own(passing_over(failed, self.position, self._core.clock.now_ns(), until))
        else:
            await self._send_own(*ending(failed))

    async def _cancel(self, key: str) -> bool:
        """Its end, and those of its deadlines, as one; again if a step that nobody waits for came in between."""
        async with self._lock(key):
            while (row := self._row(key)) is not None:
                try:
                    await self._send_own(*ending(row))
                except ProcessMoved:
                    continue
                return True
            return False

    async def _send_own(self, *commands: Command) -> None:
        """Send commands of the engine's own streams as one."""
        await send_with(self._core, commands, [], self._core.ids.make(self._core.clock.now_ns()))

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
        others = f", and {len(self._stepping) - 1:,} more wait" if len(self._stepping) > 1 else ""
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
            unroutable=self._reader.unroutable,
            failure=self.failure,
        )

    def __repr__(self) -> str:
        """Name and position."""
        return f"<Runner {self.kind.name} @{self.position}>"
