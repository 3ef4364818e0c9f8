"""How an asynchronous decision ends that raises a group of errors, or that does not end at all."""

from __future__ import annotations

import asyncio

import actum
import pytest
from actum import Aggregate, Command, Engine, EngineClosed, MemoryLog, Options, Rejected, decide
from actum.errors import first_of


class Hold(Command):
    """Hold on."""

    name: str


class Gates:
    """What the decision waits for."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()


class Holder(Aggregate, key="name"):
    """Its decision can't be cancelled."""

    @decide
    async def hold(self, command: Hold, gates: Gates) -> None:
        """Wait, whatever is said."""
        gates.reached.set()
        while not gates.opened.is_set():
            try:
                await gates.opened.wait()
            except asyncio.CancelledError:
                continue


def test_a_group_of_rejections_is_its_first() -> None:
    """Also inside another group; a group with anything else in it, and any other error, stays."""
    first, second, other = Rejected("first"), Rejected("second"), ValueError()
    mixed = ExceptionGroup("mixed", [first, other])

    assert first_of(ExceptionGroup("all", [ExceptionGroup("inner", [first]), second])) is first
    assert first_of(mixed) is mixed
    assert first_of(other) is other


def test_closing_leaves_behind_what_does_not_end() -> None:
    """Its caller is told that the engine closed, and so are those that wait behind it; what it comes to is dropped."""

    async def main() -> None:
        gates = Gates()
        options = Options(close_seconds_max=0, gc_policy="none")
        log = MemoryLog()
        async with Engine.open(log, Holder, services=[gates], options=options) as engine:
            held = [asyncio.create_task(engine.send(Hold(name="a"))) for _ in range(3)]
            many = asyncio.create_task(engine.send_many([Hold(name="a"), Hold(name="a")]))
            await gates.reached.wait()
            await asyncio.sleep(0)
        for task in held:
            with pytest.raises(EngineClosed, match="did not end when it was cancelled"):
                await task
        assert [type(answer) for answer in await many] == [EngineClosed, EngineClosed]
        assert engine.statistics().pending == 0
        gates.opened.set()
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)
        assert engine.statistics().pending == 0

    actum.run(main())
