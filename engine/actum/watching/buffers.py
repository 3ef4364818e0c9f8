"""What waits for the reader of a watch, and what becomes of it when the reader is slow.

A buffer is told of every commit that changed the view, in the turn in which that commit is settled, and asked by its
reader at any later time. What it holds is bounded: by the view's rows where changes are merged, else by `buffer_max`;
what one commit changed is never too much for a reader for whom nothing waits. A reader that was left behind is given
the whole state, so that a copy of the rows is right again, whatever was left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar, final

from actum.errors import WatchClosed
from actum.watching.changes import Answer, Changes, RowsChanged, rows_changed

if TYPE_CHECKING:
    from actum.views.live_view import LiveView

C_co = TypeVar("C_co", covariant=True)
R = TypeVar("R")

WhenSlow: TypeAlias = Literal["coalesce", "drop", "close"]
#: The view as it is served now: a rebuild puts another object in its place.
Served: TypeAlias = "Callable[[], LiveView]"

#: What waits from the beginning, and as of when it holds; None for the whole state.
First: TypeAlias = "tuple[int, Changes] | None"
#: Asks the view now: its position and its answer.
Evaluate: TypeAlias = Callable[[], tuple[int, R]]

#: Stands for an answer where there is none yet.
NOTHING = object()


@final
class Counts:
    """What has become of changes for slow readers, over all watches of an engine."""

    __slots__ = ("closed", "coalesced", "dropped")

    def __init__(self) -> None:
        self.coalesced = 0
        self.dropped = 0
        self.closed = 0


class Buffer(Protocol[C_co]):
    """What waits for one reader."""

    def told(self, position: int, changes: Changes) -> None:
        """A commit that ends at this position changed the view. Raises nothing."""
        ...

    def renewed(self) -> None:
        """The view was rebuilt, or broke: any of its rows may be another."""
        ...

    def take(self) -> C_co | None:
        """What the reader is given next; None if nothing waits.

        Raises:
            ViewBroken: the rows may hold half of an event.
            WatchClosed: the reader was too slow.
        """
        ...


@final
class MergedRows:
    """Changes of a view that become one: the newest row of each key. For `when_slow="coalesce"`."""

    def __init__(self, served: Served, buffer_max: int, counts: Counts, first: First) -> None:
        self._served = served
        self._buffer_max = buffer_max
        self._counts = counts
        self._complete = first is None
        self._position, waiting = first or (0, {})
        self._waiting = dict(waiting)

    def told(self, position: int, changes: Changes) -> None:
        """See `Buffer.told`."""
        self._position = position
        if self._complete or self._waiting:
            self._counts.coalesced += 1
        if self._complete:
            return
        if not self._waiting:
            self._waiting = dict(changes)
            return
        self._waiting.update(changes)
        if len(self._waiting) > self._buffer_max:
            self.renewed()

    def renewed(self) -> None:
        """See `Buffer.renewed`."""
        self._waiting = {}
        self._complete = True

    def take(self) -> RowsChanged[Any] | None:
        """See `Buffer.take`."""
        if self._complete:
            change = complete(self._served, missed=False)
            self._complete = False
            return change
        if self._waiting:
            waiting, self._waiting = self._waiting, {}
            return rows_changed(self._position, waiting)
        return None


@final
class QueuedRows:
    """Changes of a view one by one, as they were committed. For `when_slow="drop"` and `"close"`."""

    def __init__(self, served: Served, buffer_max: int, counts: Counts, first: First, *, closes: bool) -> None:
        self._served = served
        self._buffer_max = buffer_max
        self._counts = counts
        self._closes = closes
        self._closed = False
        self._complete = first is None
        self._missed = False
        self._taken: int | None = None
        self._queue: deque[tuple[int, Changes]] = deque([first] if first is not None and first[1] else ())
        self._rows = sum(len(changes) for _, changes in self._queue)

    def told(self, position: int, changes: Changes) -> None:
        """See `Buffer.told`."""
        if self._closed or self._complete:
            self._counts.dropped += self._missed
        elif self._queue and self._rows + len(changes) > self._buffer_max:
            self._overflow()
        else:
            self._queue.append((position, changes))
            self._rows += len(changes)

    def _overflow(self) -> None:
        """Too much waits: leave it out."""
        if self._closes:
            self._closed = True
            self._counts.closed += 1
        else:
            self._missed = True
            self._counts.dropped += len(self._queue) + 1
        self.renewed()

    def renewed(self) -> None:
        """See `Buffer.renewed`."""
        self._queue.clear()
        self._rows = 0
        self._complete = True

    def take(self) -> RowsChanged[Any] | None:
        """See `Buffer.take`."""
        if self._closed:
            raise too_slow("rows", self._buffer_max, self._taken)
        change: RowsChanged[Any] | None = None
        if self._complete:
            change = complete(self._served, missed=self._missed)
            self._complete = self._missed = False
        elif self._queue:
            change = rows_changed(*self._queue.popleft())
            self._rows -= len(change.put) + len(change.removed)
        if change is not None:
            self._taken = change.position
        return change


@final
class ChangedKeys:
    """Which rows have changed: for a comparison inside the engine, which reads them by itself."""

    def __init__(self) -> None:
        self._keys: set[Any] = set()

    def told(self, position: int, changes: Changes) -> None:  # noqa: ARG002  # it takes them at a position
        """See `Buffer.told`."""
        self._keys.update(changes)

    def renewed(self) -> None:
        """See `Buffer.renewed`; there is no comparison any more then."""

    def take(self) -> set[Any]:
        """Those since the last time."""
        keys, self._keys = self._keys, set()
        return keys


@final
class NewestAnswer(Generic[R]):
    """The answer at the moment when its reader takes it. For `when_slow="coalesce"`."""

    def __init__(self, evaluate: Evaluate[R], counts: Counts, *, known: bool) -> None:
        """Begin with the answer now, unless the reader knows it."""
        self._evaluate = evaluate
        self._counts = counts
        self._changed = not known
        self._last: object = evaluate()[1] if known else NOTHING

    def told(self, position: int, changes: Changes) -> None:  # noqa: ARG002  # it asks when its reader does
        """See `Buffer.told`."""
        self._counts.coalesced += self._changed
        self._changed = True

    def renewed(self) -> None:
        """See `Buffer.renewed`."""
        self._changed = True

    def take(self) -> Answer[R] | None:
        """See `Buffer.take`; whatever the query's handler raises is raised."""
        if not self._changed:
            return None
        position, answer = self._evaluate()
        self._changed = False
        if answer == self._last:
            return None
        self._last = answer
        return Answer(position, answer)


@final
class QueuedAnswers(Generic[R]):
    """Every answer that differs from the one before it. For `when_slow="drop"` and `"close"`."""

    def __init__(self, evaluate: Evaluate[R], buffer_max: int, counts: Counts, *, known: bool, closes: bool) -> None:
        """Begin with the answer now, unless the reader knows it."""
        self._evaluate = evaluate
        self._buffer_max = buffer_max
        self._counts = counts
        self._closes = closes
        self._failure: BaseException | None = None
        self._missed = False
        self._taken: int | None = None
        self._last: object = NOTHING
        self._queue: deque[tuple[int, R]] = deque()
        self._ask()
        if known:
            self._queue.clear()

    def told(self, position: int, changes: Changes) -> None:  # noqa: ARG002  # the view is asked
        """See `Buffer.told`."""
        self._ask()

    def renewed(self) -> None:
        """See `Buffer.renewed`."""
        self._ask()

    def _ask(self) -> None:
        """Put the answer of now in the queue, if it is another one."""
        if self._failure is not None:
            return
        try:
            position, answer = self._evaluate()
            same = bool(answer == self._last)
        except BaseException as failure:  # noqa: BLE001  # it ends this watch; the commit has to be settled
            self._failure = failure
            return
        if same:
            return
        self._last = answer
        if len(self._queue) >= self._buffer_max:
            self._overflow()
        self._queue.append((position, answer))

    def _overflow(self) -> None:
        """Too much waits."""
        if self._closes:
            self._counts.closed += 1
            self._failure = too_slow("answers", self._buffer_max, self._taken)
            self._queue.clear()
        else:
            self._counts.dropped += 1
            self._missed = True
            self._queue.popleft()

    def take(self) -> Answer[R] | None:
        """See `Buffer.take`; whatever the query's handler raised is raised."""
        if self._queue and not isinstance(self._failure, WatchClosed):
            position, answer = self._queue.popleft()
            missed, self._missed = self._missed, False
            self._taken = position
            return Answer(position, answer, missed)
        if self._failure is not None:
            raise self._failure
        return None


def complete(served: Served, *, missed: bool) -> RowsChanged[Any]:
    """All rows as they are now.

    Raises:
        ViewBroken: they may hold half of an event.
    """
    live = served()
    live.check()
    return RowsChanged(live.position, tuple(live.table.rows.values()), (), complete=True, missed=missed)


def too_slow(what: str, buffer_max: int, position: int | None) -> WatchClosed:
    """The error for a reader that was left behind."""
    return WatchClosed(
        f"the watch was closed: more than buffer_max={buffer_max} {what} waited for its reader. "
        "Read faster, or watch again with since=error.position",
        position=position,
    )
