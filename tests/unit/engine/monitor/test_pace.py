"""How work for onlookers shares the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from actum.monitor.pace import ONCE_SHARE, SLICE_NS, SLICE_STEPS_MAX, Crowd, Pace

from tests.support.clocks import FakeClock
from tests.support.scenes import scene


class Slept:
    """Stands for `asyncio.sleep`: notes how long, and lets a fake clock go on; others take their time meanwhile."""

    def __init__(self, clock: FakeClock, others_seconds: float = 0.0) -> None:
        """Others take so long in each turn."""
        self.seconds: list[float] = []
        self._clock = clock
        self._others_seconds = others_seconds

    async def __call__(self, seconds: float) -> None:
        """Sleep."""
        self.seconds.append(seconds)
        self._clock.advance(seconds or self._others_seconds)


def steps(count: int, clock: FakeClock, seconds: float) -> Iterator[None]:
    """Steps that take so long each."""
    for _ in range(count):
        clock.advance(seconds)
        yield


@pytest.fixture
def clock() -> FakeClock:
    """A clock of one's own."""
    return FakeClock()


def slept(monkeypatch: pytest.MonkeyPatch, clock: FakeClock, others_seconds: float = 0.0) -> list[float]:
    """How long is slept, from now on."""
    sleep = Slept(clock, others_seconds)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return sleep.seconds


def test_an_idle_loop_is_used(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    """Each slice ends after its time, and the next begins in the next turn."""
    seconds = slept(monkeypatch, clock)
    pace = Pace(clock, Crowd())

    asyncio.run(pace.walk(steps(10, clock, SLICE_NS / 2e9)))

    assert seconds == [0] * 5
    assert pace.finish() == pytest.approx(5 * SLICE_NS, abs=10)


def test_a_busy_loop_gets_most_of_the_time(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    """Nine tenths, what the others have taken already counted."""
    slice_seconds = SLICE_NS / 1e9
    seconds = slept(monkeypatch, clock, slice_seconds)
    pace = Pace(clock, Crowd())

    asyncio.run(pace.walk(steps(4, clock, slice_seconds)))

    rest = slice_seconds * (ONCE_SHARE - 2)
    assert seconds == [0, pytest.approx(rest, abs=1e-8)] * 4
    assert pace.finish() == pytest.approx(4 * SLICE_NS, abs=10)


def test_a_crowd_shares(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    """Two take no more than one alone; who has finished does not count."""
    slice_seconds = SLICE_NS / 1e9
    seconds = slept(monkeypatch, clock, slice_seconds)
    crowd = Crowd()
    pace, other = Pace(clock, crowd), Pace(clock, crowd)

    asyncio.run(pace.walk(steps(1, clock, slice_seconds)))
    other.finish()
    asyncio.run(pace.walk(steps(1, clock, slice_seconds)))

    assert seconds[1] == pytest.approx(slice_seconds * (2 * ONCE_SHARE - 2), abs=1e-8)
    assert seconds[3] == pytest.approx(slice_seconds * (ONCE_SHARE - 2), abs=1e-8)
    pace.finish()
    assert crowd.count == 0


def test_a_clock_that_stands_still(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    """Slices end by the number of their steps."""
    seconds = slept(monkeypatch, clock)

    asyncio.run(Pace(clock, Crowd()).walk(steps(3 * SLICE_STEPS_MAX, clock, 0)))

    assert seconds == [0, 0, 0]


@scene
async def test_cancelling() -> None:
    """What has not been done is left undone."""
    done: list[Any] = []

    def endless() -> Iterator[None]:
        while True:
            done.append(None)
            yield

    walking = asyncio.create_task(Pace(FakeClock(), Crowd()).walk(endless()))
    await asyncio.sleep(0)
    assert len(done) == SLICE_STEPS_MAX
    walking.cancel()
    await asyncio.gather(walking, return_exceptions=True)
    assert len(done) <= 2 * SLICE_STEPS_MAX
