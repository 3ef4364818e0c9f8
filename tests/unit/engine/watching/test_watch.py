"""A watch as its reader sees it: waiting, leaving, and being left."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import pytest
from actum import Invalid
from actum.watching.watch import Watch, Watcher

from tests.support.scenes import scene, turns


class Letters:
    """A buffer of what a test puts in."""

    def __init__(self, *letters: str | Exception) -> None:
        self.waiting: deque[str | Exception] = deque(letters)

    def told(self, position: int, changes: Any) -> None:
        """Nobody tells it."""

    def renewed(self) -> None:
        """Nobody renews it."""

    def take(self) -> str | None:
        """The next."""
        letter = self.waiting.popleft() if self.waiting else None
        if isinstance(letter, Exception):
            raise letter
        return letter


def watched(*letters: str | Exception) -> tuple[Watch[str], Watcher[str], Letters, list[Any]]:
    """A watch, its other end, what waits, and who has left."""
    left: list[Any] = []
    buffer = Letters(*letters)
    watcher = Watcher(buffer, left.append)
    return Watch(watcher), watcher, buffer, left


@scene
async def test_waiting() -> None:
    """What waits is given at once, the rest when it comes; in the end the loop ends."""
    watch, watcher, buffer, left = watched("a", "b")
    read: list[str] = []

    async def reader() -> None:
        async for letter in watch:
            read.append(letter)  # noqa: PERF401  # one by one, so that it is seen when each comes

    reading = asyncio.create_task(reader())
    await turns()
    assert read == ["a", "b"]
    buffer.waiting += ["c", "d"]
    watcher.wake()
    watcher.wake()
    await turns()
    assert read == ["a", "b", "c", "d"]
    assert not left
    buffer.waiting += ["e"]
    watcher.end()
    await reading
    assert read == ["a", "b", "c", "d", "e"]
    assert left == [watcher]
    assert [letter async for letter in watch] == []


@scene
async def test_leaving_the_loop() -> None:
    """Whoever breaks out of it has left."""
    watch, _, _, left = watched("a", "b")

    async def first(letters: Watch[str]) -> str:
        async for letter in letters:
            return letter
        raise AssertionError

    assert await first(watch) == "a"
    assert not left
    del watch
    assert len(left) == 1


@scene
async def test_closing() -> None:
    """Whoever waits is told that there are no more; again is nothing."""
    watch, _, buffer, left = watched()
    waiting = asyncio.create_task(anext(watch, "none"))
    await turns()
    await watch.aclose()
    assert await waiting == "none"
    buffer.waiting += ["a"]
    await watch.aclose()
    assert [letter async for letter in watch] == []
    assert len(left) == 1
    async with watched("a")[0] as other:
        assert await anext(other) == "a"
    assert [letter async for letter in other] == []


@scene
async def test_cancelling() -> None:
    """It ends the waiting and loses nothing, also when the change came in the same turn."""
    watch, watcher, buffer, left = watched()
    waiting = asyncio.create_task(anext(watch))
    await turns()
    buffer.waiting += ["a"]
    watcher.wake()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert not left
    assert await anext(watch) == "a"


@scene
async def test_an_error() -> None:
    """It is raised once, and the watch has ended."""
    watch, _, _, left = watched("a", ValueError("b"), "c")
    assert await anext(watch) == "a"
    with pytest.raises(ValueError, match="b"):
        await anext(watch)
    assert len(left) == 1
    assert [letter async for letter in watch] == []


@scene
async def test_two_readers() -> None:
    """The second is refused; the first goes on."""
    watch, watcher, buffer, _ = watched()
    waiting = asyncio.create_task(anext(watch))
    await turns()
    with pytest.raises(Invalid, match="one task at a time"):
        await anext(watch)
    buffer.waiting += ["a"]
    watcher.wake()
    assert await waiting == "a"
