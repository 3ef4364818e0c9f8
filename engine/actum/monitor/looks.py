"""One look at the rows of a view for a page: through an index, or at every row, a few at a time.

Where an index serves the order, or none is wanted, and nothing is filtered, the page is taken at once, whatever the
size of the view. Otherwise every row is looked at. Of a small view a list of its rows is made first: rows never
change, so the answer is exactly as of the position at which the look began, whatever is committed meanwhile. Of a
large one that would keep too many old rows in memory: its keys are walked, and each row is seen as it is when its
turn comes. A row that changes meanwhile may then be seen as it was or as it is, one that comes meanwhile not at all.

To list the keys of a dict of a million rows takes Python ten to fifty milliseconds in one go, as in a rebuild. Where an
order is wanted and there is an ordered index of any field, that is walked instead, block by block, in which case a row
that moves in it meanwhile may be passed over or seen twice, until the next look.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from heapq import heappush, heapreplace
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

from actum.errors import Invalid, shown
from actum.monitor.ordering import Comparable, comparable
from actum.monitor.requests import ROWS_MAX
from actum.views.table_schema import read_fields

if TYPE_CHECKING:
    from actum.monitor.requests import RowsRequest
    from actum.views.live_view import LiveView
    from actum.views.table_schema import TableSchema

#: Whether a row is wanted; None: every one is.
Matches: TypeAlias = "Callable[[Any], bool] | None"
#: A row among those that come first: its value, its key, a number that no other has, and the row.
Entry: TypeAlias = tuple[Comparable, Comparable, int, Any]

#: Rows that are looked at in one step, between two looks at the clock (see `pace`): a filter may take long for each.
STEP_ROWS: Final = 8
#: Rows that are taken from an index at once.
PART_ROWS: Final = 64
#: A view with more rows is walked by its keys: a list of so many rows takes a millisecond at most.
LISTED_ROWS_MAX: Final = 20_000
#: The farthest from an end that a page may begin where every row is looked at for an order: so many are kept meanwhile.
SORTED_OFFSET_MAX: Final = 2_000


@final
class Look:
    """One look; what it has found so far can be asked at any time.

    Attributes:
        live: the view that is looked at.
        position: of the view when the look began.
        count: rows that it had.
        looked_at: rows that were looked at.
        matched: those among them that match.
        complete: whether it has ended.
        exact: whether all of it is so as of the position at which it began.
    """

    __slots__ = (
        "_descending",
        "_first",
        "_kept",
        "_key_of",
        "_limit",
        "_matches",
        "_offset",
        "_request",
        "_turned",
        "_value_of",
        "_walked",
        "complete",
        "count",
        "exact",
        "live",
        "looked_at",
        "matched",
        "position",
    )

    def __init__(self, live: LiveView, request: RowsRequest, matches: Matches, *, bounded: bool = True) -> None:
        """Nothing looked at yet.

        Args:
            live: the view.
            request: which rows; see `check_request`.
            matches: what its filter says.
            bounded: whether a page that begins too far from both ends is refused.

        Raises:
            Invalid: it does.
        """
        self.live = live
        self.position = live.position
        self.count = len(live.table.rows)
        self.looked_at = 0
        self.matched = 0
        self.complete = False
        self.exact = True
        self._request = request
        self._matches = matches
        self._key_of: Callable[[Any], Any] = attrgetter(live.table.schema.key)
        self._value_of: Callable[[Any], Any] = attrgetter(request.order or live.table.schema.key)
        self._walked = False
        self._first: list[Any] = []  # a heap of entries, the last of them on top
        self._turned = matches is None and request.offset > self.count // 2  # it is nearer to the other end
        self._descending = request.descending is not self._turned
        left = max(self.count - request.offset, 0)
        self._limit = min(request.limit, left) if self._turned else request.limit
        self._offset = left - self._limit if self._turned else request.offset
        if bounded and request.order is not None and not self.at_once and self._offset > SORTED_OFFSET_MAX:
            raise Invalid(
                f"offset={request.offset}: at most {SORTED_OFFSET_MAX:,} from either end where every row is looked at "
                "for the order. Filter for less, or order by a field that an index orders, without a filter"
            )
        self._kept: list[Any] = []

    @property
    def at_once(self) -> bool:
        """Whether not every row has to be looked at."""
        order = self._request.order
        return self._matches is None and (order is None or index_by(self.live.table.schema, order) is not None)

    def steps(self) -> Iterator[None]:
        """Do it, a step at a time."""
        if self.at_once:
            self._kept = self._taken()
            self.matched = self.count
        else:
            for rows in self._parts():
                self._look_at(rows)
                yield
            self._kept, self._first = self._found(), []
        self.looked_at = self.count
        self.complete = True
        self.exact = not self._walked or self.live.position == self.position

    def rows(self) -> list[Any]:
        """The rows of the page, as far as they are known: as they were when the look began, or else as they are now."""
        found = self._found()
        return self.renewed(self.live, found) if self._walked else found

    def _found(self) -> list[Any]:
        """The rows of the page as they were looked at."""
        if not self._first:
            return self._kept
        entries = [entry if self._descending else entry.entry for entry in self._first]
        entries.sort(reverse=self._descending)
        rows = [row for *_, row in entries[self._offset : self._offset + self._limit]]
        return rows[::-1] if self._turned else rows

    def renewed(self, live: LiveView, rows: Iterable[Any]) -> list[Any]:
        """Rows as they are now; those that are gone, or don't match any more, are left out."""
        keys, matches = dict.fromkeys(map(self._key_of, rows)), self._matches
        current = [row for key in keys if (row := live.table.rows.get(key)) is not None]
        if matches is not None:
            current = [row for row in current if matches(row)]
        if self._request.order is not None:
            current.sort(key=self._order_of, reverse=self._request.descending)
        return current

    def _order_of(self, row: Any) -> tuple[Comparable, Comparable]:
        """What rows are ordered by."""
        return comparable(self._value_of(row)), comparable(self._key_of(row))

    def _taken(self) -> list[Any]:
        """The page through an index, or in the order of the table."""
        request, table = self._request, self.live.table
        index = None if request.order is None else index_by(table.schema, request.order)
        offset, limit = request.offset, request.limit
        if index is not None:
            return table.stretch(index, offset=offset, limit=limit, descending=request.descending)
        return middle(table.rows, offset, limit)

    def _parts(self) -> Iterator[list[Any]]:
        """All rows, some at a time."""
        table, order = self.live.table, self._request.order
        if self.count <= LISTED_ROWS_MAX:
            yield from steps_of(list(table.rows.values()))
            return
        self._walked = True
        indexes = table.schema.indexes
        if order is not None and indexes:
            for part in table.walk(index_by(table.schema, order) or indexes[0], PART_ROWS):
                yield from steps_of(part)
            return
        for keys in steps_of(list(table.rows)):
            yield [row for key in keys if (row := table.rows.get(key)) is not None]

    def _look_at(self, rows: list[Any]) -> None:
        """Some rows more."""
        self.looked_at += len(rows)
        matches, request = self._matches, self._request
        if matches is not None:
            rows = [row for row in rows if matches(row)]
        if request.order is None:
            first = max(request.offset - self.matched, 0)
            self._kept += rows[first : first + request.limit - len(self._kept)]
        elif rows:
            self._choose(rows)
        self.matched += len(rows)

    def _choose(self, rows: list[Any]) -> None:
        """Keep those that come first."""
        first, wanted = self._first, self._offset + self._limit
        for number, row in enumerate(rows, self.matched):
            entry: Entry = (comparable(self._value_of(row)), comparable(self._key_of(row)), number, row)
            if len(first) < wanted:
                heappush(first, entry if self._descending else Last(entry))
            elif self._descending:
                if wanted and first[0] < entry:
                    heapreplace(first, entry)
            elif wanted and entry < first[0].entry:
                heapreplace(first, Last(entry))


@final
class Last:
    """An entry that a heap has the other way round."""

    __slots__ = ("entry",)

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def __lt__(self, other: Last) -> bool:
        """Whether it comes behind the other."""
        return other.entry < self.entry


def check_request(request: RowsRequest, schema: TableSchema, *, bounded: bool = True) -> None:
    """Raise Invalid, naming what is wrong, unless a page can be made; unless `bounded` it may be of any size."""
    fields = read_fields(schema.row_type)
    if request.order is not None and request.order not in fields:
        raise Invalid(f"there is no field {shown(request.order)} to order by: {request.view} has {', '.join(fields)}")
    if not 1 <= request.limit <= (ROWS_MAX if bounded else sys.maxsize):
        raise Invalid(f"limit={request.limit}: a page has 1 to {ROWS_MAX} rows")
    if request.offset < 0:
        raise Invalid(f"offset={request.offset}: give 0 or more")


def steps_of(items: list[Any]) -> Iterator[list[Any]]:
    """A list, a few at a time."""
    for start in range(0, len(items), STEP_ROWS):
        yield items[start : start + STEP_ROWS]


def index_by(schema: TableSchema, field: str) -> tuple[str, ...] | None:
    """The ordered index that orders by a field, the one of it alone before others; None if there is none."""
    return min((index for index in schema.indexes if index[0] == field), key=len, default=None)


def middle(rows: dict[Any, Any], offset: int, limit: int) -> list[Any]:
    """Some rows of a dict, in its order, counted from the nearer end."""
    count = len(rows)
    if offset <= count // 2:
        return list(islice(rows.values(), offset, offset + limit))
    stop = min(offset + limit, count)
    return list(islice(reversed(rows.values()), count - stop, max(count - offset, 0)))[::-1]
