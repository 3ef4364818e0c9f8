"""Answers questions about an engine, in its loop: each kind of request has one place that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, final

from actum.codec import decode_stored
from actum.errors import Invalid
from actum.monitor.frames import RowsPage
from actum.monitor.requests import RECORDS_MAX, Action, Answer, Records, RecordsRequest, RowsRequest

if TYPE_CHECKING:
    from actum.core import Core
    from actum.engine import Engine
    from actum.monitor.requests import Question
    from actum.monitor.rows import Pages

#: Told how far an answer is: done, of whole.
Progress: TypeAlias = Callable[[int, int], None]


@final
class Answers:
    """What one client is answered; it has an object of its own, so that nothing is kept for who has left."""

    def __init__(self, engine: Engine, core: Core, pages: Pages, *, admin: bool) -> None:
        """Nothing asked yet.

        Args:
            engine: which one.
            core: its parts.
            pages: what the client is shown of views.
            admin: whether actions are allowed.
        """
        self._engine = engine
        self._core = core
        self._admin = admin
        self._pages = pages
        self._by_request: dict[type, Callable[[Any, Progress], Awaitable[Answer]]] = {
            RecordsRequest: self._records,
            RowsRequest: self._pages.page,
        }

    async def answer(self, request: Question | Action, progress: Progress) -> Answer:
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
        """Records of the log."""
        del progress
        head = self._core.scheduler.durable
        first, last = max(1, request.start), min(request.stop, head, request.start + RECORDS_MAX - 1)
        found = [
            record
            for frame in (self._core.log.frames(first, last) if first <= last else ())
            for record in decode_stored(frame.first, frame.body)
            if first <= record.position <= last
        ]
        return Records(tuple(found), head)

    def close(self) -> None:
        """The client has left."""
        self._pages.close()
