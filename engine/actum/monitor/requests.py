"""What can be asked of a monitored engine, and what it answers: frozen, tagged structs.

What lies in the log is not asked for here: who looks reads the store's directory, at no cost to the engine. Only an
engine in memory is asked for its records.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

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
        offset: rows to pass over.
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
    """A state: its fields, and their values as JSON has them."""

    aggregate: str
    key: str
    version: int
    columns: tuple[Column, ...]
    values: dict[str, Any]


class InstanceSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a process; see `actum.ProcessStatus`.

    Attributes:
        process: the process's name.
        key: which instance.
        status: `"active"`, `"stuck"`, `"failed"`, or `"done"`.
        values: its fields, as JSON has them.
        since_ns: when it last reacted, or failed; nanoseconds since 1970 UTC.
        position: of the last event that it has reacted to.
        deadlines: when what it has scheduled is due, nanoseconds since 1970 UTC, by name.
        waits_for: the names of the events that it reacts to.
        failure: why it failed, or why its fields can't be read; or None.
        failed_position: of the event that it could not react to, or None.
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


class ProcessesRequest(msgspec.Struct, frozen=True, kw_only=True, tag="processes"):
    """Instances of processes that have not ended, 500 at most; answered by `Processes`."""

    process: str | None = None
    status: str | None = None
    limit: int = 100


class Processes(msgspec.Struct, frozen=True, kw_only=True, tag="processes answer"):
    """Instances; those that stand still first, then those that wait longest."""

    instances: tuple[InstanceSeen, ...]
    count: int


class DeadlinesRequest(msgspec.Struct, frozen=True, kw_only=True, tag="deadlines"):
    """What is due next, and what was refused, 500 at most; answered by `DeadlinesDue`."""

    limit: int = 100


class DeadlinesDue(msgspec.Struct, frozen=True, kw_only=True, tag="deadlines answer"):
    """Deadlines: what was refused first, then in the order of their times."""

    deadlines: tuple[Deadline, ...]
    count: int


class Rebuild(msgspec.Struct, frozen=True, tag="rebuild"):
    """An action: fold a view from the whole log again; answered by `Done`."""

    view: str


class Checkpoint(msgspec.Struct, frozen=True, tag="checkpoint"):
    """An action: save derived state now; answered by `Done`."""


class RetryProcess(msgspec.Struct, frozen=True, tag="retry process"):
    """An action: have a failed instance react again; answered by `Done`."""

    process: str
    key: str


class RetryDeadLetter(msgspec.Struct, frozen=True, tag="retry dead letter"):
    """An action: have an event that was put aside handled again; answered by `Done`."""

    subscription: str
    position: int


class Release(msgspec.Struct, frozen=True, tag="release"):
    """An action: let a quarantined aggregate work again; answered by `Done`."""

    aggregate: str
    key: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    """What an action has come to, in a sentence."""

    message: str


Question: TypeAlias = RowsRequest | RecordsRequest | StateRequest | ProcessesRequest | DeadlinesRequest
Action: TypeAlias = Rebuild | Checkpoint | RetryProcess | RetryDeadLetter | Release
Answer: TypeAlias = RowsPage | Records | State | Processes | DeadlinesDue | Done


class Watch(msgspec.Struct, frozen=True, kw_only=True, tag="watch"):
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


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """The answer to this number is not wanted any more."""

    number: int


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The answer to a number."""

    number: int
    answer: Answer


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


ToEngine: TypeAlias = Watch | Ask | Cancel
FromEngine: TypeAlias = Hello | Frame | Answered | Progress | Refused
