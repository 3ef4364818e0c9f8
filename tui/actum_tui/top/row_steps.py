"""Moving through a view: from one request for rows to the next one. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from actum.monitor import RowsPage, RowsRequest

    from actum_tui.top.widgets.rows_grid import Step

POSITION = re.compile(r"-?[0-9][0-9,_ ]{0,30}")


def stepped(request: RowsRequest, page: RowsPage, step: Step) -> RowsRequest:
    """The request after a step; the same one at an edge."""
    of = page.matched if request.filter else page.count
    last = max(0, of - request.limit)
    at = page.offset
    offset = {
        "first": 0,
        "before": at - request.limit,
        "next": at + request.limit,
        "last": last,
        "up": at - 1,
        "down": at + 1,
    }[step]
    return replace(request, offset=max(0, min(offset, last)))


def position_of(text: str, head: int) -> int | str:
    """The position that somebody wrote: `4000`, `4,000`, or `-100` for a hundred before the last; or what is wrong."""
    text = text.strip()
    if not POSITION.fullmatch(text):
        return "write a position: 4000, or -100 for a hundred before the last"
    number = int(re.sub("[,_ ]", "", text))
    position = head + number if text.startswith("-") else number
    if not 0 <= position <= head:
        return f"there is no position {position:,}: the log has {head:,}"
    return position
