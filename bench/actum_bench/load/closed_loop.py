"""The closed loop: each client sends its next operation when its last one is answered, which hides waiting."""

from __future__ import annotations

import asyncio
from itertools import count

from actum_bench.load.client import Client
from actum_bench.load.recording import Recording
from actum_bench.load.schedule import NANOSECONDS


async def closed_loop(client: Client, *, clients: int, seconds: float) -> Recording:
    """Let clients send as fast as they are answered.

    After a query, which is answered at once, the loop gets a turn, so that one client does not keep the others waiting.
    Cancelling abandons the answers that are outstanding.

    Args:
        client: whose plan all of them share, and begin again when it ends.
        clients: how many.
        seconds: nothing is sent after this.
    """
    recording, pace, length = client.recording, client.pace, len(client.plan)
    recording.started = pace.now()
    end = recording.started + int(seconds * NANOSECONDS)
    steps = count()

    async def one() -> None:
        while pace.now() < end:
            step = next(steps) % length
            if client.is_command(step):
                await client.send(step, None)
            else:
                await client.ask(step, None)
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(), name=f"client {number}") for number in range(clients)]
    assert all(task.done() for task in tasks)
    recording.ended = pace.now()
    recording.planned = recording.answered + recording.errors.total()
    return recording
