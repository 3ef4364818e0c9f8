"""A screen as a picture."""

from __future__ import annotations

import pytest
from actum_tui.top.app import Dashboard
from actum_tui.top.live import LiveSource
from textual.widgets import Static

from tests.support.bank import open_bank
from tests.support.scenes import scene

pytestmark = pytest.mark.usefixtures("sockets")


@scene
async def test_a_picture_needs_nothing_from_elsewhere() -> None:
    """It names no address to load from, and nothing in it depends on the rest of it; data in it is data."""
    async with open_bank(monitor=True):
        source = LiveSource()
        await source.open()
        dashboard = Dashboard(source)
        async with dashboard.run_test() as pilot:
            await dashboard.screen.mount(Static("<script>&amp;", markup=False))
            await pilot.pause()
            svg = dashboard.export_screenshot(title="<b>")
        await source.close()
    assert svg.count("http") == 2, "the name space, and the comment that says who made it"
    assert "url(" not in svg.replace("url(#terminal", "")
    assert "terminal-clip-terminal" in svg
    assert "<script>" not in svg
    assert "&lt;script&gt;&amp;amp;" in svg
    assert svg.endswith("</svg>\n")
