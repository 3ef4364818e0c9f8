"""Processes at work: steps, refusals, deadlines, failures, retries, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from actum import (
    Deadlines,
    Done,
    Engine,
    EngineClosed,
    Envelope,
    Invalid,
    MemoryLog,
    Process,
    Receipt,
    Schedule,
    Send,
    react,
)
from actum.automation import process_runner
from actum.automation.automation import runner_of, timer_of
from actum.processes import circles
from actum_storage import StoreMismatch

from tests.support.clocks import FakeClock
from tests.support.errands import FAULTS, Ask, Asked, Errands, Gate, Ran, Run, open_errands
from tests.support.fulfilment import (
    AddStock,
    CancelOrder,
    FillWallet,
    Fulfilment,
    Order,
    OrderPaid,
    OrderPlaced,
    PayOrder,
    PlaceOrder,
    Stock,
    Wallet,
    open_shop,
)
from tests.support.scenes import scene, turns, until


async def idle(shop: Engine) -> None:
    """Wait until every process has considered everything, and nothing comes of it."""
    await until(lambda: all(not one.lag for one in shop.statistics().processes))


async def stocked(shop: Engine) -> None:
    """Ten apples, and money for ann."""
    await shop.send(AddStock(product_id="apple", quantity=10))
    await shop.send(FillWallet(wallet_id="ann", amount=100))


async def order_state(shop: Engine, order_id: str) -> str:
    """Where an order stands."""
    return (await shop.state(Order, order_id)).state


async def quantity(shop: Engine) -> int:
    """How many apples there are."""
    return (await shop.state(Stock, "apple")).quantity


@scene
async def test_an_order_is_fulfilled() -> None:
    """Step by step; what is under way is shown; in the end nothing is left of it but its events."""
    async with open_shop() as shop:
        await stocked(shop)
        placed = await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=3), correlation_id="basket")
        await idle(shop)
        (status,) = shop.processes(Fulfilment)
        assert (status.key, status.status, status.failure) == ("1", "active", None)
        assert (status.state.quantity, status.state.position) == (3, placed.position)
        assert list(status.deadlines) == ["unpaid"]
        assert status.waits_for == ("OrderCancelled", "OrderPaid", "OrderPlaced")
        (reserved,) = (await shop.history(Stock, "apple"))[1:]
        assert (reserved.correlation_id, reserved.causation_id) == ("basket", str(placed.command_id))
        assert len(shop.deadlines()) == 1
        await shop.send(PayOrder(order_id="1", wallet_id="ann"))
        await idle(shop)
        assert shop.processes(Fulfilment) == []
        assert shop.deadlines() == []
        assert await order_state(shop, "1") == "shipped"
        assert (await quantity(shop), (await shop.state(Wallet, "ann")).money) == (7, 70)
        (figures,) = shop.statistics().processes
        assert (figures.name, figures.active, figures.failed, figures.steps) == ("Fulfilment", 0, 0, 2)


@scene
async def test_a_rejected_command_undoes_its_step_and_is_answered() -> None:
    """Nothing of the step is there; what the handler of the refusal yields is there instead."""
    async with open_shop() as shop:
        await stocked(shop)
        await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=11))
        await idle(shop)
        assert (await shop.history(Order, "1"))[-1].event.reason == "apple: only 10 left"  # type: ignore[attr-defined]
        assert (shop.processes(Fulfilment), shop.deadlines()) == ([], [])
        await shop.send(PlaceOrder(order_id="2", product_id="apple", quantity=4))
        await shop.send(PayOrder(order_id="2", wallet_id="bob"))
        await idle(shop)
        assert await order_state(shop, "2") == "cancelled"
        assert (await quantity(shop), shop.processes(Fulfilment), shop.deadlines()) == (10, [], [])


@scene
async def test_what_is_not_paid_is_cancelled() -> None:
    """By the deadline that the process has scheduled, counted from the event."""
    log, clock = MemoryLog(), FakeClock()
    async with open_shop(log, clock=clock) as shop:
        await stocked(shop)
        await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=3))
        await idle(shop)
        assert await quantity(shop) == 7
        assert shop.deadlines()[0].due_ns == clock.wall_ns + 1800 * 10**9
    clock.advance(1801)
    async with open_shop(log, clock=clock) as shop:
        await until(lambda: not shop.processes(Fulfilment))
        assert (await order_state(shop, "1"), await quantity(shop)) == ("cancelled", 10)


@scene
async def test_an_instance_that_fails_stands_still_alone_and_is_retried() -> None:
    """Others go on; what came meanwhile is handled after it, in order."""
    log = MemoryLog()
    async with open_shop(log) as shop:
        await stocked(shop)
        await shop.send(FillWallet(wallet_id="buggy", amount=100))
        for order_id in ("1", "2"):
            await shop.send(PlaceOrder(order_id=order_id, product_id="apple", quantity=1))
        paid = await shop.send(PayOrder(order_id="1", wallet_id="buggy"))
        await shop.send(PayOrder(order_id="2", wallet_id="ann"))
        await idle(shop)
        assert await order_state(shop, "2") == "shipped"
        (status,) = shop.processes(Fulfilment, status="failed")
        assert (status.key, status.failed_position) == ("1", paid.position)
        assert status.failure == "CommandFailed: Wallet/buggy: TakePayment raised ZeroDivisionError: a bug" or (
            status.failure is not None and "a bug" in status.failure
        )
        await shop.send(CancelOrder(order_id="1", reason="enough"))
        await idle(shop)
        await shop.retry_process(Fulfilment, "1")
        assert [one.key for one in shop.processes(Fulfilment, status="failed")] == ["1"]
        with pytest.raises(Invalid, match="no Fulfilment of this key has failed"):
            await shop.retry_process(Fulfilment, "2")


class Patient(Process, key="order_id", name="Fulfilment"):
    """The same process in a later version: it does not charge."""

    order_id: str = ""
    product_id: str = ""
    quantity: int = 0
    note: str = "new field"

    @react(starts=True)
    def placed(self, event: OrderPlaced) -> None:
        """Nothing."""
        self.order_id = event.order_id

    @react
    def paid(self, event: OrderPaid) -> None:
        """Remember it."""
        self.note = event.wallet_id


@scene
async def test_a_mended_handler_goes_on_where_the_old_one_failed() -> None:
    """With the state that the old one left."""
    log = MemoryLog()
    async with open_shop(log) as shop:
        await stocked(shop)
        await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=2))
        await shop.send(PlaceOrder(order_id="2", product_id="buggy"))
        await shop.send(PayOrder(order_id="1", wallet_id="buggy"))
        await idle(shop)
        assert [one.key for one in shop.processes(Fulfilment, status="failed")] == ["1", "2"]
        assert not shop.processes(Fulfilment)[1].state.product_id, "a step that failed leaves nothing"
    async with open_shop(log, Patient) as shop:
        await shop.retry_process(Patient, "1")
        await shop.retry_process(Patient, "2")
        first, second = shop.processes(Patient)
        assert (first.status, first.state.quantity, first.state.note) == ("active", 2, "buggy")
        assert (second.status, second.state.order_id) == ("active", "2")


@scene
async def test_an_instance_is_cancelled_with_what_it_has_scheduled() -> None:
    """It sends nothing more; an instance that is not there is False."""
    async with open_shop() as shop:
        await stocked(shop)
        await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=2))
        await idle(shop)
        assert await shop.cancel_process(Fulfilment, "1")
        assert not await shop.cancel_process(Fulfilment, "1")
        assert (shop.processes(Fulfilment), shop.deadlines()) == ([], [])
        await shop.send(PayOrder(order_id="1", wallet_id="ann"))
        await idle(shop)
        assert await order_state(shop, "1") == "paid"


class Strict(Patient, key="order_id", strict=True):
    """The same, and it insists on a beginning."""


@scene
async def test_an_event_without_a_beginning_is_ignored_or_shown() -> None:
    """A strict process shows it; a process that is new to a store sees events from now on, or from the beginning."""
    log = MemoryLog()
    async with open_shop(log, Order) as shop:
        await shop.send(PlaceOrder(order_id="1", product_id="apple"))
        await shop.send(PlaceOrder(order_id="2", product_id="apple"))
    async with open_shop(log, Patient, Strict, Curious) as shop:
        await shop.send(PayOrder(order_id="1", wallet_id="ann"))
        await idle(shop)
        assert shop.processes(Patient) == []
        (status,) = shop.processes(Strict)
        assert status.failure == "UnexpectedEvent: OrderPaid came, but no Strict was started for '1'"
        assert [one.key for one in shop.processes(Curious)] == ["1", "2"]
        assert await shop.cancel_process(Strict, "1")


class Curious(Patient, key="order_id", start="beginning"):
    """The same, and it wants to know everything."""


@scene
async def test_processes_survive_a_restart(tmp_path: Path) -> None:
    """From a checkpoint and from the log alone; no step is taken twice."""
    async with open_shop(tmp_path / "shop") as shop:
        await stocked(shop)
        await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=2))
        await idle(shop)
        await shop.checkpoint()
        await shop.send(PlaceOrder(order_id="2", product_id="apple", quantity=2))
        await idle(shop)
        before = shop.processes(Fulfilment)
    for _ in range(2):
        async with open_shop(tmp_path / "shop") as shop:
            await idle(shop)
            assert shop.processes(Fulfilment) == before
            assert await quantity(shop) == 6
    async with open_shop(tmp_path / "shop") as shop:
        for order_id in ("1", "2"):
            await shop.send(PayOrder(order_id=order_id, wallet_id="ann"))
        await idle(shop)
        assert (await quantity(shop), (await shop.state(Wallet, "ann")).money) == (6, 60)


@scene
async def test_many_instances_at_once() -> None:
    """All end, and everything adds up; a full engine is waited for."""
    async with open_shop(None, Fulfilment, commands_pending_max=100) as shop:
        await stocked(shop)
        await shop.send(AddStock(product_id="apple", quantity=90))
        results = await shop.send_many([PlaceOrder(order_id=f"{n}", product_id="apple") for n in range(90)])
        assert not [one for one in results if isinstance(one, Exception)]
        await asyncio.wait_for(until(lambda: not shop.statistics().processes[0].lag, turns_max=10**9), 60)
        assert len(shop.processes(Fulfilment)) == 90
        assert await quantity(shop) == 10


class Helper(Process, key="asker"):
    """Does what it is asked for."""

    @react(starts=True)
    def asked(self, event: Asked) -> Run:
        """One errand; as a handler it may go wrong too."""
        name, _, where = event.errand.partition(" here")
        if where == "!":
            fault = FAULTS[name]
            raise fault()
        return Run(runner=event.asker, errand=event.errand)


@pytest.mark.parametrize("errand", [*FAULTS, *(f"{name} here!" for name in FAULTS)])
@scene
async def test_whatever_is_raised_fails_one_instance_alone(errand: str) -> None:
    """Also what says that an engine is closed, or has failed: it was another one; and what can't be shown or stored."""
    log = MemoryLog()
    async with open_errands(log, Helper) as engine:
        await engine.send(Ask(asker="bad", errand=errand))
        await engine.send(Ask(asker="good"))
        await until(lambda: not engine.statistics().processes[0].lag)
        failed, good = engine.processes(Helper)
        assert (failed.key, failed.status, failed.failed_position is not None) == ("bad", "failed", True)
        assert (good.key, good.status) == ("good", "active")
        assert engine.statistics().processes[0].failure is None
    async with open_errands(log, Helper) as engine:
        assert [one.status for one in engine.processes(Helper)] == ["failed", "active"]


@scene
async def test_middleware_that_ends_as_if_cancelled_loses_no_step() -> None:
    """The instance fails; nothing is passed over in silence."""

    async def middleware(envelope: Envelope, send: Send) -> Receipt:
        if isinstance(envelope.command, Run):
            raise asyncio.CancelledError
        return await send(envelope)

    async with open_errands(None, Helper, middleware=[middleware]) as engine:
        await engine.send(Ask(asker="ann"))
        await until(lambda: not engine.statistics().processes[0].lag)
        (status,) = engine.processes(Helper)
        assert status.failure is not None
        assert "as if it had been cancelled" in status.failure


@scene
async def test_an_instance_that_waits_holds_up_nobody_else() -> None:
    """Others take their steps, are cancelled and retried; what they have done is not done again after a restart."""
    log, gate = MemoryLog(), Gate()
    async with open_errands(log, Helper, gate=gate, options={"close_seconds_max": 0.0}) as engine:
        await engine.send(Ask(asker="slow", errand="wait"))
        await until(lambda: gate.tried)
        position = engine.statistics().processes[0].position
        for name in ("ann", "bob", "slow", "ann"):
            await engine.send(Ask(asker=name))
        await engine.send(Ask(asker="bad", errand="bug"))
        await until(lambda: len(engine.processes(Helper)) == 3)
        await until(lambda: not engine.statistics().pending - 2)
        assert (await engine.state(Errands, "ann")).done == 2
        with pytest.raises(Invalid, match="no Helper of this key has failed"):
            await engine.retry_process(Helper, "bob")
        await engine.retry_process(Helper, "bad")
        assert await engine.cancel_process(Helper, "bob")
        assert engine.statistics().processes[0].position == position, "after a crash it begins there"
    gate.free.set()
    async with open_errands(log, Helper, gate=gate) as engine:
        await until(lambda: not engine.statistics().processes[0].lag)
        assert [one.key for one in engine.processes(Helper)] == ["bad", "ann", "slow"]
        assert [(await engine.state(Errands, name)).done for name in ("ann", "bob", "slow", "bad")] == [2, 1, 2, 0]


@scene
async def test_what_is_read_ahead_of_those_that_wait_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance that waits, and for which there is much to do, stops the reading until it goes on."""
    monkeypatch.setattr(process_runner, "BACKLOG_EVENTS_MAX", 5)
    gate = Gate()
    async with open_errands(None, Helper, gate=gate, options={"replay_slice_events": 1}) as engine:
        await engine.send(Ask(asker="slow", errand="wait"))
        await until(lambda: gate.tried)
        for _ in range(9):
            await engine.send(Ask(asker="slow"))
        await engine.send(Ask(asker="ann"))
        await turns(50)
        runner = engine._open_core().runners[0]
        assert (len(runner._backlog), runner.is_full()) == (5, True)
        gate.free.set()
        await until(lambda: not engine.statistics().processes[0].lag)
        assert (await engine.state(Errands, "slow")).done == 10
        assert (await engine.state(Errands, "ann")).done == 1


@pytest.mark.parametrize("seconds", [0.0, 0.05])
@scene
async def test_who_asked_for_something_is_told_when_the_engine_closes(seconds: float, tmp_path: Path) -> None:
    """A retry that waits for a decision, and what waits behind it, end with the engine; the log is as it was."""
    gate = Gate()
    engine = await open_errands(tmp_path / "store", Picky, options={"close_seconds_max": seconds}, gate=gate)
    for name in ("ann", "bob"):
        await engine.send(Ask(asker=name, errand="wait"))
    await until(lambda: len(engine.processes(Picky, status="failed")) == 2)
    Picky.mended = True
    try:
        asked = [
            asyncio.create_task(engine.retry_process(Picky, "ann")),
            asyncio.create_task(engine.retry_process(Picky, "bob")),
            asyncio.create_task(engine.cancel_process(Picky, "bob")),
        ]
        await until(lambda: len(gate.tried) == 2)
        await engine.close()
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(outcome, EngineClosed)
    finally:
        Picky.mended = False


class Picky(Process, key="asker"):
    """Does nothing until it is mended."""

    mended: ClassVar[bool] = False

    @react(starts=True)
    def asked(self, event: Asked) -> Run:
        """Only then."""
        if not self.mended:
            raise ValueError("not mended")
        return Run(runner=event.asker, errand=event.errand)


class Keen(Picky, key="asker"):
    """Notes what it has seen."""

    seen: list[str] = []

    @react(starts=True)
    def asked(self, event: Asked) -> Run:
        """As it comes."""
        self.seen.append(event.errand)
        return super().asked(event)


@pytest.mark.parametrize("how", ["closed", "abandoned"])
@scene
async def test_a_retry_that_is_interrupted_loses_nothing(how: str, tmp_path: Path) -> None:
    """What came while the instance stood still is read to its end: now, or after the next opening."""
    gate = Gate()
    engine = await open_errands(tmp_path / "store", Keen, options={"close_seconds_max": 0.0}, gate=gate)
    for errand in ("first", "wait", "last"):
        await engine.send(Ask(asker="ann", errand=errand))
    await until(lambda: not engine.statistics().processes[0].lag)
    assert [one.status for one in engine.processes(Keen)] == ["failed"]
    Picky.mended = True
    try:
        asked = asyncio.create_task(engine.retry_process(Keen, "ann"))
        await until(lambda: "wait" in gate.tried)
        if how == "closed":
            await engine.close()
            with pytest.raises(EngineClosed, match="before it could retry Keen/ann"):
                await asked
            gate.free.set()
            engine = await open_errands(tmp_path / "store", Keen, gate=gate)
        else:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            await engine.send(Ask(asker="ann", errand="later"))
            gate.free.set()
        wanted = ["first", "wait", "last"] + ["later"] * (how == "abandoned")
        await until(lambda: engine.processes(Keen)[0].state.seen == wanted)
        await until(lambda: not runner_of(engine._open_core(), Keen).roster.behind())
        assert (await engine.state(Errands, "ann")).done == len(wanted)
        await engine.close()
    finally:
        Picky.mended = False


@scene
async def test_a_retry_that_fails_while_the_engine_closes_says_that_it_closed() -> None:
    """Not what the handler has raised: that was not noted, and it will be retried by whoever wants it."""
    log = MemoryLog()
    engine = await open_errands(log, Picky)
    await engine.send(Ask(asker="ann"))
    await until(lambda: engine.processes(Picky, status="failed"))
    core = engine._open_core()
    async with runner_of(core, Picky)._lock("ann"):
        retried = asyncio.create_task(engine.retry_process(Picky, "ann"))
        await turns(3)
        closed = asyncio.create_task(engine.close())
        await until(lambda: core.stopping)
    outcomes = await asyncio.gather(retried, closed, return_exceptions=True)
    assert isinstance(outcomes[0], EngineClosed)
    async with open_errands(log, Picky) as engine:
        assert [one.status for one in engine.processes(Picky)] == ["failed"]


class Stern(Process, key="runner", name="Clerk", strict=True):
    """Insists on a beginning, and can do nothing."""

    begun: int = 0

    @react(starts=True, key="asker")
    def asked(self, event: Asked) -> None:
        """Count."""
        self.begun += 1

    @react
    def ran(self, event: Ran) -> None:
        """Can't."""
        raise ValueError("a bug")


class Mild(Process, key="runner", name="Clerk"):
    """The same, mended: it does without what went wrong."""

    begun: int = 0

    @react(starts=True, key="asker")
    def asked(self, event: Asked) -> None:
        """Count."""
        self.begun += 1


@scene
async def test_what_an_instance_no_longer_reacts_to_is_passed_over_by_a_retry() -> None:
    """It goes on with what came since; one that was never started is gone, and can still be started."""
    log = MemoryLog()
    async with open_errands(log, Stern) as engine:
        for command in (Ask(asker="ann"), Run(runner="ann"), Run(runner="bob"), Ask(asker="ann"), Run(runner="eve")):
            await engine.send(command)
        await until(lambda: not engine.statistics().processes[0].lag)
        assert [(one.key, one.status) for one in engine.processes(Stern)] == [
            ("ann", "failed"),
            ("bob", "failed"),
            ("eve", "failed"),
        ]
        assert await engine.cancel_process(Stern, "eve")
    async with open_errands(log, Mild) as engine:
        await engine.retry_process(Mild, "ann")
        await engine.retry_process(Mild, "bob")
        (ann,) = engine.processes(Mild)
        assert (ann.key, ann.status, ann.failure, ann.state.begun) == ("ann", "active", None, 2)
        for name in ("bob", "eve"):
            await engine.send(Ask(asker=name))
        await until(lambda: not engine.statistics().processes[0].lag)
        assert [(one.key, one.state.begun) for one in engine.processes(Mild)] == [("ann", 2), ("bob", 1), ("eve", 1)]


@scene
async def test_a_retry_finds_what_starts_an_instance_behind_what_it_passes_over() -> None:
    """It came while the instance stood still, and was never started."""
    log = MemoryLog()
    async with open_errands(log, Stern) as engine:
        for command in (Run(runner="ann"), Ask(asker="ann"), Run(runner="ann"), Ask(asker="ann")):
            await engine.send(command)
        await until(lambda: not engine.statistics().processes[0].lag)
    async with open_errands(log, Mild) as engine:
        await engine.retry_process(Mild, "ann")
        assert [(one.status, one.state.begun) for one in engine.processes(Mild)] == [("active", 2)]


class Other(Process, key="runner", name="Clerk"):
    """The same with a field of another type."""

    begun: list[str] = []

    @react(starts=True, key="asker")
    def asked(self, event: Asked) -> None:
        """Nothing."""


@scene
async def test_a_state_that_can_not_be_read_any_more_is_shown_beside_the_others() -> None:
    """It hides nobody; the instance fails when something comes, and goes on when the class can read it again."""
    log = MemoryLog()
    async with open_errands(log, Mild) as engine:
        await engine.send(Ask(asker="ann"))
        await until(lambda: not engine.statistics().processes[0].lag)
    async with open_errands(log, Other) as engine:
        await engine.send(Ask(asker="bob"))
        await until(lambda: not engine.statistics().processes[0].lag)
        ann, bob = engine.processes(Other, status="active")
        assert (ann.key, ann.state.begun, bob.state_fault) == ("ann", [], None)
        assert ann.state_fault == "today's Other can't read it: Expected `array`, got `int` - at `$.begun`"
        await engine.send(Ask(asker="ann"))
        await until(lambda: not engine.statistics().processes[0].lag)
        assert [one.key for one in engine.processes(Other, status="failed")] == ["ann"]
        with pytest.raises(Invalid, match='give "active", "stuck", "failed", or None'):
            engine.processes(Other, status="done")


class Eager(Process, key="asker"):
    """Does as much as it is asked for, and reminds itself each time under another name."""

    times: int = 0

    @react(starts=True)
    def asked(self, event: Asked) -> Iterator[Run | Schedule | Done]:
        """Without end, if need be."""
        self.times += 1
        yield Schedule(command=Run(runner="later"), after=10, name=f"reminder {self.times}")
        for number in count() if event.errand == "endless" else range(int(event.errand or 0)):
            yield Run(runner=f"{number}")
        if event.errand == "0":
            yield Done()


@scene
async def test_a_step_does_so_much_and_no_more() -> None:
    """A handler that yields without end fails its instance at once; so does a step that can never be sent."""
    async with open_errands(None, Eager, options={"commands_pending_max": 500}) as engine:
        await engine.send_many([Ask(asker="ann", errand="endless"), Ask(asker="bob", errand="600"), Ask(asker="eve")])
        await until(lambda: not engine.statistics().processes[0].lag)
        ann, bob, eve = engine.processes(Eager)
        assert ann.failure == (
            "Invalid: a step does at most 1,024 things, since all of them are written as one: "
            "yield fewer, and the rest when an event of these comes back"
        )
        assert bob.failure is not None
        assert bob.failure.startswith("Invalid: a send_atomic to 602 aggregates never fits")
        assert (eve.status, engine.statistics().processes[0].again) == ("active", 0)


@scene
async def test_deadlines_that_are_over_leave_an_instance() -> None:
    """Else one that reminds itself again and again would grow without end, and cancel them all when it is done."""
    clock = FakeClock()
    async with open_errands(None, Eager, clock=clock) as engine:
        for number in range(1, 4):
            await engine.send(Ask(asker="ann"))
            await until(lambda: not engine.statistics().processes[0].lag)
            (row,) = (row for row in engine._open_core().runners[0].roster.view if row.key)
            assert list(row.timers) == [f"reminder {number}"]
            clock.advance(11)
            timer_of(engine._open_core()).wake()
            await until(lambda: not engine.deadlines())
        await engine.send(Ask(asker="ann", errand="0"))
        await until(lambda: not engine.statistics().processes[0].lag)
        assert (engine.processes(Eager), engine.deadlines()) == ([], [])


@scene
async def test_instances_that_nobody_runs_any_more_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    """As failed, with what to do; whoever ends them takes their process's name."""
    log = MemoryLog()
    async with open_errands(log, Helper, Mild) as engine:
        await engine.send_many([Ask(asker="ann"), Ask(asker="bob")])
        await until(lambda: all(not one.lag for one in engine.statistics().processes))
    async with open_errands(log, Mild) as engine:
        figures = {one.name: one for one in engine.statistics().processes}
        assert (figures["Clerk"].state, figures["Clerk"].failure) == ("live", None)
        assert (figures["Helper"].state, figures["Helper"].active) == ("failed", 2)
        assert figures["Helper"].failure in caplog.messages
        assert "2 instances have not ended: give it, with name='Helper'" in caplog.text
    async with open_errands(log, Heir, Mild) as engine:
        for name in ("ann", "bob"):
            assert await engine.cancel_process(Heir, name)
    async with open_errands(log, Mild) as engine:
        assert [one.name for one in engine.statistics().processes] == ["Clerk"]


class Heir(Process, key="asker", name="Helper"):
    """Does nothing, under another's name."""

    @react(starts=True)
    def asked(self, event: Asked) -> None:
        """Nothing."""


@scene
async def test_an_application_can_do_without_processes_again(tmp_path: Path) -> None:
    """If it keeps `Deadlines`; the error says so."""
    async with open_errands(tmp_path / "store", Helper) as engine:
        await engine.send(Ask(asker="ann"))
        await until(lambda: not engine.statistics().processes[0].lag)
    with pytest.raises(StoreMismatch, match="or had processes: give actum.Deadlines to Engine.open"):
        await open_errands(tmp_path / "store")
    async with open_errands(tmp_path / "store", Deadlines) as engine:
        assert [(one.name, one.active) for one in engine.statistics().processes] == [("Helper", 1)]


class Narcissus(Process, key="runner"):
    """Reacts to what it does itself, twice as much each time."""

    @react(starts=True)
    def ran(self, event: Ran) -> list[Run]:
        """Once for itself, once more for it."""
        return [Run(runner=event.runner), Run(runner=event.runner)]


class Ping(Process, key="runner"):
    """Answers one that answers."""

    @react(starts=True)
    def ran(self, event: Ran) -> Ask:
        """Ask for more."""
        return Ask(asker=event.runner)


@pytest.mark.parametrize("processes", [[Narcissus], [Helper, Ping]])
@scene
async def test_an_endless_circle_is_broken(processes: list[type[Process]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one process or of two; the instance fails and says why."""
    monkeypatch.setattr(circles, "STEPS_MAX", 20)
    async with open_errands(None, *processes) as engine:
        await engine.send(Run(runner="ann"))
        await until(lambda: any(one.failed for one in engine.statistics().processes))
        await until(lambda: all(not one.lag for one in engine.statistics().processes))
        failed = [one for process in processes for one in engine.processes(process, status="failed")]
        assert [one.failure is not None and one.failure.split(",")[0] for one in failed] == [
            "EndlessCircle: 20 steps of this instance follow from one command: a process reacts to what it does itself"
        ]
        assert sum(one.steps for one in engine.statistics().processes) in (20, 40)
        for process in processes:
            if engine.processes(process, status="failed"):
                await engine.retry_process(process, "ann")
        await until(lambda: all(not one.lag for one in engine.statistics().processes))
        assert sum(one.steps for one in engine.statistics().processes) >= 40


@scene
async def test_what_was_cancelled_before_it_started_does_not_come_back_after_a_crash() -> None:
    """Its event is read again then, since an instance before it is not done; a later event does start it."""
    log, gate = MemoryLog(), Gate()
    async with open_errands(log, Helper, gate=gate, options={"close_seconds_max": 0.0}) as engine:
        await engine.send(Ask(asker="slow", errand="wait"))
        await engine.send(Ask(asker="ann", errand="bug here!"))
        await until(lambda: engine.processes(Helper, status="failed"))
        assert await engine.cancel_process(Helper, "ann")
    gate.free.set()
    async with open_errands(log, Helper, gate=gate) as engine:
        await until(lambda: not engine.statistics().processes[0].lag)
        assert [one.key for one in engine.processes(Helper)] == ["slow"]
        await engine.send(Ask(asker="ann"))
        await until(lambda: not engine.statistics().processes[0].lag)
        assert [(one.key, one.status) for one in engine.processes(Helper)] == [("ann", "active"), ("slow", "active")]


@scene
async def test_what_is_cancelled_while_a_step_is_being_written_leaves_no_deadline() -> None:
    """Whoever had asked for the step, a retry, has gone; the step is there when the cancellation is decided."""
    gate = Gate()
    async with open_errands(None, Planner, gate=gate) as engine:
        await engine.send(Ask(asker="ann", errand="wait"))
        await until(lambda: engine.processes(Planner, status="failed"))
        Planner.mended = True
        try:
            retry = asyncio.create_task(engine.retry_process(Planner, "ann"))
            await until(lambda: gate.tried)
            retry.cancel()
            await asyncio.wait([retry])
            cancel = asyncio.create_task(engine.cancel_process(Planner, "ann"))
            await turns()
            gate.free.set()
            assert await cancel
            assert (engine.processes(Planner), engine.deadlines()) == ([], [])
        finally:
            Planner.mended = False


class Planner(Process, key="asker"):
    """Has an errand run and plans another, when it is mended."""

    mended: ClassVar[bool] = False

    @react(starts=True)
    def asked(self, event: Asked) -> list[Run | Schedule]:
        """Only then."""
        if not self.mended:
            raise ValueError("not mended")
        return [Run(runner="ann", errand=event.errand), Schedule(command=Run(runner="later"), after=1000)]


@scene
async def test_a_retry_whose_caller_has_gone_loses_nothing_that_comes_meanwhile() -> None:
    """It goes on, and the events behind it wait for it."""
    gate = Gate()
    async with open_errands(None, Picky, gate=gate) as engine:
        await engine.send(Ask(asker="ann", errand="wait"))
        await until(lambda: engine.processes(Picky, status="failed"))
        Picky.mended = True
        try:
            retry = asyncio.create_task(engine.retry_process(Picky, "ann"))
            await until(lambda: gate.tried)
            await engine.send(Ask(asker="ann", errand="next"))
            retry.cancel()
            await asyncio.wait([retry])
            await turns(50)
            gate.free.set()
            await until(lambda: not engine.statistics().processes[0].lag)
            assert gate.tried == ["wait", "next"]
        finally:
            Picky.mended = False
