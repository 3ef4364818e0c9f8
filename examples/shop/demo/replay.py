"""Sends the year to the engine, many commands in flight, as a service with many callers would.

A fixed number of workers take the next message as soon as their last one is answered. So commands start in the order of
time and may commit in another order within the window. Every run sends everything, under ids that are the same each
time: what was placed before gives back its first receipt and changes nothing. Nothing needs to be remembered between
runs, and nothing can be forgotten.
"""

import asyncio
from collections.abc import Iterator
from typing import final

from actum import Engine

from examples.shop.demo.dataset import Message
from examples.shop.demo.progress import Progress

#: Commands outstanding at any time.
WINDOW = 512


@final
class Replay:
    """Sends messages and counts the answers.

    Attributes:
        done: commands answered.
        known: of these, how many were in the store before this run.
        event_count: events that the others wrote.
    """

    def __init__(self, engine: Engine, *, opened_position: int) -> None:
        """Send to `engine`, whose log ended at `opened_position` when it was opened."""
        self._engine = engine
        self._opened_position = opened_position
        self.done = 0
        self.known = 0
        self.event_count = 0

    async def send(self, messages: Iterator[Message], progress: Progress) -> None:
        """Send all messages and show how far it is meanwhile.

        Cancelling it abandons the answers that are outstanding; what was accepted takes effect, and the next run finds
        it done.

        Raises:
            ActumError: of the first command that was not accepted; those in flight are abandoned.
        """
        before = self.done
        try:
            async with asyncio.TaskGroup() as workers:
                for number in range(WINDOW):
                    workers.create_task(self._work(messages, progress, before), name=f"worker {number}")
        except ExceptionGroup as group:
            raise group.exceptions[0] from None  # all workers do the same: one failure says it all

    async def _work(self, messages: Iterator[Message], progress: Progress, before: int) -> None:
        """Send one message after the other, until there are none."""
        for command_id, command in messages:
            receipt = await self._engine.send(command, command_id=command_id)
            self.done += 1
            if receipt.position <= self._opened_position:
                self.known += 1
            else:
                self.event_count += len(receipt.events)
            progress.show(self.done - before)
