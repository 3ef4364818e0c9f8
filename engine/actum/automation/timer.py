"""The timer: waits for the next deadline, and sends the commands of those that are due, in the order of their times.

It asks the view what is due, so that it knows nothing that a crash could lose. Time is the engine's clock; the loop's
is used for waiting only, for a minute at most, so that it notices when somebody sets the clock.
"""

from __future__ import annotations

import asyncio
import logging
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast, final
from uuid import UUID

from actum.automation.own_sends import refusal, send_one, send_with, until_there_is_room
from actum.deadlines.deadline import Deadline, Deadlines
from actum.deadlines.stored import StoredCommands
from actum.deadlines.stream import (
    CancelDeadline,
    DeadlineGone,
    DeadlineStream,
    FailDeadline,
    FireDeadline,
    RetryDeadline,
    ScheduleDeadline,
)
from actum.errors import Invalid, Overloaded, reason_of, shown
from actum.logbook import facts
from actum.middleware import Envelope
from actum.observer import Firing, during
from actum.processes.stream import ProcessStream
from actum.records import check_identifier
from actum.statistics import DeadlineStatistics

if TYPE_CHECKING:
    from actum.core import Core
    from actum.messages import Command
    from actum.subscriptions.lag import Lag

log = logging.getLogger("actum.deadlines")

#: Deadlines that are being sent at a time; the others wait until one of them has been answered.
FIRING_MAX = 64
#: The longest sleep: the machine's clock may be set meanwhile.
SLEEP_SECONDS_MAX = 60.0
#: The shortest one: a loop may wake a little too soon.
SLEEP_SECONDS_MIN = 0.001
SECOND_NS = 1e9
PENDING = {"state": "pending"}
BY_TIME = ("state", "due_ns")


@final
class Timer:
    """The deadlines of one engine.

    Attributes:
        fired: deadlines whose commands were accepted since opening.
        failed: those whose commands were refused.
        again: how often one was tried again, because the engine was full.
        failure: why the timer has stopped, or None.
        trouble: why it tries something again, or nothing.
        last_failure: the last command that was refused since opening, with its reason, or nothing.
    """

    def __init__(self, core: Core) -> None:
        """It does not run yet."""
        self._core = core
        own = (DeadlineStream, ProcessStream)
        self.commands = StoredCommands(
            command for kind in core.catalogue.aggregates if kind.aggregate not in own for command in kind.decisions
        )
        self._woken = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._firing: dict[str, asyncio.Task[None]] = {}
        self._scheduling = 0
        self.fired = 0
        self.failed = 0
        self.again = 0
        self.failure: str | None = None
        self.trouble = ""
        self.last_failure = ""

    @property
    def view(self) -> Deadlines:
        """What is due when.

        Raises:
            ViewBroken: it is not served.
        """
        live = self._core.view_of(Deadlines)
        live.check()
        return cast("Deadlines", live.view)

    def traceparent(self) -> str | None:
        """Of what schedules a deadline here, if that is traced."""
        observer = self._core.observer
        return None if observer is None else observer.traceparent()

    def start(self) -> None:
        """Begin to wait."""
        self._running = asyncio.create_task(self._run(), name="actum deadlines")

    async def stop(self) -> None:
        """Send nothing more. What has been sent completes, or is sent again after the next opening."""
        tasks = [*self._firing.values(), *([] if self._running is None else [self._running])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Something may be due sooner than the timer knows."""
        self._woken.set()

    async def schedule(self, command: ScheduleDeadline) -> Deadline:
        """Schedule a command, durably.

        Raises:
            Overloaded: `deadlines_pending_max` are pending.
            DeadlineUsed: the deadline has fired.
            DeadlineGone: it can't be tried again.
        """
        self.check_room(1)
        self._scheduling += 1
        try:
            receipt = await send_one(self._core, command)
        finally:
            self._scheduling -= 1
        self.wake()
        event = receipt.events[0]
        return Deadline(**{name: getattr(event, name) for name in event.__struct_fields__})

    def check_room(self, count: int) -> None:
        """Refuse more deadlines than there may be.

        Raises:
            Overloaded: naming the bound.
        """
        pending_max = self._core.options.deadlines_pending_max
        if self.view.count(**PENDING) + self._scheduling + count > pending_max:
            raise Overloaded(
                f"{pending_max:,} deadlines are pending (deadlines_pending_max): cancel some, or schedule less",
                retry_after_seconds=1.0,
            )

    async def cancel(self, deadline_id: object) -> bool:
        """Have a deadline not fire; whether it was pending, or had failed."""
        key = check_identifier("deadline_id", deadline_id)
        receipt = await send_one(self._core, CancelDeadline(deadline_id=key))
        return bool(receipt.events)

    async def retry(self, deadline_id: object) -> Deadline:
        """Schedule a failed deadline again, at its old time: at once.

        Raises:
            Invalid: there is no failed deadline of this id.
        """
        key = check_identifier("deadline_id", deadline_id)
        row = self.view.get(key)
        fault = f"deadline_id={shown(key)}: no deadline of this id has failed; see engine.deadlines()"
        if row is None or row.state != "failed":
            raise Invalid(fault)
        said = {name: getattr(row, name) for name in RetryDeadline.__struct_fields__}
        try:
            return await self.schedule(RetryDeadline(**said))
        except DeadlineGone as error:  # somebody else was faster
            raise Invalid(fault) from error

    def listed(self) -> list[Deadline]:
        """All that are pending, in the order of their times; then those that failed."""
        view = self.view
        return [row for state in ("pending", "failed") for row in view.order_by(BY_TIME, where={"state": state})]

    async def _run(self) -> None:
        """Wait and fire, until the engine closes or fails."""
        try:
            while True:
                self._woken.clear()
                seconds = self._fire_due()
                try:
                    async with asyncio.timeout(max(seconds, SLEEP_SECONDS_MIN)):
                        await self._woken.wait()
                except TimeoutError:
                    continue
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            self._fail("the timer has stopped", error)

    def _fire_due(self) -> float:
        """Begin to send what is due; seconds until something is, as far as one can know."""
        now_ns = self._core.clock.now_ns()
        for row in self.view.order_by(BY_TIME, where=PENDING, limit=2 * FIRING_MAX):
            if row.deadline_id in self._firing:
                continue
            if row.due_ns > now_ns:
                return min((row.due_ns - now_ns) / SECOND_NS, SLEEP_SECONDS_MAX)
            if len(self._firing) >= FIRING_MAX or self.failure is not None:
                break
            task = asyncio.create_task(self._fire(row), name=f"actum deadline {row.deadline_id}")
            self._firing[row.deadline_id] = task
            task.add_done_callback(lambda _, key=row.deadline_id: self._ended(key))  # type: ignore[misc]  # bound now
        return SLEEP_SECONDS_MAX

    def _ended(self, deadline_id: str) -> None:
        """There is room for another one."""
        del self._firing[deadline_id]
        self.wake()

    async def _fire(self, row: Deadline) -> None:
        """Send the command of one deadline, whatever becomes of it."""
        try:
            error = await refusal(self._core, self._send_observed(row))
            if error is None:
                self.fired += 1
                self.trouble = ""
            elif not isinstance(error, DeadlineGone):  # else it was cancelled or scheduled anew in between
                await self._refused(row, error)
        except Exception as error:  # noqa: BLE001  # the store has failed, or there is a bug in here
            if not self._core.stopping:
                self._fail(f"{row!r} could not be sent; it will be after the engine is opened again", error)

    async def _send_observed(self, row: Deadline) -> None:
        """Send it as soon as there is room, and have that traced."""
        with during(self._core.observer, lambda: Firing(row)):
            await until_there_is_room(lambda: self._send(row), self._full)

    async def _send(self, row: Deadline) -> None:
        """The deadline's end and its command, in one frame."""
        fire = FireDeadline(deadline_id=row.deadline_id, number=row.number)
        envelope = Envelope(
            command=self.commands.command(row.command, row.arguments),
            user_id=row.user_id,
            correlation_id=row.correlation_id,
            causation_id=row.causation_id or row.deadline_id,
        )
        await send_with(self._core, [fire], [envelope], firing_id(row))

    async def _refused(self, row: Deadline, error: Exception) -> None:
        """Say so in the log of the engine, durably."""
        reason = reason_of(error)
        fail = FailDeadline(deadline_id=row.deadline_id, number=row.number, reason=reason)

        async def send() -> None:
            await send_one(self._core, fail)

        try:
            await until_there_is_room(send, self._full)
        except DeadlineGone:
            return
        self.failed += 1
        self.trouble = ""
        self.last_failure = f"{row.command} of {row.deadline_id}: {reason}"
        log.warning("%r failed: %s", row, reason, extra=facts("deadline failed", error, deadline_id=row.deadline_id))

    def _full(self, error: Exception) -> None:
        """It will be tried again."""
        self.again += 1
        self.trouble = reason_of(error)
        log.warning("a deadline is sent again later: %s", error, extra=facts("deadline postponed", error))

    def _fail(self, what: str, error: Exception) -> None:
        """Nothing is sent any more."""
        self.failure = f"{what}: {reason_of(error)}"
        log.error("%s", self.failure, exc_info=error, extra=facts("timer stopped", error))

    def first(self, state: str = "pending") -> Deadline | None:
        """The one that is due first, or that was, of those in a state; None also if the view is not served."""
        live = self._core.view_of(Deadlines)
        rows: list[Any] = [] if live.broken else live.view.order_by(BY_TIME, where={"state": state}, limit=1)
        return rows[0] if rows else None

    def overdue(self) -> int:
        """How many should have been sent by now, or one more than makes the timer slow."""
        first, now_ns = self.first(), self._core.clock.now_ns()
        if first is None or first.due_ns > now_ns:
            return 0
        limit = self._core.options.lag_events_max + 1
        return len(self.view.order_by(BY_TIME, where=PENDING, stop=now_ns + 1, limit=limit))

    def failing(self) -> int:
        """How many have failed; 0 also if the view is not served."""
        live = self._core.view_of(Deadlines)
        return 0 if live.broken else live.view.count(state="failed")

    def statistics(self, lag: Lag) -> DeadlineStatistics:
        """How it stands; `lag` is what it has to send."""
        live, first = self._core.view_of(Deadlines), self.first()
        return DeadlineStatistics(
            pending=0 if live.broken else live.view.count(**PENDING),
            failing=self.failing(),
            overdue=lag.events,
            overdue_seconds=lag.seconds,
            state=lag.state,
            next_due_ns=None if first is None else first.due_ns,
            fired=self.fired,
            failed=self.failed,
            again=self.again,
            failure=self.failure,
        )

    def __repr__(self) -> str:
        """How many it sends."""
        return f"<Timer sends {len(self._firing)}>"


def firing_id(row: Deadline) -> bytes:
    """The id under which a deadline is sent: the same at every attempt."""
    digest = blake2b(f"{row.deadline_id} {row.number}".encode(), digest_size=16, person=b"actum deadline")
    return digest.digest()


def new_deadline_id(core: Core) -> str:
    """An id that no other deadline has."""
    return str(UUID(bytes=core.ids.make(core.clock.now_ns())))


def stored_command(timer: Timer, command: Command | object, **said: Any) -> ScheduleDeadline:
    """What is sent to schedule a command.

    Raises:
        Invalid: it is no command of this engine.
    """
    name, arguments = timer.commands.stored(command)
    traceparent = timer.traceparent()
    return ScheduleDeadline(command=name, arguments=arguments, traceparent=traceparent, **said)
