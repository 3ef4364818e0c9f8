"""The eight screens of the dashboard on the recorded morning, each in the state in which it is shown in the docs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from unittest.mock import patch

from actum_tui.top.app import Dashboard
from textual.pilot import Pilot

from tests.pictures.recorded_day import RecordedDay
from tests.pictures.still_source import StillSource, still_source

WIDTH, HEIGHT = 120, 40
#: How often it is looked whether a screen has come to rest, and how often it must have been the same.
LOOKS_MAX = 400
LOOK_SECONDS = 0.05
SAME = 4

Prepare = Callable[[Dashboard, "Pilot[None]", StillSource], Awaitable[None]]


class Picture(NamedTuple):
    """A screen as it was.

    Attributes:
        svg: with its colours.
        lines: its letters.
    """

    svg: str
    lines: str


async def nothing(dashboard: Dashboard, pilot: Pilot[None], source: StillSource) -> None:
    """It is fine as it comes."""


async def trace(dashboard: Dashboard, pilot: Pilot[None], source: StillSource) -> None:
    """All that came of one order."""
    await dashboard.open_trace("visit-000321")


async def time_machine(dashboard: Dashboard, pilot: Pilot[None], source: StillSource) -> None:
    """One order's past."""
    await dashboard.open_time_machine("Order", "o-000321")


#: The file's name, the key, and what is done then.
SCREENS: dict[str, tuple[str, Prepare]] = {
    "1-overview": ("1", nothing),
    "2-actors": ("2", nothing),
    "3-events": ("3", nothing),
    "4-live-views": ("4", nothing),
    "5-processes": ("5", nothing),
    "6-trace": ("6", trace),
    "7-time-machine": ("7", time_machine),
    "8-storage": ("8", nothing),
}


async def draw(day: RecordedDay, name: str, *, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """One screen."""
    key, prepare = SCREENS[name]
    with patch.object(time, "monotonic_ns", lambda: 0):  # countdowns stand still
        async with still_source(day) as source:
            dashboard = Dashboard(source)
            dashboard.animation_level = "none"
            async with dashboard.run_test(size=(width, height)) as pilot:
                await pilot.press(key)
                await prepare(dashboard, pilot, source)
                source.released.set()
                await source.ended.wait()
                return await at_rest(dashboard, pilot)


async def at_rest(dashboard: Dashboard, pilot: Pilot[None]) -> Picture:
    """What is on the screen when nothing changes any more."""
    svg, same = "", 0
    for _ in range(LOOKS_MAX):
        await pilot.pause()
        await asyncio.sleep(LOOK_SECONDS)
        before, svg = svg, dashboard.export_screenshot(title="actum top")
        same = same + 1 if svg == before else 0
        if same == SAME:
            return Picture(svg, lines_of(dashboard))
    raise AssertionError("the screen never came to rest")


def lines_of(dashboard: Dashboard) -> str:
    """The letters on the screen, line by line."""
    strips = dashboard.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"
