"""Wakes the one task that waits, now or when it next waits; without a task or a lock of its own."""

from __future__ import annotations

import asyncio
from typing import final


@final
class Bell:
    """Rung by anyone in the loop, waited for by one."""

    __slots__ = ("_loop", "_rung", "_waiter")

    def __init__(self) -> None:
        """Silent."""
        self._loop = asyncio.get_running_loop()
        self._rung = False
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake who waits; nobody: the next wait ends at once."""
        self._rung = True
        self._wake()

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait until it rings, or so long; whether it rang. Cancelling ends the waiting, a ring is kept."""
        if not self._rung:
            self._waiter = self._loop.create_future()
            timer = None if seconds is None else self._loop.call_later(seconds, self._wake)
            try:
                await self._waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        rung, self._rung = self._rung, False
        return rung

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
