"""Pages of views, live and as of positions, for those who look at a running engine.

Whatever a page takes, the engine's own work goes on: what takes long is done in slices (`pace`), and what is made
again for each frame is made only as often as it may cost (`standing`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, final

from actum.errors import Invalid, shown
from actum.monitor.columns import as_json
from actum.monitor.filter_values import SINGLE
from actum.monitor.filters import Filter
from actum.monitor.looks import Look, check_request
from actum.monitor.pace import Crowd, Pace
from actum.monitor.pages import page_of
from actum.monitor.past_views import PastViews
from actum.monitor.standing import StandingLook
from actum.views.table_schema import read_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from actum_storage import Progress

    from actum.clock import Clock
    from actum.core import Core
    from actum.engine import Engine
    from actum.monitor.frames import RowsPage
    from actum.monitor.looks import Matches
    from actum.monitor.requests import RowsRequest
    from actum.views.live_view import LiveView

#: Progress is told so often.
PROGRESS_NS: Final = 100_000_000


@final
class Onlookers:
    """All who look at rows of one engine.

    Attributes:
        core: the engine's parts.
        past: the views as of positions that they look at.
        standing: the pages that they want in every frame.
        crowd: long work for them.
    """

    def __init__(self, core: Core) -> None:
        """Nobody looks."""
        self.core = core
        self.crowd = Crowd()
        self.past = PastViews(core, self.crowd)
        self.standing: set[StandingLook] = set()

    def pages(self) -> Pages:
        """For one more client."""
        return Pages(self)


@final
class Pages:
    """What one client is shown of views."""

    def __init__(self, onlookers: Onlookers) -> None:
        """Nothing asked yet; see `Onlookers.pages`."""
        self._onlookers = onlookers
        self._core = onlookers.core
        self._standing: StandingLook | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._past_lock = asyncio.Lock()

    async def page(self, request: RowsRequest, progress: Progress | None = None, *, whole: bool = False) -> RowsPage:
        """One page. Cancelling ends the work for it.

        A page as of a position is made from the log; the view as of then is kept for the next page, until another one
        is asked for or the client leaves. One at a time: the second waits for the first.

        Args:
            request: which rows.
            progress: told how far it is, some times a second: positions that are folded, then rows looked at.
            whole: whether no value is cut; such a page may be of any size.

        Raises:
            Invalid: there is no such view, field or position, or the filter is none.
            ViewBroken: the view is not served; or, as of a position, its handler fails on the way there.
            EngineClosed: the engine closed meanwhile.
        """
        served, matches = self._checked(request, bounded=not whole)
        told = None if progress is None else sparse(progress, self._core.clock)
        if request.position is None:
            return await self._look(served, request, matches, told, whole=whole)
        async with (
            self._past_lock,
            self._onlookers.past.at(self, served().name, request.position, told) as view,
        ):
            return await self._look(lambda: view, request, matches, told, whole=whole)

    def live(self, request: RowsRequest) -> RowsPage | None:
        """The page for a frame, at once; None while nothing is known of it yet.

        While it is being looked for the first time, `looked_at` is less than `count`, and the rows are those found so
        far. A new request ends what was under way for the one before.

        Raises:
            Invalid: as for `page`; or it is one as of a position, which is no matter of frames.
            ViewBroken: the view is not served.
        """
        standing = self._standing
        if standing is None or standing.request != request:
            self.rest()
            if request.position is not None:
                raise Invalid("rows as of a position don't change: ask for them once, not for every frame")
            served, matches = self._checked(request)
            standing = self._standing = StandingLook(request, matches, served, self._core.clock, self._onlookers)
            self._onlookers.standing.add(standing)
        return standing.page()

    def rest(self) -> None:
        """No page is wanted in frames any more."""
        if self._standing is not None:
            self._onlookers.standing.discard(self._standing)
            self._standing.end()
            self._standing = None

    def close(self) -> None:
        """The client has left."""
        self.rest()
        self._onlookers.past.forget(self)

    def _checked(self, request: RowsRequest, *, bounded: bool = True) -> tuple[Callable[[], LiveView], Matches]:
        """The view as it is served at any time, and what the filter says."""
        views = self._core.views
        live = views.get(request.view)
        if live is None:
            raise Invalid(
                f"there is no view {shown(request.view)}: this engine has {', '.join(sorted(views)) or 'none'}"
            )
        check_request(request, live.table.schema, bounded=bounded)
        fields = read_fields(live.table.schema.row_type)
        return lambda: views[request.view], matches_of(request, fields)

    async def _look(
        self,
        served: Callable[[], LiveView],
        request: RowsRequest,
        matches: Matches,
        progress: Progress | None,
        *,
        whole: bool,
    ) -> RowsPage:
        """Look until it ends with the view that is served then."""
        while True:
            live = served()
            live.check()
            look = Look(live, request, matches, bounded=not whole)
            pace = Pace(self._core.clock, self._onlookers.crowd)
            try:
                await pace.walk(told(look, progress))
            finally:
                pace.finish()
            if served() is live:
                live.check()
                position = look.position if look.exact else live.position
                return page_of(live, look, look.rows(), request, position, whole=whole)


async def rows_page(engine: Engine, request: RowsRequest, progress: Progress | None = None) -> RowsPage:
    """One page of a view of an engine in this process, no value of which is cut; see `Pages.page`."""
    core = engine._open_core()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # what it offers its own package
    pages = Onlookers(core).pages()
    try:
        return await pages.page(request, progress, whole=True)
    finally:
        pages.close()


def matches_of(request: RowsRequest, fields: Collection[str]) -> Matches:
    """What a filter says of a row with these fields; None if there is no filter.

    Raises:
        Invalid: it is none, or asks for a field that there is not.
    """
    wanted = Filter.parse(request.filter)
    if not wanted.terms:
        return None
    for name in sorted(wanted.fields - set(fields)):
        raise Invalid(f"there is no field {shown(name)} to filter by: {request.view} has {', '.join(fields)}")
    everywhere = any(not term.name for term in wanted.terms)
    names = tuple(fields if everywhere else wanted.fields)
    return lambda row: wanted.matches_row({name: data_of(getattr(row, name)) for name in names})


def data_of(value: Any) -> Any:
    """A value as it is shown, which is what a filter is about."""
    return value if type(value) in SINGLE else as_json(value)


def told(look: Look, progress: Progress | None) -> Iterator[None]:
    """The steps of a look, told to who waits for it."""
    for _ in look.steps():
        if progress is not None:
            progress(min(look.looked_at, look.count), look.count)
        yield
    if progress is not None:
        progress(look.count, look.count)


def sparse(progress: Progress, clock: Clock) -> Progress:
    """Tell no more often than people see it, but always of the end."""
    next_ns = 0

    def tell(done: int, whole: int) -> None:
        nonlocal next_ns
        now_ns = clock.monotonic_ns()
        if now_ns >= next_ns or done == whole:
            next_ns = now_ns + PROGRESS_NS
            progress(done, whole)

    return tell
