"""`ps`: the engines that run."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import click

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, duration

if TYPE_CHECKING:
    from pathlib import Path

    from actum.monitor import Frame, Hello

SECOND_NS = 1e9


def register(command: click.Group) -> None:
    """Add the verb."""
    verb(command, "ps", store=False)(ps)


def ps(call: Call) -> Answer:
    """List the running engines that were opened with monitor=True by this user."""
    del call
    found = asyncio.run(look())
    made = Listing(
        ("pid", "name", "up", "position", "awake", "pending", "state", "durability", "actions", "store"),
        frozenset({"pid", "position", "awake", "pending"}),
        whole=frozenset({"name"}),
    )
    data: list[dict[str, object]] = []
    for path, hello, frame in found:
        statistics = frame.statistics
        if statistics is None:
            continue
        up = (time.time_ns() - hello.opened_ns) / SECOND_NS
        actions = "allowed" if hello.admin else "no"
        made.add(
            *(str(hello.pid), hello.name, duration(up), statistics.position, statistics.awake, statistics.pending),
            *(statistics.state, hello.durability, actions, hello.store),
        )
        data.append(
            {
                "pid": hello.pid,
                "name": hello.name,
                "up_seconds": up,
                "position": statistics.position,
                "awake": statistics.awake,
                "pending": statistics.pending,
                "state": statistics.state,
                "durability": hello.durability,
                "admin": hello.admin,
                "store": hello.store,
                "socket": str(path),
                "actum": hello.version,
            }
        )
    return Answer({"engines": data}, [made if data else "no engine runs that was opened with monitor=True"])


async def look() -> list[tuple[Path, Hello, Frame]]:
    """Each engine, and its first frame."""
    from actum.monitor import attach, engines  # noqa: PLC0415  # other verbs don't pay for it

    async def first(path: Path, hello: Hello) -> tuple[Path, Hello, Frame] | None:
        async with await attach(path) as engine:
            async for frame in engine.frames():
                return path, hello, frame
        return None

    found = await asyncio.gather(*(first(*each) for each in await engines()), return_exceptions=True)
    return [each for each in found if isinstance(each, tuple)]
