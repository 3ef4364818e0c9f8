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
#: An engine that takes longer to send its first frame is held by something.
FRAME_SECONDS_MAX = 5.0


def register(command: click.Group) -> None:
    """Add the verb."""
    verb(command, "ps", store=False)(ps)


def ps(call: Call) -> Answer:
    """List the running engines that were opened with monitor=True by this user."""
    del call
    found, silent = asyncio.run(look())
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
    others = "other " if silent else ""
    nothing = f"no {others}engine runs that was opened with monitor=True"
    return Answer({"engines": data}, [made if data else nothing], warnings=silent)


async def look() -> tuple[list[tuple[Path, Hello, Frame]], list[str]]:
    """Each engine, and its first frame; and why others show nothing."""
    from actum.monitor import attach, engines, silent  # noqa: PLC0415  # other verbs don't pay for it

    async def first(path: Path, hello: Hello) -> tuple[Path, Hello, Frame] | None:
        async with asyncio.timeout(FRAME_SECONDS_MAX), await attach(path) as engine:
            async for frame in engine.frames():
                return path, hello, frame
        return None

    live, reasons = await asyncio.gather(engines(), silent())
    found = await asyncio.gather(*(first(*each) for each in live), return_exceptions=True)
    stuck = [
        f"{hello.name} (pid {hello.pid}) sends no frame"
        for (_, hello), each in zip(live, found, strict=True)
        if isinstance(each, TimeoutError)
    ]
    return [each for each in found if isinstance(each, tuple)], [*reasons.values(), *stuck]
