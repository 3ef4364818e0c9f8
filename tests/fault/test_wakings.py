"""Wakings that fail in every way: whoever waits is told, the engine closes, and a mended handler is used again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import actum
import pytest
from actum import (
    Aggregate,
    Command,
    CommandFailed,
    Engine,
    EngineClosed,
    Event,
    Log,
    MemoryLog,
    Options,
    Quarantined,
    StoreFull,
    decide,
    evolve,
)

from tests.support.logs import FaultyLog
from tests.support.scenes import scene, until

#: What `evolve` raises, while this is not None.
FAULT: list[type[BaseException] | None] = [None]
#: Lets slow decisions go on.
PACE = asyncio.Event()
PACE.set()


class StrangeError(BaseException):
    """Not an `Exception`."""


class Count(Command):
    """One more."""

    key: str


class CountSlowly(Command):
    """One more, at some time."""

    key: str


class Counted(Event):
    """One more."""

    key: str


class Counter(Aggregate, key="key"):
    """Counts, unless it fails."""

    number: int = 0

    @decide
    def count(self, command: Count) -> Counted:
        """Always."""
        return Counted(key=command.key)

    @decide
    async def count_slowly(self, command: CountSlowly) -> Counted:
        """When it may."""
        await PACE.wait()
        return Counted(key=command.key)

    @evolve
    def counted(self, event: Counted) -> None:
        """Fail on demand."""
        del event
        fault = FAULT[0]
        if fault is not None:
            raise fault
        self.number += 1


@pytest.fixture(autouse=True)
def mended() -> Iterator[None]:
    """The handler is mended at the end."""
    yield
    FAULT[0] = None


def counters(log: Log) -> Engine:
    """Streams of more than three events are replayed in slices."""
    options = Options(gc_policy="none", replay_slice_events=3, snapshot_events_max=10**6, close_seconds_max=1.0)
    return Engine.open(log, Counter, options=options)


async def filled(count: int) -> MemoryLog:
    """A log with so many events of one aggregate."""
    log = MemoryLog()
    async with counters(log) as engine:
        for _ in range(count):
            await engine.send(Count(key="a"))
    return log


@pytest.mark.timeout(20)
@pytest.mark.parametrize("fault", [ZeroDivisionError, StrangeError, asyncio.CancelledError])
@pytest.mark.parametrize("count", [1, 3, 4, 50])
def test_a_waking_that_fails(fault: type[BaseException], count: int) -> None:
    """All that wait get the cause, nothing is left pending, and the mended handler counts on."""

    async def main() -> None:
        async with counters(await filled(count)) as engine:
            FAULT[0] = fault
            answers = await asyncio.gather(*[engine.send(Count(key="a")) for _ in range(3)], return_exceptions=True)
            assert [type(answer) for answer in answers] == [CommandFailed] * 3
            assert all(isinstance(answer, CommandFailed) and type(answer.__cause__) is fault for answer in answers)
            assert engine.statistics().pending == 0
            FAULT[0] = None
            assert (await engine.send(Count(key="a"))).version == count + 1
            FAULT[0] = fault

    actum.run(main())


@pytest.mark.timeout(20)
@pytest.mark.parametrize("count", [1, 50])
def test_an_exit_in_a_waking(count: int) -> None:
    """The process ends as it was told; before that the caller is answered and the engine closed."""
    seen: list[object] = []

    async def client(engine: Engine) -> None:
        try:
            await engine.send(Count(key="a"))
        except CommandFailed as error:
            seen.append(type(error.__cause__))

    async def main(log: MemoryLog) -> None:
        async with counters(log) as engine:
            FAULT[0] = SystemExit
            task = asyncio.create_task(client(engine))
            try:
                await asyncio.sleep(10)
            finally:
                await task
                seen.append(engine.statistics().pending)

    log = asyncio.run(filled(count))
    with pytest.raises(SystemExit):
        actum.run(main(log))
    assert seen == [SystemExit, 0]


@scene
async def test_closing_while_one_wakes() -> None:
    """A long waking is ended by the close, whose time is up; the caller is told."""
    log = await filled(300)
    options = Options(gc_policy="none", replay_slice_events=1, close_seconds_max=0)
    async with Engine.open(log, Counter, options=options) as engine:
        sent = asyncio.create_task(engine.send(Count(key="a")))
        await until(lambda: engine.statistics().pending)
    with pytest.raises(EngineClosed, match="before <Actor Counter/a@0 mailbox 1 asleep> was awake"):
        await sent


@scene
async def test_a_loss_is_told_once() -> None:
    """A decision on lost ground whose waking fails too is answered; a later one is not told of that loss."""
    log = FaultyLog(await filled(1))
    async with counters(log) as engine:
        await engine.send(Count(key="a"))
        PACE.clear()
        log.fail(StoreFull("planted"))
        log.hold()
        lost = asyncio.create_task(engine.send(Count(key="a")))
        slow = asyncio.create_task(engine.send(CountSlowly(key="a")))
        await until(log.arrived.is_set)
        log.release()
        with pytest.raises(StoreFull):
            await lost
        FAULT[0] = ZeroDivisionError
        PACE.set()
        with pytest.raises(CommandFailed):
            await slow
        FAULT[0] = None
        assert (await engine.send(Count(key="a"))).version == 3
        assert (await engine.send(CountSlowly(key="a"))).version == 4


def test_quarantine_is_still_there() -> None:
    """Wakings that fail again and again end in it."""

    async def main() -> None:
        async with counters(await filled(1)) as engine:
            FAULT[0] = StrangeError
            for _ in range(3):
                with pytest.raises(CommandFailed):
                    await engine.send(Count(key="a"))
            with pytest.raises(Quarantined):
                await engine.send(Count(key="a"))

    actum.run(main())
