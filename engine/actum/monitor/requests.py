"""What can be asked of a monitored engine, and what it answers: frozen, tagged structs.

What lies in the log is not asked for here: who looks reads the store's directory, at no cost to the engine. Only an
engine in memory is asked for its records.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from actum_storage import DeadLetter

from actum.deadlines.deadline import Deadline
from actum.monitor.frames import Column, Frame, Hello, RowsPage
from actum.records import StoredRecord

#: Rows on one page, and records in one answer.
ROWS_MAX = 500
RECORDS_MAX = 1_000
#: Instances and deadlines in one answer.
AUTOMATION_MAX = 500


class RowsRequest(msgspec.Struct, frozen=True, kw_only=True, tag="rows"):
    """A page of a view; answered by `RowsPage`.

    Attributes:
        view: its name.
        filter: which rows; see `actum.monitor.filters`.
        order: the field to order by; None for the order in which the view holds them.
        descending: the largest first.
        offset: rows to pass over; where no index serves the order, at most 2,000 from either end.
        limit: at most so many, 500 at most.
        position: as of a position of the past, for which the view is folded from the log; None for now.
    """

    view: str
    filter: str = ""
    order: str | None = None
    descending: bool = False
    offset: int = 0
    limit: int = 50
    position: int | None = None


class RecordsRequest(msgspec.Struct, frozen=True, tag="records"):
    """Records of the log, `start` to `stop` and 1,000 at most; answered by `Records`."""

    start: int
    stop: int


class Records(msgspec.Struct, frozen=True, tag="records answer"):
    """Records, in order, and the last position of the log."""

    records: tuple[StoredRecord, ...]
    head: int


class StateRequest(msgspec.Struct, frozen=True, kw_only=True, tag="state"):
    """The state of an aggregate, or of an instance of a process, as of a version; answered by `State`."""

    aggregate: str
    key: str
    version: int | None = None


class State(msgspec.Struct, frozen=True, kw_only=True, tag="state answer"):
    """A state: its fields, and their values as JSON has them; `cut` names those that are too long and were cut."""

    aggregate: str
    key: str
    version: int
    columns: tuple[Column, ...]
    values: dict[str, Any]
    cut: tuple[str, ...] = ()


class InstanceSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a process; see `actum.ProcessStatus`.

    Attributes:
        process: the process's name.
        key: which instance.
        status: `"active"`, `"stuck"`, `"failed"`, or `"done"`.
        values: its fields, as JSON has them; in an answer about one instance only, since they may be large.
        since_ns: when it last reacted, or failed; nanoseconds since 1970 UTC.
        position: of the last event that it has reacted to.
        deadlines: when what it has scheduled is due, nanoseconds since 1970 UTC, by name.
        waits_for: the names of the events that it reacts to.
        failure: why it failed, or why its fields can't be read; or None.
        failed_position: of the event that it could not react to, or None.
        refused: why what it has scheduled was refused, by name.
    """

    process: str
    key: str
    status: str
    values: dict[str, Any]
    since_ns: int
    position: int
    deadlines: dict[str, int]
    waits_for: tuple[str, ...] = ()
    failure: str | None = None
    failed_position: int | None = None
    refused: dict[str, str] = {}  # msgspec makes each its own


class ProcessesRequest(msgspec.Struct, frozen=True, kw_only=True, tag="processes"):
    """Instances of processes that have not ended, 500 at most; answered by `Processes`.

    Attributes:
        process: only of this process.
        status: only the `"active"`, the `"stuck"` or the `"failed"` ones.
        limit: at most so many.
        key: only this instance, of the process or of any; its fields come too.
        text: only those whose key has this in it, in whatever case.
    """

    process: str | None = None
    status: str | None = None
    limit: int = 100
    key: str | None = None
    text: str = ""


class InstanceCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The instances of one process in numbers; each is counted once.

    Attributes:
        process: its name.
        running: those that wait for an event; None if they are too many to be told from those that wait.
        waiting: those that wait for a deadline of their own; None as above.
        active: both together.
        stuck: those that have not reacted for long; 10,000 are counted.
        failed: those that stand still until somebody retries or cancels them.
        done: those that have ended; None where that is not kept.
    """

    process: str
    running: int | None
    waiting: int | None
    active: int
    stuck: int
    failed: int
    done: int | None = None


class Processes(msgspec.Struct, frozen=True, kw_only=True, tag="processes answer"):
    """Instances; those that stand still first, then those that wait longest.

    Attributes:
        instances: those that were asked for.
        count: how many there are of them, if they were not limited.
        counts: of each process, whatever was asked for.
    """

    instances: tuple[InstanceSeen, ...]
    count: int
    counts: tuple[InstanceCounts, ...] = ()


class DeadlinesRequest(msgspec.Struct, frozen=True, kw_only=True, tag="deadlines"):
    """What is due next, and what was refused, 500 at most; answered by `DeadlinesDue`.

    Attributes:
        limit: at most so many; at most half of them refused ones, if there are others.
        deadline_id: only this one; its command's fields come too.
    """

    limit: int = 100
    deadline_id: str | None = None


class DeadlinesDue(msgspec.Struct, frozen=True, kw_only=True, tag="deadlines answer"):
    """Deadlines: what was refused first, then in the order of their times.

    Attributes:
        deadlines: without their commands' fields, unless one was asked for: they may be large.
        count: how many there are.
        refused: how many of them were refused.
    """

    deadlines: tuple[Deadline, ...]
    count: int
    refused: int = 0


class DeadLettersRequest(msgspec.Struct, frozen=True, kw_only=True, tag="dead letters"):
    """Events that subscriptions have put aside, 500 at most; answered by `DeadLetters`."""

    subscription: str | None = None
    limit: int = 100


class DeadLetterSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One event that a subscription has put aside."""

    subscription: str
    letter: DeadLetter


class DeadLetters(msgspec.Struct, frozen=True, kw_only=True, tag="dead letters answer"):
    """Dead letters, of one subscription after the other, by position; and how many there are."""

    letters: tuple[DeadLetterSeen, ...]
    count: int


class Rebuild(msgspec.Struct, frozen=True, tag="rebuild"):
    """An action: fold a view from the whole log again; answered by `ActionDone`."""

    view: str


class Checkpoint(msgspec.Struct, frozen=True, tag="checkpoint"):
    """An action: save derived state now; answered by `ActionDone`."""


class RetryProcess(msgspec.Struct, frozen=True, tag="retry process"):
    """An action: have a failed instance react again; answered by `ActionDone`."""

    process: str
    key: str


class RetryDeadLetter(msgspec.Struct, frozen=True, tag="retry dead letter"):
    """An action: have an event that was put aside handled again; answered by `ActionDone`."""

    subscription: str
    position: int


class RetryDeadline(msgspec.Struct, frozen=True, tag="retry deadline"):
    """An action: send the command of a deadline again that was refused; answered by `ActionDone`."""

    deadline_id: str


class Release(msgspec.Struct, frozen=True, tag="release"):
    """An action: let a quarantined aggregate work again; answered by `ActionDone`."""

    aggregate: str
    key: str


class ActionDone(msgspec.Struct, frozen=True, tag="done"):
    """What an action has come to, in a sentence.

    Attributes:
        message: the sentence.
        well: whether it has helped; False if what was tried again has failed again.
    """

    message: str
    well: bool = True


Question: TypeAlias = (
    RowsRequest | RecordsRequest | StateRequest | ProcessesRequest | DeadlinesRequest | DeadLettersRequest
)
Action: TypeAlias = Rebuild | Checkpoint | RetryProcess | RetryDeadLetter | RetryDeadline | Release
ACTIONS = (Rebuild, Checkpoint, RetryProcess, RetryDeadLetter, RetryDeadline, Release)
Reply: TypeAlias = RowsPage | Records | State | Processes | DeadlinesDue | DeadLetters | ActionDone


class Wanted(msgspec.Struct, frozen=True, kw_only=True, tag="watch"):
    """What the next frames shall hold; replaces what was wanted before.

    Attributes:
        interval_seconds: between frames, 0.5 to 60.
        actors: whether the actors that stand out are wanted.
        rows: a page of a view, made again for each frame.
    """

    interval_seconds: float = 1.0
    actors: bool = False
    rows: RowsRequest | None = None


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """A question or an action under a number that its answer has again."""

    number: int
    request: Question | Action


class Forget(msgspec.Struct, frozen=True, tag="cancel"):
    """The answer to this number is not wanted any more."""

    number: int


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The answer to a number."""

    number: int
    answer: Reply


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How far the answer to a number is: `done` of `whole`."""

    number: int
    done: int
    whole: int


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why a number has no answer: the name of the error, and its sentence."""

    number: int
    error: str
    message: str


ToEngine: TypeAlias = Wanted | Ask | Forget
FromEngine: TypeAlias = Hello | Frame | Answered | Progress | Refused
