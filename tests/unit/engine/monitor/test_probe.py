"""The probe: there while somebody looks, and without a trace before and after that."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from actum import Engine, Envelope, MemoryLog, Options, ReadOnly, Receipt, Send
from actum.monitor import Wanted, attach
from actum.monitor.probe import Probe

from tests.support.bank import Account, BalanceOf, Balances, Deposit, HeldAssessor, Lend, open_bank
from tests.support.fragile import Do, Fragile
from tests.support.probes import attached, core_of, probe_of, touched_by_probes, vitals_of
from tests.support.scenes import in_time, scene, turns, until

DEPOSIT = Deposit(account_id="a", amount=1)


@scene
async def test_nothing_is_left_behind() -> None:
    """Of one, of several, of one that comes again: hooks, timers and callbacks are as before."""
    async with open_bank() as bank:
        before = touched_by_probes(bank)
        probe = probe_of(bank)
        assert touched_by_probes(bank) == before
        for _ in range(2):
            probe.attach()
            measuring: Any = probe._measuring
            probe.attach()
            await bank.send(DEPOSIT)
            await vitals_of(probe)
            probe.detach()
            assert probe.vitals() is not None
            assert touched_by_probes(bank) != before
            probe.detach()
            assert probe.vitals() is None
            assert touched_by_probes(bank) == before
            assert measuring._timer.cancelled()
            await bank.send(DEPOSIT)
        assert repr(probe) == "<Probe 0 attached>"


@scene
async def test_who_has_not_come_can_not_go() -> None:
    """That would be a mistake of the monitor's."""
    async with open_bank() as bank:
        with pytest.raises(AssertionError, match="more have gone"):
            probe_of(bank).detach()


@scene
async def test_actors_are_shown_to_nobody_too() -> None:
    """Without being attached: those that need no samples."""
    async with open_bank(None, Fragile, quarantine_failures_max=1) as bank:
        await bank.send_many([DEPOSIT, Do(key="f", how="badly")])
        actors = probe_of(bank).actors()
        assert [one.key for one in actors.quarantined] == ["f"]
        assert (actors.hottest, actors.slowest) == ((), ())
        with attached(bank) as probe:
            await bank.send(DEPOSIT)
            assert [one.key for one in probe.actors().hottest] == ["a"]


@scene
async def test_a_closed_engine_is_let_go() -> None:
    """Though somebody is attached: measuring ends with it, and nothing but the probe knows it."""
    before = list(gc.callbacks)
    bank = open_bank()
    async with bank:
        probe = probe_of(bank)
        probe.attach()
        await bank.send(DEPOSIT)
        await vitals_of(probe)
    await in_time(lambda: gc.callbacks == before)
    assert probe.vitals() is None
    probe.attach()
    probe.detach()
    probe.detach()
    core = ref(core_of(bank))
    del bank, probe
    await turns()
    gc.collect()
    assert core() is None


@scene
async def test_one_that_comes_too_late_measures_nothing() -> None:
    """The engine is closed, or closing."""
    async with open_bank() as bank:
        probe = probe_of(bank)
    probe.attach()
    assert probe.vitals() is None
    assert probe.actors().looked_at == 0
    probe.detach()


@scene
async def test_closing_waits_for_what_was_accepted_as_ever() -> None:
    """A decision that is under way, with somebody attached."""
    assessor = HeldAssessor(held=True)
    async with open_bank(assessor=assessor) as bank:
        probe = probe_of(bank)
        probe.attach()
        sending = asyncio.create_task(bank.send(Lend(account_id="a", amount=1)))
        await until(lambda: assessor.asked)
        closing = asyncio.create_task(bank.close())
        await turns()
        assessor.free.set()
        await closing
        assert (await sending).version == 1
    probe.detach()


@scene
async def test_a_reading_engine_has_vitals_too(tmp_path: Path) -> None:
    """Without commands."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(DEPOSIT)
    async with Engine.open(tmp_path / "bank", Account, Balances, read_only=True) as reader:
        with attached(reader) as probe:
            vitals = await vitals_of(probe)
            assert (vitals.acknowledge.count, vitals.commit.count) == (0, 0)
            assert await reader.ask(BalanceOf(account_id="a")) == 1
            with pytest.raises(ReadOnly):
                await reader.send(DEPOSIT)


@scene
async def test_commands_through_middleware_are_timed() -> None:
    """From where the middleware ends."""
    seen: list[str] = []

    async def middleware(envelope: Envelope, send: Send) -> Receipt:
        seen.append(type(envelope.command).__name__)
        return await send(envelope)

    options = Options(gate_seconds=0.0005, gc_policy="none")
    services = [HeldAssessor()]
    async with Engine.open(MemoryLog(), Account, services=services, middleware=[middleware], options=options) as bank:
        with attached(bank) as probe:
            await bank.send_many([DEPOSIT, DEPOSIT])
            assert (await vitals_of(probe)).acknowledge.count == 2
    assert seen == ["Deposit", "Deposit"]


@scene
async def test_an_engine_runs_the_same_code_with_and_without_a_probe() -> None:
    """Nothing is put in the place of a method, for this engine or for all."""

    def methods() -> list[Any]:
        """What runs for each command, commit and change."""
        core = core_of(bank)
        view = core.views["Balances"]
        parts = [core, core.scheduler, core.scheduler.committer, core.directory, core.bus, view, view.table]
        named = [(kind, name) for kind in map(type, parts) for name in vars(kind)]
        return [vars(kind)[name] for kind, name in named] + [Account.__dict__["deposit"], dict(vars(core))]

    async with open_bank() as bank:
        before = methods()
        with attached(bank) as probe:
            await vitals_of(probe)
            assert methods() == before
        assert methods() == before
        assert Probe(core_of(bank)).vitals() is None


@scene
async def test_a_client_gets_vitals_and_actors_and_leaves_no_trace() -> None:
    """Through the engine's socket: actors only if they are wanted."""
    async with open_bank() as bank:
        before = touched_by_probes(bank)
        await bank.monitor()
        assert touched_by_probes(bank) == before
        async with await attach(os.getpid()) as client:
            frames = client.frames()
            first = await anext(frames)
            assert (first.vitals, first.actors) == (None, None)
            await bank.send_many([DEPOSIT] * 10)
            client.watch(Wanted(actors=True))
            actors = (await anext(frames)).actors
            assert actors is not None
            assert actors.hottest[0].key == "a"
            client.watch(Wanted(interval_seconds=0.5))
            while (frame := await anext(frames)).vitals is None:
                pass
            assert frame.actors is None
            assert frame.vitals.acknowledge.count >= 1
            assert frame.vitals.aggregates[0].name == "Account"
        await until(lambda: touched_by_probes(bank) == before)
