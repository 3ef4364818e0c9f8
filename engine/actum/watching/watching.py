"""The engine's side of live queries: which views are watched, what changed in them, and who is told.

A view that nobody watches costs one look at an empty dict for each commit. One that is watched has its changed rows
set apart commit by commit (`Table.cut`, `Table.uncut`), which costs nothing for each row that is written. Its last
changes are kept (`RecentChanges`), so that a reader who comes back goes on where it was; for that the view is looked
after for a while when the last reader has gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from actum.statistics import WatchStatistics
from actum.watching.buffers import Counts, MergedRows, NewestAnswer, QueuedAnswers, QueuedRows, WhenSlow
from actum.watching.recent import RecentChanges
from actum.watching.watch import Watch, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from actum.bus import Bus
    from actum.messages import Event, Query
    from actum.records import Record
    from actum.views.live_view import LiveView
    from actum.watching.buffers import Buffer
    from actum.watching.changes import Answer, Changes, RowsChanged


@final
class WatchedView:
    """One view that is watched, or was a short while ago.

    Attributes:
        recent: its last changes.
        watchers: who is told; a dict for its order.
    """

    __slots__ = ("_left_at", "recent", "watchers")

    def __init__(self, live: LiveView, *, rows_max: int) -> None:
        self.recent = RecentChanges(continuous_from(live), rows_max=rows_max)
        self.watchers: dict[Watcher[Any], None] = {}
        self._left_at = self.recent.newest

    def settle(self, live: LiveView, changes: Changes) -> None:
        """A commit was folded in."""
        if live.broken is not None:
            self._renew()  # those who look for their rows find that out
        elif changes:
            self.recent.add(live.position, changes)
            for watcher in tuple(self.watchers):
                watcher.buffer.told(live.position, changes)
            self._wake()

    def renew(self, live: LiveView) -> None:
        """A rebuild put another object in the view's place: what is known of earlier rows is no use."""
        self.recent.restart(continuous_from(live))
        self._renew()

    def leave(self, watcher: Watcher[Any]) -> None:
        """One reader less."""
        self.watchers.pop(watcher, None)
        self._left_at = self.recent.newest

    @property
    def forgotten(self) -> bool:
        """Whether nobody reads, and those who did could not go on where they were."""
        return not self.watchers and self.recent.base > self._left_at

    def _renew(self) -> None:
        """Have everybody look at the view as it is now."""
        for watcher in tuple(self.watchers):
            watcher.buffer.renewed()
        self._wake()

    def _wake(self) -> None:
        """Have everybody look."""
        for watcher in tuple(self.watchers):
            watcher.wake()


@final
class Watching:
    """All watches of an engine.

    Attributes:
        watched: the views that are watched, by name; empty when there is nothing to do.
    """

    def __init__(self, views: Mapping[str, LiveView], bus: Bus, *, changes_max: int) -> None:
        """Nobody watches.

        Args:
            views: the live ones; rebuilt ones are swapped in there.
            bus: finds the view that answers a query.
            changes_max: rows of recent changes kept for each view.
        """
        self._views = views
        self._bus = bus
        self._changes_max = changes_max
        self._counts = Counts()
        self._closed = False
        self.watched: dict[str, WatchedView] = {}

    def rows(self, name: str, *, since: int | None, buffer_max: int, when_slow: WhenSlow) -> Watch[RowsChanged[Any]]:
        """Watch a view."""
        served, watched = self._served(name), self._watched(name)
        known = self._known(served(), watched, since)
        first = None if known is None else (watched.recent.newest, known)
        if when_slow == "coalesce":
            return self.begin(name, MergedRows(served, buffer_max, self._counts, first))
        closes = when_slow == "close"
        return self.begin(name, QueuedRows(served, buffer_max, self._counts, first, closes=closes))

    def answers(
        self, query: Query[Any], *, since: int | None, buffer_max: int, when_slow: WhenSlow
    ) -> Watch[Answer[Any]]:
        """Watch a query.

        Raises:
            Invalid: no view takes it.
        """
        route = self._bus.route_of(query)
        served, watched = self._served(route.view), self._watched(route.view)

        def evaluate() -> tuple[int, Any]:
            live = served()
            live.check()
            return live.position, route.answer(live.view, query)

        known = self._known(served(), watched, since) == {}
        if when_slow == "coalesce":
            return self.begin(route.view, NewestAnswer(evaluate, self._counts, known=known))
        closes = when_slow == "close"
        return self.begin(route.view, QueuedAnswers(evaluate, buffer_max, self._counts, known=known, closes=closes))

    def _served(self, name: str) -> Callable[[], LiveView]:
        """What gives the view as it is served at that time."""
        views = self._views
        return lambda: views[name]

    def _watched(self, name: str) -> WatchedView:
        """What is known of a view's changes, from now on at least."""
        watched = self.watched.get(name)
        if watched is None:
            watched = self.watched[name] = WatchedView(self._views[name], rows_max=self._changes_max)
        return watched

    def _known(self, live: LiveView, watched: WatchedView, since: int | None) -> Changes | None:
        """What has changed since a position, None if that is not known: it may be another history's, too."""
        if since is None or since > live.position or live.broken is not None:
            return None
        return watched.recent.since(since)

    def begin(self, name: str, buffer: Buffer[Any]) -> Watch[Any]:
        """Tell one reader more of what changes in a view, until the watch is dropped."""
        watched = self._watched(name)
        watcher = Watcher(buffer, watched.leave)
        watched.watchers[watcher] = None
        if self._closed:
            watcher.end()
        return Watch(watcher)

    def apply(self, first: int, events: Sequence[Event], records: Callable[[], Sequence[Record]]) -> None:
        """Fold a durable batch into every view, and tell those who watch what it changed; see `LiveView.apply`."""
        views = self._views
        cuts = [(name, watched, views[name].table.cut()) for name, watched in self.watched.items()]
        for view in views.values():
            view.apply(first, events, records)
        for name, watched, earlier in cuts:
            live = views[name]
            watched.settle(live, live.table.uncut(earlier).rows)
            if watched.forgotten:
                del self.watched[name]

    def renew(self, name: str) -> None:
        """A view was rebuilt and swapped in."""
        watched = self.watched.get(name)
        if watched is not None:
            watched.renew(self._views[name])

    def close(self) -> None:
        """The engine closes: no change will come."""
        self._closed = True
        for watched in self.watched.values():
            for watcher in tuple(watched.watchers):
                watcher.end()

    def statistics(self) -> WatchStatistics:
        """Who watches, and what became of changes for slow readers."""
        return WatchStatistics(
            watchers=sum(len(watched.watchers) for watched in self.watched.values()),
            coalesced=self._counts.coalesced,
            dropped=self._counts.dropped,
            closed=self._counts.closed,
        )


def continuous_from(live: LiveView) -> int:
    """The first position from which a view's changes continue what its readers had.

    Rows that were made anew by other code are not those that a reader has of the same position.
    """
    return max(live.position, live.made + 1)
