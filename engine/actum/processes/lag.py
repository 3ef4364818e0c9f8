"""How a process is looked at: the runner on its way through the log, and those of its instances that stand still.

Two subjects, since one says nothing about the other: a runner that is live may have left a failed instance behind, and
none may have failed while the runner hangs. See `actum.subscriptions.lag` for what is made of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from actum.subscriptions.lag import counted

if TYPE_CHECKING:
    from actum.automation.process_runner import Runner
    from actum.clock import Clock
    from actum.subscriptions.lag import Standstill


@final
class ProcessSubject:
    """A runner.

    Attributes:
        name: the process's.
        beginnings: it begins once, when the engine is opened.
    """

    def __init__(self, runner: Runner, clock: Clock) -> None:
        """One that does not run yet."""
        self.name = runner.kind.name
        self.beginnings = 0
        self._runner = runner
        self._clock = clock
        self._seen = (-1, 0)
        self._seen_ns = clock.monotonic_ns()

    @property
    def position(self) -> int:
        """Everything up to here has been considered."""
        return self._runner.position

    def condition(self) -> Standstill | None:
        """Stopped."""
        failure = self._runner.failure
        return None if failure is None else ("failed", failure)

    def trouble(self) -> str:
        """What it tries again, or waits for."""
        return self._runner.trouble or self._runner.waiting()

    def news(self) -> str:
        """All that it can say is its state."""
        return ""

    def next_time(self) -> tuple[int, int] | None:
        """It does not know."""
        return None

    def heartbeat_ns(self) -> int:
        """Now, if it is where the log ends; else when it was last seen to have moved, or to have taken a step."""
        seen = (self._runner.position, self._runner.steps)
        if seen != self._seen or self._runner.is_idle():
            self._seen, self._seen_ns = seen, self._clock.monotonic_ns()
        return self._seen_ns


@final
class InstancesSubject:
    """The instances of one process that somebody has to look after: as many as it has to do.

    Attributes:
        name: the process's.
        position: none of them is done.
        beginnings: it does not begin.
    """

    def __init__(self, runner: Runner, clock: Clock) -> None:
        """None has failed yet since opening."""
        self.name = runner.kind.name
        self.position = 0
        self.beginnings = 0
        self._runner = runner
        self._clock = clock
        self._told = 0
        self._was_failed = False

    def count(self) -> int:
        """How many have failed, or are stuck."""
        return self._runner.roster.failed() + self._runner.roster.stuck()

    def condition(self) -> Standstill | None:
        """The worst of it."""
        runner = self._runner
        failed, stuck = runner.roster.failed(), runner.roster.stuck()
        if failed:
            last = f"; the last one: {runner.last_failure}" if runner.last_failure else ""
            return "failed", (
                f"{counted(failed, 'instance')} failed (engine.processes({runner.kind.process.__name__}, "
                f'status="failed"), retry_process, cancel_process){last}'
            )
        if stuck:
            oldest = runner.roster.oldest()
            assert oldest is not None
            return "stalled", (
                f"{counted(stuck, 'instance')} not reacted for stuck_seconds={runner.kind.stuck_seconds:g} "
                f'(engine.processes({runner.kind.process.__name__}, status="stuck")), {oldest.key!r} for longest'
            )
        return None

    def trouble(self) -> str:
        """It tries nothing."""
        return ""

    def news(self) -> str:
        """That more have failed, where some had before; once."""
        runner, was_failed = self._runner, self._was_failed
        more, self._told = runner.failures - self._told, runner.failures
        self._was_failed = runner.roster.failed() > 0
        return f"{more:,} more failed; the last one: {runner.last_failure}" if more and was_failed else ""

    def next_time(self) -> tuple[int, int] | None:
        """Since when the first of them stands still."""
        oldest = self._runner.roster.oldest("failed") or self._runner.roster.oldest()
        return None if oldest is None else (1, oldest.since_ns)

    def heartbeat_ns(self) -> int:
        """Now: nobody expects that they move."""
        return self._clock.monotonic_ns()
