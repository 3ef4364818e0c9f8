"""What one run leaves behind: raw nanoseconds of every operation, and how many went wrong in which way."""

from __future__ import annotations

from array import array
from collections import Counter

#: An operation that is sent so much after its time is late.
LATE_NS = 10_000_000


class Times:
    """Of one kind of operations, one entry each, in the order of their answers.

    Attributes:
        intended: from when it was to be sent to its answer: what a caller waits.
        service: from when it was sent to its answer; leaves out the waiting before.
        lag: from when it was to be sent to when it was.
    """

    __slots__ = ("intended", "lag", "service")

    def __init__(self) -> None:
        self.intended = array("q")
        self.service = array("q")
        self.lag = array("q")

    def note(self, due: int, sent: int, done: int) -> None:
        """An operation was answered."""
        self.intended.append(done - due)
        self.service.append(done - sent)
        self.lag.append(sent - due)


class Recording:
    """All operations of a run.

    Attributes:
        commands: those that were answered with a receipt.
        queries: those that were answered.
        errors: the others, by the name of the error.
        planned: operations that were to be sent.
        started: when it began.
        ended: when the last answer was there.
    """

    def __init__(self) -> None:
        self.commands = Times()
        self.queries = Times()
        self.errors: Counter[str] = Counter()
        self.planned = 0
        self.started = 0
        self.ended = 0

    @property
    def answered(self) -> int:
        """How many operations did what they should."""
        return len(self.commands.service) + len(self.queries.service)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started) / 1e9

    @property
    def late(self) -> int:
        """How many operations were sent long after their time."""
        return sum(lag > LATE_NS for times in (self.commands, self.queries) for lag in times.lag)
