"""What people ask a process for: to retry an instance, to cancel one. Each is a task, which ends with the engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, final

from actum_storage import ActumError

from actum.automation.own_sends import cancelling
from actum.errors import EngineClosed

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from actum.core import Core

T = TypeVar("T")


@final
class Wishes:
    """Those that are not done yet. What was begun is done also if whoever asked waits no longer."""

    __slots__ = ("_core", "tasks")

    def __init__(self, core: Core) -> None:
        """None yet."""
        self._core = core
        self.tasks: set[asyncio.Task[Any]] = set()

    async def fulfil(self, wish: Coroutine[Any, Any, T], what: str) -> T:
        """Do it, and say what came of it. Cancelling abandons the answer only.

        A step that was sent may still be written, and until that is known nobody else may look at the instance.

        Raises:
            EngineClosed: the engine closed before it was done.
        """
        task = asyncio.create_task(wish, name=f"actum process: {what}")
        self.tasks.add(task)
        task.add_done_callback(self._forget)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled() and not cancelling():
                raise EngineClosed(f"the engine closed before it could {what}") from None
            raise
        except Exception as error:
            if self._core.stopping and not isinstance(error, ActumError):  # a handler's, which is not noted
                raise EngineClosed(f"the engine closed before it could {what}") from error
            raise

    def _forget(self, task: asyncio.Task[Any]) -> None:
        """It is done; perhaps nobody waits for the answer."""
        self.tasks.discard(task)
        if not task.cancelled():
            task.exception()

    def __repr__(self) -> str:
        """How many."""
        return f"<Wishes {len(self.tasks)}>"
