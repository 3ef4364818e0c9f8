"""The dashboard itself: screens, pause, interval, help, an engine that goes and comes."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum_tui.top import live
from actum_tui.top.app import PAGES, Dashboard
from actum_tui.top.live import LiveSource
from actum_tui.top.page import Page, StatusLine
from textual.pilot import Pilot
from textual.widgets import HelpPanel

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene

SIZES = [(80, 24), (200, 50), (30, 8)]

pytestmark = pytest.mark.usefixtures("sockets")


async def opened(target: str | None = None, *, rw: bool = False) -> Dashboard:
    """The dashboard on the engine that runs."""
    source = LiveSource(target)
    await source.open()
    return Dashboard(source, interval=0.5, rw=rw)


async def wait(pilot: Pilot[None], dashboard: Dashboard, word: str) -> str:
    """Until a word is in the line above; the line."""
    line = ""
    for _ in range(200):
        page = dashboard.page
        line = "" if page is None else str(page.query_one("#status", StatusLine).render())
        if word in line:
            return line
        await pilot.pause(0.05)
    raise AssertionError(f"{word!r} never came: {line!r}")


@pytest.mark.parametrize("size", SIZES)
@scene
async def test_every_screen_comes_up(size: tuple[int, int]) -> None:
    """By its number, at any size."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="a", amount=1), correlation_id="c")
        dashboard = await opened()
        async with dashboard.run_test(size=size) as pilot:
            for key, page in PAGES:
                await pilot.press(key)
                await pilot.pause()
                assert type(dashboard.page) is page
            await wait(pilot, dashboard, "@1")
        await dashboard.source.close()


@scene
async def test_what_the_line_says() -> None:
    """Who, since when, where it stands, how it is looked at; that it may lose what it has acknowledged."""
    async with open_bank(monitor=True, admin=True) as bank:
        await bank.send(Deposit(account_id="a", amount=1))
        for rw, word in ((False, "read-only"), (True, "rw")):
            dashboard = await opened(rw=rw)
            async with dashboard.run_test(size=(120, 24)) as pilot:
                line = await wait(pilot, dashboard, "@1")
                assert "LIVE" in line
                assert "memory" in line
                assert "RELAXED" in line
                assert line.rstrip().endswith(word)
            await dashboard.source.close()


@scene
async def test_actions_have_to_be_allowed() -> None:
    """`--rw` alone is not enough."""
    async with open_bank(monitor=True):
        dashboard = await opened(rw=True)
        assert not dashboard.may_act
        await dashboard.source.close()


@scene
async def test_standing_still_and_going_on() -> None:
    """Space; frames are kept meanwhile."""
    async with open_bank(monitor=True) as bank:
        dashboard = await opened()
        async with dashboard.run_test(size=(120, 24)) as pilot:
            await wait(pilot, dashboard, "@0")
            await pilot.press("space")
            await wait(pilot, dashboard, "PAUSED")
            await bank.send(Deposit(account_id="a", amount=1))
            await wait(pilot, dashboard, "@1")
            await pilot.press("space")
            assert "PAUSED" not in await wait(pilot, dashboard, "@1")
        await dashboard.source.close()


@scene
async def test_the_interval() -> None:
    """Plus and minus, between half a second and ten."""
    async with open_bank(monitor=True):
        dashboard = await opened()
        async with dashboard.run_test(size=(120, 24)) as pilot:
            await pilot.press("minus")
            assert dashboard.interval == 0.5
            await pilot.press("plus")
            await wait(pilot, dashboard, "1 s")
            await pilot.press(*["plus"] * 9)
            assert dashboard.interval == 10
            dashboard.interval = 60
            await pilot.press("plus")
            assert dashboard.interval == 60, "what was typed may be longer, and less often is not more often"
            await pilot.press("minus")
            assert dashboard.interval == 5
        await dashboard.source.close()


@scene
async def test_help_and_themes() -> None:
    """The keys of the screen are listed; colours change."""
    async with open_bank(monitor=True):
        dashboard = await opened()
        async with dashboard.run_test(size=(120, 40)) as pilot:
            await pilot.press("question_mark")
            await pilot.pause()
            assert dashboard.screen.query(HelpPanel)
            await pilot.press("question_mark")
            await pilot.pause()
            assert not dashboard.screen.query(HelpPanel)
            theme = dashboard.theme
            await pilot.press("ctrl+t")
            assert dashboard.theme != theme
        await dashboard.source.close()


@scene
async def test_an_engine_that_goes_and_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, keeps what it shows, and goes on with the new one."""
    monkeypatch.setattr(live, "AGAIN_SECONDS", 0.01)
    async with open_bank(tmp_path / "bank", monitor=True):
        dashboard = await opened(str(tmp_path / "bank"))
        app = dashboard.run_test(size=(120, 24))
        pilot = await app.__aenter__()
        await wait(pilot, dashboard, "LIVE")
    await wait(pilot, dashboard, "LOST")
    for key, _ in PAGES:
        await pilot.press(key)
    async with open_bank(tmp_path / "bank", monitor=True) as bank:
        await bank.send(Deposit(account_id="a", amount=1))
        assert "LIVE" in await wait(pilot, dashboard, "@1")
        await app.__aexit__(None, None, None)
        await dashboard.source.close()


@scene
async def test_hostile_names(tmp_path: Path) -> None:
    """The name of a store is shown as text."""
    place = tmp_path / "[@click=app.quit]shop[bad]\x1b[2J"
    async with open_bank(place, monitor=True):
        dashboard = await opened(str(place))
        async with dashboard.run_test(size=(200, 24)) as pilot:
            assert "[@click=app.quit]shop[bad]\\x1b[2J" in await wait(pilot, dashboard, "@0")
        await dashboard.source.close()


def test_every_screen_has_a_name() -> None:
    """And a number of its own."""
    assert [key for key, _ in PAGES] == list("12345678")
    assert len({page.TITLE_TEXT for _, page in PAGES} - {Page.TITLE_TEXT}) == 8
