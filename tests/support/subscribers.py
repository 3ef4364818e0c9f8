"""Subscriptions of the bank for the tests: they write down what they see, fail when told to, wait when told to."""

from __future__ import annotations

import asyncio
from collections import Counter

from actum import Record, Subscription, handle

from tests.support.bank import Deposited, Withdrawn


class Journal:
    """What subscriptions have seen.

    Attributes:
        seen: the positions, in the order in which they came.
        amounts: of the deposits among them.
        faults: how often the event at a position still fails; -1 for always.
        tried: how often each position was tried.
        free: cleared to hold everyone who comes.
        arrived: positions that stand there, or have passed.
    """

    def __init__(self) -> None:
        """Nothing seen."""
        self.seen: list[int] = []
        self.amounts: list[int] = []
        self.faults: dict[int, int] = {}
        self.tried: Counter[int] = Counter()
        self.arrived: list[int] = []
        self.free = asyncio.Event()
        self.free.set()

    async def write(self, position: int, amount: int = 0) -> None:
        """One event."""
        self.tried[position] += 1
        self.arrived.append(position)
        await self.free.wait()
        left = self.faults.get(position, 0)
        if left:
            self.faults[position] = left - 1
            raise ValueError(f"position {position} is unwelcome")
        self.seen.append(position)
        self.amounts.append(amount)


class Watcher(Subscription, name="watcher", retry_seconds_min=0.001, retry_seconds_max=0.01, retry_max=2):
    """Sees deposits and withdrawals."""

    @handle
    async def deposited(self, event: Deposited, record: Record, journal: Journal) -> None:
        """With the record."""
        await journal.write(record.position, event.amount)

    @handle
    async def withdrawn(self, event: Withdrawn, journal: Journal, record: Record) -> None:
        """In another order."""
        await journal.write(record.position)


class Stopper(Watcher, name="stopper", on_failure="stop", retry_max=1, retry_seconds_min=0.001):
    """The same, but it stops at what it can't handle."""


class Small(Watcher, name="small", batch_max=2, retry_seconds_min=0.001):
    """The same in small batches."""
