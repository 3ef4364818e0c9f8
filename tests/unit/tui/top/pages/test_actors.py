"""Screen 2 on real engines: who is busy, who is refused and why, and how that is ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from actum import CommandFailed, Engine
from actum.monitor import Frame
from actum_tui.top.actor_rows import hit_share
from actum_tui.top.look import Look
from actum_tui.top.pages.actors import ActorsPage, empty_text

from tests.support.bank import Deposit, open_bank
from tests.support.dashboards import comes, dashboard, seen, sees, sees_not
from tests.support.fragile import Do, Fragile
from tests.support.scenes import scene

HOSTILE = "[red]\x1b[31m\u202e"
SHOWN = "[red]\\x1b[31m\\u202e"


@asynccontextmanager
async def busy(*, admin: bool = False) -> AsyncIterator[Engine]:
    """A bank at work: one account is hot; one thing is in quarantine."""
    async with open_bank(None, Fragile, monitor=True, admin=admin, quarantine_failures_max=1) as bank:
        with pytest.raises(CommandFailed):
            await bank.send(Do(key=HOSTILE, how="badly"))

        async def work() -> None:
            while True:
                await asyncio.gather(*(bank.send(Deposit(account_id=key, amount=1)) for key in ("a", "a", "a", "b")))
                await asyncio.sleep(0.01)

        working = asyncio.create_task(work())
        try:
            yield bank
        finally:
            working.cancel()


def page_of(pilot: Any) -> ActorsPage:
    """The screen."""
    page = pilot.app.page
    assert isinstance(page, ActorsPage)
    return page


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
@scene
async def test_who_is_busy(size: tuple[int, int]) -> None:
    """Figures, classes, the hottest actor on top; other lists by their keys."""
    async with busy(), dashboard(page="2", size=size) as pilot:
        await sees(pilot, "commands/s", "Hottest", "Account/a", "Account/b")
        text = seen(pilot.app)
        assert text.index("Account/a") < text.index("Account/b")
        await pilot.press("w")
        await comes(pilot, lambda: page_of(pilot).standing == "slowest")
        await sees(pilot, "Account/a")
        await pilot.press("slash", *"key=b")
        await sees_not(pilot, "Account/a")
        await pilot.press("escape")
        await sees(pilot, "Account/a")


@scene
async def test_who_is_refused_and_why() -> None:
    """What its handler raised, and what to do; without `--rw` the key says how to get it; names are data."""
    async with busy(), dashboard(page="2") as pilot:
        await sees(pilot, "Quarantined ✖ 1")
        await pilot.press("u")
        await sees(pilot, f"Fragile/{SHOWN}", "ZeroDivisionError: a bug", "commands are refused", "actum top --rw")
        assert "\x1b" not in seen(pilot.app)
        await pilot.press("X")
        await sees(pilot, "Nothing was done", "--rw")


@scene
async def test_one_is_released() -> None:
    """After it was agreed to: it takes commands again."""
    async with busy(admin=True) as bank, dashboard(page="2", rw=True) as pilot:
        await sees(pilot, "Quarantined ✖ 1")
        await pilot.press("X")
        await sees(pilot, "put the cursor on an")
        await pilot.press("u")
        await sees(pilot, "X releases")
        await pilot.press("X", "y")
        await sees(pilot, "takes commands again")
        await bank.send(Do(key=HOSTILE))
        await pilot.press("escape")
        await sees(pilot, "no actor is in quarantine: all take commands")


@scene
async def test_the_past_and_the_trace_are_opened() -> None:
    """Enter and `t`."""
    async with busy() as bank:
        await bank.send(Deposit(account_id="a", amount=1), correlation_id="together")
        async with dashboard(page="2") as pilot:
            await sees(pilot, "Account/a")
            await comes(pilot, lambda: page_of(pilot).actors)
            await pilot.press("enter")
            await comes(pilot, lambda: pilot.app.current_mode == "7")
            await pilot.press("2")
            await sees(pilot, "Account/a")
            await pilot.press("t")
            await comes(pilot, lambda: pilot.app.current_mode == "6")


@scene
async def test_an_engine_at_rest() -> None:
    """Each list says what it would show."""
    async with open_bank(monitor=True), dashboard(page="2") as pilot:
        await sees(pilot, "no commands lately")
        for key, said in (("d", "no commands wait in mailboxes"), ("u", "no actor is in quarantine")):
            await pilot.press(key)
            await sees(pilot, said)
        await pilot.press("enter", "t")


def test_where_there_are_no_actors() -> None:
    """A directory says how to see them; a recording has them once in a while; a filter is not nothing."""
    assert "monitor=True" in empty_text("hottest", "store", None, filtered=False)
    assert "once in a while" in empty_text("hottest", "recording", None, filtered=False)
    assert empty_text("hottest", "live", None, filtered=False) == "waiting for the first look"


def test_the_share_of_hits_needs_commands() -> None:
    """Of nothing it is not known."""
    assert hit_share(Look(None, Frame(time_ns=0, monotonic_ns=0))) is None
