"""`top`: the dashboard."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

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
    verb(command, "top")(target(interval(rw(top))))


def top(call: Call, target: str | None, interval: float, rw: bool) -> Answer | None:  # noqa: FBT001  # click's way
    """Watch a running engine, a store's directory, or a recording.

    TARGET is an engine's name, process id, socket or store directory, or a recording; without it, the store of
    --store, or the only engine that runs.
    """
    require("textual", extra="tui")
    if not sys.stdout.isatty():
        raise click.UsageError("top needs a terminal")
    asyncio.run(show(call, target or call.store, interval=interval, rw=rw))
    return None


async def show(call: Call, target: str | None, *, interval: float, rw: bool) -> None:
    """Run the dashboard."""
    from actum_tui.top.app import Dashboard  # noqa: PLC0415  # other verbs don't pay for it

    source = await source_of(call, target)
    try:
        await Dashboard(source, interval=interval, rw=rw).run_async()
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
