"""A bell: rung before or while somebody waits, once."""

from __future__ import annotations

import asyncio

from actum.subscriptions.bell import Bell

from tests.support.scenes import scene, turns


@scene
async def test_it_rings_once() -> None:
    """A ring wakes who waits, or the next one who does; silence ends after the time that was given."""
    bell = Bell()
    assert not await bell.wait(0.001)
    bell.ring()
    bell.ring()
    assert await bell.wait()
    assert not await bell.wait(0.001)
    waiting = asyncio.create_task(bell.wait(), name="waiting")
    await turns(3)
    bell.ring()
    assert await waiting


@scene
async def test_a_ring_survives_cancellation() -> None:
    """Who is cancelled while it rings leaves the ring to the next one."""
    bell = Bell()
    waiting = asyncio.create_task(bell.wait(60), name="waiting")
    await turns(3)
    bell.ring()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert await bell.wait(0.001)
