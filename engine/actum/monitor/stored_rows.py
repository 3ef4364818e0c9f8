"""A page of the rows that a store's newest checkpoint holds: as a running engine gives it, but read from the disk.

It is looked for in steps, so that whoever reads the store for several purposes can do something else in between. A
filter or an order looks at all rows, about half a million a second, and keeps those of the page and the ones before.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, final

from actum.errors import Invalid, shown
from actum.monitor.filters import Filter
from actum.monitor.frames import Column, RowsPage
from actum.monitor.ordering import comparable
from actum.monitor.requests import ROWS_MAX
from actum.monitor.values import page_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actum.monitor.requests import RowsRequest
    from actum.stored.store import Store
    from actum.stored.views import StoredView

#: Rows that are looked at in one step: some milliseconds.
STEP_ROWS: Final = 2_000
#: With an order all rows up to the end of the page are kept.
ORDERED_OFFSET_MAX: Final = 100_000
#: Kept rows beyond those that are needed, before the others are dropped.
KEPT_SPARE: Final = 2_000


@final
class StoredLook:
    """One page, being looked for; to be closed.

    Attributes:
        view: which one, and as of which position.
        looked_at: rows so far.
    """

    def __init__(self, store: Store, request: RowsRequest) -> None:
        """Nothing looked at yet.

        Raises:
            Invalid: the checkpoint doesn't have that, or the request is not one that can be answered.
            StoreCorrupt, StoreMismatch: it can't be read.
        """
        self._request = request
        self._filter = Filter.parse(request.filter)
        self._first = max(request.offset, 0)
        self._limit = min(max(request.limit, 1), ROWS_MAX)
        self._rows = store.rows(request.view)
        self.view: StoredView = self._rows.view
        try:
            self._check()
        except BaseException:
            self._rows.close()
            raise
        self._left: Iterator[dict[str, Any]] = iter(self._rows)
        self._kept: list[dict[str, Any]] = []
        self._matched = 0
        self._done = False
        self.looked_at = 0

    def _check(self) -> None:
        """Whether the request can be answered from the checkpoint."""
        request, view = self._request, self.view
        if request.position not in (None, view.position):
            raise Invalid(
                f"the store's rows of {view.name} are those of position {view.position}, where its newest checkpoint"
                " was made: rows as of another one need your classes, --app MODULE:ATTRIBUTE, or the running engine"
            )
        names = [column.name for column in view.columns]
        asked = [*sorted(self._filter.fields), *(() if request.order is None else (request.order,))]
        for name in asked if names else ():
            if name not in names:
                raise Invalid(f"there is no field {shown(name)}: {view.name} has {', '.join(names)}")
        if request.order is not None and self._first > ORDERED_OFFSET_MAX:
            raise Invalid(
                f"offset={self._first:,}: in an order pages up to row {ORDERED_OFFSET_MAX:,} are made. Filter, or turn"
                " the order round"
            )

    def step(self) -> bool:
        """Look at some more rows; whether there is more to do.

        Raises:
            StoreCorrupt, StoreMismatch: they can't be read.
        """
        if self._done:
            return False
        matches = self._filter.matches_row if self._filter.terms else None
        some = list(islice(self._left, STEP_ROWS))
        self.looked_at += len(some)
        found = [row for row in some if matches(row)] if matches is not None else some
        if self._request.order is None:
            needed = self._first + self._limit - self._matched
            self._kept += found[max(self._first - self._matched, 0) : max(needed, 0)]
        else:
            self._kept += found
            if len(self._kept) > self._first + self._limit + KEPT_SPARE:
                self._sort()
        self._matched += len(found)
        self._done = len(some) < STEP_ROWS or self._is_enough(matches is None)
        return not self._done

    def _is_enough(self, everything: bool) -> bool:  # noqa: FBT001  # its own question
        """Whether what is left could change nothing: without filter and order, when the page is there."""
        known = everything and self._request.order is None and self.view.rows is not None
        return known and self._matched >= self._first + self._limit

    def _sort(self) -> None:
        """Keep the first ones of the order."""
        order = self._request.order or ""
        self._kept.sort(key=lambda row: comparable(row.get(order)), reverse=self._request.descending)
        del self._kept[self._first + self._limit :]

    def page(self) -> RowsPage:
        """The page, as far as rows have been looked at."""
        view = self.view
        rows = self._kept
        if self._request.order is not None:
            self._sort()
            rows = self._kept[self._first :]
        names = [column.name for column in view.columns] or list(dict.fromkeys(name for row in rows for name in row))
        known = {column.name: column for column in view.columns}
        columns = tuple(
            Column(name, known[name].type, known[name].numeric) if name in known else Column(name, "") for name in names
        )
        values, cut = page_values(rows, lambda row: tuple(row.get(name) for name in names))
        complete = self._done
        count = self.looked_at if view.rows is None else view.rows
        return RowsPage(
            view=view.name,
            position=view.position,
            key=view.key,
            columns=columns,
            rows=values,
            offset=self._first,
            count=count,
            matched=count if complete and not self._filter.terms else self._matched,
            looked_at=count if complete else self.looked_at,
            looked_position=view.position,
            cut=cut,
        )

    def close(self) -> None:
        """Close the file. Again: nothing."""
        self._rows.close()
