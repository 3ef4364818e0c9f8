"""The open loop: operations start at their times, whatever has become of those before them."""

from __future__ import annotations

import asyncio
from array import array

from actum_bench.load.client import Client
from actum_bench.load.recording import Recording

#: The first operation is sent so long after the beginning, so that the beginning itself makes none late.
HEAD_START_NS = 5_000_000
#: When more operations are due than could be sent in time, the loop gets a turn after so many of them, as many as the
#: engine decides in one. Fewer would hold it back: while a commit is under way a turn can take as long as that.
BURST_MAX = 1_024


#: Operations that have not been sent when the schedule could have been kept twice, and this long, are given up: a rate
#: far above what can be answered would go on for a long time without saying more.
GRACE_NS = 1_000_000_000
NEVER_SENT = "never sent"


async def open_loop(client: Client, times: array[int]) -> Recording:
    """Send the operations of a client's plan at their times, and wait for all answers.

    A command is a task of its own, as a request to a server is; a query is answered at once and needs none. Cancelling
    abandons the answers that are outstanding.

    Args:
        client: with as many operations as there are times.
        times: when to send each, in nanoseconds from the beginning, in order.
    """
    recording, pace = client.recording, client.pace
    outstanding: set[asyncio.Task[None]] = set()
    recording.planned = len(times)
    recording.started = started = pace.now() + HEAD_START_NS
    give_up = started + GRACE_NS + (2 * times[-1] if times else 0)
    burst = 0
    try:
        for step, offset in enumerate(times):
            due = started + offset
            burst += 1
            now = pace.now()
            if now > give_up:
                recording.errors[NEVER_SENT] = len(times) - step
                break
            if now < due or burst > BURST_MAX:
                await pace.until(due)
                burst = 0
            if client.is_command(step):
                task = asyncio.create_task(client.send(step, due), name="command")
                outstanding.add(task)
                task.add_done_callback(outstanding.discard)
            else:
                await client.ask(step, due)
        if outstanding:
            await asyncio.gather(*outstanding)
    finally:
        for task in outstanding:
            task.cancel()
    recording.ended = pace.now()
    return recording
