"""The reply of `send_many`: one future for many commands, so that a call of 1,000 wakes its caller once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from actum_storage import ActumError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from actum.records import Receipt


@final
class Replies:
    """Collects the answers of many commands in the order of the commands."""

    __slots__ = ("_future", "_left", "outcomes")

    def __init__(self, future: asyncio.Future[None], count: int) -> None:
        """Wait for `count` answers.

        Args:
            future: resolved when all are there; if it is cancelled, commands still in mailboxes are dropped.
            count: how many.
        """
        self._future = future
        self._left = count
        self.outcomes: list[Receipt | ActumError] = [PENDING] * count

    def part(self, index: int) -> Part:
        """The reply of one command."""
        return Part(self, index)

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits any more."""
        return self._future.done()

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call back when all answers are there, or nobody waits for them."""
        self._future.add_done_callback(callback)

    def put(self, index: int, outcome: Receipt | ActumError) -> None:
        """Take one answer."""
        self.outcomes[index] = outcome
        self._left -= 1
        if self._left == 0 and not self._future.done():
            self._future.set_result(None)


#: Stands for an answer that has not come.
PENDING = ActumError("no answer yet")


@final
class Part:
    """The reply of one command of many; as a future to who answers."""

    __slots__ = ("_index", "_replies")

    def __init__(self, replies: Replies, index: int) -> None:
        self._replies = replies
        self._index = index

    def done(self) -> bool:
        """Whether nobody waits any more."""
        return self._replies.abandoned

    def set_result(self, result: Receipt, /) -> None:
        """Answer."""
        self._replies.put(self._index, result)

    def set_exception(self, exception: Exception, /) -> None:
        """Answer with an error; it is one of actum's, since actors wrap what handlers raise."""
        assert isinstance(exception, ActumError)
        self._replies.put(self._index, exception)

    def add_done_callback(self, callback: Callable[[Any], object], /) -> None:
        """Call back when nobody waits any more."""
        self._replies.add_done_callback(callback)
