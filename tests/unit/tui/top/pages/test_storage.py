"""Screen 8 on frames of real engines: every figure, what it means, when to worry."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from actum import EngineStatistics
from actum.monitor import Quantiles
from actum_tui.top.app import Dashboard
from actum_tui.top.glyphs import ASCII
from actum_tui.top.live import LiveSource
from actum_tui.top.pages import storage
from actum_tui.top.vital_rows import ROWS
from msgspec.structs import replace
from rich.cells import cell_len

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene
from tests.support.stages import StagedSource, staged, stands
from tests.unit.tui.top.test_vital_rows import STORE, VITALS

SIZES = [(80, 24), (120, 40), (200, 50), (40, 10)]
CALM = replace(VITALS, commit=Quantiles(9, 0.001, 0.0025, 0.003), loop_lag=Quantiles(9, 0, 0.001, 0.002))


async def moments(path: Path) -> list[EngineStatistics]:
    """What a real bank said of itself before and after ten commits."""
    async with open_bank(path, durability="full") as bank:
        found = [bank.statistics()]
        for _ in range(10):
            await bank.send(Deposit(account_id="a-1", amount=1))
        return [*found, bank.statistics()]


def shown(statistics: list[EngineStatistics]) -> StagedSource:
    """A source that has shown them."""
    source = StagedSource()
    for moment in statistics:
        source.show(moment, CALM, STORE)
    return source


@pytest.mark.parametrize("size", SIZES)
@scene
async def test_every_figure_has_its_place(tmp_path: Path, size: tuple[int, int]) -> None:
    """Commits, log, checkpoints, process; no line is longer than the screen, at any size."""
    async with staged(shown(await moments(tmp_path / "bank")), "8", size) as (_, pilot):
        text = await stands(pilot, "Storage and loop are well", "Commits")
        if size[1] >= 24:
            names = [row.name for row in ROWS if row.name not in text]
            assert not names, text
            compact = text.replace(" ", "")
            for value in ("commits/s10", "2.50ms", "50.0kB", "500B", "5.00GB"):
                assert value in compact, text
        assert all(cell_len(line) <= size[0] for line in text.splitlines())
        for other in SIZES:
            await pilot.resize_terminal(*other)
            await stands(pilot, "Commits")


@scene
async def test_what_one_stands_on_is_explained(tmp_path: Path) -> None:
    """By the arrows, as in an editor, and by the mouse."""
    async with staged(shown(await moments(tmp_path / "bank")), "8") as (dashboard, pilot):
        assert "Filter" not in await stands(pilot, "Group commits a second", "Pause")
        await pilot.press("down", "down")
        await stands(pilot, "From handing a batch to the writer")
        await pilot.press("right")
        await stands(pilot, "How fast the log grows")
        await pilot.press("j", *["down"] * 50)
        await stands(pilot, "They can be thrown away")
        await pilot.press("h", *["k"] * 50, "left")
        await stands(pilot, "Group commits a second")
        line = dashboard.screen.query("FigureLine")[3]
        await pilot.click(line)
        await stands(pilot, "What the disk takes of a commit")


@scene
async def test_when_to_worry(tmp_path: Path) -> None:
    """A sign at the line, and the sentence above everything."""
    source = shown(await moments(tmp_path / "bank"))
    async with staged(source, "8", (120, 40)) as (_, pilot):
        await stands(pilot, "are well")
        late = replace(CALM, loop_lag=Quantiles(9, 0.01, 0.3, 0.4), write=Quantiles(9, 0.1, 0.7, 0.9))
        source.show((await moments(tmp_path / "other"))[-1], late, replace(STORE, free_bytes=5_000))
        text = await stands(pilot, "✖ DISK NEARLY FULL", "▲ LOOP LAG", "▲loop lag", "✖write and fsync", "✖free disk")
        assert "700 ms ✖ high" in text


@scene
async def test_a_directory_alone() -> None:
    """What it does not say is not 0, and one is told how to get it."""
    source = StagedSource("store")
    async with staged(source, "8", (120, 40)) as (_, pilot):
        source.show(store=STORE)
        source.show(store=replace(STORE, log_bytes=60_000))
        text = await stands(pilot, "10.0 kB/s", "monitor=True", "actum ps")
        (cpu,) = [line for line in text.splitlines() if "CPU" in line]
        assert "—" in cpu
        await pilot.press("right")
        text = await stands(pilot, "How much of the address space")
        assert "monitor=True" not in text


@scene
async def test_a_recording_and_an_engine_in_memory(tmp_path: Path) -> None:
    """What they do not have is said."""
    statistics = await moments(tmp_path / "bank")
    source = StagedSource("recording")
    async with staged(source, "8", (120, 40)) as (_, pilot):
        source.show(statistics[0])
        await pilot.press("down")
        await stands(pilot, "This was not recorded")
    source = StagedSource("live")
    async with staged(source, "8", (120, 40)) as (_, pilot):
        source.show(statistics[0])
        await stands(pilot, "In a moment")
        await pilot.press("down")
        await stands(pilot, "It is measured from now on")
        await pilot.press("right")
        await stands(pilot, "engine in memory has no directory")


@scene
async def test_without_colours_and_without_unicode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs and words are left."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(storage, "terminal_glyphs", lambda: ASCII)
    statistics = await moments(tmp_path / "bank")
    source = StagedSource()
    async with staged(source, "8", (120, 40)) as (_, pilot):
        source.show(statistics[0], CALM, STORE)
        source.show(statistics[1], replace(VITALS, write=Quantiles(9, 1e-5, 1e-4, 1)), STORE)
        text = await stands(pilot, "100 us", "!loop lag")
        body = [line for line in text.splitlines()[1:-1] if not line.isascii() and "─" not in line]
        assert not body


@scene
async def test_of_a_running_engine(tmp_path: Path) -> None:
    """With what is really measured."""
    async with open_bank(tmp_path / "bank", monitor=True) as bank:
        source = LiveSource(str(tmp_path / "bank"))
        await source.open()
        async with Dashboard(source, interval=0.5).run_test(size=(120, 40)) as pilot:

            async def work() -> None:
                while True:
                    await bank.send(Deposit(account_id="acc-1", amount=7))
                    await asyncio.sleep(0.005)

            working = asyncio.create_task(work())
            await pilot.press("8")
            await stands(pilot, "RELAXED DURABILITY", "MB", " ms")
            working.cancel()
        await source.close()
