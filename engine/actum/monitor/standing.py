"""A page of a view that is wanted in every frame, and made anew as often as that may cost.

What an index serves is taken for each frame. What takes a look at every row is looked for beside the frames; until it
has ended for the first time, frames show what has been found so far, and later the same rows with today's values.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, final

from actum.errors import Invalid, reason_of
from actum.logbook import facts
from actum.monitor.looks import Look
from actum.monitor.pace import REPEATED_SHARE, Pace
from actum.monitor.pages import page_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from actum.clock import Clock
    from actum.monitor.frames import RowsPage
    from actum.monitor.looks import Matches
    from actum.monitor.requests import RowsRequest
    from actum.monitor.rows import Onlookers
    from actum.views.live_view import LiveView

log = logging.getLogger("actum.monitor")


@final
class StandingLook:
    """One page for one client, again and again.

    Attributes:
        request: which one.
    """

    def __init__(
        self,
        request: RowsRequest,
        matches: Matches,
        served: Callable[[], LiveView],
        clock: Clock,
        onlookers: Onlookers,
    ) -> None:
        """Nothing looked at yet.

        Args:
            request: what is wanted, checked.
            matches: what its filter says.
            served: the view as it is served now: a rebuild puts another one in its place.
            clock: measures.
            onlookers: those who share what it may cost.
        """
        self.request = request
        self._matches = matches
        self._served = served
        self._clock = clock
        self._onlookers = onlookers
        self._looked: Look | None = None
        self._under_way: Look | None = None
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._page: RowsPage | None = None
        self._page_of: tuple[Look, LiveView, bool] | None = None
        self._look_again_ns = 0
        self._page_again_ns = 0

    def page(self) -> RowsPage | None:
        """The page as it can be said now; None if nothing is known yet.

        Raises:
            ViewBroken: the view's rows may hold half of an event.
            Invalid: an index that is needed has stopped, or the rows can't be looked at.
        """
        live = self._served()
        live.check()
        if self._task is None and self._clock.monotonic_ns() >= self._look_again_ns and self._is_old(live):
            self._look(live)
        if self._failure is not None:
            raise Invalid(f"the rows of {live.name} can't be looked at: {reason_of(self._failure)}")
        return self._shown(live)

    def end(self) -> None:
        """Nobody wants it any more: what is under way ends at its next pause."""
        if self._task is not None:
            self._task.cancel()

    def _is_old(self, live: LiveView) -> bool:
        """Whether the last look says nothing of today's rows."""
        look = self._looked
        return look is None or look.live is not live or look.position != live.position

    def _look(self, live: LiveView) -> None:
        """Look at once, or begin to."""
        look = Look(live, self.request, self._matches)
        if look.at_once:
            started = self._clock.monotonic_ns()
            for _ in look.steps():
                pass
            self._looked = look
            self._look_again_ns = self._after(self._clock.monotonic_ns() - started)
            return
        self._under_way = look
        self._task = asyncio.create_task(self._walk(look), name="actum monitor look")

    async def _walk(self, look: Look) -> None:
        """Look at every row; that it failed is told with the next frame."""
        pace = Pace(self._clock, self._onlookers.crowd)
        self._failure = None
        try:
            await pace.walk(look.steps())
            if look.live is self._served():
                self._looked = look
        except Exception as error:
            log.exception("rows can't be looked at", extra=facts("look failed", error, view=look.live.name))
            self._failure = error
        finally:
            self._under_way = self._task = None
            self._look_again_ns = self._after(pace.finish())
            if self._looked is None and self._failure is None:  # the view was made again meanwhile
                self._look_again_ns = 0

    def _after(self, taken_ns: int) -> int:
        """When what has taken so long may be done again."""
        return self._clock.monotonic_ns() + taken_ns * REPEATED_SHARE * max(len(self._onlookers.standing), 1)

    def _shown(self, live: LiveView) -> RowsPage | None:
        """The page, made again if anything has changed and enough time has passed."""
        look = self._looked or self._under_way
        if look is None:
            return self._page
        started = self._clock.monotonic_ns()
        if self._page is not None and self._page_of == (look, live, look.complete):
            settled = look.complete and self._page.position == live.position
            if settled or started < self._page_again_ns:
                return self._page
        self._page_of = look, live, look.complete
        rows = look.rows()
        if look.live is not live or look.position != live.position:
            rows = look.renewed(live, rows)
        self._page = page_of(live, look, rows, self.request, live.position)
        self._page_again_ns = self._after(self._clock.monotonic_ns() - started)
        return self._page
