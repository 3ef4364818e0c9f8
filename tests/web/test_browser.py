"""The browser that the tests of this room look through."""

from __future__ import annotations

import pytest

from tests.support.browser import browser
from tests.support.scenes import scene

PNG = b"\x89PNG\r\n\x1a\n"


@scene
async def test_a_page_is_seen_and_heard() -> None:
    """What a page comes to, looks like, and is told by keys is known."""
    async with browser() as page:
        await page.open("data:text/html,<title>so</title><input autofocus id=typed>")
        assert await page.wait_until("document.title") == "so"
        await page.wait_until("document.activeElement.id == 'typed'")
        await page.press("a")
        await page.press("7")
        assert await page.wait_until("document.getElementById('typed').value", lambda text: text == "a7") == "a7"
        assert (await page.screenshot()).startswith(PNG)
        assert page.errors == []


@scene
async def test_what_goes_wrong_on_a_page_is_noted() -> None:
    """Errors that a page logs or raises, and what it can't load from elsewhere, are known, with what it asked for."""
    async with browser() as page:
        await page.open(
            "data:text/html,<script>console.error('oh'); setTimeout(() => { throw new Error('no') })</script>"
        )
        await page.wait_until("document.readyState == 'complete'")
        await page.evaluate("fetch('http://example.com/elsewhere').catch(() => 0)")
        wanted = ("oh", "Error: no", "ERR_NAME_NOT_RESOLVED")
        await page.wait_until("0", lambda _: all(text in " ".join(page.errors) for text in wanted))
        assert "http://example.com/elsewhere" in page.requested


@scene
async def test_waiting_in_vain_says_for_what(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never comes fails with what it was instead."""
    monkeypatch.setattr("tests.support.browser.SECONDS_MAX", 2)
    async with browser() as page:
        with pytest.raises(AssertionError, match="waited in vain for 1 - 1; it is 0"):
            await page.wait_until("1 - 1")
