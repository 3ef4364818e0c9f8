"""One look at any source, without a terminal: `actum top TARGET --once`.

The figures are those of the screen that is named; of a recording they are those of its last moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import click
import msgspec
from actum import ActumError
from actum.monitor import (
    Actors,
    ActorSeen,
    DeadlinesDue,
    DeadlinesRequest,
    Processes,
    ProcessesRequest,
    Wanted,
)

from actum_tui.output import Answer, Listing
from actum_tui.top import figures
from actum_tui.top.condition import condition_of
from actum_tui.top.look import Look
from actum_tui.top.recording import RecordingSource
from actum_tui.top.recording_format import position_of
from actum_tui.top.source import Found, Lost, Past, Unavailable
from actum_tui.top.stored import StoredSource
from actum_tui.top.view_facts import ViewFacts, views_of
from actum_tui.verbs.events import as_data, records_listing
from actum_tui.verbs.looks import NO_ENGINE, Seen
from actum_tui.verbs.overview import overview_of
from actum_tui.verbs.vitals import vitals_of

if TYPE_CHECKING:
    from actum_tui.top.source import Source

EVENTS: Final = 20
#: An engine that shows nothing for so long, beyond the interval, is stuck.
FRAME_SECONDS_MAX: Final = 15.0


async def once(source: Source, screen: str, seconds: float) -> Answer:
    """What a screen shows now.

    Args:
        source: opened.
        screen: one of `SCREENS`.
        seconds: between the two frames that rates are made of.

    Raises:
        click.ClickException: the source shows nothing, or does not have what the screen is about.
        ActumError: it can't be read.
    """
    if isinstance(source, RecordingSource):
        source.player.playing = False
        source.player.go(len(source.player.file) - 1)
    source.watch(Wanted(interval_seconds=seconds, actors=screen == "actors"))
    try:
        async with asyncio.timeout(2 * seconds + FRAME_SECONDS_MAX):
            look = await two_frames(source)
        answer = await SCREENS[screen](source, look)
    except TimeoutError as error:
        raise click.ClickException(f"{source.hello.name} shows nothing: its loop is held by something") from error
    except Unavailable as error:
        raise click.ClickException(str(error)) from error
    facts = {"source": source.kind, "screen": screen, "time_ns": look.now.time_ns}
    return answer._replace(data={**facts, **who(source, look), **dict(answer.data)})  # type: ignore[call-overload]


async def two_frames(source: Source) -> Look:
    """Two frames, one interval apart; of a running engine with what is measured while somebody looks.

    Raises:
        click.ClickException: it is lost before that.
    """
    look: Look | None = None
    async for item in source.frames():
        match item:
            case Lost():
                raise click.ClickException(item.sentence)
            case Found():
                pass
            case Past():
                look = Look(None, item.frames[-1]) if item.frames else None
            case _ if source.kind == "live" and item.vitals is None:
                pass
            case _ if look is not None or source.kind == "recording":
                return Look(None if look is None else look.now, item)
            case _:
                look = Look(None, item)
    raise click.ClickException(f"{source.hello.name} shows nothing")


def who(source: Source, look: Look) -> dict[str, object]:
    """Which source, for programs."""
    hello, store = source.hello, look.now.store
    return {
        "name": hello.name,
        "store": hello.store,
        "pid": hello.pid or None,
        "condition": None if source.kind != "store" or store is None else condition_of(store),
        "position": position_of(look.now),
        "seconds": look.seconds,
    }


async def seen_of(source: Source, look: Look) -> Seen:
    """The same as what the verbs of the first and the last screen are given, with the newest records."""
    head = position_of(look.now)
    try:
        records = await source.journal.records(max(1, head - EVENTS // 2 + 1), head) if head else []
    except ActumError:
        records = []  # the engine has just ended: what was seen is told all the same
    warnings = [NO_ENGINE] if look.now.statistics is None else []
    hello = source.hello
    return Seen(hello.name, hello.store, hello.pid or None, look, records, warnings)


async def overview(source: Source, look: Look) -> Answer:
    """Screen 1."""
    return overview_of(await seen_of(source, look))


async def storage(source: Source, look: Look) -> Answer:
    """Screen 8."""
    return vitals_of(await seen_of(source, look))


async def actors(source: Source, look: Look) -> Answer:
    """Screen 2."""
    del source
    found = look.now.actors
    if found is None:
        raise Unavailable("actors are known of a running engine alone: attach to it, opened with monitor=True")
    columns = ("", "aggregate", "key", "version", "mailbox", "commands", "slowest", "state")
    made = Listing(columns, frozenset(columns[3:7]))
    for name in ("quarantined", "hottest", "deepest", "slowest"):
        for each in actors_of(found, name):
            share, slowest = figures.share(each.share), figures.seconds(each.slowest_seconds or None)
            style = "bold red" if each.state == "quarantined" else ""
            made.add(
                *(name, each.aggregate, each.key, each.version, each.mailbox, share, slowest, each.state), style=style
            )
    return Answer({"actors": msgspec.to_builtins(found)}, [made if made.rows else "no actor stands out"])


def actors_of(found: Actors, name: str) -> tuple[ActorSeen, ...]:
    """Those that stand out in one way."""
    chosen: tuple[ActorSeen, ...] = getattr(found, name)
    return chosen


async def events(source: Source, look: Look) -> Answer:
    """Screen 3: the newest."""
    head = position_of(look.now)
    records = await source.journal.records(max(1, head - EVENTS + 1), head) if head else []
    return Answer({"records": [as_data(each) for each in records]}, [records_listing(records) if records else "none"])


async def views(source: Source, look: Look) -> Answer:
    """Screen 4: the views; their rows are shown by `actum views show`."""
    found = views_of(source.hello, look.now)
    if isinstance(source, StoredSource) and look.now.statistics is None:
        saved = await source.journal.read(lambda store: store.views())
        found = [ViewFacts(view.name, view.rows, view.position, state="as of a checkpoint") for view in saved]
    made = Listing(("view", "rows", "position", "lag", "state", "failure"), frozenset({"rows", "position", "lag"}))
    for each in found:
        made.add(each.name, each.rows, each.position, each.lag, each.state, each.failure)
    data = [each._asdict() for each in found]
    return Answer({"views": [msgspec.to_builtins(each) for each in data]}, [made if found else "no views"])


async def processes(source: Source, look: Look) -> Answer:
    """Screen 5."""
    found = await source.ask(ProcessesRequest())
    due = await source.ask(DeadlinesRequest())
    assert isinstance(found, Processes)
    assert isinstance(due, DeadlinesDue)
    made = Listing(("process", "key", "status", "since", "position", "failure"), frozenset({"since", "position"}))
    for one in found.instances:
        since = figures.seconds(max(0.0, (look.now.time_ns - one.since_ns) / 1e9))
        made.add(one.process, one.key, one.status, since, one.position, one.failure)
    scheduled = Listing(("deadline", "command", "due in", "state", "reason"), frozenset({"due in"}))
    for each in due.deadlines:
        left = (each.due_ns - look.now.time_ns) / 1e9
        wait = f"-{figures.seconds(-left)}" if left < 0 else figures.seconds(left)
        scheduled.add(each.deadline_id, each.command, wait, each.state, each.reason)
    data = {"processes": msgspec.to_builtins(found), "deadlines": msgspec.to_builtins(due)}
    nothing = "nothing is under way", "nothing is scheduled"
    return Answer(data, [made if made.rows else nothing[0], "", scheduled if scheduled.rows else nothing[1]])


#: The screens that need nothing but a source; a trace and a past are asked for by verbs of their own.
SCREENS: Final[dict[str, Callable[[Source, Look], Awaitable[Answer]]]] = {
    "overview": overview,
    "actors": actors,
    "events": events,
    "views": views,
    "processes": processes,
    "storage": storage,
}
