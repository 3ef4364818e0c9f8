"""Views as of positions, for those who look: few at a time, and kept for paging.

Each client has one, so that looking at the next page of it, or at a position a little later, costs little. At most two
are folded at the same time, and at most two are kept that nobody is looking at this moment, the last ones: each takes
as much memory as the view did then.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, final

from actum.monitor.pace import Pace
from actum.past_view import PastView, check_position

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from actum_storage import Progress

    from actum.core import Core
    from actum.monitor.pace import Crowd
    from actum.views.live_view import LiveView

#: Folded at the same time.
FOLDED_MAX: Final = 2
#: Kept while nobody looks.
KEPT_MAX: Final = 2


@final
class PastViews:
    """Those of one engine."""

    def __init__(self, core: Core, crowd: Crowd) -> None:
        """None yet."""
        self._core = core
        self._crowd = crowd
        self._folding = asyncio.Semaphore(FOLDED_MAX)
        self._kept: dict[object, PastView] = {}  # by client, the last used at the end

    @asynccontextmanager
    async def at(self, client: object, name: str, position: int, progress: Progress | None) -> AsyncGenerator[LiveView]:
        """A view as of a position; for one task of each client at a time.

        Cancelling ends the work; what was folded so far is kept as if it had been looked at, for who asks again.

        Raises:
            Invalid, ViewBroken, EngineClosed: see `PastView.move`.
        """
        check_position(position, self._core.scheduler.durable)
        past = self._kept.pop(client, None)
        if past is not None and past.name != name:
            past.release()
            past = None
        past = past or PastView(self._core, name)
        try:
            await self._move(past, position, progress)
            yield past.view
        finally:
            self._keep(client, past)

    async def _move(self, past: PastView, position: int, progress: Progress | None) -> None:
        """Fold it up to there when it is its turn."""
        async with self._folding:
            pace = Pace(self._core.clock, self._crowd)
            try:
                await past.move(position, progress, pace.rest)
            finally:
                pace.finish()

    def _keep(self, client: object, past: PastView) -> None:
        """Nobody is looking at it any more; the last ones stay."""
        self._kept[client] = past
        while len(self._kept) > KEPT_MAX:
            self.forget(next(iter(self._kept)))

    def forget(self, client: object) -> None:
        """A client does not look any more."""
        past = self._kept.pop(client, None)
        if past is not None:
            past.release()
