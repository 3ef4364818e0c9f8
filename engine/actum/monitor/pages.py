"""What a look has found, as a page that goes over a wire."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from actum.monitor.columns import columns_of_view
from actum.monitor.frames import RowsPage
from actum.monitor.values import page_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from actum.monitor.looks import Look
    from actum.monitor.requests import RowsRequest
    from actum.views.live_view import LiveView


def page_of(
    live: LiveView, look: Look, rows: list[Any], request: RowsRequest, position: int, *, whole: bool = False
) -> RowsPage:
    """The page.

    Args:
        live: the view as it is served now.
        look: what was looked at.
        rows: those of the page.
        request: what was asked for.
        position: as of which the rows are so.
        whole: whether no value is cut.
    """
    schema = live.table.schema
    columns = columns_of_view(schema)
    values, cut = page_values(rows, values_of(tuple(column.name for column in columns)), whole=whole)
    count = look.count if position == look.position else len(live.table.rows)
    return RowsPage(
        view=live.name,
        position=position,
        key=schema.key,
        columns=columns,
        rows=values,
        offset=request.offset,
        count=count,
        matched=count if look.complete and not request.filter else look.matched,
        looked_at=count if look.complete else look.looked_at,
        looked_position=look.position,
        exact=look.exact,
        cut=cut,
    )


def values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """The function from a row to the values of these fields."""
    read: Callable[[Any], Any] = attrgetter(*names)
    return read if len(names) > 1 else lambda row: (read(row),)
