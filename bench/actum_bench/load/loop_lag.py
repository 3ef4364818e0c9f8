"""How late the loop is: a timer that asks to be woken again and again, and notes by how much that is missed."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

#: Between two looks.
PROBE_SECONDS = 0.005


@asynccontextmanager
async def loop_lag() -> AsyncGenerator[array[int], None]:
    """Gather, in nanoseconds, how late timers are; to a millisecond, which is what a loop's timers are good to."""
    lags = array("q")
    task = asyncio.create_task(probe(lags), name="probe of the loop")
    try:
        yield lags
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def probe(lags: array[int]) -> None:
    """Sleep, and note how much longer that took, until cancelled."""
    while True:
        due = time.perf_counter_ns() + int(PROBE_SECONDS * 1e9)
        await asyncio.sleep(PROBE_SECONDS)
        lags.append(max(0, time.perf_counter_ns() - due))
