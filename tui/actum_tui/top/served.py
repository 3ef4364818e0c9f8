"""The dashboard in a browser of this machine: each visitor has a dashboard in a process of its own, by textual-serve.

What is shown is somebody's data, so that nobody else must see it: the server listens on loopback alone, the address
holds a secret that other users of the machine don't know, a page of another site can neither reach it under a name
of its own (`Host`) nor talk to its socket (`Origin`), and a page loads nothing that does not come from here.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple, final

import click
import textual_serve
from aiohttp import web
from textual_serve.server import Server

#: A dashboard is a process of about 60 MB.
VISITORS_MAX = 4
PORT = 8_000
PORT_MAX = 65_535
SECRET_BYTES = 16
#: How long visitors have for leaving when the server ends.
LEAVING_SECONDS_MAX = 5

STATIC = Path(textual_serve.__file__).parent / "static"
#: What a page may load, and from where: nothing but from here. The terminal writes styles of its own.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self' ws://$host; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>$title</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/css/xterm.css">
<style>
  @font-face {
    font-family: "Roboto Mono"; font-weight: 100 700; src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf");
  }
  html, body { margin: 0; height: 100%; background: #121212; color: #e0e0e0; font: 16px "Roboto Mono", monospace; }
  .textual-terminal { height: 100vh; }
  #ended { display: none; position: fixed; inset: 0; background: #121212d0; place-content: center; z-index: 10; }
  body.-closed #ended { display: grid; }
</style>
<script src="/static/js/textual.js"></script>
<script src="/focus.js"></script>
<body>
<div id="ended">This dashboard has ended: load the page again for a new one.</div>
<div class="textual-terminal" data-session-websocket-url="ws://$host/$secret/ws" data-font-size="14"></div>
</body>
</html>
""")

#: Keys reach the dashboard without a click first.
FOCUS = """addEventListener("load", () => document.querySelector(".xterm-helper-textarea").focus());
"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Place(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it stands in an address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def place(text: str) -> Place:
    """What `--serve` says: HOST:PORT, HOST or PORT.

    Raises:
        click.UsageError: it is no such thing, or not on loopback.
    """
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = ("", text) if text.isdigit() else (text, "")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    number = PORT if not port else int(port) if port.isascii() and port.isdigit() else PORT_MAX + 1
    if number > PORT_MAX:
        raise click.UsageError(f"--serve {text}: write HOST:PORT, with a port of 0 to {PORT_MAX:,}")
    try:
        loopback = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise click.UsageError(
            f"--serve {text}: the dashboard is served on this machine alone, 127.0.0.1, since it asks for no password. "
            f"From elsewhere: ssh -L {number}:127.0.0.1:{number} THIS-MACHINE"
        )
    return Place("127.0.0.1" if host == "localhost" else host, number)


@final
class Served:
    """A dashboard that is served."""

    def __init__(self, arguments: Sequence[str], where: Place, *, title: str) -> None:
        """Not there yet; see `start`.

        Args:
            arguments: of `actum` for each visitor's dashboard.
            where: it listens; port 0 is any that is free.
            title: of the page.
        """
        program = "from actum_tui import main; main()"
        command = shlex.join([sys.executable, "-c", program, *arguments])
        self._server = Server(f"exec {command}", title=title)  # no shell stays in between
        self._where = where
        self._title = title
        self._secret = secrets.token_urlsafe(SECRET_BYTES)
        self._visits: set[asyncio.Task[object]] = set()
        application = web.Application(middlewares=[self._guard])
        application.add_routes(
            [
                web.get("/{secret}/", self._page),
                web.get("/{secret}/ws", self._visit),
                web.get("/download/{key}", self._server.handle_download),  # its key is a secret too
                web.static("/static", STATIC),
                web.get("/focus.js", self._focus),
            ]
        )
        application.on_shutdown.append(self._send_away)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=LEAVING_SECONDS_MAX)

    @property
    def address(self) -> str:
        """What to open in a browser; after `start`."""
        return f"http://{self._where}/{self._secret}/"

    async def start(self) -> None:
        """Listen.

        Raises:
            click.ClickException: the port is taken.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._where).start()
        except OSError as error:
            await self._runner.cleanup()
            raise click.ClickException(f"{self._where} can't be listened on: {error.strerror or error}") from error
        self._where = Place(self._where.host, self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Send everybody away, and listen no more."""
        await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nobody in but who was told the address."""
        host = str(self._where)
        named = {host, f"localhost:{self._where.port}"}
        secret = request.match_info.get("secret")
        if (
            request.host not in named
            or request.headers.get("Origin", f"http://{request.host}") != f"http://{request.host}"
        ):
            raise web.HTTPForbidden(text="this is a dashboard for this machine alone\n")
        if secret is not None and not hmac.compare_digest(secret.encode(), self._secret.encode()):
            raise web.HTTPForbidden(text="open the address that `actum top --serve` has printed\n")
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update({name: text.replace("$host", request.host) for name, text in HEADERS.items()})
        return answer

    async def _page(self, request: web.Request) -> web.Response:
        """The page that holds a terminal."""
        if len(self._visits) >= VISITORS_MAX:
            return web.Response(status=503, text=f"{VISITORS_MAX} dashboards are open already: close one of them\n")
        page = PAGE.substitute(title=escape(self._title), host=escape(request.host), secret=self._secret)
        return web.Response(text=page, content_type="text/html")

    async def _focus(self, _: web.Request) -> web.Response:
        """What the page does by itself."""
        return web.Response(text=FOCUS, content_type="text/javascript")

    async def _visit(self, request: web.Request) -> web.StreamResponse:
        """A dashboard for one visitor, as long as the page is open."""
        if len(self._visits) >= VISITORS_MAX:
            raise web.HTTPServiceUnavailable(text="too many dashboards are open already\n")
        task = asyncio.current_task()
        assert task is not None
        self._visits.add(task)
        try:
            return await self._server.handle_websocket(request)
        finally:
            self._visits.discard(task)

    async def _send_away(self, _: web.Application) -> None:
        """End the dashboards of all visitors."""
        for visit in self._visits:
            visit.cancel()


async def serve(arguments: Sequence[str], where: Place, *, title: str, told: Callable[[str], None]) -> None:
    """Serve a dashboard until cancelled, by Ctrl-C or SIGTERM.

    Args:
        arguments: of `actum` for each visitor's dashboard.
        where: to listen.
        title: of the page.
        told: is told the address as soon as it can be opened.
    """
    served = Served(arguments, where, title=title)
    await served.start()
    try:
        told(served.address)
        await asyncio.Event().wait()
    finally:
        await served.stop()
