"""The directory: actors are woken on demand, put to sleep by count and idle time, and wake with the same state."""

from __future__ import annotations

import asyncio

import pytest
from actum import Engine, MemoryLog, Rejected
from actum import core as core_module
from actum.directory import Directory

from tests.support.bank import Account, Deposit, HeldAssessor, Lend, Note, Withdraw, open_bank
from tests.support.fragile import Do, Fragile
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, turns, until


def deposit(amount: int, account_id: str = "ann") -> Deposit:
    """Money for Ann, or for somebody else."""
    return Deposit(account_id=account_id, amount=amount)


def directory_of(engine: Engine) -> Directory:
    """The engine's directory."""
    assert engine._core is not None
    return engine._core.directory


@scene
async def test_actors_are_woken_on_demand() -> None:
    """Opening wakes nobody; a command wakes its own aggregate."""
    log = MemoryLog()
    async with open_bank(log) as bank:
        await bank.send_many([deposit(1, f"account-{number}") for number in range(5)])
        assert (bank.statistics().awake, bank.statistics().activations) == (5, 5)
    async with open_bank(log.reopen()) as bank:
        assert bank.statistics().awake == 0
        await bank.send(deposit(1, "account-3"))
        assert (bank.statistics().awake, bank.statistics().activations) == (1, 1)


@scene
async def test_the_least_recently_used_sleep_above_the_bound() -> None:
    """As many as `actors_max` stay awake, those used last."""
    async with open_bank(actors_max=3) as bank:
        for name in "abcdabe":
            await bank.send(deposit(1, name))
        await until(lambda: bank.statistics().awake == 3)
        assert {actor.key for actor in directory_of(bank).actors()} == {"a", "b", "e"}
        assert (bank.statistics().activations, bank.statistics().passivations) == (7, 4)


@pytest.mark.parametrize("snapshot_events_min", [1, 1_000])
@scene
async def test_a_sleeper_wakes_with_the_same_state(snapshot_events_min: int) -> None:
    """From its snapshot or from the log: every field, version and position as before."""
    async with open_bank(actors_max=1, snapshot_events_min=snapshot_events_min) as bank:
        for number in range(5):
            await bank.send(deposit(number + 1))
            await bank.send(Note(account_id="ann", text=f"note {number}"))
        await bank.send(deposit(1, "bob"))
        await until(lambda: bank.statistics().awake == 1)
        assert bank.statistics().aggregates[0].snapshots == (1 if snapshot_events_min == 1 else 0)
        with pytest.raises(Rejected, match="only 15 there"):
            await bank.send(Withdraw(account_id="ann", amount=16))
        receipt = await bank.send(Withdraw(account_id="ann", amount=15), expected_version=10)
        assert (receipt.version, receipt.position) == (11, 12)
        state = await bank.state(Account, "ann")
        assert (state.balance, state.notes) == (0, [f"note {number}" for number in range(5)])


@scene
async def test_the_idle_sleep_after_a_while() -> None:
    """Those that nobody has sent to for `passivate_seconds`; the clock is the housekeeping's ticks."""
    async with open_bank(passivate_seconds=3) as bank:
        directory = directory_of(bank)
        await bank.send(deposit(1, "ann"))
        directory.sweep(bank.statistics().position, ticks=2)
        await bank.send(deposit(1, "bob"))
        directory.sweep(bank.statistics().position, ticks=1)
        assert bank.statistics().awake == 2
        directory.sweep(bank.statistics().position, ticks=1)
        assert [actor.key for actor in directory.actors()] == ["bob"]
        directory.sweep(bank.statistics().position, ticks=2)
        assert bank.statistics().awake == 0
        assert (await bank.send(deposit(1, "ann"))).version == 2


@scene
async def test_housekeeping_does_it_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a tick."""
    monkeypatch.setattr(core_module, "TICK_SECONDS", 0.0)
    async with open_bank(passivate_seconds=1) as bank:
        await bank.send(deposit(1))
        await until(lambda: bank.statistics().awake == 0)
        assert (await bank.send(deposit(1))).version == 2


@scene
async def test_nobody_sleeps_with_work_to_do() -> None:
    """Not with a decision under way, a mailbox, or an event that is not durable; afterwards they do."""
    log, assessor = FaultyLog(MemoryLog()), HeldAssessor(held=True)
    async with open_bank(log, actors_max=1, assessor=assessor) as bank:
        loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=5)))
        await until(lambda: assessor.asked)
        paid = asyncio.create_task(bank.send(deposit(1)))
        log.hold()
        tentative = asyncio.create_task(bank.send(deposit(1, "bob")))
        await until(log.arrived.is_set)
        for name in ("eve", "joe"):
            with pytest.raises(Rejected):
                await bank.send(deposit(0, name))
        directory_of(bank).sweep(bank.statistics().position, ticks=10_000)
        assert {actor.key for actor in directory_of(bank).actors()} == {"ann", "bob"}
        log.release()
        await tentative
        assessor.free.set()
        assert [(await task).version for task in (loan, paid)] == [1, 2]
        directory_of(bank).sweep(bank.statistics().position, ticks=10_000)
        assert bank.statistics().awake == 0


@scene
async def test_a_sweep_looks_at_a_bounded_number_of_actors(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it stays short; the next sweep takes the rest."""
    monkeypatch.setattr("actum.directory.SWEEP_ACTORS_MAX", 4)
    async with open_bank(passivate_seconds=1) as bank:
        await bank.send_many([deposit(1, f"account-{number}") for number in range(10)])
        for awake in (6, 2, 0):
            directory_of(bank).sweep(10, ticks=2)
            assert bank.statistics().awake == awake


@scene
async def test_an_actor_without_events_leaves_no_trace() -> None:
    """A rejected stranger is forgotten whole."""
    async with open_bank(actors_max=1) as bank:
        for number in range(10):
            with pytest.raises(Rejected):
                await bank.send(Withdraw(account_id=f"stranger-{number}", amount=1))
        await until(lambda: bank.statistics().awake == 1)
        directory = directory_of(bank)
        directory.sweep(0, ticks=10_000)
        assert (directory.streams["Account"].heads, directory.streams["Account"].actors) == ({}, {})
        assert repr(directory) == "<Directory 0 awake of 0+>"


@scene
async def test_many_more_aggregates_than_may_be_awake() -> None:
    """Every command finds the right state, whoever slept in between."""
    async with open_bank(actors_max=2, snapshot_events_max=3) as bank:
        for round_number in range(1, 8):
            receipts = await asyncio.gather(*(bank.send(deposit(1, f"account-{number}")) for number in range(30)))
            assert {receipt.version for receipt in receipts} == {round_number}
        assert bank.statistics().awake <= 30
        assert (await bank.state(Account, "account-7")).balance == 7


@scene
async def test_a_failed_waker_that_is_put_to_sleep_before_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waking in slices that fails asks for a turn; if it sleeps before that, nothing is confused."""
    async with open_bank(None, Fragile, actors_max=1, replay_slice_events=1, turn_commands_max=1) as engine:
        await engine.send_many([Do(key="a", how=how) for how in ("one", "two")])
        await engine.send(Do(key="b"))
        await until(lambda: engine.statistics().awake == 1)
        monkeypatch.setattr("tests.support.fragile.EVOLVE_FAILS_ON", "two")
        failing = asyncio.create_task(engine.send(Do(key="a", how="three")))
        others = [asyncio.create_task(engine.send(Do(key=f"other-{number % 3}"))) for number in range(30)]
        await asyncio.gather(failing, *others, return_exceptions=True)
        await turns(20)
        monkeypatch.setattr("tests.support.fragile.EVOLVE_FAILS_ON", "")
        assert (await engine.send(Do(key="a", how="four"))).version == 3
        assert engine.statistics().pending == 0


@scene
async def test_sleepers_are_forgotten() -> None:
    """However often aggregates are woken, write and sleep, no more of them are kept than may be awake."""
    async with open_bank(actors_max=2) as bank:
        for _ in range(10):
            for number in range(10):
                await bank.send(deposit(1, f"account-{number}"))
        await until(lambda: bank.statistics().awake == 2)
        assert bank.statistics().activations == 100
        assert len(directory_of(bank).changed) <= 2
