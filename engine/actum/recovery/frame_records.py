"""The records of a frame for views that take them; nothing is decoded where none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Protocol, final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actum.codec import Codec
    from actum.messages import Event
    from actum.records import Record


class Folded(Protocol):
    """What events are folded into: a view, or what stands before one."""

    def apply(self, first: int, events: Sequence[Event], records: Callable[[], Sequence[Record]]) -> None:
        """See `LiveView.apply`."""
        ...


@final
class Records:
    """The records of a frame, decoded when the first view asks for them."""

    __slots__ = ("_body", "_codec", "_first", "_records")

    def __init__(self, codec: Codec, first: int, body: Callable[[], bytes | memoryview]) -> None:
        """Not decoded yet; `body` gives the records as one msgpack array."""
        self._codec = codec
        self._first = first
        self._body = body
        self._records: list[Record] | None = None

    def __call__(self) -> Sequence[Record]:
        """The records, with their positions."""
        if self._records is None:
            self._records = self._codec.records(self._first, self._body())
        return self._records

    def part(self, start: int, stop: int) -> Sequence[Record]:
        """Some of them."""
        return self()[start:stop]


def none_wanted() -> NoReturn:
    """Stands for the records of a batch where no view takes any."""
    raise AssertionError("no view of this engine takes records")
