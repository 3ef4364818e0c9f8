"""`actum.run`: asyncio's `run` on the fastest loop there is, which ends well when it is told to."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

#: What a shell expects of a process that SIGTERM ended.
TERMINATED = 128 + signal.SIGTERM


def run(main: Coroutine[Any, Any, T], *, debug: bool | None = None) -> T:
    """Run a coroutine in a new event loop: uvloop's where it is installed, asyncio's elsewhere.

    SIGTERM cancels the coroutine, as asyncio does for SIGINT: engines that it opened by `async with` refuse new
    commands, end those that were accepted, save a checkpoint and close. A second SIGTERM ends the process at once.

    Raises:
        SystemExit: with status 143, after SIGTERM.
        KeyboardInterrupt: after SIGINT.
    """
    try:
        import uvloop  # noqa: PLC0415  # not on Windows
    except ImportError:
        return asyncio.run(until_terminated(main), debug=debug)
    with asyncio.Runner(debug=debug, loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(until_terminated(main))


async def until_terminated(main: Coroutine[Any, Any, T]) -> T:
    """The coroutine, cancelled by SIGTERM; in another thread than the main one there are no signals."""
    if threading.current_thread() is not threading.main_thread():
        return await main
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        loop.remove_signal_handler(signal.SIGTERM)
        task.cancel("SIGTERM")

    loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await main
    except asyncio.CancelledError:
        if terminated:
            raise SystemExit(TERMINATED) from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
