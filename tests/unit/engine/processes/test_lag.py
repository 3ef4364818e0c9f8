"""Alerts about processes: the runner that hangs, falls behind or stops, and instances that fail or are stuck."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from actum import Alert, CatalogueError, Engine, MemoryLog, Options, Process, StoreFull, react
from actum_storage import StorageError

from tests.support.bank import Account, Deposit, Deposited, HeldAssessor, Lend
from tests.support.clocks import FakeClock
from tests.support.fulfilment import Order, OrderPaid, OrderPlaced, PayOrder, PlaceOrder
from tests.support.logs import FaultyLog
from tests.support.scenes import in_time, scene, turns, until


class Lender(Process, key="account_id", name="Lender", stuck_seconds=3600):
    """Lends a little to everyone who brings something; 13 brings it bad luck."""

    @react(starts=True)
    def deposited(self, event: Deposited) -> Iterator[Lend]:
        """As much again."""
        if event.amount == 13:
            raise ValueError("13 is unlucky")
        if event.amount < 10 and event.account_id != "the bank":
            yield Lend(account_id="the bank", amount=event.amount)


class Stage:
    """A bank with a lender, on a clock of its own, whose alerts are kept."""

    def __init__(self, inner: MemoryLog | None = None) -> None:
        """Not open yet."""
        self.clock, self.alerts, self.assessor = FakeClock(), list[Alert](), HeldAssessor()
        self.log = FaultyLog(inner or MemoryLog())
        self.engine = Engine.open(
            self.log,
            Account,
            Lender,
            services=[self.assessor],
            clock=self.clock,
            alerts=[self.alerts.append],
            options=Options(gc_policy="none", lag_events_max=10),
        )

    async def deposit(self, *amounts: int) -> None:
        """One account for each."""
        for number, amount in enumerate(amounts):
            await self.engine.send(Deposit(account_id=f"{amount}-{number}", amount=amount))

    async def idle(self) -> None:
        """Wait until the lender has seen everything."""
        await until(lambda: not self.engine.statistics().processes[0].lag)

    async def after(self, seconds: float) -> list[tuple[str, str, str, str]]:
        """Time passes, everybody has turns, the monitor looks: the alerts that were raised."""
        self.clock.advance(seconds)
        await turns(50)
        self.alerts.clear()
        core = self.engine._core
        assert core is not None
        core.monitor.look()
        return [(alert.kind, alert.subject, alert.before, alert.state) for alert in self.alerts]


@scene
async def test_a_process_whose_command_hangs_is_slow_then_stalled_and_recovers() -> None:
    """One alert for each; the last says which instance waits, and statistics say the same."""
    stage = Stage()
    async with stage.engine as engine:
        await stage.deposit(20)
        await stage.idle()
        assert await stage.after(1) == []
        stage.assessor.free.clear()
        await stage.deposit(1, 2)
        await until(lambda: stage.assessor.asked)
        assert await stage.after(9) == []
        assert await stage.after(10) == [("process", "Lender", "live", "slow")]
        assert await stage.after(12) == [("process", "Lender", "slow", "stalled")]
        (alert,) = engine.statistics().alerts
        assert alert == stage.alerts[0]
        assert (alert.lag, alert.lag_seconds, alert.head - alert.position) == (2, 31.0, 2)
        assert alert.reason.startswith("no progress for ")
        assert alert.reason.endswith("Lender/1-0 waits for its commands of position 4")
        (figures,) = engine.statistics().processes
        assert (figures.state, figures.lag, figures.lag_seconds) == ("stalled", 2, 31.0)
        assert figures.heartbeat_seconds > 30
        stage.assessor.free.set()
        await stage.idle()
        assert await stage.after(1) == [("process", "Lender", "stalled", "live")]
        assert (engine.statistics().alerts, engine.statistics().alerts_raised) == ((), 3)


@scene
async def test_a_process_with_too_much_to_read_is_slow() -> None:
    """Events behind count as well as seconds."""
    stage = Stage()
    async with stage.engine:
        await stage.deposit(20)
        await stage.idle()
        await stage.after(1)
        stage.assessor.free.clear()
        await stage.deposit(*[1] * 20)
        assert await stage.after(1) == [("process", "Lender", "live", "slow")]
        assert "events behind (lag_events_max=10)" in stage.alerts[0].reason
        stage.assessor.free.set()
        await stage.idle()
        assert await stage.after(1) == [("process", "Lender", "slow", "live")]


@scene
async def test_a_process_that_finds_the_disk_full_says_so() -> None:
    """What it tries again stands in the reason; it goes on by itself."""
    stage = Stage()
    async with stage.engine:
        await stage.deposit(20)
        await stage.idle()
        await stage.after(1)
        for number in range(1, 5):
            stage.log.fail(StoreFull("the disk is full"), after=number)
        await stage.deposit(1)
        await until(lambda: stage.engine.statistics().processes[0].again)
        assert ("process", "Lender", "live", "stalled") in await stage.after(31)
        assert stage.alerts[0].reason.endswith("StoreFull: the disk is full")
        await in_time(lambda: not stage.engine.statistics().processes[0].lag)
        assert await stage.after(1) == [("process", "Lender", "stalled", "live")]


@scene
async def test_a_process_that_has_stopped_is_failed() -> None:
    """The store has failed under it: nothing more comes of it until the engine is opened again."""
    stage = Stage()
    async with stage.engine as engine:
        await stage.deposit(20)
        await stage.idle()
        await stage.after(1)
        stage.log.fail(StorageError("broken"), after=1)
        await stage.deposit(1)
        await until(lambda: engine.statistics().processes[0].failure)
        assert ("process", "Lender", "live", "failed") in await stage.after(1)
        alert = next(alert for alert in stage.alerts if alert.kind == "process")
        assert alert.reason.startswith("the process Lender has stopped: ")
        assert engine.statistics().processes[0].state == "failed"


@scene
async def test_failed_instances_raise_an_alert_until_they_are_looked_after() -> None:
    """The first one, then that there are more, once for all that failed since; an alert is there after a restart."""
    log = MemoryLog()
    stage = Stage(log)
    async with stage.engine as engine:
        await stage.deposit(20, 13)
        await stage.idle()
        assert await stage.after(5) == [("instances", "Lender", "live", "failed")]
        (alert,) = stage.alerts
        assert (alert.lag, alert.lag_seconds) == (1, 5.0)
        assert alert.reason == (
            '1 instance has failed (engine.processes(Lender, status="failed"), retry_process, cancel_process); '
            "the last one: Lender/13-1 at position 3: ValueError: 13 is unlucky"
        )
        await stage.deposit(13, 13)
        await stage.idle()
        assert await stage.after(1) == [("instances", "Lender", "failed", "failed")]
        assert (
            stage.alerts[0].reason
            == "1 more failed; the last one: Lender/13-0 at position 6: ValueError: 13 is unlucky"
        )
        assert await stage.after(1) == []
        assert [alert.kind for alert in engine.statistics().alerts] == ["instances"]
        assert engine.statistics().processes[0].state == "live"
    stage = Stage(log)
    async with stage.engine as engine:
        assert await stage.after(1) == [("instances", "Lender", "live", "failed")]
        for status in engine.processes(Lender, status="failed"):
            assert await engine.cancel_process(Lender, status.key)
        assert await stage.after(1) == [("instances", "Lender", "failed", "live")]
        assert engine.statistics().alerts == ()


@scene
async def test_an_instance_that_waits_for_too_long_is_stuck() -> None:
    """Shown, counted and told; it is active again as soon as it reacts."""
    stage = Stage()
    async with stage.engine as engine:
        await stage.deposit(20, 30)
        await stage.idle()
        assert await stage.after(3600) == []
        assert await stage.after(1) == [("instances", "Lender", "live", "stalled")]
        assert stage.alerts[0].reason == (
            '2 instances have not reacted for stuck_seconds=3600 (engine.processes(Lender, status="stuck")), '
            "'20-0' for longest"
        )
        assert [one.key for one in engine.processes(Lender, status="stuck")] == ["20-0", "30-1"]
        (figures,) = engine.statistics().processes
        assert (figures.active, figures.stuck, figures.failed) == (2, 2, 0)
        await stage.deposit(20, 30)
        await stage.idle()
        assert await stage.after(1) == [("instances", "Lender", "stalled", "live")]
        assert engine.processes(Lender, status="stuck") == []


class Patient(Process, key="order_id"):
    """Waits for as long as it takes."""

    @react(starts=True)
    def placed(self, event: OrderPlaced) -> None:
        """It begins."""

    @react
    def paid(self, event: OrderPaid) -> None:
        """And goes on."""


@scene
async def test_without_a_limit_nobody_is_stuck() -> None:
    """However long it takes."""
    clock = FakeClock()
    async with Engine.open(MemoryLog(), Order, Patient, clock=clock, options=Options(gc_policy="none")) as shop:
        await shop.send(PlaceOrder(order_id="1", product_id="apple"))
        await until(lambda: not shop.statistics().processes[0].lag)
        clock.advance(10 * 365 * 86_400)
        assert [one.status for one in shop.processes(Patient)] == ["active"]
        assert shop.statistics().processes[0].stuck == 0
        await shop.send(PayOrder(order_id="1", wallet_id="ann"))


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "1", True])
def test_a_limit_that_is_none_is_refused(seconds: Any) -> None:
    """With what to write instead."""

    class Wrong(Process, key="order_id", stuck_seconds=seconds):
        @react(starts=True)
        def placed(self, event: OrderPlaced) -> None:
            """It begins."""

    with pytest.raises(CatalogueError, match="stuck_seconds=.* is no time above 0: give seconds, or None"):
        Engine.open(MemoryLog(), Order, Wrong)
