"""Screen 6: what has come of a command, in a shop that fulfils orders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from actum import Deadlines, Engine, MemoryLog, Options
from actum_tui.top.grid import Grid
from actum_tui.top.pages.time_machine import TimeMachinePage
from actum_tui.top.pages.trace import TracePage
from textual.pilot import Pilot

from tests.support.bank import Deposit, open_bank
from tests.support.dashboards import app_of, comes, dashboard, sees, sees_not
from tests.support.fulfilment import AddStock, Fulfilment, Order, PlaceOrder, Stock, Wallet
from tests.support.scenes import in_time, scene

HOSTILE = "\x1b[31m[@click=app.quit]x[/]\u202e"


@asynccontextmanager
async def shop() -> AsyncIterator[Engine]:
    """A shop with one order that waits to be paid, and one whose process fails."""
    options = Options(gate_seconds=0.0005, gc_policy="none", durability="relaxed", ballast_bytes=0)
    parts = (Order, Stock, Wallet, Fulfilment, Deadlines)
    async with Engine.open(MemoryLog(), *parts, options=options, monitor=True) as engine:
        await engine.send(AddStock(product_id="apple", quantity=5))
        await engine.send(PlaceOrder(order_id="o1", product_id="apple"), correlation_id="basket-1", user_id="ann")
        await in_time(lambda: len(engine.deadlines()) == 1)
        await engine.send(PlaceOrder(order_id=HOSTILE, product_id="buggy"), correlation_id=HOSTILE, user_id=HOSTILE)
        await in_time(lambda: engine.statistics().processes[0].failed == 1)
        yield engine


def page_of(pilot: Pilot[Any]) -> TracePage:
    """The screen."""
    page = app_of(pilot).page
    assert isinstance(page, TracePage)
    return page


@pytest.mark.parametrize("size", [(80, 30), (160, 40)])
@scene
async def test_the_tree_of_an_order(size: tuple[int, int]) -> None:
    """Commands, events, the view that they change, the step, its deadline and its command; details beside it."""
    async with shop(), dashboard(page="6", size=size) as pilot:
        await sees(pilot, "No command is traced", "Press t on an event")
        await app_of(pilot).open_trace("basket-1")
        text = await sees(pilot, "basket-1", "4 events in", "OrderPlaced", "ReserveStock", "StockChanged")
        assert "by ann" in text
        assert "Fulfilment/o1 reacted to" in text
        assert "deadline CancelOrder in 30" in text
        assert page_of(pilot).trace is not None
        await pilot.press("down", "down", "left")
        await sees_not(pilot, "StockChanged")
        await pilot.press("right")
        await sees(pilot, "StockChanged", "actum.ProcessStepped")
        await pilot.press("O")
        await sees_not(pilot, "StockChanged")
        await pilot.press("O", "o")
        await sees_not(pilot, "StockChanged")


@scene
async def test_an_id_is_typed() -> None:
    """The id of a command, or the position of any event of it; what is not there is said."""
    async with shop() as engine, dashboard(page="6", size=(100, 30)) as pilot:
        receipt = await engine.send(AddStock(product_id="pear", quantity=5))
        await pilot.press("slash", *str(receipt.command_id), "enter")
        await sees(pilot, "Stock/pear@1", "1 events in")
        for text, words in (("4", ("basket-1", "4 events")), ("nobody", ("nobody", "nothing belongs to it"))):
            await pilot.press("slash", "escape", "slash", *text, "enter")
            await sees(pilot, *words)
        await pilot.press("slash", "escape", "slash", *"99999", "enter")
        await sees(pilot, "there is no event at position 99,999")


@scene
async def test_data_is_shown_as_data() -> None:
    """A hostile key, user, id; and what failed says why."""
    async with shop(), dashboard(page="6", size=(160, 40)) as pilot:
        await app_of(pilot).open_trace(HOSTILE)
        text = await sees(pilot, "[@click=app.quit]x[/]", "failed: Zero")
        assert "\x1b" not in text
        assert "\u202e" not in text


@scene
async def test_views_and_what_comes_later() -> None:
    """An event says which views it changes; `m` looks for what has come since; enter goes to the aggregate's past."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="ann", amount=5), correlation_id="basket-1")
        async with dashboard(page="6", size=(100, 30)) as pilot:
            await app_of(pilot).open_trace("basket-1")
            await sees(pilot, "Deposited", "view")
            await bank.send(Deposit(account_id="bob", amount=5), correlation_id="basket-1")
            await pilot.press("m")
            await sees(pilot, "Account/bob@1", "2 events")
            page_of(pilot).query_one(Grid).focus()
            await pilot.press("enter")
            await comes(pilot, lambda: isinstance(app_of(pilot).page, TimeMachinePage))
