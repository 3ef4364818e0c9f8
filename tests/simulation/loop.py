"""An event loop on virtual time: when nothing is ready, time jumps to the next timer. No thread, no file, no sleep."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class StandstillError(Exception):
    """Nothing is ready and no timer runs: everybody waits for ever."""


class VirtualSelector(selectors.SelectSelector):
    """Instead of waiting it lets time pass."""

    def __init__(self) -> None:
        """It is 0 o'clock."""
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Nothing ever comes from outside."""
        if timeout is None:
            raise StandstillError
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Seconds since the loop began; callbacks in the order that asyncio promises."""

    def __init__(self) -> None:
        """Stopped at 0."""
        self.virtual = VirtualSelector()
        super().__init__(self.virtual)

    def time(self) -> float:
        """Virtual seconds."""
        return self.virtual.now

    def abandon(self) -> None:
        """End as a crash does: what is pending is forgotten, without complaint."""
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        self.set_exception_handler(lambda _loop, _context: None)
        self.close()
