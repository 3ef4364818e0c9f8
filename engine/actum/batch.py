"""An open batch: what one group commit will write, and what has to be told to whom once it is durable.

Positions are given out here, tentatively: they hold if the batch is committed and the batches are committed in order,
which is all that the committer does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, final

import msgspec

if TYPE_CHECKING:
    from actum.actor import Actor
    from actum.atomic.conditions import Condition
    from actum.atomic.tags import LastPositions
    from actum.messages import Command, Event
    from actum.records import Receipt


class Reply(Protocol):
    """Who waits for an answer: a future of `send`, or one part of `send_many`."""

    def done(self) -> bool:
        """Whether nobody waits any more."""
        ...

    def set_result(self, result: Receipt, /) -> None:
        """Answer."""
        ...

    def set_exception(self, exception: Exception, /) -> None:
        """Answer with an error."""
        ...

    def add_done_callback(self, callback: Callable[[Any], object], /) -> None:
        """Call back when nobody waits any more."""
        ...


@final
class Metadata(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a caller said beside the command; each field as the parameter of `Engine.send` of that name.

    Two more are there for a command that is traced: `traceparent`, and the context in which it decides if that waits.
    """

    command_id_bytes: bytes | None = None
    user_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    expected_version: int | None = None
    unless: Condition | None = None
    traceparent: str | None = None
    context: Context | None = None


#: The metadata of a command sent without anything beside it; compared by identity.
PLAIN = Metadata()


#: A command in a mailbox: the command, who waits for the answer, and what was said beside it. A plain tuple, since
#: one is made and taken apart for every command.
Delivery: TypeAlias = "tuple[Command, Reply, Metadata]"

#: What a caller is told: a receipt, an error, or something that makes one when it is told.
Outcome: TypeAlias = "Receipt | Exception | Callable[[], Receipt]"

#: Shown the actors that are to get something, and who waits for the answer; says how many commands may pass before it
#: is shown another one.
Look: TypeAlias = "Callable[[Sequence[Actor], Reply], int]"


@final
class OpenBatch:
    """The records, events and answers of one commit to be.

    Attributes:
        first: the position of the first record.
        records: the encoded records, one after the other.
        offsets: where each begins.
        streams: the hash of each one's stream.
        events: what was decided, as a replay will see it.
        receipts: who gets which receipt.
        answers: who gets another answer, decided on tentative events.
        events_max: events that it takes.
        bytes_half: half of the bytes that it takes; with more of them it takes no further command.
        full: whether a command did not fit.
        last_positions: of the tagged events here, once a condition has asked for them.
        actors: the actors that wrote, with the position that each had before: where to go back to if the commit does
            not happen.
    """

    __slots__ = (
        "actors",
        "answers",
        "bytes_half",
        "events",
        "events_max",
        "first",
        "full",
        "last_positions",
        "offsets",
        "receipts",
        "records",
        "streams",
    )

    def __init__(self, first: int, *, events_max: int, bytes_max: int) -> None:
        """Empty, at the position of its first record to be."""
        self.first = first
        self.full = False
        self.events_max = events_max
        self.bytes_half = bytes_max // 2
        self.records = bytearray()
        self.offsets: list[int] = []
        self.streams: list[bytes] = []
        self.events: list[Event] = []
        self.receipts: list[tuple[Reply, Receipt]] = []
        self.answers: list[tuple[Reply, Outcome]] = []
        self.actors: dict[Actor, int] = {}
        self.last_positions: LastPositions | None = None

    @property
    def next_position(self) -> int:
        """The position that the next record gets."""
        return self.first + len(self.events)

    def has_room(self, events: int) -> bool:
        """Whether a command's events fit; if not, the batch takes no more.

        A command is at most half a frame large, so a batch below half is sure to have room for its bytes.
        """
        if len(self.events) + events <= self.events_max and len(self.records) <= self.bytes_half:
            return True
        self.full = True
        return False

    def __repr__(self) -> str:
        """Its first position and size."""
        return f"<OpenBatch @{self.first} {len(self.events)} events {len(self.records)} bytes>"
