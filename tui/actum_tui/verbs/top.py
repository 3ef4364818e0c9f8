"""`top`: the dashboard."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import actum
import click

from actum_tui.call import Call, verb
from actum_tui.extras import require
from actum_tui.output import Answer

if TYPE_CHECKING:
    from actum_tui.top.source import Source


def register(command: click.Group) -> None:
    """Add the verb."""
    target = click.argument("target", required=False)
    interval = click.option(
        "--interval", type=click.FloatRange(0.5, 60), default=1.0, show_default=True, help="Seconds between frames."
    )
    rw = click.option("--rw", is_flag=True, help="Offer actions, if the engine was opened with admin=True.")
    serve = click.option(
        "--serve", metavar="HOST:PORT", help="In a browser of this machine instead, read-only, at 127.0.0.1:8000 or so."
    )
    served = click.option(
        "--served", is_flag=True, hidden=True, help="What a browser's visitor gets: no terminal here."
    )
    verb(command, "top")(target(interval(rw(serve(served(top))))))


def top(
    call: Call,
    target: str | None,
    interval: float,
    rw: bool,  # noqa: FBT001  # click's way
    serve: str | None,
    served: bool,  # noqa: FBT001
) -> Answer | None:
    """Watch a running engine, a store's directory, or a recording.

    TARGET is an engine's name, process id, socket or store directory, or a recording; without it, the store of
    --store, or the only engine that runs.
    """
    if serve is not None:
        if rw:
            raise click.UsageError("--serve is read-only: --rw is for a terminal")
        in_browser(call, target or call.store, serve, interval=interval)
        return None
    require("textual", extra="tui")
    if not (served or sys.stdout.isatty()):
        raise click.UsageError("top needs a terminal")
    asyncio.run(show(call, target or call.store, interval=interval, rw=rw, served=served))
    return None


def in_browser(call: Call, target: str | None, where: str, *, interval: float) -> None:
    """Serve the dashboard until Ctrl-C or SIGTERM."""
    require("textual", "textual_serve", extra="web-tui")
    from actum_tui.top.served import place, serve  # noqa: PLC0415  # other verbs don't pay for it

    chosen = place(where)

    async def main() -> None:
        source = await source_of(call, target)  # what is wrong with the target is told here, not to each visitor
        await source.close()
        arguments = ["top", *given(call), "--served", "--interval", str(interval), *(("--", target) if target else ())]
        await serve(arguments, chosen, title=f"actum top {source.hello.name}", told=tell)

    def tell(address: str) -> None:
        click.echo(f"the dashboard is at {address}\nwho knows this address sees the data; Ctrl-C ends it")
        sys.stdout.flush()

    actum.run(main())


def given(call: Call) -> list[str]:
    """What was said about the store, to be said again."""
    store = ["--store", call.store] if call.store else []
    application = ["--app", call.app] if call.app else []
    return [*store, *application, *(["--any-file-system"] if call.any_file_system else [])]


async def show(call: Call, target: str | None, *, interval: float, rw: bool, served: bool = False) -> None:
    """Run the dashboard."""
    from actum_tui.top.app import Dashboard  # noqa: PLC0415  # other verbs don't pay for it
    from actum_tui.top.sitting import sit  # noqa: PLC0415

    source = await source_of(call, target)
    try:
        await sit(Dashboard(source, interval=interval, rw=rw), served=served)
    finally:
        await source.close()


async def source_of(call: Call, target: str | None) -> Source:
    """What is meant, opened.

    Raises:
        ActumError: it can't be reached.
    """
    from actum_tui.top.live import LiveSource  # noqa: PLC0415

    del call
    source = LiveSource(target)
    await source.open()
    return source
