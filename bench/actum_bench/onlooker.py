"""An onlooker: a process that attaches to an engine and leaves it, as it is told, and takes what the engine shows.

It stands for the dashboard without its screen: what it does with a frame costs another core than the engine's. Orders
come as lines of JSON on its standard input; each is answered by a line when it is done. It ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import final

import actum
import msgspec
from actum.monitor import Attached, RowsRequest, Wanted, attach


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Attach to an engine; or leave it, if none is named.

    Attributes:
        target: its process, or its socket.
        actors: whether the actors that stand out are wanted.
        rows: a view of which a page of rows is wanted.
        order: the field by which they are ordered.
    """

    target: int | str | None = None
    actors: bool = False
    rows: str | None = None
    order: str | None = None

    @property
    def watch(self) -> Wanted:
        """What is wanted, once a second."""
        rows = None if self.rows is None else RowsRequest(view=self.rows, order=self.order, descending=True)
        return Wanted(actors=self.actors, rows=rows)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What frames have shown since attaching.

    Attributes:
        frames: so many.
        vitals: frames with what is measured only meanwhile.
        actors: frames with actors that stand out.
        rows: frames with a page of rows.
        socket: of the engine.
    """

    frames: int = 0
    vitals: int = 0
    actors: int = 0
    rows: int = 0
    socket: str = ""


@final
class Onlooker:
    """The process, from outside.

    Attributes:
        target: the engine.
    """

    def __init__(self, process: Process, target: int | str) -> None:
        """Use `onlooker`."""
        self._process = process
        self.target = target

    async def come(self, *, actors: bool = False, rows: str | None = None, order: str | None = None) -> None:
        """Attach, and see the first frame."""
        seen = await self._carry_out(Order(target=self.target, actors=actors, rows=rows, order=order))
        self.target = seen.socket  # who has been there finds it at once

    async def go(self) -> Seen:
        """Leave."""
        return await self._carry_out(Order())

    async def _carry_out(self, order: Order) -> Seen:
        """Have an order carried out."""
        assert self._process.stdin is not None, "it has a pipe"
        assert self._process.stdout is not None, "it has a pipe"
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise ConnectionError("the onlooker is gone: see what it has said")
        return msgspec.json.decode(line, type=Seen)


@asynccontextmanager
async def onlooker(target: int | str) -> AsyncGenerator[Onlooker]:
    """A process that may attach to an engine; it is gone at the end."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE)
    try:
        yield Onlooker(process, target)
    finally:
        assert process.stdin is not None, "it has a pipe"
        process.stdin.close()
        await process.wait()


async def main() -> None:
    """Be one, until no more orders can come."""
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin.buffer)
    decode = msgspec.json.Decoder(Order).decode
    client: Attached | None = None
    counting: asyncio.Task[None] | None = None
    counts: dict[str, int] = {}
    while line := await orders.readline():
        order = decode(line)
        if client is not None and counting is not None:
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)
            await client.close()
            client = None
        if order.target is None:
            answer(msgspec.convert(counts, Seen))
            continue
        client = await attach(order.target)
        client.watch(order.watch)
        first = asyncio.Event()
        counts = dict.fromkeys(("frames", "vitals", "actors", "rows"), 0)
        counting = asyncio.create_task(count(client, order, counts, first), name="onlooker")
        await first.wait()
        answer(Seen(socket=str(client.path)))


async def count(client: Attached, order: Order, counts: dict[str, int], first: asyncio.Event) -> None:
    """Count what frames show, until the engine ends; the first is one that has what is wanted."""
    async for frame in client.frames():
        counts["frames"] += 1
        if frame.rows_failure is not None:
            raise SystemExit(f"the engine shows no rows of {order.rows}: {frame.rows_failure}")
        for name in ("vitals", "actors", "rows"):
            counts[name] += getattr(frame, name) is not None
        if (frame.actors is not None) == order.actors and (frame.rows is not None) == (order.rows is not None):
            first.set()


def answer(seen: Seen) -> None:
    """Say that an order is carried out."""
    sys.stdout.buffer.write(msgspec.json.encode(seen) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    actum.run(main())
