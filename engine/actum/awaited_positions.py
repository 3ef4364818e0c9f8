"""Questions that wait until the views show a position: `ask(..., after=position)`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, final

from actum.errors import CommandTimeout, EngineClosed, Invalid, shown

if TYPE_CHECKING:
    from actum.scheduler import Scheduler


@final
class AwaitedPositions:
    """Who waits, and for which position.

    Attributes:
        waiting: each with the future that lets it go on.
    """

    __slots__ = ("_scheduler", "_seconds_max", "waiting")

    def __init__(self, scheduler: Scheduler, seconds_max: float) -> None:
        """Nobody waits.

        Args:
            scheduler: tells what is durable.
            seconds_max: the longest that a question waits.
        """
        self._scheduler = scheduler
        self._seconds_max = seconds_max
        self.waiting: list[tuple[int, asyncio.Future[None]]] = []

    async def wait(self, position: int) -> None:
        """Wait until a position is durable and every view shows it.

        Raises:
            CommandTimeout: it did not come within `ask_after_seconds_max`.
            Invalid: not a position.
            EngineClosed: the engine closed before.
        """
        if type(position) is not int or position < 0:
            raise Invalid(f"after={shown(position)} is not a position: give a receipt's position")
        if position <= self._scheduler.durable:
            return
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((position, asked))
        try:
            await asyncio.wait_for(asked, self._seconds_max)
        except TimeoutError as error:
            raise CommandTimeout(
                f"position {position} did not come within {self._seconds_max} s (ask_after_seconds_max); "
                f"the log is at {self._scheduler.durable}"
            ) from error
        finally:
            self.waiting = [entry for entry in self.waiting if entry[1] is not asked]

    def reach(self) -> None:
        """Let those go on whose position is durable now."""
        durable = self._scheduler.durable
        waiting, self.waiting = self.waiting, []
        for position, asked in waiting:
            if position > durable:
                self.waiting.append((position, asked))
            elif not asked.done():
                asked.set_result(None)

    def close(self) -> None:
        """Nothing comes any more."""
        for _, asked in self.waiting:
            if not asked.done():
                asked.set_exception(EngineClosed("the engine closed before the position came"))
