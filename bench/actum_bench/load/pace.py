"""The clock of a run, and waiting for a moment of it to the microsecond."""

from __future__ import annotations

import asyncio
import time
from typing import Final

#: A loop's timers are good to a millisecond. What is nearer than this is waited for turn by turn, which keeps one core
#: busy and leaves every turn to those who have something to do.
TURNS_NS: Final = 2_000_000


class Pace:
    """Tells the time in nanoseconds, and waits."""

    def now(self) -> int:
        """The time."""
        return time.perf_counter_ns()

    async def until(self, moment: int) -> None:
        """Wait for a moment; the loop has had a turn at least. Cancelling ends the waiting."""
        left = moment - self.now()
        await asyncio.sleep((left - TURNS_NS) / 1e9 if left > TURNS_NS else 0)
        while self.now() < moment:
            await asyncio.sleep(0)
