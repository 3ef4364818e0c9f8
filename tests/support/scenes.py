"""How asynchronous tests run: in a loop of their own, driven by turns of it instead of by time.

A scene fails when anything was raised where nobody could catch it: in a callback of the loop, or in a task or future
that was never asked for its result.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import actum

P = ParamSpec("P")

#: More turns than anything in a test takes; an engine that does nothing reaches it in a second or so.
TURNS_MAX = 20_000


def scene(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a test of a coroutine function."""

    @functools.wraps(test)
    def play(*args: P.args, **kwargs: P.kwargs) -> None:
        stray: list[str] = []

        async def main() -> None:
            asyncio.get_running_loop().set_exception_handler(
                lambda _, context: stray.append(f"{context['message']}: {context.get('exception')!r}")
            )
            await test(*args, **kwargs)
            gc.collect()  # what nobody asked for its result is noticed now

        actum.run(main())
        assert not stray, "raised where nobody could catch it: " + "; ".join(stray)

    return play


def engine_threads() -> list[str]:
    """The names of the threads that engines have at this moment."""
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("actum"))


async def turns(count: int = 10) -> None:
    """Give the loop some turns."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], *, turns_max: int = TURNS_MAX) -> None:
    """Give the loop turns until something is so; fail if it doesn't come."""
    for _ in range(turns_max):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError(f"it did not come within {turns_max:,} turns of the loop")


async def in_time(condition: Callable[[], object]) -> None:
    """As `until`, for what waits for some milliseconds of the clock: turns enough for a busy machine."""
    await until(condition, turns_max=100 * TURNS_MAX)
