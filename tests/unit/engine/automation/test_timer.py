"""The timer: order, restarts, full engines, clocks that are set, commands that are not there any more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest
from actum import Aggregate, Command, Deadlines, Engine, Event, MemoryLog, Options, StoreFull, decide, evolve
from actum.automation.automation import timer_of
from actum_storage import StorageError

from tests.simulation.disk import SimulatedBackground
from tests.simulation.loop import VirtualLoop
from tests.support.bank import AllBalances, Deposit, HeldAssessor, Lend, open_bank
from tests.support.clocks import NEW_YEAR_NS, FakeClock
from tests.support.errands import FAULTS, Errands, Gate, Run, open_errands
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, turns, until

DAY = 86_400.0


class Ring(Command):
    """Make a sound."""

    bell_id: str
    sound: str


class Rang(Event):
    """A sound was made."""

    sound: str


class Bell(Aggregate, key="bell_id"):
    """A bell that can be heard."""

    sounds: list[str] = []

    @decide
    def ring(self, command: Ring) -> Rang:
        """Always."""
        return Rang(sound=command.sound)

    @evolve
    def rang(self, event: Rang) -> None:
        """It is remembered."""
        self.sounds.append(event.sound)


class MuteBell(Aggregate, key="bell_id", name="Bell"):
    """The same in another version, which does not ring."""

    @evolve
    def rang(self, event: Rang) -> None:
        """Nothing."""


def open_bells(log: object, clock: FakeClock) -> Engine:
    """An engine with bells."""
    return Engine.open(log, Bell, Deadlines, clock=clock, options=Options(gc_policy="none", gate_seconds=0.0005))  # type: ignore[arg-type]


def ring(sound: str) -> Ring:
    """On the one bell."""
    return Ring(bell_id="bell", sound=sound)


@scene
async def test_overdue_deadlines_fire_soon_after_opening_in_the_order_of_their_times() -> None:
    """Whatever the order in which they were scheduled, and more than are sent at a time."""
    log, clock = MemoryLog(), FakeClock()
    numbers = [(number * 37) % 200 for number in range(200)]
    async with open_bells(log, clock) as bells:
        for number in numbers:
            await bells.schedule(ring(f"{number}"), after=1000.0 + number)
    clock.advance(DAY)
    async with open_bells(log, clock) as bells:
        await until(lambda: not bells.deadlines(), turns_max=200_000)
        assert (await bells.state(Bell, "bell")).sounds == [f"{number}" for number in range(200)]


@scene
async def test_pending_deadlines_survive_a_restart(tmp_path: Path) -> None:
    """From a checkpoint, and from the log alone."""
    clock = FakeClock()
    async with open_bells(tmp_path / "bells", clock) as bells:
        first = await bells.schedule(ring("a"), after=DAY, deadline_id="a")
        await bells.checkpoint()
        second = await bells.schedule(ring("b"), after=2 * DAY, deadline_id="b")
    async with open_bells(tmp_path / "bells", clock) as bells:
        assert bells.deadlines() == [first, second]
        assert (await bells.verify_view(Deadlines)).ok


@scene
async def test_a_full_engine_is_tried_again() -> None:
    """With the log full for a while: nothing is lost, nothing sent twice, and the figures show it."""
    log, clock = FaultyLog(MemoryLog()), FakeClock()
    async with open_bells(log, clock) as bells:
        await bells.schedule(ring("a"), after=10.0)
        log.fail(StoreFull("full"))
        clock.advance(60)
        assert bells.deadlines()
        timer_of(bells._open_core()).wake()
        await asyncio.wait_for(until(lambda: not bells.deadlines(), turns_max=10_000_000), 20)
        assert (await bells.state(Bell, "bell")).sounds == ["a"]
        figures = bells.statistics().deadlines
        assert figures is not None
        assert (figures.again, figures.fired, figures.failure) == (1, 1, None)


@scene
async def test_a_failed_store_stops_it_and_it_says_so() -> None:
    """After reopening the deadline is still there, and fires."""
    inner, clock = MemoryLog(), FakeClock()
    log = FaultyLog(inner)
    async with open_bells(log, clock) as bells:
        await bells.schedule(ring("a"), after=10.0)
        log.fail(StorageError("broken"))
        clock.advance(60)
        timer_of(bells._open_core()).wake()
        await until(lambda: bells.statistics().deadlines.failure)  # type: ignore[union-attr]
        assert [deadline.state for deadline in bells.deadlines()] == ["pending"]
    async with open_bells(inner, clock) as bells:
        await until(lambda: not bells.deadlines())
        assert (await bells.state(Bell, "bell")).sounds == ["a"]


@scene
async def test_a_command_that_is_not_there_any_more_fails_visibly() -> None:
    """Its class was removed or renamed."""
    log, clock = MemoryLog(), FakeClock()
    async with open_bells(log, clock) as bells:
        await bells.schedule(ring("a"), after=1000)
    clock.advance(DAY)
    async with Engine.open(log, MuteBell, Deadlines, clock=clock, options=Options(gc_policy="none")) as bells:
        await until(lambda: bells.deadlines()[0].state == "failed")
        assert bells.deadlines()[0].reason == "Invalid: nothing given to Engine.open handles a command Ring"


class Virtual:
    """The loop's time, and a clock on the wall that can be set."""

    def __init__(self, loop: VirtualLoop) -> None:
        """It is new year."""
        self.loop = loop
        self.set_ns = NEW_YEAR_NS

    def now_ns(self) -> int:
        """See `Clock.now_ns`."""
        return self.set_ns + self.monotonic_ns()

    def monotonic_ns(self) -> int:
        """See `Clock.monotonic_ns`."""
        return int(self.loop.time() * 1e9)


def test_it_sleeps_until_a_deadline_is_due_and_notices_that_the_clock_was_set() -> None:
    """On virtual time: hours pass in no time; a clock that is put forward is noticed within a minute."""
    loop = VirtualLoop()
    clock = Virtual(loop)

    async def play() -> None:
        background = SimulatedBackground(loop, Random(1), 0.0001)
        options = Options(gc_policy="none")
        async with Engine.open(
            MemoryLog(), Bell, Deadlines, clock=clock, background=background, options=options
        ) as bells:
            await bells.schedule(ring("hours"), after=DAY / 10)
            await bells.schedule(ring("soon"), after=0.5)
            await asyncio.sleep(1)
            (record,) = await bells.history(Bell, "bell")
            assert 0.5 <= (record.timestamp_ns - NEW_YEAR_NS) / 1e9 < 0.51
            clock.set_ns += round(DAY / 10 * 1e9)
            await asyncio.sleep(61)
            assert (await bells.state(Bell, "bell")).sounds == ["soon", "hours"]
            await bells.schedule(ring("another"), after=DAY / 10)
            await asyncio.sleep(DAY / 10 + 1)
            assert (await bells.state(Bell, "bell")).sounds[2:] == ["another"]

    loop.run_until_complete(play())
    loop.close()


@scene
async def test_a_decision_that_waits_holds_no_other_deadline_back() -> None:
    """It is sent beside it."""
    assessor = HeldAssessor(held=True)
    async with open_bank(None, Deadlines, assessor=assessor) as bank:
        await bank.schedule(Lend(account_id="ann", amount=1), after=0, deadline_id="waits")
        await until(lambda: assessor.asked)
        await bank.schedule(Deposit(account_id="bob", amount=2), after=0)
        await until(lambda: len(bank.deadlines()) == 1)
        assert await bank.ask(AllBalances()) == {"bob": 2}
        assert not await _cancelled_while(bank, assessor)
        assert await bank.ask(AllBalances()) == {"ann": 1, "bob": 2}


async def _cancelled_while(bank: Engine, assessor: HeldAssessor) -> bool:
    """Cancel a deadline whose command is being decided: it waits for that, and comes too late."""
    cancelling = asyncio.create_task(bank.cancel("waits"))
    await turns()
    assert not cancelling.done()
    assessor.free.set()
    return await cancelling


@pytest.mark.parametrize("errand", FAULTS)
@scene
async def test_whatever_is_raised_fails_one_deadline_alone(errand: str) -> None:
    """Also what says that an engine is closed, or has failed: it was another one; it is tried once, others go on."""
    gate = Gate()
    async with open_errands(None, Deadlines, gate=gate) as engine:
        await engine.schedule(Run(runner="bad", errand=errand), after=0, deadline_id="bad")
        await engine.schedule(Run(runner="good"), after=0, deadline_id="good")
        timer = timer_of(engine._open_core())
        await until(lambda: (timer.fired, timer.failed) == (1, 1))
        assert [one.state for one in engine.deadlines()] == ["failed"]
        assert (timer.failure, (await engine.state(Errands, "good")).done) == (None, 1)
        assert sorted(gate.tried) == sorted(["", errand])
