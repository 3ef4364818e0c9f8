"""The tasks of the instances that are at work: each ends when its instance has nothing to do; the first error ends all.

No TaskGroup: that waits where it is left, also when a loop is dropped with it inside.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


@final
class Crew:
    """Those of one process.

    Attributes:
        tasks: at work.
    """

    __slots__ = ("_error", "_failed", "tasks")

    def __init__(self, failed: Callable[[], object]) -> None:
        """Nobody works; `failed` is called when one could not go on."""
        self.tasks: set[asyncio.Task[None]] = set()
        self._failed = failed
        self._error: BaseException | None = None

    def put(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Have one more work."""
        task = asyncio.create_task(work, name=name)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def check(self) -> None:
        """Raise what one of them could not go on for."""
        if self._error is not None:
            raise self._error

    def cancel(self) -> None:
        """Have all of them end."""
        for task in self.tasks:
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = self._error or error
            self._failed()

    def __repr__(self) -> str:
        """How many."""
        return f"<Crew of {len(self.tasks)}>"
