"""What the last events changed in a view of the past, so that it can go back over them without a fold from the start.

Of each event the rows are kept that it replaced. A removed row is not put back, because it would come last among the
rows and not where it was: the trail begins anew behind an event that removes one, as it does behind one whose handler
writes rows past the view's own `put`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actum.messages import Event
    from actum.records import Record
    from actum.views.live_view import LiveView

#: Events that are folded with a trail, the last ones before a position: one by one, which takes longer.
TRAIL_EVENTS_MAX: Final = 500
#: Rows that are kept.
TRAIL_ROWS_MAX: Final = 10_000


@final
class Trail:
    """The way that one view has come.

    Attributes:
        start: the position back to which it leads.
    """

    __slots__ = ("_key_of", "_live", "_replaced", "_rows", "start")

    def __init__(self, live: LiveView, key_of: Callable[[Any], Any]) -> None:
        """It begins where the view stands."""
        self._live = live
        self._key_of = key_of
        self._rows: deque[tuple[int, Any, Any]] = deque()  # position, key, and the row before; None for none
        self._replaced: dict[Any, Any] = {}
        self.start = live.position

    def restart(self) -> None:
        """It begins where the view stands now."""
        self._rows.clear()
        self.start = self._live.position

    def apply(self, first: int, events: Sequence[Event], records: Callable[[], Sequence[Record]]) -> None:
        """As `LiveView.apply`, noting what each event changes."""
        live, table = self._live, self._live.table
        live.view.__dict__["put"] = self._put
        try:
            self._follow(first, events, records)
        finally:
            live.view.__dict__["put"] = table.put
        while len(self._rows) > TRAIL_ROWS_MAX:
            self.start = self._rows.popleft()[0]

    def _follow(self, first: int, events: Sequence[Event], records: Callable[[], Sequence[Record]]) -> None:
        """Apply the events one by one."""
        live, table = self._live, self._live.table
        for index, event in enumerate(events):
            self._replaced = {}
            table.cut()
            live.apply(first + index, [event], lambda index=index: records()[index : index + 1])  # type: ignore[misc]
            if live.broken is not None:
                return
            if table.removed or table.dirty.keys() != self._replaced.keys():
                self.restart()
            else:
                self._rows += [(first + index, key, row) for key, row in self._replaced.items()]

    def back(self, position: int) -> None:
        """Put the view where it was at a position that the trail leads to."""
        assert self.start <= position <= self._live.position, "the trail does not lead there"
        table = self._live.table
        table.writable = True
        while self._rows and self._rows[-1][0] > position:
            _, key, row = self._rows.pop()
            if row is None:
                table.remove(key)
            else:
                table.put(row)
        table.writable = False
        self._live.position = position

    def _put(self, row: Any) -> None:
        """Stands for the view's `put`."""
        table = self._live.table
        key = self._key_of(row) if type(row) is table.schema.row_type else None
        if key is not None:
            self._replaced.setdefault(key, table.rows.get(key))
        table.put(row)
