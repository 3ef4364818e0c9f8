"""`top`: the dashboard."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import actum
import click

from actum_tui.call import Call, verb
from actum_tui.extras import require
from actum_tui.numbers import NumberRange
from actum_tui.output import Answer
from actum_tui.safe_text import safe_text

if TYPE_CHECKING:
    from actum_tui.top.app import Dashboard
    from actum_tui.top.recorder import Recorder
    from actum_tui.top.source import Source

#: What `--once` can show.
SCREENS = ("overview", "actors", "events", "views", "processes", "storage")


def register(command: click.Group) -> None:
    """Add the verb."""
    target = click.argument("target", required=False)
    interval = click.option(
        "--interval", type=NumberRange(0.5, 60), default=1.0, show_default=True, help="Seconds between frames."
    )
    rw = click.option("--rw", is_flag=True, help="Offer actions, if the engine was opened with admin=True.")
    serve = click.option(
        "--serve", metavar="HOST:PORT", help="In a browser of this machine instead, read-only, at 127.0.0.1:8000 or so."
    )
    served = click.option(
        "--served", is_flag=True, hidden=True, help="What a browser's visitor gets: no terminal here."
    )
    record = click.option("--record", metavar="FILE", help="Write all that is seen to a new file, to be played again.")
    once = click.option("--once", is_flag=True, help="One look, without a terminal; with --json for programs.")
    screen = click.option(
        "--screen", type=click.Choice(SCREENS), default="overview", show_default=True, help="Of --once: which one."
    )
    verb(command, "top")(target(interval(rw(record(once(screen(serve(served(top)))))))))


def top(  # noqa: PLR0913, PLR0917  # each of them is an option
    call: Call,
    target: str | None,
    interval: float,
    rw: bool,  # noqa: FBT001  # click's way
    record: str | None,
    once: bool,  # noqa: FBT001
    screen: str,
    serve: str | None,
    served: bool,  # noqa: FBT001
) -> Answer | None:
    """Watch a running engine, a store's directory, or a recording.

    TARGET is an engine's name, process id, socket or store directory, or a recording; without it, the store of
    --store, or the only engine that runs.
    """
    if once:
        if rw or record or serve is not None:
            raise click.UsageError("--once is one look: --rw, --record and --serve are for a dashboard that stays")
        return asyncio.run(look_once(call, target or call.store, screen, interval))
    if call.json:
        raise click.UsageError("--json goes with --once: the dashboard is for people")
    if serve is not None:
        if rw or record:
            raise click.UsageError("--serve is read-only, and records nothing: --rw and --record are for a terminal")
        in_browser(call, target or call.store, serve, interval=interval)
        return None
    require("textual", extra="tui")
    if not (served or sys.stdout.isatty()):
        raise click.UsageError("top needs a terminal: without one there is --once, with --json for programs")
    asyncio.run(show(call, target or call.store, interval=interval, rw=rw, record=record, served=served))
    return None


async def look_once(call: Call, target: str | None, screen: str, interval: float) -> Answer:
    """One look."""
    from actum_tui.top.once import once  # noqa: PLC0415  # other verbs don't pay for it

    source = await source_of(call, target)
    try:
        return await once(source, screen, interval)
    finally:
        await source.close()


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


async def show(
    call: Call, target: str | None, *, interval: float, rw: bool, record: str | None = None, served: bool = False
) -> None:
    """Run the dashboard."""
    from actum_tui.top.sitting import sit  # noqa: PLC0415  # other verbs don't pay for it

    source = await source_of(call, target)
    try:
        dashboard, recorder = dashboard_of(source, interval=interval, rw=rw, record=record)
        try:
            await sit(dashboard, served=served)
        finally:
            if recorder is not None:
                recorder.close()
                call.warnings += [] if recorder.stopped is None else [recorder.stopped]
    finally:
        await source.close()


def dashboard_of(source: Source, *, interval: float, rw: bool, record: str | None) -> tuple[Dashboard, Recorder | None]:
    """The dashboard on a source, and what records it.

    Raises:
        click.ClickException: the file can't be recorded to.
    """
    from actum_tui.top.app import Dashboard  # noqa: PLC0415  # other verbs don't pay for it
    from actum_tui.top.recorded import RecordedSource  # noqa: PLC0415
    from actum_tui.top.recorder import Recorder  # noqa: PLC0415
    from actum_tui.top.recording import RecordingSource  # noqa: PLC0415
    from actum_tui.top.replay import Replay  # noqa: PLC0415

    if isinstance(source, RecordingSource):
        if record is not None:
            raise click.UsageError("a recording is not recorded: copy the file")
        return Replay(source), None
    if record is None:
        return Dashboard(source, interval=interval, rw=rw), None
    recorder = Recorder(Path(record))
    recorded = RecordedSource(source, recorder)
    dashboard = Dashboard(recorded, interval=interval, rw=rw)
    recorded.tell = lambda sentence: dashboard.notify(safe_text(sentence), severity="warning", markup=False, timeout=30)
    return dashboard, recorder


async def source_of(call: Call, target: str | None) -> Source:
    """What is meant, opened.

    Raises:
        ActumError: it can't be reached.
    """
    from actum_tui.top import targets  # noqa: PLC0415

    return await targets.source_of(call, target)
