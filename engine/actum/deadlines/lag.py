"""How deadlines are looked at: the timer, which has to send what is due, and the deadlines that have failed.

What is overdue is what the timer has to do; a clock that was set counts as time that has passed. See
`actum.subscriptions.lag` for what is made of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from actum.subscriptions.lag import counted

if TYPE_CHECKING:
    from actum.automation.timer import Timer
    from actum.clock import Clock
    from actum.subscriptions.lag import Standstill


@final
class TimerSubject:
    """The timer: as many events behind as deadlines are overdue.

    Attributes:
        name: there is one.
        position: what was sent is gone, so it is always at its beginning.
        beginnings: it begins once, when the engine is opened.
    """

    def __init__(self, timer: Timer, clock: Clock) -> None:
        """One that does not run yet."""
        self.name = "timer"
        self.position = 0
        self.beginnings = 0
        self._timer = timer
        self._clock = clock
        self._seen = (0, 0)
        self._seen_ns = clock.monotonic_ns()

    def condition(self) -> Standstill | None:
        """Stopped."""
        failure = self._timer.failure
        return None if failure is None else ("failed", failure)

    def trouble(self) -> str:
        """What it tries again."""
        return self._timer.trouble

    def news(self) -> str:
        """All that it can say is its state."""
        return ""

    def next_time(self) -> tuple[int, int] | None:
        """When the first that is pending was due, or will be."""
        first = self._timer.first()
        return None if first is None else (1, first.due_ns)

    def heartbeat_ns(self) -> int:
        """Now, if nothing is overdue; else when it was last seen to have sent something."""
        seen = (self._timer.fired, self._timer.failed)
        if seen != self._seen or not self._timer.overdue():
            self._seen, self._seen_ns = seen, self._clock.monotonic_ns()
        return self._seen_ns


@final
class FailedDeadlinesSubject:
    """The deadlines whose commands were refused: somebody has to retry them, or put them away.

    Attributes:
        name: there is one.
        position: none of them is done.
        beginnings: it does not begin.
    """

    def __init__(self, timer: Timer, clock: Clock) -> None:
        """None has failed yet since opening."""
        self.name = "deadlines"
        self.position = 0
        self.beginnings = 0
        self._timer = timer
        self._clock = clock
        self._told = 0
        self._was_failed = False

    def condition(self) -> Standstill | None:
        """Failed, as long as there is one."""
        failing, last = self._timer.failing(), self._timer.last_failure
        if not failing:
            return None
        because = f"; the last one: {last}" if last else ""
        return "failed", f"{counted(failing, 'deadline')} failed (engine.deadlines(), retry_deadline, cancel){because}"

    def trouble(self) -> str:
        """It tries nothing."""
        return ""

    def news(self) -> str:
        """That more have failed, where some had before; once."""
        timer, was_failed = self._timer, self._was_failed
        more, self._told = timer.failed - self._told, timer.failed
        self._was_failed = timer.failing() > 0
        return f"{more:,} more failed; the last one: {timer.last_failure}" if more and was_failed else ""

    def next_time(self) -> tuple[int, int] | None:
        """When the first of them was due."""
        first = self._timer.first("failed")
        return None if first is None else (1, first.due_ns)

    def heartbeat_ns(self) -> int:
        """Now: nobody expects that they move."""
        return self._clock.monotonic_ns()
