"""Commands that are timed: which, for how many they stand, and that nobody notices."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise

import pytest
from actum import (
    ActumError,
    CommandTimeout,
    Conflict,
    Engine,
    Envelope,
    MemoryLog,
    Overloaded,
    Receipt,
    Rejected,
)
from actum.monitor.sampling import ONE_IN_MAX, SAMPLES_PER_TICK, Sample, Sampler

from tests.support.bank import Account, Deposit, Glance, HeldAssessor, Lend, Withdraw, open_bank
from tests.support.clocks import FakeClock
from tests.support.fulfilment import AddStock, Fulfilment, PlaceOrder, open_shop
from tests.support.probes import core_of, sampled
from tests.support.scenes import scene, turns, until


def deposit(name: str = "a") -> Deposit:
    """A command that is accepted."""
    return Deposit(account_id=name, amount=1)


def samples_of(sampler: Sampler) -> list[Sample]:
    """All samples, in the order of the answers."""
    return sampler.samples.values()


def shares(sampler: Sampler) -> dict[str, float]:
    """The share of each key of all commands."""
    commands: Counter[str] = Counter()
    for sample in sampler.samples.values():
        commands[sample.key] += sample.stands_for
    return {key: count / commands.total() for key, count in commands.items()}


@scene
async def test_when_there_is_little_to_do_every_command_is_timed() -> None:
    """Each stands for itself, and says whose it was and what came of it."""
    async with open_bank() as bank:
        with sampled(bank) as sampler:
            await bank.send(deposit("a"))
            await bank.send(deposit("b"))
            with pytest.raises(Rejected):
                await bank.send(Withdraw(account_id="a", amount=5))
            await bank.send(Glance(account_id="a"))
            found = [(one.key, one.stands_for, one.waiting, one.refused, one.version) for one in samples_of(sampler)]
            assert found == [("a", 1, 1, False, 1), ("b", 1, 1, False, 1), ("a", 1, 1, True, 0), ("a", 1, 1, False, 1)]
            assert {one.aggregate for one in samples_of(sampler)} == {"Account"}
            assert list(sampler.recent) == [("Account", "a"), ("Account", "b"), ("Account", "a"), ("Account", "a")]


@scene
async def test_the_time_is_from_the_mailbox_to_the_answer() -> None:
    """By the engine's clock; a decision that waits is in it."""
    clock, assessor = FakeClock(), HeldAssessor(held=True)
    async with Engine.open(MemoryLog(), Account, services=[assessor], clock=clock) as bank:
        with sampled(bank) as sampler:
            lending = asyncio.create_task(bank.send(Lend(account_id="a", amount=1)))
            await until(lambda: assessor.asked)
            clock.advance(3)
            behind = asyncio.create_task(bank.send(deposit("a")))
            await turns()
            assert samples_of(sampler) == []
            clock.advance(1.5)
            assessor.free.set()
            await asyncio.gather(lending, behind)
            assert [one.seconds for one in samples_of(sampler)] == [4.5, 1.5]


@scene
async def test_a_burst_is_timed_more_and_more_rarely() -> None:
    """Few are timed, from its beginning to its end, and they stand for about all."""
    async with open_bank() as bank:
        with sampled(bank) as sampler:
            count = 20_000
            outcomes = await bank.send_many([deposit(f"k{number}") for number in range(count)])
            assert all(isinstance(outcome, Receipt) for outcome in outcomes)
            samples = samples_of(sampler)
            assert 2 * SAMPLES_PER_TICK < len(samples) < 60
            assert all(one.stands_for <= other.stands_for for one, other in pairwise(samples))
            assert count / 2 < sum(one.stands_for for one in samples) < count * 2
            assert int(samples[0].key[1:]) < 10
            assert int(samples[-1].key[1:]) > count / 3


@scene
async def test_a_loop_that_never_ticks_is_no_trouble() -> None:
    """However many commands come before the next look at how many there are."""
    async with open_bank() as bank:
        with sampled(bank) as sampler:
            actor = core_of(bank).bus.actor_for(deposit())
            for _ in range(5_000):
                passing = sampler.look([actor], asyncio.get_running_loop().create_future())
                assert 0 <= passing < 50 * ONE_IN_MAX


@scene
async def test_shares_do_not_depend_on_the_order_in_which_commands_come() -> None:
    """Always the same order, and everything together: nobody is overlooked."""
    async with open_bank() as bank:
        with sampled(bank) as sampler:
            for _ in range(200):
                sampler.tick()
                await bank.send_many([deposit(name) for name in "a" * 60 + "b" * 30 + "c" * 10])
            found = shares(sampler)
            assert found == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.1}, abs=0.06)
            assert sum(one.stands_for for one in samples_of(sampler)) == pytest.approx(20_000, rel=0.15)


@scene
async def test_shares_do_not_depend_on_when_commands_come() -> None:
    """One that comes all the time has not more than one that comes in bursts."""
    async with open_bank() as bank:
        with sampled(bank) as sampler:
            for moment in range(600):
                sampler.tick()
                await bank.send(deposit("steady"))
                if moment % 10 == 5:
                    await bank.send_many([deposit("bursts")] * 90)
            assert shares(sampler)["bursts"] == pytest.approx(0.9, abs=0.05)


@scene
async def test_a_caller_who_has_gone_is_not_counted() -> None:
    """Whether the command was dropped or completes, and whatever the caller waited with."""
    assessor = HeldAssessor(held=True)
    async with open_bank(assessor=assessor) as bank:
        with sampled(bank) as sampler:
            deciding = asyncio.create_task(bank.send(Lend(account_id="a", amount=1)))
            await until(lambda: assessor.asked)
            waiting = asyncio.create_task(bank.send_many([deposit("a"), deposit("b")]))
            await turns()
            with pytest.raises(CommandTimeout):
                await bank.send(deposit("a"), timeout=0)
            for task in (deciding, waiting):
                task.cancel()
            await asyncio.gather(deciding, waiting, return_exceptions=True)
            assessor.free.set()
            await bank.send(deposit("c"))
            assert [one.key for one in samples_of(sampler)] == ["c"]


@scene
async def test_what_is_full_is_full_as_ever() -> None:
    """The limits of the engine and of a mailbox hold, and nothing of a refusal stays behind."""
    assessor = HeldAssessor(held=True)
    async with open_bank(assessor=assessor, mailbox_size_max=2, commands_pending_max=4) as bank:
        with sampled(bank) as sampler:
            sends = [asyncio.create_task(bank.send(Lend(account_id="a", amount=1)))]
            await until(lambda: assessor.asked)
            sends += [asyncio.create_task(bank.send(deposit("a"))) for _ in range(2)]
            await turns()
            with pytest.raises(Overloaded, match="mailbox_size_max"):
                await bank.send(deposit("a"))
            with pytest.raises(Overloaded, match="mailbox_size_max"):
                await bank.send_atomic([deposit("a")])
            sends.append(asyncio.create_task(bank.send(Lend(account_id="b", amount=1))))
            await turns()
            with pytest.raises(Overloaded, match="commands_pending_max"):
                await bank.send(deposit("c"))
            with pytest.raises(Overloaded, match="commands_pending_max"):
                await bank.send_atomic([deposit("c")])
            assert core_of(bank).scheduler.pending == 4
            assessor.free.set()
            await asyncio.gather(*sends)
            assert {"a"} <= {one.key for one in samples_of(sampler)} <= {"a", "b"}


@scene
async def test_every_error_is_a_refusal() -> None:
    """By `send` and by `send_many`; what never came to a mailbox is not counted."""
    async with open_bank() as bank:
        with sampled(bank) as sampler:
            with pytest.raises(Conflict):
                await bank.send(deposit("a"), expected_version=7)
            with pytest.raises(ActumError):
                await bank.send(deposit(""))
            await bank.send_many([Withdraw(account_id="b", amount=1), deposit("c")])
            assert [(one.key, one.refused) for one in samples_of(sampler)] == [("a", True), ("b", True), ("c", False)]


@scene
async def test_of_a_send_atomic_one_command_is_timed() -> None:
    """Any of them, and it counts as refused if they all are."""
    async with open_bank() as bank:
        with sampled(bank) as sampler:
            for _ in range(60):
                await bank.send_atomic([deposit("a"), deposit("b"), Envelope(command=deposit("c"))])
                sampler.tick()
            accepted = samples_of(sampler)
            assert {one.key for one in accepted} == {"a", "b", "c"}
            assert not any(one.refused or one.version for one in accepted)
            with pytest.raises(Rejected):
                await bank.send_atomic([deposit("a"), Withdraw(account_id="b", amount=999)])
            if len(samples_of(sampler)) > len(accepted):
                assert samples_of(sampler)[-1].refused


@scene
async def test_what_the_engine_sends_is_timed_too() -> None:
    """A step of a process, and the command that comes of it, are one `send_atomic`."""
    async with open_shop() as shop:
        with sampled(shop) as sampler:
            for number in range(20):
                await shop.send(AddStock(product_id=f"tea {number}", quantity=5))
                await shop.send(PlaceOrder(order_id=str(number), product_id=f"tea {number}"))
                sampler.tick()
            await until(lambda: len(shop.processes(Fulfilment)) == len(shop.deadlines()) == 20)
            assert {"Stock", "Order", "actum.Processes"} <= {one.aggregate for one in samples_of(sampler)}


@scene
async def test_an_answer_after_the_end_troubles_nobody() -> None:
    """A decision that outlives who looked."""
    assessor = HeldAssessor(held=True)
    async with open_bank(assessor=assessor) as bank:
        with sampled(bank) as sampler:
            sending = asyncio.create_task(bank.send(Lend(account_id="a", amount=1)))
            await until(lambda: assessor.asked)
        await bank.send(deposit("b"))
        assessor.free.set()
        await sending
        assert [one.key for one in samples_of(sampler)] == ["a"]
