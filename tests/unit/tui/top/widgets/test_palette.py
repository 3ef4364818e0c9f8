"""The palette: it is paged without harm, however small the terminal is."""

from __future__ import annotations

import pytest
from actum_tui.top.widgets.palette import Palette
from textual.command import CommandList

from tests.support.scenes import scene
from tests.support.stages import StagedSource, staged


@pytest.mark.parametrize("size", [(20, 4), (80, 24)])
@scene
async def test_it_is_paged_at_any_size(size: tuple[int, int]) -> None:
    """Its list may have no line to be shown on, and then there is nothing to be paged."""
    async with staged(StagedSource(), "1", size) as (dashboard, pilot):
        await pilot.press("ctrl+p")
        palette = dashboard.screen
        assert isinstance(palette, Palette)
        commands = palette.query_one(CommandList)
        for _ in range(500):
            if commands.option_count > 1 and commands.highlighted is not None:
                break
            await pilot.pause(0.02)
        assert bool(commands.scrollable_content_region.area) == (size == (80, 24))
        await pilot.press("pagedown")
        await pilot.pause()
        assert (commands.highlighted != 0) == (size == (80, 24))
        await pilot.press("pageup")
        await pilot.pause()
        assert commands.highlighted == 0
