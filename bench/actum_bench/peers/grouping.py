"""Group commit by hand: all commands that came in one turn of the loop are decided, kept at once, shown and answered.

This is what a programmer writes who has understood that an fsync costs the same for one event and for a thousand. The
commit blocks the loop, which is the fastest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from actum_bench.peers.ledger import Ledger


class Kept(NamedTuple):
    """An event on its way to the disk.

    Attributes:
        position: of all events.
        account_id: whose.
        version: of the account.
        amount: what came in.
    """

    position: int
    account_id: str
    version: int
    amount: int


class Grouping:
    """Commands waiting for their commit."""

    def __init__(self, keep: Callable[[Sequence[Kept]], None]) -> None:
        """Nothing yet.

        Args:
            keep: has events on the disk when it returns.
        """
        self.ledger = Ledger()
        self.position = 0
        self._keep = keep
        self._loop = asyncio.get_running_loop()
        self._versions: dict[str, int] = {}
        self._waiting: list[tuple[str, int, asyncio.Future[int]]] = []

    def send(self, account_id: str, amount: int) -> asyncio.Future[int]:
        """Put a deposit into the next commit; the future of its position."""
        reply = self._loop.create_future()
        if not self._waiting:
            self._loop.call_soon(self._turn)
        self._waiting.append((account_id, amount, reply))
        return reply

    def _turn(self) -> None:
        """Decide, keep, show, answer."""
        waiting, self._waiting = self._waiting, []
        events: list[Kept] = []
        answers: list[tuple[asyncio.Future[int], int]] = []
        for account_id, amount, reply in waiting:
            if amount <= 0:
                reply.set_exception(ValueError("amount must be positive"))
                continue
            self.position += 1
            version = self._versions[account_id] = self._versions.get(account_id, 0) + 1
            events.append(Kept(self.position, account_id, version, amount))
            answers.append((reply, self.position))
        self._keep(events)
        for event in events:
            self.ledger.deposited(event.account_id, event.amount)
        for reply, position in answers:
            if not reply.done():
                reply.set_result(position)
