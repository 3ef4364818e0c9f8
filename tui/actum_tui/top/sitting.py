"""One sitting at the dashboard: it is shown until somebody has seen enough, or the process is told to end.

Whatever ends it, the terminal is as it was before: signals that would end the process at once only ask it to leave.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actum_tui.top.app import Dashboard

#: Somebody ends the process, or the terminal's window was closed.
ENDING = (signal.SIGTERM, signal.SIGHUP)
#: How often a served dashboard looks whether its server is there.
SERVER_SECONDS = 1.0


async def sit(dashboard: Dashboard, *, served: bool = False) -> None:
    """Show it until it ends.

    Args:
        dashboard: its source is open, and stays so.
        served: whether there is a server in between, with which it ends.

    Raises:
        SystemExit: the process was told to end; with the status that a shell expects then.
    """
    loop = asyncio.get_running_loop()
    told: list[int] = []

    def leave(number: int) -> None:
        told.append(number)
        dashboard.exit()

    for number in ENDING:
        loop.add_signal_handler(number, leave, number)
    bound = asyncio.create_task(end_with_server(dashboard), name="actum served") if served else None
    try:
        await dashboard.run_async()
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)
        if bound is not None:
            bound.cancel()
    if told:
        raise SystemExit(128 + told[0])


async def end_with_server(dashboard: Dashboard) -> None:
    """Leave when the server is gone: no visitor can be left then, and nothing else would say so."""
    server = os.getppid()
    while os.getppid() == server:
        await asyncio.sleep(SERVER_SECONDS)
    dashboard.exit()
