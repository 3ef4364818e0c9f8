"""`run`: an engine in a process of its own, with the dashboard on it if that is wanted."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine
from typing import IO, Any, cast

import actum
import click

from actum_tui.application import attribute
from actum_tui.call import Call, verb
from actum_tui.extras import require
from actum_tui.safe_text import safe_lines

#: How often it is looked whether the child's engine is open.
LOOK_SECONDS = 0.1
#: How long the child may take to close its engine.
CLOSE_SECONDS_MAX = 60.0
#: Lines of what the child has printed that are shown when it failed.
LINES_MAX = 20


def register(command: click.Group) -> None:
    """Add the verb."""
    what = click.argument("what", metavar="MODULE:ATTRIBUTE")
    dashboard = click.option("--top", "dashboard", is_flag=True, help="In a child process, with the dashboard on it.")
    rw = click.option("--rw", is_flag=True, help="With --top: offer actions.")
    verb(command, "run", store=False)(what(dashboard(rw(run))))


def run(call: Call, what: str, dashboard: bool, rw: bool) -> None:  # noqa: FBT001  # click's way
    """Run an engine, or a program that has one, until Ctrl-C or SIGTERM.

    MODULE:ATTRIBUTE is an engine that is not open yet (`engine = Engine.open(...)`), or an async function.
    """
    del call
    if not dashboard:
        actum.run(alone(what, admin=rw))
        return
    require("textual", extra="tui")
    if not sys.stdout.isatty():
        raise click.UsageError("--top needs a terminal: run it without --top, and look with actum top from another one")
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
        below(what, printed, rw=rw)


async def alone(what: str, *, admin: bool) -> None:
    """The engine, open until somebody ends this; or the program."""
    found = attribute(what)
    if isinstance(found, actum.Engine):
        async with found as engine:
            await engine.monitor(admin=admin)
            await asyncio.get_running_loop().create_future()
    elif inspect.iscoroutinefunction(found):
        await cast("Callable[[], Coroutine[Any, Any, None]]", found)()
    else:
        raise click.UsageError(f"{what} is neither an engine that is not open yet nor an async function")


def below(what: str, printed: IO[str], *, rw: bool) -> None:
    """The same in a child, the dashboard here; when this ends, so does the child."""
    command = [sys.executable, "-c", "from actum_tui import main; main()", "run", what, *(["--rw"] if rw else [])]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed)  # noqa: S603  # ourselves
    try:
        asyncio.run(watch(child, rw=rw))
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    try:
        code = child.wait(CLOSE_SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise click.ClickException(
            f"the engine's process {child.pid} is still closing after {CLOSE_SECONDS_MAX:g} s: it ends by itself"
        ) from error
    if code not in (0, 128 + signal.SIGTERM, -signal.SIGTERM):
        printed.seek(0)
        said = "\n".join(printed.read().splitlines()[-LINES_MAX:])
        raise click.ClickException(
            f"the engine's process ended with {code}; the last that it said:\n{safe_lines(said)}"
        )


async def watch(child: subprocess.Popen[bytes], *, rw: bool) -> None:
    """Wait for the child's engine, then show it."""
    from actum.monitor import Detached, NoEngine, attach  # noqa: PLC0415  # other verbs don't pay for it

    from actum_tui.top.app import Dashboard  # noqa: PLC0415
    from actum_tui.top.live import LiveSource  # noqa: PLC0415
    from actum_tui.top.sitting import sit  # noqa: PLC0415

    while child.poll() is None:
        try:
            found = await attach(child.pid)
        except (NoEngine, Detached):
            await asyncio.sleep(LOOK_SECONDS)
            continue
        await found.close()
        source = LiveSource(os.fspath(found.path))
        await source.open()
        try:
            await sit(Dashboard(source, rw=rw))
        finally:
            await source.close()
        return
