"""Screen 1 on frames of real engines: every size, every state, whatever names there are."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import actum
import pytest
from actum import EngineStatistics, RebuildStatistics, StoredRecord
from actum.monitor import AggregateVitals, Quantiles
from actum_tui.top.app import Dashboard
from actum_tui.top.glyphs import ASCII
from actum_tui.top.grid import Grid
from actum_tui.top.live import LiveSource
from actum_tui.top.pages import overview
from actum_tui.top.pages.rows import RowsPage
from msgspec.structs import replace
from rich.cells import cell_len
from textual.screen import Screen

from tests.support.bank import Deposit, Note, open_bank
from tests.support.scenes import scene
from tests.support.stages import StagedSource, screen_of, staged, stands
from tests.unit.tui.top.test_vital_rows import STORE, VITALS

SIZES = [(80, 24), (120, 40), (200, 50), (40, 10)]
HOSTILE = "[red]x[/bad] [@click=app.quit]\x1b[2J\x1b]0;t\x07\u202e漢字" + "long " * 40
CALM = replace(VITALS, commit=Quantiles(9, 0.001, 0.002, 0.003), loop_lag=Quantiles(9, 0, 0.001, 0.002))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[EngineStatistics], list[StoredRecord]]:
    """What a real bank said of itself at three moments, and its log."""
    place = tmp_path_factory.mktemp("recorded") / "bank"
    moments: list[EngineStatistics] = []

    async def work() -> None:
        async with open_bank(place, durability="full") as bank:
            moments.append(bank.statistics())
            for number in range(1, 41):
                await bank.send(Deposit(account_id=f"acc-{number % 7}", amount=number))
                if number % 20 == 0:
                    moments.append(bank.statistics())

    actum.run(work())
    with actum.open_store(place) as store:
        return moments, list(store.records())


Recorded = tuple[list[EngineStatistics], list[StoredRecord]]


def shown(recorded: Recorded) -> StagedSource:
    """A source that has shown all three moments."""
    moments, records = recorded
    source = StagedSource(records=records)
    account = AggregateVitals(
        name="Account", share=1, acknowledge=Quantiles(9, 0.0012, 0.0034, 0.1), rejected_share=0.25, deepest=3
    )
    for moment in moments:
        source.show(moment, replace(CALM, aggregates=(account,)), STORE)
    return source


@pytest.mark.parametrize("size", SIZES)
@scene
async def test_what_an_engine_does_is_seen_at_a_glance(recorded: Recorded, size: tuple[int, int]) -> None:
    """Rates, times, aggregates, views, the newest events at the bottom; no line is longer than the screen."""
    async with staged(shown(recorded), "1", size) as (dashboard, pilot):
        words = ["all is well", "commands/s", "20"]
        if size[1] >= 24:
            words += ["Account", "Balances", "live", "3.40 ms", "Deposited", "acc-5", "25 %", "amount=40"]
        text = await stands(pilot, *words)
        if size[1] >= 24:
            (last,) = [line for line in text.splitlines() if "amount=40" in line]
            assert "@6" in last
        assert all(cell_len(line) <= size[0] for line in text.splitlines())
        for other in SIZES:
            await pilot.resize_terminal(*other)
            await stands(pilot, "commands/s")
        assert dashboard.return_code in (None, 0)


@scene
async def test_only_what_is_new_is_read(recorded: Recorded) -> None:
    """The tail reads what can be shown, and each record once; another log begins anew."""
    moments, records = recorded
    source = StagedSource(records=records)
    async with staged(source, "1") as (_, pilot):
        source.show(moments[1])
        await stands(pilot, "amount=20")
        assert source.log.read == 20
        source.show(moments[2])
        await stands(pilot, "amount=40")
        assert source.log.read == 40
        source.log.listed = records[:3]
        source.show(replace(moments[0], position=3))
        text = await stands(pilot, "amount=3 ")
        assert "amount=4" not in text
        source.log.failure = actum.StoreFailed("replaced [/bad]")
        source.show(replace(moments[0], position=4))
        await stands(pilot, "the log can't be read now: replaced [/bad]")


@scene
async def test_what_is_not_well_cannot_be_overlooked(recorded: Recorded) -> None:
    """A full disk, a failed engine, a broken view, a rebuilding one: in words, with what to do."""
    source = shown(recorded)
    last = recorded[0][-1]
    async with staged(source, "1") as (_, pilot):
        await stands(pilot, "all is well")
        source.show(replace(last, state="full"), CALM, STORE)
        await stands(pilot, "✖ DISK FULL", "Free space")
        source.show(replace(last, state="failed", durability="relaxed"), CALM, STORE)
        await stands(pilot, "✖ ENGINE FAILED", "RELAXED")
        rebuild = RebuildStatistics.of("folding", 71, 100, 10)
        views = (
            replace(last.views[0], state="broken", failure="a bug [/bad] at position 7"),
            replace(last.views[1], state="rebuilding", rebuild=rebuild),
        )
        source.show(replace(last, views=views), CALM, STORE)
        await stands(pilot, "✖ VIEW BROKEN", "a bug [/bad] at position 7", "✖ broken", "▲ rebuilding", "71 %")
        quarantined = replace(last.aggregates[0], quarantined=("acc-1",))
        source.show(replace(last, aggregates=(quarantined,)), CALM, STORE)
        await stands(pilot, "✖ QUARANTINED", "acc-1")
        await pilot.resize_terminal(200, 50)
        source.show(replace(last, views=views), CALM, STORE)
        await stands(pilot, "█", "71 %, 4.08 s left")


@scene
async def test_hostile_names(recorded: Recorded) -> None:
    """Markup, controls, escapes and other directions are shown as what they are; very many names take no time."""
    moments, _ = recorded
    last = moments[-1]
    aggregates = tuple(replace(last.aggregates[0], name=f"{HOSTILE}{number}", awake=number) for number in range(10_000))
    views = tuple(replace(last.views[0], name=f"{number}{HOSTILE}") for number in range(300))

    async def fill() -> None:
        async with open_bank() as bank:
            await bank.send(Note(account_id=HOSTILE[:60], text=HOSTILE))

    await fill()
    source = StagedSource(records=[])
    source.hello = replace(source.hello, name=HOSTILE)
    async with staged(source, "1", (120, 40)) as (dashboard, pilot):
        source.show(replace(last, aggregates=aggregates, views=views, position=0), CALM, STORE)
        text = await stands(pilot, "[red]x[/bad]", "9,800 more", "100 more")
        assert "\x1b" not in text
        assert "\u202e" not in text
        grid = dashboard.screen.query_one("#aggregates", Grid)
        assert grid.row_count == overview.ROWS_MAX
        await pilot.press("slash", *"9999", "enter")
        await stands(pilot, "aggregate")
        assert grid.row_count == 1
        await pilot.press("escape")
        assert dashboard.is_running


@scene
async def test_nothing_yet() -> None:
    """An engine that has done nothing says what to do."""
    async with open_bank(durability="full") as bank:
        idle = bank.statistics()
    source = StagedSource()
    async with staged(source, "1") as (_, pilot):
        source.show(replace(idle, views=(), aggregates=()))
        await stands(pilot, "no events yet: send a command", "give Engine.open a View", "no classes of aggregates")
        await pilot.press("slash", "x")
        await stands(pilot, "nothing has these words")


@scene
async def test_a_directory_alone(recorded: Recorded) -> None:
    """What an engine would say is missing, with how to get it; events are there."""
    source = StagedSource("store", recorded[1])
    async with staged(source, "1", (120, 40)) as (_, pilot):
        source.show(store=replace(STORE, position=40, writer=None))
        text = await stands(pilot, "no engine has it open", "monitor=True", "amount=40")
        assert "commands/s" in text
        source.show(store=replace(STORE, position=40, writer="77"))
        await stands(pilot, "process 77 has it open")


@scene
async def test_without_colours_and_without_unicode(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs and words are left."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(overview, "terminal_glyphs", lambda: ASCII)
    source = shown(recorded)
    last = recorded[0][-1]
    async with staged(source, "1", (120, 40)) as (_, pilot):
        source.show(replace(last, views=(replace(last.views[0], state="broken", failure="x"),)), CALM, STORE)
        text = await stands(pilot, "X VIEW BROKEN", "X broken", "Account")
        body = "\n".join(text.splitlines()[1:-1])
        assert body.isascii(), [line for line in body.splitlines() if not line.isascii()]


@scene
async def test_themes(recorded: Recorded) -> None:
    """Every theme can show it, also those that use the terminal's own colours."""
    source = shown(recorded)
    async with staged(source, "1", (120, 40)) as (dashboard, pilot):
        for theme in dashboard.available_themes:
            dashboard.theme = theme
            source.show(replace(recorded[0][-1], state="full"), CALM, STORE)
            await stands(pilot, "DISK FULL", "Account")


@scene
async def test_to_the_screen_that_knows_more(recorded: Recorded) -> None:
    """Enter on a class goes to the actors, on a view to its rows."""
    async with staged(shown(recorded), "1") as (dashboard, pilot):
        await stands(pilot, "Account")
        dashboard.screen.query_one("#aggregates", Grid).focus()
        await pilot.press("enter")
        await pilot.pause()
        assert dashboard.current_mode == "2"
        await pilot.press("1")
        dashboard.screen.query_one("#consumers", Grid).focus()
        await pilot.pause()
        await pilot.press("down", "enter")

        def view() -> str | None:
            page = dashboard.page
            return page.request.view if isinstance(page, RowsPage) and page.request is not None else None

        for _ in range(100):
            await pilot.pause(0.05 if view() != "Activities" else None)
        assert view() == "Activities"


@scene
async def test_of_a_running_engine(tmp_path: Path) -> None:
    """Everything together, with what is really measured."""
    async with open_bank(tmp_path / "bank", monitor=True) as bank:
        source = LiveSource(str(tmp_path / "bank"))
        await source.open()
        async with Dashboard(source, interval=0.5).run_test(size=(120, 40)) as pilot:

            async def work() -> None:
                while True:
                    await bank.send(Deposit(account_id="acc-1", amount=7))
                    await asyncio.sleep(0.005)

            working = asyncio.create_task(work())
            await stands(pilot, "Account", "amount=7", "live", "RELAXED DURABILITY", "MB")
            working.cancel()
            assert "⣿" in screen_of(pilot.app) or "⣀" in screen_of(pilot.app)
        await source.close()


@pytest.mark.parametrize("page", ["1", "8"])
@scene
async def test_frames_lay_nothing_out_again(recorded: Recorded, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What moves costs little: only what has changed is drawn."""
    laid_out: list[object] = []
    layout = Screen._refresh_layout

    def counted(screen: Screen[object], *taken: Any, **named: Any) -> None:
        laid_out.append(screen)
        layout(screen, *taken, **named)

    last = recorded[0][-1]
    source = shown(recorded)
    async with staged(source, page, (120, 40)) as (_, pilot):
        await stands(pilot, "well")
        await pilot.pause(0.5)
        monkeypatch.setattr(Screen, "_refresh_layout", counted)
        for number in range(1, 6):
            source.show(
                replace(last, accepted=last.accepted + number * 1_000, awake=number, commits=last.commits + number),
                replace(CALM, memory_bytes=number * 10_000_000),
                replace(STORE, log_bytes=50_000 + number),
            )
        await stands(pilot, "50.0 MB")
        assert not laid_out
