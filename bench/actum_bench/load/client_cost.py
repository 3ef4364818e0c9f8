"""What the clients themselves cost: the same loop, plan and bookkeeping, with a server that answers at once."""

from __future__ import annotations

from array import array
from copy import deepcopy
from typing import Any

from actum import Command, Query, Receipt

from actum_bench.load.client import Client
from actum_bench.load.closed_loop import closed_loop
from actum_bench.load.open_loop import open_loop
from actum_bench.load.pace import Pace
from actum_bench.load.plan import Plan
from actum_bench.load.subject import Subject

OPERATIONS = 2_000
CLOSED_SECONDS = 0.02


class Instant:
    """Answers everything at once and does nothing."""

    def __init__(self, receipt: Receipt) -> None:
        self._receipt = receipt

    async def send(self, command: Command, /) -> Receipt:  # noqa: ARG002  # as an engine's
        """A receipt for whatever it is."""
        return self._receipt

    async def ask(self, query: Query[Any], /) -> bool:  # noqa: ARG002  # as an engine's
        """An answer to whatever it is."""
        return True


async def client_cost(subject: Subject, receipt: Receipt, plan: Plan, clients: int | None) -> float:
    """Seconds of one operation that are not the engine's.

    Args:
        subject: as it is after the run; it is not changed.
        receipt: of one of its commands.
        plan: what is sent.
        clients: of a closed loop; None for an open one.
    """
    part = Plan(plan.commands[:OPERATIONS], plan.numbers[:OPERATIONS])
    client = Client(Instant(receipt), deepcopy(subject), part, Pace())
    if clients is not None:
        recording = await closed_loop(client, clients=clients, seconds=CLOSED_SECONDS)
    else:
        recording = await open_loop(client, array("q", bytes(8 * len(part))))
    return recording.seconds / recording.planned if recording.planned else 0.0
