"""A page that is wanted in every frame: how often it is made again, and what it shows in between."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from actum import Engine, Invalid, MemoryLog, Options
from actum.monitor import RowsPage, RowsRequest, looks
from actum.monitor.looks import Look
from actum.monitor.pace import REPEATED_SHARE
from actum.monitor.rows import Onlookers, Pages

from tests.support.bank import Account, Balances, Deposit, HeldAssessor, Withdraw
from tests.support.clocks import FakeClock
from tests.support.scenes import scene, turns, until

ORDERED = RowsRequest(view="Balances", order="balance", descending=True, limit=2)
FILTERED = RowsRequest(view="Balances", filter="balance>1", order="account_id")


class Looks:
    """Counts looks, each of which takes so long by the clock."""

    def __init__(self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        """From now on."""
        self.count = 0
        real = Look.steps

        def steps(look: Look) -> Any:
            self.count += 1
            yield from real(look)
            clock.advance(seconds)  # not before: a slice that took long would be followed by a real pause

        monkeypatch.setattr(Look, "steps", steps)


def open_bank(clock: FakeClock) -> Engine:
    """A bank whose clock the test has."""
    options = Options(gc_policy="none", gate_seconds=0.0005)
    return Engine.open(MemoryLog(), Account, Balances, services=[HeldAssessor()], options=options, clock=clock)


def onlookers_of(engine: Engine) -> Onlookers:
    """All who look at an engine."""
    core = engine._core
    assert core is not None
    return Onlookers(core)


async def deposit(bank: Engine, *amounts: int) -> None:
    """Money for account 0, 1, 2 ..."""
    for number, amount in enumerate(amounts):
        await bank.send(Deposit(account_id=f"a{number}", amount=amount))


async def looked(pages: Pages, request: RowsRequest) -> RowsPage:
    """The page when the look at it has ended."""
    page = pages.live(request)
    while page is None or page.looked_at < page.count:
        await asyncio.sleep(0)
        page = pages.live(request)
    return page


class TestAnIndex:
    """What an index serves."""

    @scene
    async def test_it_is_taken_again_when_it_may(self) -> None:
        """In every frame in which anything has happened, unless that costs too much; its values are new meanwhile."""
        clock = FakeClock()
        with pytest.MonkeyPatch.context() as patch:
            async with open_bank(clock) as bank:
                await deposit(bank, 3, 2, 1)
                pages = onlookers_of(bank).pages()
                counted = Looks(clock, patch, 0.001)
                first = pages.live(ORDERED)
                assert first is not None
                assert first.rows == (("a0", "a0", 3), ("a1", "a1", 2))
                assert pages.live(ORDERED) is first
                await bank.send(Deposit(account_id="a2", amount=9))
                await bank.send(Withdraw(account_id="a0", amount=2))
                between = pages.live(ORDERED)
                assert between is not None
                assert between.rows == (("a1", "a1", 2), ("a0", "a0", 1)), "the same rows as they are now, in order"
                assert (between.position, between.looked_position, counted.count) == (5, 3, 1)
                clock.advance(0.001 * REPEATED_SHARE)
                then = pages.live(ORDERED)
                assert then is not None
                assert then.rows == (("a2", "a2", 10), ("a1", "a1", 2))
                assert (then.position, then.looked_position, counted.count) == (5, 5, 2)
                clock.advance(1)
                assert pages.live(ORDERED) is then


class TestEveryRow:
    """What takes a look at every row."""

    @scene
    async def test_the_first_look(self) -> None:
        """What has been found so far is shown."""
        clock = FakeClock()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(looks, "STEP_ROWS", 1)
            async with open_bank(clock) as bank:
                await bank.send_many([Deposit(account_id=f"{number:03}", amount=2) for number in range(100)])
                pages = onlookers_of(bank).pages()
                seen: list[tuple[int, int, int]] = []
                page = None
                while page is None or page.looked_at < page.count:
                    page = pages.live(FILTERED)
                    assert page is not None
                    seen.append((page.looked_at, page.matched, len(page.rows)))
                    await asyncio.sleep(0)
                assert seen[:3] == [(0, 0, 0), (32, 32, 32), (64, 64, 50)]
                assert seen[-1] == (100, 100, 50)

    @scene
    async def test_the_next_looks(self) -> None:
        """One begins when two hundred times its cost has passed; meanwhile rows are shown as they are now."""
        clock = FakeClock()
        with pytest.MonkeyPatch.context() as patch:
            async with open_bank(clock) as bank:
                await deposit(bank, 2, 3, 1)
                pages = onlookers_of(bank).pages()
                counted = Looks(clock, patch, 0.5)
                assert [row[2] for row in (await looked(pages, FILTERED)).rows] == [2, 3]
                await bank.send_many([Deposit(account_id="a1", amount=4), Deposit(account_id="a2", amount=4)])
                await bank.send(Withdraw(account_id="a0", amount=1))
                for _ in range(9):
                    clock.advance(0.5 * REPEATED_SHARE / 10)
                    await turns()
                    page = pages.live(FILTERED)
                    assert page is not None
                    assert page.rows == (("a1", "a1", 7),), "a0 does not match any more, a2 has not been looked at"
                    assert (page.position, page.looked_position, page.matched) == (6, 3, 2)
                assert counted.count == 1
                clock.advance(0.5 * REPEATED_SHARE / 10)
                pages.live(FILTERED)
                await turns()
                page = pages.live(FILTERED)
                assert page is not None
                assert page.rows == (("a1", "a1", 7), ("a2", "a2", 5))
                assert (page.position, page.looked_position, page.matched, counted.count) == (6, 6, 2, 2)

    @scene
    async def test_several_clients(self) -> None:
        """Together they cost no more than one may."""
        clock = FakeClock()
        with pytest.MonkeyPatch.context() as patch:
            async with open_bank(clock) as bank:
                await deposit(bank, 2, 3)
                onlookers = onlookers_of(bank)
                several = [onlookers.pages() for _ in range(4)]
                counted = Looks(clock, patch, 0.5)
                for pages in several:
                    pages.live(FILTERED)
                for pages in several:
                    await looked(pages, FILTERED)
                assert counted.count == 4
                for _ in range(40):
                    await deposit(bank, 1)
                    clock.advance(0.5 * REPEATED_SHARE / 10)
                    for pages in several:
                        pages.live(FILTERED)
                    await turns()
                assert counted.count == 8
                for pages in several:
                    pages.close()
                assert not onlookers.standing

    @scene
    async def test_another_request(self) -> None:
        """What was under way for the one before ends."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(looks, "STEP_ROWS", 1)
            async with open_bank(FakeClock()) as bank:
                await bank.send_many([Deposit(account_id=f"{number:03}", amount=2) for number in range(500)])
                onlookers = onlookers_of(bank)
                pages = onlookers.pages()
                pages.live(FILTERED)
                (standing,) = onlookers.standing
                task = standing._task
                assert task is not None
                await turns(2)
                assert pages.live(ORDERED) is not None
                await turns(2)
                assert task.cancelled()
                assert len(onlookers.standing) == 1

    @scene
    async def test_a_rebuild(self) -> None:
        """Rows are shown from the view that is served now."""
        async with open_bank(FakeClock()) as bank:
            await deposit(bank, 2, 3)
            pages = onlookers_of(bank).pages()
            page = await looked(pages, FILTERED)
            await bank.rebuild(Balances)
            await bank.send(Deposit(account_id="a0", amount=1))
            await until(lambda: (pages.live(FILTERED) or page).rows[0][2] == 3)

    @scene
    async def test_a_bug(self) -> None:
        """It is told in every frame until it works, and in the log once each time."""
        clock = FakeClock()
        caught: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: caught.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger("actum.monitor").addHandler(handler)
        with pytest.MonkeyPatch.context() as patch:
            async with open_bank(clock) as bank:
                await deposit(bank, 2, 3)
                patch.setattr(Look, "_look_at", lambda look, rows: 1 / 0)
                pages = onlookers_of(bank).pages()
                pages.live(FILTERED)
                await turns()
                with pytest.raises(Invalid, match="the rows of Balances can't be looked at: ZeroDivisionError"):
                    pages.live(FILTERED)
                patch.undo()
                await until(lambda: settled(pages))
        logging.getLogger("actum.monitor").removeHandler(handler)
        assert set(caught) == {"rows can't be looked at"}


def settled(pages: Pages) -> bool:
    """Whether the page is there."""
    try:
        page = pages.live(FILTERED)
    except Invalid:
        return False
    return page is not None and len(page.rows) == 2
