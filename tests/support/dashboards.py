"""The dashboard for tests: on a real engine, in a terminal that is only calculated."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from actum_tui.top.app import Dashboard
from actum_tui.top.live import LiveSource
from textual.pilot import Pilot

#: Longer than anything takes on a busy machine.
SECONDS_MAX = 20.0


def seen(app: Any) -> str:
    """What stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def sees(pilot: Pilot[Any], *words: str, seconds: float = SECONDS_MAX) -> str:
    """Wait until all of these words stand on the screen; what stands there then."""
    await comes(pilot, lambda: all(word in seen(pilot.app) for word in words), seconds=seconds, what=words)
    return seen(pilot.app)


async def sees_not(pilot: Pilot[Any], word: str) -> None:
    """Wait until a word is gone from the screen."""
    await comes(pilot, lambda: word not in seen(pilot.app), what=word)


async def comes(
    pilot: Pilot[Any], condition: Callable[[], object], *, seconds: float = SECONDS_MAX, what: object = "it"
) -> None:
    """Wait until something is so; fail with the screen if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what!r} did not come; the screen is:\n{seen(pilot.app)}"
        await pilot.pause(0.02)
        await asyncio.sleep(0)


def app_of(pilot: Pilot[Any]) -> Dashboard:
    """The dashboard itself."""
    assert isinstance(pilot.app, Dashboard)
    return pilot.app


@asynccontextmanager
async def dashboard(
    target: Path | None = None,
    *,
    rw: bool = False,
    size: tuple[int, int] = (80, 24),
    page: str = "1",
    interval: float = 0.5,
) -> AsyncIterator[Pilot[Any]]:
    """The dashboard on a running engine: a store's, or the only one of this process."""
    source = LiveSource(str(target or os.getpid()))
    await source.open()
    try:
        async with Dashboard(source, rw=rw, interval=interval).run_test(size=size, notifications=True) as pilot:
            await pilot.press(page)
            yield pilot
    finally:
        await source.close()
