"""Actors that stand out: hot, deep, slow, quarantined."""

from __future__ import annotations

import asyncio

import pytest
from actum import CommandFailed, Options
from actum.monitor.frames import Actors
from actum.monitor.sampling import RECENT_MAX, Sample, Sampler
from actum.monitor.standouts import ACTORS_MAX, AWAKE_MAX, READY_MAX, Standouts

from tests.support.bank import Deposit, HeldAssessor, Lend, open_bank
from tests.support.fragile import Do, Fragile
from tests.support.probes import core_of, sampled
from tests.support.scenes import scene, until


def deposits(*names: str) -> list[Deposit]:
    """One into each account."""
    return [Deposit(account_id=name, amount=1) for name in names]


def found(standouts: Standouts, sampler: Sampler) -> Actors:
    """Those that stand out now."""
    return standouts.find(sampler.samples.values(), sampler.recent)


@scene
async def test_a_hot_one_comes_first() -> None:
    """With its share of all commands, its version, and what it is doing; others behind it, not more than enough."""
    async with open_bank() as bank:
        standouts = Standouts(core_of(bank))
        with sampled(bank) as sampler:
            for number in range(0, 2_000, 20):
                sampler.tick()
                names = [f"cold {other}" for other in range(number, number + 20)]
                await bank.send_many(deposits(*["hot"] * 20, *names, *["warm"] * 10))
            actors = found(standouts, sampler)
            first, second = actors.hottest[:2]
            assert (first.aggregate, first.key, first.version, first.state) == ("Account", "hot", 2_000, "awake")
            assert second.key == "warm"
            assert (first.share, second.share) == pytest.approx((0.4, 0.2), abs=0.06)
            assert len(actors.hottest) <= ACTORS_MAX
            assert len(actors.slowest) == ACTORS_MAX
            assert (actors.deepest, actors.quarantined) == ((), ())


@scene
async def test_the_deepest_mailbox_comes_first_whatever_it_waits_for() -> None:
    """Also when nothing more is sent, and very many others are awake."""
    assessor = HeldAssessor(held=True)
    async with open_bank(assessor=assessor) as bank:
        standouts = Standouts(core_of(bank))
        with sampled(bank) as sampler:
            sends = [asyncio.create_task(bank.send(Lend(account_id=name, amount=1))) for name in ("deep", "deeper")]
            await until(lambda: len(assessor.asked) == 2)
            waiting = asyncio.create_task(bank.send_many(deposits("deep", "deeper", "deep", *["deeper"] * 4)))
            await until(lambda: core_of(bank).scheduler.pending == 9)
            actors = found(standouts, sampler)
            for look in range(3):
                actors = found(standouts, sampler)
                deepest = [(one.key, one.mailbox, one.state) for one in actors.deepest]
                assert deepest == [("deeper", 5, "deciding"), ("deep", 2, "deciding")]
                names = [f"{look} {number}" for number in range(3 * (READY_MAX + AWAKE_MAX))]
                await bank.send_many(deposits(*names))
                sampler.tick()
                assert actors.looked_at <= READY_MAX + RECENT_MAX + ACTORS_MAX + 2 * AWAKE_MAX
            assert core_of(bank).directory.awake > 3 * actors.looked_at
            assessor.free.set()
            await asyncio.gather(*sends, waiting)
            assert found(standouts, sampler).deepest == ()


@scene
async def test_who_waits_for_a_turn_is_looked_at() -> None:
    """In the same turn of the loop, before anybody has been decided."""
    async with open_bank() as bank:
        standouts = Standouts(core_of(bank))
        sending = asyncio.ensure_future(bank.send_many(deposits("a", "b", "b", "b", "c", "c")))
        await until(lambda: core_of(bank).scheduler.ready)
        actors = standouts.find((), ())
        assert [(one.key, one.mailbox) for one in actors.deepest] == [("b", 3), ("c", 2), ("a", 1)]
        await sending


@scene
async def test_the_slowest_come_first() -> None:
    """By the longest of their answers."""
    async with open_bank() as bank:
        samples = [
            Sample(seconds, 1, "Account", key, 1, refused=False, version=3)
            for key, seconds in [("a", 0.1), ("b", 0.3), ("a", 0.2), ("b", 0.01)]
        ]
        slowest = Standouts(core_of(bank)).find(samples, ()).slowest
        assert [(one.key, one.slowest_seconds, one.share) for one in slowest] == [("b", 0.3, 0.5), ("a", 0.2, 0.5)]


@scene
async def test_one_that_was_put_to_sleep_is_shown_asleep() -> None:
    """With the version that its last answer had."""
    async with open_bank(actors_max=1) as bank:
        standouts = Standouts(core_of(bank))
        with sampled(bank) as sampler:
            for name in ("a", "a", "b"):
                await bank.send(Deposit(account_id=name, amount=1))
            core_of(bank).directory.sweep(core_of(bank).scheduler.durable)
            first = found(standouts, sampler).hottest[0]
            assert (first.key, first.version, first.state, first.mailbox) == ("a", 2, "asleep", 0)


def test_one_that_was_seen_once_among_very_many_is_not_called_hot() -> None:
    """It may have been met by chance."""

    @scene
    async def play() -> None:
        async with open_bank() as bank:
            samples = [
                Sample(0.1, 500, "Account", key, 1, refused=False, version=1) for key in ("once", "twice", "twice")
            ]
            assert [one.key for one in Standouts(core_of(bank)).find(samples, ()).hottest] == ["twice"]

    play()


@scene
async def test_quarantined_ones_are_shown() -> None:
    """All of all classes, up to a bound, sampled or not."""
    async with open_bank(None, Fragile, quarantine_failures_max=1) as bank:
        for number in range(ACTORS_MAX + 3):
            with pytest.raises(CommandFailed):
                await bank.send(Do(key=f"[/bad] {number}", how="badly"))
        actors = Standouts(core_of(bank)).find((), ())
        assert {(one.aggregate, one.state) for one in actors.quarantined} == {("Fragile", "quarantined")}
        assert len(actors.quarantined) == ACTORS_MAX
        assert Options().quarantine_failures_max > 1
