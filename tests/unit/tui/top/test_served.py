"""The dashboard's server: where it listens, and whom it lets in."""

from __future__ import annotations

import aiohttp
import click
import pytest
from actum_tui.top import served
from actum_tui.top.served import Place, Served, place

from tests.support.scenes import scene

ANYWHERE = Place("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:9000", "127.0.0.1", 9_000),
        ("localhost:0", "127.0.0.1", 0),
        ("8080", "127.0.0.1", 8_080),
        (":8080", "127.0.0.1", 8_080),
        ("localhost", "127.0.0.1", 8_000),
        ("127.0.0.2", "127.0.0.2", 8_000),
        ("[::1]:8080", "::1", 8_080),
        ("[::1]", "::1", 8_000),
    ],
)
def test_a_place_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    """Either can be left out."""
    assert place(text) == (host, port)


@pytest.mark.parametrize("text", ["0.0.0.0:8000", "192.168.1.5", "example.com:80", "[::]:8000", "10.0.0.1:1"])
def test_a_place_is_on_this_machine(text: str) -> None:
    """What others could reach is refused, with the way to get there from elsewhere."""
    with pytest.raises(click.UsageError, match="on this machine alone.* ssh -L"):
        place(text)


@pytest.mark.parametrize("text", ["127.0.0.1:65536", "127.0.0.1:http", "localhost:-1", "localhost:²"])
def test_a_port_is_a_number(text: str) -> None:
    """What is none is refused."""
    with pytest.raises(click.UsageError, match="write HOST:PORT"):
        place(text)


@scene
async def test_only_who_knows_the_address_gets_in() -> None:
    """Without the secret, under another name, or from another site's page there is nothing to see."""
    made = Served(["top"], ANYWHERE, title="<b>actum</b>")
    await made.start()
    try:
        async with aiohttp.ClientSession() as session:
            address = made.address
            root = address[: address.index("/", 8)]
            async with session.get(address) as answer:
                page = await answer.text()
                assert answer.status == 200
                assert "&lt;b&gt;actum" in page
                assert "http" not in page, "nothing is loaded from elsewhere"
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            refused: list[tuple[str, dict[str, str]]] = [
                (f"{root}/guessed/", {}),
                (f"{root}/guessed/ws", {}),
                (address, {"Host": "evil.example"}),
                (f"{root}/static/js/textual.js", {"Host": "evil.example"}),
                (f"{address}ws", {"Origin": "http://evil.example"}),
            ]
            for where, headers in refused:
                async with session.get(where, headers=headers) as answer:
                    assert answer.status == 403, where
            async with session.get(f"{root}/static/js/textual.js") as answer:
                assert answer.status == 200
    finally:
        await made.stop()


@scene
async def test_visitors_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes when all dashboards are taken is told so."""
    monkeypatch.setattr(served, "VISITORS_MAX", 0)
    made = Served(["top"], ANYWHERE, title="actum")
    await made.start()
    try:
        async with aiohttp.ClientSession() as session:
            async with session.get(made.address) as answer:
                assert (answer.status, await answer.text()) == (
                    503,
                    "0 dashboards are open already: close one of them\n",
                )
            async with session.get(f"{made.address}ws") as answer:
                assert answer.status == 503
    finally:
        await made.stop()


@scene
async def test_a_port_that_is_taken_is_named() -> None:
    """What can't be listened on is told with its reason."""
    first = Served(["top"], ANYWHERE, title="actum")
    await first.start()
    try:
        port = int(first.address.rsplit(":", 1)[1].split("/")[0])
        with pytest.raises(click.ClickException, match=f"127.0.0.1:{port} can't be listened on: .*in use"):
            await Served(["top"], Place("127.0.0.1", port), title="actum").start()
    finally:
        await first.stop()
