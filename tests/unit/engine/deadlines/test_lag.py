"""Alerts about deadlines: the timer that can't send, or has stopped, and deadlines that have failed."""

from __future__ import annotations

from actum import Alert, Deadlines, Engine, MemoryLog, Options, StoreFull
from actum.automation.automation import timer_of
from actum_storage import StorageError

from tests.support.bank import Account, Deposit, HeldAssessor, Lend, Withdraw
from tests.support.clocks import FakeClock
from tests.support.logs import FaultyLog
from tests.support.scenes import in_time, scene, turns, until


class Stage:
    """A bank with deadlines, on a clock of its own, whose alerts are kept."""

    def __init__(self, inner: MemoryLog | None = None) -> None:
        """Not open yet."""
        self.clock, self.alerts, self.assessor = FakeClock(), list[Alert](), HeldAssessor()
        self.log = FaultyLog(inner or MemoryLog())
        self.engine = Engine.open(
            self.log,
            Account,
            Deadlines,
            services=[self.assessor],
            clock=self.clock,
            alerts=[self.alerts.append],
            options=Options(gc_policy="none", lag_events_max=10),
        )

    async def after(self, seconds: float) -> list[tuple[str, str, str, str]]:
        """Time passes, the timer wakes, everybody has turns, the monitor looks: the alerts that were raised."""
        self.clock.advance(seconds)
        core = self.engine._open_core()
        timer_of(core).wake()
        await turns(50)
        self.alerts.clear()
        core.monitor.look()
        return [(alert.kind, alert.subject, alert.before, alert.state) for alert in self.alerts]


@scene
async def test_a_timer_that_can_not_send_is_slow_then_stalled_and_recovers() -> None:
    """The command hangs: what is overdue is counted, and how long it is."""
    stage = Stage()
    async with stage.engine as bank:
        assert await stage.after(1) == []
        stage.assessor.free.clear()
        await bank.schedule(Lend(account_id="ann", amount=1), after=10)
        assert await stage.after(9) == []
        assert await stage.after(5) == []
        assert await stage.after(8) == [("timer", "timer", "live", "slow")]
        assert (stage.alerts[0].lag, stage.alerts[0].lag_seconds) == (1, 12.0)
        assert await stage.after(31) == [("timer", "timer", "slow", "stalled")]
        figures = bank.statistics().deadlines
        assert figures is not None
        assert (figures.state, figures.overdue, figures.overdue_seconds) == ("stalled", 1, 43.0)
        assert [alert.kind for alert in bank.statistics().alerts] == ["timer"]
        stage.assessor.free.set()
        await until(lambda: not bank.deadlines())
        assert await stage.after(1) == [("timer", "timer", "stalled", "live")]
        assert bank.statistics().alerts == ()


@scene
async def test_more_overdue_deadlines_than_allowed_make_it_slow() -> None:
    """They are counted no further than that."""
    stage = Stage()
    async with stage.engine as bank:
        assert await stage.after(1) == []
        stage.assessor.free.clear()
        for _ in range(20):
            await bank.schedule(Lend(account_id="ann", amount=1), after=10)
        assert await stage.after(11) == [("timer", "timer", "live", "slow")]
        assert stage.alerts[0].reason == "11 deadlines behind (lag_events_max=10)"
        stage.assessor.free.set()
        await until(lambda: not bank.deadlines())
        assert await stage.after(1) == [("timer", "timer", "slow", "live")]


@scene
async def test_what_was_due_while_the_engine_was_closed_is_caught_up_with() -> None:
    """That is no reason for an alert, unless it does not become less."""
    log = MemoryLog()
    stage = Stage(log)
    async with stage.engine as bank:
        await bank.schedule(Lend(account_id="ann", amount=1), after=10)
    stage = Stage(log)
    stage.assessor.free.clear()
    stage.clock.advance(86_400)
    async with stage.engine as bank:
        assert await stage.after(1) == []
        figures = bank.statistics().deadlines
        assert figures is not None
        assert figures.state == "catching up"
        assert await stage.after(31) == [("timer", "timer", "catching up", "stalled")]
        stage.assessor.free.set()
        await until(lambda: not bank.deadlines())


@scene
async def test_a_full_disk_is_named() -> None:
    """A deadline that can't be sent yet, however often it is tried, is overdue; the reason is in the alert."""
    stage = Stage()
    async with stage.engine as bank:
        await bank.schedule(Deposit(account_id="ann", amount=1), after=10)
        for number in range(3):
            stage.log.fail(StoreFull("the disk is full"), after=number)
        assert await stage.after(9) == []
        stage.clock.advance(2)
        timer_of(bank._open_core()).wake()
        await until(lambda: bank.statistics().deadlines.again)  # type: ignore[union-attr]
        assert await stage.after(1) == []
        assert await stage.after(31) == [("timer", "timer", "live", "stalled")]
        assert stage.alerts[0].reason.endswith("StoreFull: the disk is full")
        await in_time(lambda: not bank.deadlines())
        assert await stage.after(1) == [("timer", "timer", "stalled", "live")]


@scene
async def test_a_timer_that_has_stopped_is_failed() -> None:
    """The store has failed under it."""
    stage = Stage()
    async with stage.engine as bank:
        await bank.schedule(Deposit(account_id="ann", amount=1), after=10)
        assert await stage.after(1) == []
        stage.log.fail(StorageError("broken"))
        stage.clock.advance(10)
        timer_of(bank._open_core()).wake()
        await until(lambda: bank.statistics().deadlines.failure)  # type: ignore[union-attr]
        assert ("timer", "timer", "live", "failed") in await stage.after(1)
        alert = next(alert for alert in stage.alerts if alert.kind == "timer")
        assert "it will be after the engine is opened again" in alert.reason


@scene
async def test_failed_deadlines_raise_an_alert_until_they_are_looked_after() -> None:
    """The first one; then that there are more, once; also after a restart; over when all are put away."""
    log = MemoryLog()
    stage = Stage(log)
    async with stage.engine as bank:
        await bank.schedule(Withdraw(account_id="ann", amount=1), after=10, deadline_id="a")
        stage.clock.advance(11)
        timer_of(bank._open_core()).wake()
        await until(lambda: bank.deadlines()[0].state == "failed")
        assert await stage.after(1) == [("deadlines", "deadlines", "live", "failed")]
        (alert,) = stage.alerts
        assert (alert.lag, alert.lag_seconds) == (1, 2.0)
        assert alert.reason.startswith(
            "1 deadline has failed (engine.deadlines(), retry_deadline, cancel); the last one: Withdraw of a: "
        )
        for deadline_id in "bc":
            await bank.schedule(Withdraw(account_id="ann", amount=1), after=0, deadline_id=deadline_id)
        await until(lambda: all(deadline.state == "failed" for deadline in bank.deadlines()))
        assert await stage.after(1) == [("deadlines", "deadlines", "failed", "failed")]
        assert stage.alerts[0].reason.startswith("2 more failed; the last one: Withdraw of ")
        assert await stage.after(1) == []
    stage = Stage(log)
    async with stage.engine as bank:
        assert await stage.after(1) == [("deadlines", "deadlines", "live", "failed")]
        for deadline_id in "abc":
            assert await bank.cancel(deadline_id)
        assert await stage.after(1) == [("deadlines", "deadlines", "failed", "live")]
