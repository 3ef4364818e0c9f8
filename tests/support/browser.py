"""A real browser of a test's own: a headless Chromium that is told by its DevTools protocol what to do.

It has a profile in a private directory, listens on loopback only, and can reach nothing but loopback: what a page
wants to load from elsewhere fails, and is noted. It ends with the test.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.disks import lack

#: Long enough for a loaded machine, short enough for a hanging browser to be found.
SECONDS_MAX = 50
#: A screenshot of a page is a few hundred kB.
MESSAGE_BYTES_MAX = 1 << 26

#: The kind of a WebSocket's frame.
BINARY = 2

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    *("--headless=new", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--mute-audio"),
    *("--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update"),
    *(
        "--enable-unsafe-swiftshader",
        "--disable-sync",
        "--disable-extensions",
        "--disable-default-apps",
        "--disable-dev-shm-usage",
    ),
    *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-port=0"),
)

#: What keys that are no letters are called: their name, their number, the text they write.
KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Tab": ("Tab", 9, ""),
    "Down": ("ArrowDown", 40, ""),
    "Up": ("ArrowUp", 38, ""),
    "F1": ("F1", 112, ""),
}


class Page:
    """A page in a browser; from `browser`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Nothing is shown yet."""
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read(), name="browser reader")
        #: What went wrong on the page: what it logged as an error, raised, or could not load.
        self.errors: list[str] = []
        #: The addresses of everything that it asked for.
        self.requested: list[str] = []
        #: What came through its WebSockets, in bytes.
        self.received = b""

    async def open(self, address: str, *, width: int = 1_000, height: int = 640) -> None:
        """Go to an address; in a window of so many pixels."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.tell(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.tell("Emulation.setDeviceMetricsOverride", **size)
        gone = await self.tell("Page.navigate", url=address)
        assert "errorText" not in gone, f"{address}: {gone['errorText']}"

    async def evaluate(self, expression: str) -> Any:
        """What some JavaScript comes to; promises are waited for."""
        done = await self.tell("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    async def wait_until(self, expression: str, holds: Callable[[Any], object] = bool) -> Any:
        """Wait until some JavaScript comes to what it should; what it comes to."""
        found: Any = None
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_MAX):
                while not holds(found := await self.evaluate(expression)):
                    await asyncio.sleep(0.05)
                return found
        raise AssertionError(f"waited in vain for {expression}; it is {found!r}; errors of the page: {self.errors}")

    async def press(self, key: str) -> None:
        """Press a key: a letter or a digit, or one of `KEYS`."""
        name, number, text = KEYS.get(key, (key, ord(key[0].upper()), key))
        content = {"key": name, "windowsVirtualKeyCode": number, "code": name}
        await self.tell("Input.dispatchKeyEvent", type="keyDown", **content, **({"text": text} if text else {}))
        await self.tell("Input.dispatchKeyEvent", type="keyUp", **content)

    async def screenshot(self) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode((await self.tell("Page.captureScreenshot", format="png"))["data"])

    async def tell(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send one command of the protocol and wait for its answer."""
        number = next(self._numbers)
        coming = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(SECONDS_MAX):
            answer = await coming
        assert "error" not in answer, f"{method}: {answer['error']}"
        found: dict[str, Any] = answer["result"]
        return found

    async def close(self) -> None:
        """Say nothing more to it."""
        await self._socket.close()
        await self._reader

    async def _read(self) -> None:
        async for message in self._socket:
            content = message.json()
            if (coming := self._answers.pop(content.get("id"), None)) is not None:
                coming.set_result(content)
            elif "method" in content:
                self._note(content["method"], content["params"])

    def _note(self, event: str, details: dict[str, Any]) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.requested.append(details["request"]["url"])
            case "Network.webSocketCreated":
                self.requested.append(details["url"])
            case "Network.webSocketFrameReceived" if details["response"]["opcode"] == BINARY:
                self.received += base64.b64decode(details["response"]["payloadData"])
            case "Network.loadingFailed":
                self.errors.append(f"not loaded: {details['errorText']}")
            case "Runtime.exceptionThrown":
                self.errors.append(str(details["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if details["type"] in {"error", "warning", "assert"}:
                self.errors.append(str(details["args"]))
            case "Log.entryAdded" if details["entry"]["level"] in {"error", "warning"}:
                self.errors.append(f"{details['entry']['text']} {details['entry'].get('url', '')}")
            case _:
                pass


@asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """An empty page in a browser, gone at the end."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name)) is not None), None)
    if program is None:
        lack("no Chromium is installed: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="actum-chromium-", ignore_cleanup_errors=True) as directory:
        switches = [*SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else []), f"--user-data-dir={directory}"]
        with (Path(directory) / "said").open("wb") as said:
            process = subprocess.Popen(
                [program, *switches, "about:blank"], stdout=said, stderr=said, start_new_session=True
            )
        try:
            port = await listening_port(process, Path(directory))
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
                    targets = await response.json()
                (address,) = (one["webSocketDebuggerUrl"] for one in targets if one["type"] == "page")
                async with session.ws_connect(address, max_msg_size=MESSAGE_BYTES_MAX) as socket:
                    page = Page(socket)
                    try:
                        yield page
                    finally:
                        await page.close()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
            process.wait(SECONDS_MAX)


async def listening_port(process: subprocess.Popen[bytes], directory: Path) -> int:
    """The port that the browser has chosen for its DevTools."""
    told = directory / "DevToolsActivePort"
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS_MAX):
            while process.poll() is None:
                if told.exists() and (lines := told.read_text().splitlines()):
                    return int(lines[0])
                await asyncio.sleep(0.05)
    raise AssertionError(f"the browser did not start: {(directory / 'said').read_text(errors='replace')}")
