"""Answers questions about an engine, in its loop: each kind of request has one place that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, final

from actum.codec import decode_one_stored
from actum.errors import Invalid
from actum.monitor.actions import act
from actum.monitor.automation import deadlines_of, letters_of, processes_of
from actum.monitor.frames import RowsPage
from actum.monitor.requests import (
    ACTIONS,
    RECORDS_MAX,
    Action,
    ActionDone,
    DeadLetters,
    DeadLettersRequest,
    DeadlinesDue,
    DeadlinesRequest,
    Processes,
    ProcessesRequest,
    Records,
    RecordsRequest,
    Reply,
    RowsRequest,
    StateRequest,
)
from actum.monitor.states import States

if TYPE_CHECKING:
    from actum.core import Core
    from actum.engine import Engine
    from actum.monitor.requests import Question
    from actum.monitor.rows import Pages
    from actum.records import StoredRecord

#: Bytes after which no more records go into one answer: it is decoded and encoded in one turn of the loop.
RECORDS_BYTES_MAX = 1_000_000

#: Told how far an answer is: done, of whole.
Progress: TypeAlias = Callable[[int, int], None]


@final
class Answers:
    """What one client is answered; it has an object of its own, so that nothing is kept for who has left."""

    def __init__(self, engine: Engine, core: Core, pages: Pages, *, admin: bool, who: str = "somebody") -> None:
        """Nothing asked yet.

        Args:
            engine: which one.
            core: its parts.
            pages: what the client is shown of views.
            admin: whether actions are allowed.
            who: asks.
        """
        self._engine = engine
        self._core = core
        self._admin = admin
        self._pages = pages
        self._who = who
        self._by_request: dict[type, Callable[[Any, Progress], Awaitable[Reply]]] = {
            RecordsRequest: self._records,
            RowsRequest: pages.page,
            ProcessesRequest: self._processes,
            DeadlinesRequest: self._deadlines,
            DeadLettersRequest: self._letters,
            **dict.fromkeys(ACTIONS, self._act),
            StateRequest: States(core).answer,
        }

    async def answer(self, request: Question | Action, progress: Progress) -> Reply:
        """The answer. Cancelling ends the work for it.

        Raises:
            ActumError: there is none; why.
        """
        found = self._by_request.get(type(request))
        if found is None:
            raise Invalid(f"this engine does not answer {type(request).__name__}")
        return await found(request, progress)

    def live_rows(self, request: RowsRequest) -> RowsPage | None:
        """A page for a frame, at once; None while it is being made for the first time.

        Raises:
            ActumError: there is none; why.
        """
        return self._pages.live(request)

    async def _records(self, request: RecordsRequest, progress: Progress) -> Records:
        """Records of the log: fewer than were asked for, if they are large, but one at least."""
        del progress
        head = self._core.scheduler.durable
        first, last = max(1, request.start), min(request.stop, head, request.start + RECORDS_MAX - 1)
        found: list[StoredRecord] = []
        size = 0
        for frame in self._core.log.frames(first, last) if first <= last else ():
            for position in range(max(first, frame.first), min(last, frame.last) + 1):
                data = frame.record(position - frame.first)  # of a large frame only those that are wanted are decoded
                found.append(decode_one_stored(position, data))
                size += len(data)
                if size > RECORDS_BYTES_MAX:
                    return Records(tuple(found), head)
        return Records(tuple(found), head)

    async def _processes(self, request: ProcessesRequest, progress: Progress) -> Processes:
        """Instances that have not ended."""
        del progress
        return await processes_of(self._core, request)

    async def _deadlines(self, request: DeadlinesRequest, progress: Progress) -> DeadlinesDue:
        """What is due next, and what was refused."""
        del progress
        return deadlines_of(self._core, request)

    async def _letters(self, request: DeadLettersRequest, progress: Progress) -> DeadLetters:
        """What subscriptions have put aside."""
        del progress
        return letters_of(self._core, request)

    async def _act(self, action: Action, progress: Progress) -> ActionDone:
        """Do something, if that is allowed."""
        return await act(self._core, action, admin=self._admin, who=self._who, told=progress)

    def close(self) -> None:
        """The client has left."""
        self._pages.close()
