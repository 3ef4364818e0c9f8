"""`Engine.watch`: live queries, as users call them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, get_args, overload

from actum.errors import Invalid, shown
from actum.messages import Query, Row
from actum.views.live_view import View
from actum.watching.buffers import WhenSlow

if TYPE_CHECKING:
    from actum.core import Core
    from actum.watching.changes import Answer, RowsChanged
    from actum.watching.watch import Watch

R = TypeVar("R")
W = TypeVar("W", bound=Row)

POLICIES = get_args(WhenSlow)


class LiveQueries:
    """The part of `Engine` that tells of changes."""

    def _open_core(self) -> Core:
        """The parts of the open engine."""
        raise NotImplementedError

    @overload
    def watch(
        self, watched: Query[R], *, since: int | None = None, buffer_max: int = 1_000, when_slow: WhenSlow = "coalesce"
    ) -> Watch[Answer[R]]: ...

    @overload
    def watch(
        self,
        watched: type[View[W]],
        *,
        since: int | None = None,
        buffer_max: int = 1_000,
        when_slow: WhenSlow = "coalesce",
    ) -> Watch[RowsChanged[W]]: ...

    def watch(
        self,
        watched: Query[Any] | type[View[Any]],
        *,
        since: int | None = None,
        buffer_max: int = 1_000,
        when_slow: WhenSlow = "coalesce",
    ) -> Watch[Any]:
        """A live query: what is so now, then every change, each after its commit and in the order of positions.

        Of a query: `Answer`, now and whenever it differs from the last. Of a view: `RowsChanged`, first with all rows,
        then with what changed. A client that puts in and takes out what it is told has the view's rows as of each
        position it is told, whatever was left out.

        Args:
            watched: an instance of a query, or a view class.
            since: the position of a change that the reader has: go on from there, with nothing first if nothing has
                changed. If it is not known any more what has changed, the whole state comes first.
            buffer_max: rows of a view, or answers, that may wait for the reader.
            when_slow: what becomes of changes that wait. `"coalesce"`: they become one, with the newest position; with
                more than `buffer_max` keys in it, the whole state. `"drop"`: each commit's stay apart; if there are
                too many, those of a view are left out and the whole state comes instead, of a query the oldest answer
                is left out; `missed` says so. `"close"`: each stays apart; if there are too many, `WatchClosed`.

        Raises:
            Invalid: no view answers it, it is not a view of this engine, or another argument is not what it has to be.
            EngineClosed: the engine is not open.
        """
        core = self._open_core()
        if since is not None and (type(since) is not int or since < 0):
            raise Invalid(f"since={shown(since)} is not a position: give that of the last change")
        if type(buffer_max) is not int or buffer_max < 1:
            raise Invalid(f"buffer_max={shown(buffer_max)} is not a number of rows or answers: give 1 or more")
        if when_slow not in POLICIES:
            raise Invalid(f"when_slow={shown(when_slow)} is none of {', '.join(map(repr, POLICIES))}")
        if isinstance(watched, type) and issubclass(watched, View):
            name = core.view_of(watched).name
            return core.watching.rows(name, since=since, buffer_max=buffer_max, when_slow=when_slow)
        return core.watching.answers(watched, since=since, buffer_max=buffer_max, when_slow=when_slow)
