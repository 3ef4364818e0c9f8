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
    """Collects the answers of many commands in the order of the commands.

    Attributes:
        future: resolved when all are there; if it is cancelled, commands still in mailboxes are dropped.
        left: answers that have not come.
        outcomes: those that have, in their places.
    """

    __slots__ = ("future", "left", "outcomes")

    def __init__(self, future: asyncio.Future[None], count: int) -> None:
        """Wait for `count` answers."""
        self.future = future
        self.left = count
        self.outcomes: list[Receipt | ActumError] = [PENDING] * count

    def part(self, index: int) -> Part:
        """The reply of one command."""
        return Part(self, index)

    def put(self, index: int, outcome: Receipt | ActumError) -> None:
        """Take one answer."""
        self.outcomes[index] = outcome
        self.left -= 1
        if self.left == 0 and not self.future.done():
            self.future.set_result(None)


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
        return self._replies.future.done()

    @property
    def outcome(self) -> Receipt | ActumError:
        """Its answer; `PENDING` as long as there is none."""
        return self._replies.outcomes[self._index]

    def set_result(self, result: Receipt, /) -> None:
        """Answer; `Replies.put` written out, since a thousand come at once."""
        replies = self._replies
        replies.outcomes[self._index] = result
        replies.left = left = replies.left - 1
        if left == 0 and not replies.future.done():
            replies.future.set_result(None)

    def set_exception(self, exception: Exception, /) -> None:
        """Answer with an error; it is one of actum's, since actors wrap what handlers raise."""
        assert isinstance(exception, ActumError)
        self._replies.put(self._index, exception)

    def add_done_callback(self, callback: Callable[[Any], object], /) -> None:
        """Call back when nobody waits any more."""
        self._replies.future.add_done_callback(callback)
