"""Commits that are timed: few of them, and the committer is none the wiser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from actum import Engine, MemoryLog, OutcomeUnknown, StoreFailed
from actum.monitor.commit_times import COMMITS_PER_TICK, CommitTimes

from tests.support.bank import BalanceOf, Deposit, open_bank
from tests.support.logs import FaultyLog
from tests.support.probes import core_of
from tests.support.scenes import scene

DEPOSIT = Deposit(account_id="a", amount=1)


@contextmanager
def timed(engine: Engine) -> Iterator[CommitTimes]:
    """Times at work."""
    times = CommitTimes(core_of(engine).scheduler.committer, core_of(engine).clock)
    times.begin()
    yield times
    times.end()


@scene
async def test_a_commit_has_a_time_and_a_size() -> None:
    """The whole is not shorter than the writing."""
    async with open_bank() as bank:
        with timed(bank) as times:
            await asyncio.gather(*(bank.send(DEPOSIT) for _ in range(7)))
            await bank.send(DEPOSIT)
            assert [time.events for time in times.times.values()] == [7, 1]
            assert all(0 < time.write <= time.commit for time in times.times.values())


@scene
async def test_only_some_are_timed() -> None:
    """The others go to the background as if nobody looked, until it begins again."""
    async with open_bank() as bank:
        committer = core_of(bank).scheduler.committer
        background = committer.background
        with timed(bank) as times:
            for _ in range(3 * COMMITS_PER_TICK):
                await bank.send(DEPOSIT)
            assert committer.background is background
            assert len(times.times.values()) == COMMITS_PER_TICK
            times.begin()
            await bank.send(DEPOSIT)
            assert len(times.times.values()) == COMMITS_PER_TICK + 1
        assert committer.background is background
        assert await bank.ask(BalanceOf(account_id="a")) == 3 * COMMITS_PER_TICK + 1


@scene
async def test_a_commit_that_fails_fails_as_ever() -> None:
    """Its callers are told, and the store takes nothing more."""
    log = FaultyLog(MemoryLog())
    async with open_bank(log) as bank:
        with timed(bank) as times:
            log.fail(OSError("broken"))
            with pytest.raises(OutcomeUnknown):
                await bank.send(DEPOSIT)
            with pytest.raises(StoreFailed):
                await bank.send(DEPOSIT)
            assert [time.events for time in times.times.values()] == [1]


@scene
async def test_a_commit_that_ends_after_it_is_settled_as_ever() -> None:
    """Nobody looks any more when it ends."""
    log = FaultyLog(MemoryLog())
    async with open_bank(log) as bank:
        log.hold()
        with timed(bank):
            sending = asyncio.create_task(bank.send(DEPOSIT))
            await asyncio.get_running_loop().run_in_executor(None, log.arrived.wait)
        log.release()
        assert (await sending).position == 1
