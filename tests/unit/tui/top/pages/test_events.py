"""Screen 3: the events as they come, back through all of them, with a filter, one in full; whatever they hold."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from actum.monitor import Frame, Hello, Reply, StoreVitals, Wanted
from actum_tui.top import search
from actum_tui.top.app import Dashboard
from actum_tui.top.grid import Grid
from actum_tui.top.journal import DirectoryJournal
from actum_tui.top.page import StatusLine
from actum_tui.top.pages import events as module
from actum_tui.top.pages.events import EventsPage
from actum_tui.top.pages.time_machine import TimeMachinePage
from actum_tui.top.pages.trace import TracePage
from actum_tui.top.source import Found, Kind, Lost, Unavailable
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.bank import Deposit, DepositEach, Note, open_bank
from tests.support.dashboards import app_of, comes, dashboard, seen, sees, sees_not
from tests.support.scenes import scene

HOSTILE = "\x1b[31m[@click=app.quit]x[/]\u202e"


def page_of(pilot: Pilot[Any]) -> EventsPage:
    """The screen."""
    page = app_of(pilot).page
    assert isinstance(page, EventsPage)
    return page


def said(pilot: Pilot[Any]) -> str:
    """The line that says what is shown."""
    return str(page_of(pilot).query_one("#state", Static).render())


@pytest.mark.parametrize("size", [(80, 24), (160, 40), (40, 12)])
@scene
async def test_the_newest_as_they_come(size: tuple[int, int]) -> None:
    """With all of the one under the cursor, which stays on the newest."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="ann", amount=5), correlation_id="basket-1", user_id="robot")
        async with dashboard(page="3", size=size) as pilot:
            await comes(pilot, lambda: [record.key for record in page_of(pilot).records] == ["ann"])
            await bank.send(Deposit(account_id="bob", amount=7))
            await comes(pilot, lambda: [record.key for record in page_of(pilot).records] == ["ann", "bob"])
            assert "following" in said(pilot)
            current = page_of(pilot).current
            assert current is not None
            assert current.key == "bob"
            if size[0] >= 80:
                await sees(pilot, "Account/ann@1", "Account/bob@1", "Deposited", "amount      7")


@scene
async def test_nothing_yet() -> None:
    """It is said what will be there, and what will not."""
    async with open_bank(monitor=True) as bank, dashboard(page="3") as pilot:
        await sees(pilot, "No events yet", "rejected")
        await bank.send(Deposit(account_id="ann", amount=5))
        await sees(pilot, "Account/ann@1")
        await sees_not(pilot, "No events yet")


@scene
async def test_data_is_shown_as_data() -> None:
    """Keys, texts, users and ids that would be markup, or would move the cursor, stand there as text."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Note(account_id=HOSTILE, text=HOSTILE), correlation_id=HOSTILE, user_id="[/bad]")
        async with dashboard(page="3", size=(160, 40)) as pilot:
            text = await sees(pilot, "[@click=app.quit]x[/]", "[/bad]")
            assert "\x1b" not in text
            assert "\u202e" not in text
            await pilot.press("slash", *"x[/] [b]")
            await sees(pilot, "No event fits x[/] [b]")


@scene
async def test_a_filter_while_it_is_typed() -> None:
    """What it lets through is shown; a fault is named below it, and what was shown before stays."""
    async with open_bank(monitor=True) as bank:
        for number in range(1, 6):
            await bank.send(Deposit(account_id=f"acc-{number}", amount=number))
        async with dashboard(page="3", size=(100, 30)) as pilot:
            await sees(pilot, "acc-1", "acc-5")
            await pilot.press("slash", *"type:dep* amount>3")
            await sees_not(pilot, "acc-1")
            await comes(pilot, lambda: [record.key for record in page_of(pilot).records] == ["acc-4", "acc-5"])
            await pilot.press(*" position>x")
            await sees(pilot, "'x' is no whole number")
            for _ in " position>x":
                await pilot.press("backspace")
            await pilot.press("enter", "up")
            await comes(pilot, lambda: not page_of(pilot).following)
            assert page_of(pilot).current is not None
            await bank.send(Deposit(account_id="acc-6", amount=6))
            await pilot.press("slash", "escape")
            await sees(pilot, "acc-1", "acc-6")


@scene
async def test_earlier_filters_come_again() -> None:
    """With the arrow keys, in the filter's line."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="acc-1", amount=1))
        async with dashboard(page="3") as pilot:
            for text in ("amount>5", "key:acc*"):
                await pilot.press("slash", *text, "enter")
                await pilot.press("slash", "escape")
            await pilot.press("slash", "up")
            line = page_of(pilot).query_one("#filter", Input)
            assert line.value == "key:acc*"
            await pilot.press("up", "up")
            assert line.value == "amount>5"
            await pilot.press("down", "down")
            assert line.value == ""


@scene
async def test_very_many_at_once_stay_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are shown, and how many were passed over; who moves up then sees every one of them."""
    monkeypatch.setattr(module, "PAGE_RECORDS", 20)
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="ann", amount=1))
        async with dashboard(page="3", size=(120, 24)) as pilot:
            await comes(pilot, lambda: len(page_of(pilot).records) == 1)
            await bank.send(DepositEach(account_id="ann", amounts=[1] * 500))
            await sees(pilot, "480 passed over", "@501")
            assert [record.position for record in page_of(pilot).records][-20:] == list(range(482, 502))
            await pilot.press("up")
            await comes(pilot, lambda: "browsing" in said(pilot))
            while page_of(pilot).records[0].position > 423:
                await pilot.press("ctrl+home")
                await pilot.pause(0.05)
            positions = [record.position for record in page_of(pilot).records]
            assert positions == list(range(positions[0], positions[-1] + 1))
            await pilot.press("f")
            await comes(pilot, lambda: "following" in said(pilot) and page_of(pilot).records[-1].position == 501)


@scene
async def test_from_an_event_to_its_trace_and_its_aggregate(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is copied as JSON."""
    copied: list[str] = []
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="ann", amount=5), correlation_id="basket-1")
        async with dashboard(page="3") as pilot:
            monkeypatch.setattr(app_of(pilot), "copy_to_clipboard", copied.append)
            await sees(pilot, "Account/ann@1")
            page_of(pilot).query_one(Grid).focus()
            await pilot.press("y")
            await comes(pilot, lambda: copied)
            assert json.loads(copied[0])["correlation_id"] == "basket-1"
            await pilot.press("t")
            await comes(pilot, lambda: isinstance(app_of(pilot).page, TracePage))
            await sees(pilot, "basket-1", "1 events in")
            await pilot.press("3")
            page_of(pilot).query_one(Grid).focus()
            await pilot.press("enter")
            await comes(pilot, lambda: isinstance(app_of(pilot).page, TimeMachinePage))


class StillSource:
    """A directory that nobody writes to."""

    def __init__(self, path: str, position: int) -> None:
        """Up to a position."""
        self.hello = Hello(
            version="0", name="still", store=path, store_id="", pid=1, python="3", loop="uvloop", opened_ns=0,
            durability="full", admin=False,
        )  # fmt: skip
        self.journal = DirectoryJournal(path)
        self._position = position

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "store"

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Release the log."""
        await self.journal.close()

    async def frames(self) -> AsyncIterator[Frame | Lost | Found]:
        """Always the same."""
        store = StoreVitals(
            position=self._position, timestamp_ns=0, writer=None, log_bytes=0, map_bytes=0, readers=0, derived_bytes=0,
            checkpoint_position=0, free_bytes=0,
        )  # fmt: skip
        while True:
            yield Frame(time_ns=time.time_ns(), monotonic_ns=time.perf_counter_ns(), store=store)
            await asyncio.sleep(0.2)

    def watch(self, watch: Wanted) -> None:
        """It has no more to show."""

    async def ask(self, request: object, progress: Callable[[int, int], None] | None = None) -> Reply:
        """It is asked for nothing."""
        raise Unavailable("nobody answers")


@scene
async def test_a_log_of_200_000_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked through as far as one look goes, which is said; `m` looks further, until what is wanted is found."""
    monkeypatch.setattr(search, "PIECE_POSITIONS", 10_000)
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="first", amount=77_777))
        for _ in range(200):
            await bank.send(DepositEach(account_id="ann", amounts=[1] * 1_000))
    source = StillSource(str(tmp_path / "bank"), 200_001)
    async with Dashboard(source).run_test(size=(120, 24)) as pilot:
        await pilot.press("3")
        await sees(pilot, "200,001", "200 shown")
        await pilot.press("slash", *"amount=77777", "enter")
        await sees(pilot, "looked at 100,000 events back to position 100,002; m looks further")
        await pilot.press("m")
        await sees(pilot, "looked at 200,000 events")
        await pilot.press("m")
        await sees(pilot, "Account/first@1", "looked at all 200,001 events")
        assert "still" in str(app_of(pilot).screen.query_one("#status", StatusLine).render())
        assert "77777" in seen(pilot.app)
        assert "schema: 2 fields" in seen(pilot.app)
    await source.close()
