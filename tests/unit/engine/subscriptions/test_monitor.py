"""Alerts: raised once for each change, to callbacks, the log and the figures; and who raises them."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

import pytest
from actum import Alert, Engine, Invalid, MemoryLog, Options, OutcomeUnknown, Row, View, project
from actum.subscriptions.monitor import Monitor
from actum_storage import StorageError

from tests.simulation.loop import VirtualLoop
from tests.support.bank import Account, Balances, Deposit, Deposited, HeldAssessor, open_bank
from tests.support.clocks import FakeClock
from tests.support.logs import FaultyLog
from tests.support.scenes import in_time, scene, turns, until
from tests.support.subscribers import Journal, Stopper, Watcher


class Fragile(Row, key="account_id"):
    """A row."""

    account_id: str


class Breaking(View[Fragile]):
    """A view that can't take large amounts."""

    @project
    def deposited(self, event: Deposited) -> None:
        """Up to a hundred."""
        if event.amount > 100:
            raise ValueError("too much")
        self.put(Fragile(account_id=event.account_id))


class Stage:
    """A bank with a watcher, on a clock of its own, whose alerts are kept."""

    def __init__(self, subscription: type[Watcher] = Watcher, *, stalled_seconds: float = 30.0) -> None:
        """Not open yet."""
        self.clock, self.journal, self.alerts = FakeClock(), Journal(), list[Alert]()
        self.log = FaultyLog(MemoryLog())
        self.engine = Engine.open(
            self.log,
            Account,
            Balances,
            Breaking,
            subscription,
            services=[HeldAssessor(), self.journal],
            clock=self.clock,
            alerts=[self.alerts.append],
            options=Options(gc_policy="none", lag_events_max=10, stalled_seconds=stalled_seconds),
        )

    async def deposit(self, count: int = 1, amount: int = 1) -> None:
        """So many events."""
        for _ in range(count):
            await self.engine.send(Deposit(account_id="a", amount=amount))

    async def after(self, seconds: float) -> list[tuple[str, str, str]]:
        """Time passes, everybody has turns, the monitor looks: the alerts that were raised."""
        self.clock.advance(seconds)
        core = self.engine._core
        assert core is not None
        core.subscriptions.wake()
        await turns(50)
        self.alerts.clear()
        core.monitor.look()
        return [(alert.subject, alert.before, alert.state) for alert in self.alerts]


@scene
async def test_a_consumer_that_hangs_is_stalled_and_recovers() -> None:
    """One alert when it stalls, one when it lives again; in between it is shown as active."""
    stage = Stage()
    async with stage.engine as engine:
        await stage.deposit()
        assert await stage.after(1) == []
        stage.journal.free.clear()
        await stage.deposit(2)
        assert await stage.after(9) == []
        assert await stage.after(10) == [("watcher", "live", "slow")]
        assert await stage.after(12) == [("watcher", "slow", "stalled")]
        (alert,) = engine.statistics().alerts
        assert alert == stage.alerts[0]
        assert (alert.kind, alert.lag, alert.position, alert.head) == ("subscription", 2, 1, 3)
        assert alert.lag_seconds == 31.0
        assert alert.reason == "no progress for 31 s (stalled_seconds=30)"
        assert alert.at == datetime.fromisoformat("2026-01-01T00:00:32+00:00")
        stage.journal.free.set()
        assert await stage.after(1) == [("watcher", "stalled", "live")]
        assert (engine.statistics().alerts, engine.statistics().alerts_raised) == ((), 3)


@scene
async def test_a_consumer_that_is_slow_is_slow_and_recovers() -> None:
    """With more events left than allowed it is slow as long as it moves, and live again when few are left."""
    stage = Stage()
    async with stage.engine:
        await stage.deposit()
        await stage.after(1)
        stage.journal.free.clear()
        await stage.deposit(20)
        assert await stage.after(1) == [("watcher", "live", "slow")]
        assert "20 events behind (lag_events_max=10)" in stage.alerts[0].reason
        stage.journal.free.set()
        assert await stage.after(1) == [("watcher", "slow", "live")]


@scene
async def test_a_dead_consumer_is_failed() -> None:
    """Its task is gone: nobody calls that healthy, although nothing is left to do."""
    stage = Stage()
    async with stage.engine as engine:
        await stage.deposit()
        await stage.after(1)
        (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "actum subscription watcher")
        task.cancel()
        assert await stage.after(1) == [("watcher", "live", "failed")]
        assert "its task is dead" in stage.alerts[0].reason
        assert engine.statistics().subscriptions[0].lag == 0
        engine.subscription(Watcher).resume()
        assert await stage.after(1) == [("watcher", "failed", "live")]


@scene
async def test_what_its_users_do_raises_no_alert() -> None:
    """Paused, resumed, reset and catching up are as they want it."""
    stage = Stage()
    async with stage.engine as engine:
        await stage.deposit()
        await stage.after(1)
        watcher = engine.subscription(Watcher)
        watcher.pause()
        await stage.deposit(50)
        assert await stage.after(100) == []
        stage.journal.free.clear()
        watcher.resume()
        assert await stage.after(1) == []
        assert watcher.statistics().state == "catching up"
        await watcher.reset()
        assert await stage.after(1) == []
        stage.journal.free.set()
        assert await stage.after(1) == []
        assert watcher.statistics().state == "live"


@scene
async def test_one_that_stops_at_an_event_is_failed() -> None:
    """The alert says which event, and why."""
    stage = Stage(Stopper)
    stage.journal.faults = {1: -1}
    async with stage.engine as engine:
        await stage.deposit()
        await in_time(lambda: engine.subscription(Stopper).statistics().state == "failed")
        assert await stage.after(1) == [("stopper", "catching up", "failed")]
        assert "Deposited at position 1 raised ValueError: position 1 is unwelcome" in stage.alerts[0].reason


@scene
async def test_an_event_that_is_put_aside_is_told() -> None:
    """Once, with its reason; the subscription itself is as it was, and nothing stays active."""
    stage = Stage()
    stage.journal.faults = {2: -1}
    async with stage.engine as engine:
        await stage.deposit(3)
        await engine.subscription(Watcher).caught_up()
        assert await stage.after(1) == [("watcher", "live", "live")]
        assert stage.alerts[0].reason == (
            "its handler of Deposited at position 2 raised ValueError: position 2 is unwelcome (attempt 3); "
            "it is put aside as a dead letter, one of 1"
        )
        assert (engine.statistics().alerts, engine.statistics().alerts_raised) == ((), 1)
        assert await stage.after(1) == []


@scene
async def test_a_broken_view_is_failed_until_it_is_rebuilt() -> None:
    """Views are looked at like subscriptions; its figures say where it stands and how old what it lacks is."""
    stage = Stage()
    async with stage.engine as engine:
        await stage.deposit()
        await stage.after(1)
        await stage.deposit(amount=101)
        await stage.deposit()
        assert await stage.after(5) == [("Breaking", "live", "failed")]
        balances, breaking = engine.statistics().views
        assert (balances.lag_state, balances.lag, balances.lag_seconds) == ("live", 0, 0.0)
        assert (breaking.lag_state, breaking.state, breaking.lag, breaking.lag_seconds) == ("failed", "broken", 2, 5.0)
        assert breaking.heartbeat_seconds == 5.0
        assert stage.alerts[0].kind == "view"


@scene
async def test_an_engine_that_failed_shows_the_true_head() -> None:
    """A commit whose outcome is unknown may have taken place: then views and subscriptions lag by it."""
    stage = Stage()
    async with stage.engine as engine:
        await stage.deposit()
        await stage.after(1)
        stage.log.fail(OSError("gone"), written=True)
        with pytest.raises(OutcomeUnknown):
            await stage.deposit()
        statistics = engine.statistics()
        assert (statistics.state, statistics.position, stage.log.head.position) == ("failed", 1, 2)
        assert [view.lag for view in statistics.views] == [1, 1]
        assert (statistics.subscriptions[0].lag, statistics.subscriptions[0].head) == (1, 2)
        stage.log.read_error = StorageError("nothing can be read")
        assert await stage.after(31) != []
        stage.log.read_error = None


@pytest.mark.parametrize("raised", [RuntimeError("no"), asyncio.CancelledError()])
@scene
async def test_a_callback_that_fails_harms_nobody(raised: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """The others are called, the alert is logged with its fields, and the monitor goes on."""
    heard: list[Alert] = []

    def failing(alert: Alert) -> None:
        raise raised

    clock, journal = FakeClock(), Journal()
    engine = Engine.open(
        MemoryLog(), Account, Watcher, services=[HeldAssessor(), journal], clock=clock, alerts=[failing, heard.append]
    )
    async with engine:
        journal.free.clear()
        await engine.send(Deposit(account_id="a", amount=1))
        await until(lambda: journal.arrived)
        clock.advance(31)
        with caplog.at_level(logging.INFO, "actum.alerts"):
            engine._core.monitor.look()  # type: ignore[union-attr]
        assert [alert.state for alert in heard] == ["stalled"]
        journal.free.set()
    warning, failure = caplog.records
    assert warning.getMessage() == "subscription watcher is stalled: no progress for 31 s (stalled_seconds=30)"
    assert (warning.levelname, vars(warning)["actum_lag"], vars(warning)["actum_before"]) == (
        "WARNING",
        1,
        "catching up",
    )
    assert failure.getMessage() == "an alert's callback failed"


@scene
async def test_callbacks_are_plain_functions() -> None:
    """What can't be called, or would have to be awaited, is refused."""

    async def waiting(alert: Alert) -> None:
        pass

    for callback, fault in ((waiting, "is async"), ("shout", "can't be called")):
        with pytest.raises(Invalid, match=fault):
            Engine.open(MemoryLog(), Account, services=[HeldAssessor()], alerts=[callback])  # type: ignore[list-item]


@scene
async def test_it_looks_by_itself() -> None:
    """An open engine has a task that looks; a closed one has none."""
    async with open_bank():
        assert "actum lag monitor" in {task.get_name() for task in asyncio.all_tasks()}
    assert "actum lag monitor" not in {task.get_name() for task in asyncio.all_tasks()}


def test_it_looks_once_a_second_unless_the_loop_was_blocked() -> None:
    """On virtual time: a loop that stood still says nothing about those in it, so the next look counts."""
    loop, looks = VirtualLoop(), list[float]()
    clock = FakeClock()

    class Looking(Monitor):  # type: ignore[misc]  # final for users
        def look(self) -> None:
            looks.append(loop.time())

    async def main() -> None:
        task = asyncio.create_task(Looking(clock, []).run(), name="monitor")
        for seconds in (1, 1, 7, 1):
            clock.advance(seconds)
            await asyncio.sleep(1.001)
        task.cancel()

    loop.run_until_complete(main())
    loop.close()
    assert looks == pytest.approx([1, 2, 4])
