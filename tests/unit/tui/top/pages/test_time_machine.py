"""Screen 7 on real engines: an aggregate's events, and the state that each of them has left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from actum import Engine, MemoryLog, Options
from actum_tui.top.pages.time_machine import TimeMachinePage
from actum_tui.top.widgets.event_list import EventList
from actum_tui.top.widgets.scrubber import Scrubber
from textual.widgets import Input

from tests.support.bank import Deposit, DepositEach, Note, Withdraw, open_bank
from tests.support.dashboards import app_of, dashboard, seen, sees, sees_not
from tests.support.errands import idle
from tests.support.fulfilment import AddStock, CancelOrder, Fulfilment, Order, PlaceOrder, Stock, Wallet
from tests.support.scenes import scene

#: What a terminal or Textual would obey.
HOSTILE = "\x1b[31m[red]\u202e[/]"
SHOWN = "\\x1b[31m[red]\\u202e[/]"
SIZES = [(80, 24), (160, 50)]


def page_of(pilot: Any) -> TimeMachinePage:
    """The screen."""
    page = app_of(pilot).page
    assert isinstance(page, TimeMachinePage)
    return page


async def look_at(pilot: Any, name: str) -> None:
    """Write a name and go there."""
    await pilot.press("slash")
    page_of(pilot).query_one("#stream", Input).value = name
    await pilot.press("enter")


@pytest.mark.parametrize("size", SIZES)
@scene
async def test_events_and_the_states_that_they_left(tmp_path: Path, size: tuple[int, int]) -> None:
    """Step by step: what changed is marked, with what it was; up, down, first, last, and by the arrows to the side."""
    async with open_bank(tmp_path / "bank", monitor=True) as bank:
        await bank.send(Deposit(account_id="ann", amount=50), user_id="u1")
        await bank.send(Withdraw(account_id="ann", amount=20), user_id="u2", correlation_id="visit")
        await bank.send(Note(account_id="ann", text="thanks"))
        async with dashboard(tmp_path / "bank", page="7", size=size) as pilot:
            await sees(pilot, "Account/ann", "3 events")
            await pilot.press("enter")
            await sees(pilot, "version 3 of 3", "now", "Noted", '~ notes      ["thanks"]  was []', "1 change")
            await pilot.press("up")
            await sees(pilot, "version 2 of 3", "PAST", "~ balance    30  was 50", "~ movements  2  was 1", "user u2")
            assert "correlation visit" in seen(pilot.app)
            await pilot.press("home")
            await sees(pilot, "version 1 of 3", "~ balance    50  was 0", "user u1", "Deposited")
            await pilot.press("right")
            await sees(pilot, "version 2 of 3", "2 changes")
            await pilot.press("c")
            await sees(pilot, "2 changes, only these")
            assert "notes" not in seen(pilot.app)
            await pilot.press("y")
            copied = json.loads(pilot.app.clipboard)
            assert copied["state"] == {"balance": 30, "movements": 2, "notes": []}
            assert copied["record"]["version"] == 2


@scene
async def test_what_comes_while_it_is_watched() -> None:
    """Who stands at the last event goes on with the next; who looks back stays there."""
    async with open_bank(monitor=True) as bank:
        await bank.send(DepositEach(account_id="ann", amounts=[1, 2]))
        async with dashboard(page="7", size=(120, 24)) as pilot:
            await sees(pilot, "Account/ann")
            await pilot.press("enter")
            await sees(pilot, "version 2 of 2")
            await bank.send(Deposit(account_id="ann", amount=3))
            await sees(pilot, "version 3 of 3", "~ balance    6  was 3")
            await pilot.press("home")
            await bank.send(Deposit(account_id="ann", amount=4))
            await sees(pilot, "version 1 of 4", "~ balance    1  was 0")


@scene
async def test_whose_past() -> None:
    """Those that changed last are offered, and narrowed while a name is written; what is none is refused."""
    async with open_bank(monitor=True) as bank:
        for key in ("ann", "bob", "eve"):
            await bank.send(Deposit(account_id=key, amount=1))
        async with dashboard(page="7", size=(100, 24)) as pilot:
            text = await sees(pilot, "Account/eve", "Account/ann", "1 event, aggregate")
            assert text.index("Account/eve") < text.index("Account/ann"), "what changed last comes first"
            await pilot.press("slash", *"bo")
            await sees_not(pilot, "Account/ann")
            await pilot.press("enter")
            await sees(pilot, "Account/bob  aggregate", "version 1 of 1")
            await pilot.press("g")
            for name, fault in (
                ("Acount/ann", "there is no Acount: there are Account"),
                ("nobody", "write an aggregate and a key: Account/alice"),
                ("Account/nobody", "Account/nobody has no events"),
            ):
                await look_at(pilot, name)
                await sees(pilot, fault)
            await pilot.press("escape", "escape")
            await sees(pilot, "Account/bob  aggregate", "version 1 of 1")


@scene
async def test_the_other_screens_are_a_key_away() -> None:
    """As long as no name is written."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="ann", amount=1))
        async with dashboard(page="7") as pilot:
            await sees(pilot, "Account/ann")
            await pilot.press("4")
            await sees(pilot, "Balances")
            await app_of(pilot).open_time_machine("Account", "ann")
            await sees(pilot, "Account/ann  aggregate", "~ balance    1  was 0")


@scene
async def test_the_filter() -> None:
    """Only events that match are listed; the states are those of their versions."""
    async with open_bank(monitor=True) as bank:
        await bank.send(DepositEach(account_id="ann", amounts=[5] * 20))
        await bank.send(Withdraw(account_id="ann", amount=1))
        await bank.send(DepositEach(account_id="ann", amounts=[5] * 20))
        async with dashboard(page="7", size=(120, 24)) as pilot:
            await sees(pilot, "Account/ann")
            await pilot.press("enter")
            await sees(pilot, "version 41 of 41")
            await pilot.press("slash", *"type:Withdrawn", "enter")
            await sees(pilot, "version 21 of 41", "1 of 41 events match", "~ balance    99  was 100")
            await pilot.press("slash", "end", "x")
            await sees(pilot, "None of 41 events matches type:Withdrawnx.")
            await pilot.press("escape")
            await sees(pilot, "of 41")
            await sees_not(pilot, "match")


@scene
async def test_an_instance_of_a_process() -> None:
    """As people write it; its fields, not those of its bookkeeping."""
    log, options = MemoryLog(), Options(durability="relaxed", gc_policy="none")
    async with Engine.open(log, Order, Stock, Wallet, Fulfilment, monitor=True, options=options) as shop:
        await shop.send(AddStock(product_id="tea", quantity=5))
        await shop.send(PlaceOrder(order_id="o", product_id="tea", quantity=2))
        await idle(shop)
        await shop.send(CancelOrder(order_id="o", reason="no"))
        await idle(shop)
        async with dashboard(page="7", size=(120, 30)) as pilot:
            await sees(pilot, "Fulfilment/o")
            await look_at(pilot, "Fulfilment/o")
            await sees(pilot, "Fulfilment/o  process", "version 2 of 2", "nothing changed", "product_id  tea")
            await pilot.press("home")
            await sees(pilot, "version 1 of 2", "~ quantity    2  was 0", '~ product_id  tea  was ""')


@scene
async def test_the_mouse() -> None:
    """A click on an event, and the knob dragged."""
    async with open_bank(monitor=True) as bank:
        await bank.send(DepositEach(account_id="ann", amounts=[1] * 101))
        async with dashboard(page="7", size=(120, 24)) as pilot:
            await sees(pilot, "Account/ann")
            await pilot.press("enter", "home")
            await sees(pilot, "version 1 of 101")
            await pilot.click(EventList, offset=(5, 4))
            await sees(pilot, "version 5 of 101", "~ balance    5  was 4")
            scrubber = page_of(pilot).query_one(Scrubber)
            await pilot.mouse_down(Scrubber, offset=(0, 0))
            await pilot.hover(Scrubber, offset=(scrubber.size.width // 2, 0))
            await sees(pilot, "version 51 of 101")
            await pilot.mouse_up(Scrubber, offset=(scrubber.size.width - 1, 0))
            await pilot.click(Scrubber, offset=(scrubber.size.width - 1, 0))
            await sees(pilot, "version 101 of 101")


@scene
async def test_hostile_events_are_shown_as_text() -> None:
    """In the key, in fields, in the ids, in the state."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Note(account_id=HOSTILE, text="[@click=app.quit]x[/]"), user_id=HOSTILE, correlation_id="[b]")
        async with dashboard(page="7", size=(120, 30)) as pilot:
            await sees(pilot, f"Account/{SHOWN}")
            await pilot.press("enter")
            await sees(pilot, f"Account/{SHOWN}  aggregate", f"user {SHOWN}", "correlation [b]")
            await sees(pilot, '["[@click=app.quit]x[/]"]')


@scene
async def test_a_hundred_thousand_events(tmp_path: Path) -> None:
    """Are listed at once, and moved through."""
    async with open_bank(tmp_path / "bank", monitor=True) as bank:
        for _ in range(20):
            await bank.send(DepositEach(account_id="ann", amounts=[1] * 5_000))
        async with dashboard(tmp_path / "bank", page="7", size=(120, 30)) as pilot:
            await sees(pilot, "Account/ann")
            await pilot.press("enter")
            await sees(pilot, "version 100,000 of 100,000", "~ balance    100,000  was 99,999", seconds=40)
            await pilot.press("pageup", "up")
            await sees(pilot, "~ balance    99,9")
            await pilot.press("home", "down")
            await sees(pilot, "version 2 of 100,000", "~ balance    2  was 1")
