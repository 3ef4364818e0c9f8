"""`actum top --serve` in a real browser: the dashboard shows up, lives, obeys, and keeps to itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.browser import Page, browser
from tests.support.running import ACTUM, ENVIRONMENT, SECONDS_MAX, running_shop
from tests.support.scenes import scene

PNG = b"\x89PNG\r\n\x1a\n"
#: What moves the cursor or sets colours, between the texts.
SEQUENCE = re.compile(rb"\x1b\[[0-9;?$]*[A-Za-z]")
POSITION = re.compile(r"@([\d,]+)")


class Served(NamedTuple):
    """A server of dashboards, and what to open."""

    process: subprocess.Popen[str]
    address: str


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """`actum top --serve` on a shop that runs, at any free port."""
    with running_shop(tmp_path) as shop:
        call = [*ACTUM, "top", str(shop.pid), "--serve", "127.0.0.1:0", "--interval", "0.5"]
        process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline()
            assert line.startswith("the dashboard is at http://127.0.0.1:"), line
            yield Served(process, line.split()[-1])
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS_MAX) in {128 + signal.SIGTERM, -signal.SIGKILL}


async def seen(page: Page, *texts: str) -> None:
    """Wait until all of some texts have been drawn."""
    await page.wait_until("0", lambda _: all(text in drawn(page) for text in texts))


def drawn(page: Page) -> str:
    """The texts that have been drawn, one after the other."""
    return SEQUENCE.sub(b"", page.received).decode(errors="replace")


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """Its child processes."""
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and (entry / "stat").exists() and parent_of(entry) == process.pid
    ]


def parent_of(entry: Path) -> int:
    """The parent of a process; 0 if it is gone."""
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@scene
async def test_the_dashboard_lives_in_a_browser(served: Served, tmp_path: Path) -> None:
    """It shows up, its figures move, a key switches screens, nothing goes wrong, nothing comes from elsewhere."""
    async with browser() as page:
        await page.open(served.address, width=1_200, height=700)
        await seen(page, "LIVE", "shop", "read-only", "commands/s")
        first = set(POSITION.findall(drawn(page)))
        await page.wait_until("0", lambda _: len(set(POSITION.findall(drawn(page))) - first) > 1)
        page.received = b""
        await page.press("4")
        await seen(page, "CustomerSpending", "order_id")
        picture = await page.screenshot()
        (tmp_path / "dashboard.png").write_bytes(picture)
        assert picture.startswith(PNG)
        assert page.errors == []
        root = served.address[: served.address.index("/", len("http://"))].removeprefix("http:")
        assert {one.split(":", 1)[1][: len(root)] for one in page.requested if not one.startswith("data:")} == {root}


@scene
async def test_a_visitor_who_leaves_takes_the_dashboard_along(served: Served) -> None:
    """Each page has a process of its own, which ends with the page; `q` ends it too, and the page says so."""
    async with browser() as page:
        await page.open(served.address)
        await seen(page, "LIVE")
        assert len(children_of(served.process)) == 1
        await page.press("q")
        await page.wait_until("document.body.classList.contains('-closed')")
        await page.wait_until("0", lambda _: not children_of(served.process))
        page.received = b""
        await page.open(served.address)
        await seen(page, "LIVE")
        await page.open("about:blank")
        await page.wait_until("0", lambda _: not children_of(served.process))


@scene
async def test_no_dashboard_outlives_its_server(served: Served) -> None:
    """A server that is killed leaves no process behind."""
    async with browser() as page:
        await page.open(served.address)
        await seen(page, "LIVE")
        (child,) = children_of(served.process)
        os.kill(served.process.pid, signal.SIGKILL)
        await page.wait_until("0", lambda _: not Path(f"/proc/{child}").exists())
