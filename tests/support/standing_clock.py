"""A run of the load benchmark on a clock that moves only when it is told to, and a server that stands still once."""

from __future__ import annotations

import asyncio
from array import array
from typing import Any

from actum import ActumError, Command, Query, Receipt
from actum_bench.load.pace import Pace

SERVICE_NS = 1_000


class StandingPace(Pace):
    """Time passes only by waiting for it."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        """The time."""
        return self.time

    async def until(self, moment: int) -> None:
        """It is that time now."""
        await asyncio.sleep(0)
        self.time = max(self.time, moment)


class StallingServer:
    """Takes a microsecond for everything, but for one request, during which everything stands still."""

    def __init__(self, pace: StandingPace, *, stall_at: int = -1, stall_ns: int = 0, refuse_at: int = -1) -> None:
        self.requests = 0
        self._pace = pace
        self._stall_at = stall_at
        self._stall_ns = stall_ns
        self._refuse_at = refuse_at

    async def send(self, command: Command, /) -> Receipt:
        """Answer a command."""
        self._serve()
        return Receipt(bytes(16), str(command), 1, self.requests, ())

    async def ask(self, query: Query[Any], /) -> Any:
        """Answer a query."""
        self._serve()
        return query

    def _serve(self) -> None:
        self.requests += 1
        if self.requests == self._refuse_at:
            raise ActumError("not this one")
        self._pace.time += self._stall_ns if self.requests == self._stall_at else SERVICE_NS


def every_millisecond(count: int) -> array[int]:
    """A schedule of 1,000/s."""
    return array("q", (number * 1_000_000 for number in range(count)))
