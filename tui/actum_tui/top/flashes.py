"""What is marked in a table of rows because it has just changed: a pure function of two pages, and its memory.

A mark is a sign and a colour, so that it is seen without colours too: `+` new, `>` come onto this page (it may have
been in the view before), `~` changed. It stays for a moment, so that an eye finds it; a change within that moment is
marked anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, final

from msgspec.structs import replace

from actum_tui.output import to_json
from actum_tui.top.difference import same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actum.monitor import RowsPage, RowsRequest

#: How long a mark is shown.
FLASH_SECONDS = 2.0

Sign: TypeAlias = Literal["+", ">", "~"]


class Flash(NamedTuple):
    """Why a row is marked.

    Attributes:
        sign: what became of the row.
        columns: those whose values have changed.
    """

    sign: Sign
    columns: frozenset[str] = frozenset()


def row_key(page: RowsPage, row: Sequence[Any]) -> str:
    """What identifies a row, as text: the value of its key."""
    return to_json(row[next(index for index, column in enumerate(page.columns) if column.name == page.key)])


def rows_by_key(page: RowsPage) -> dict[str, tuple[Any, ...]]:
    """The rows of a page by their keys."""
    return {row_key(page, row): row for row in page.rows}


def is_whole(page: RowsPage) -> bool:
    """Whether all rows that the filter lets through are on the page."""
    return len(page.rows) >= page.matched


def flashes(before: RowsPage, after: RowsPage, *, roomier: bool = False) -> dict[str, Flash]:
    """The marks of the rows of a page by their keys, against the page that the same question had before.

    Args:
        before: the page that was seen.
        after: the page that is seen now.
        roomier: whether there is room for more rows now: what has come onto the page by that has not just come.
    """
    if before.position == after.position or before.columns != after.columns or before.view != after.view:
        return {}
    known = rows_by_key(before)
    whole = is_whole(before) and before.looked_at >= before.count
    fresh: Sign = "+" if whole else ">"
    found: dict[str, Flash] = {}
    for key, row in rows_by_key(after).items():
        if key not in known:
            if whole or not roomier:
                found[key] = Flash(fresh)
        elif changed := differing(after, known[key], row):
            found[key] = Flash("~", changed)
    return found


def differing(page: RowsPage, before: Sequence[Any], after: Sequence[Any]) -> frozenset[str]:
    """The columns whose values are others."""
    triples = zip(page.columns, before, after, strict=True)
    return frozenset(column.name for column, old, new in triples if not same(old, new))


@final
class Flashes:
    """The marks that are to be seen now.

    Attributes:
        settled: whether the next page is compared with the last one.
    """

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._question: RowsRequest | None = None
        self._limit = 0
        self._page: RowsPage | None = None
        self.settled = False
        self._marked: dict[str, tuple[float, Flash]] = {}

    def see(self, request: RowsRequest, page: RowsPage, now: float) -> Mapping[str, Flash]:
        """The marks of a page, the answer to a question; to another question than before there are none.

        A table that has room for more rows asks no other question.

        A frame may still hold the answer to the question before: the first one to a new question is compared with
        nothing. Positions of the past are compared with each other, and their marks stay.

        Args:
            request: the question.
            page: the answer.
            now: seconds, by a clock that only goes forward.
        """
        past = request.position is not None
        question = replace(request, position=0 if past else None, limit=1)
        if question != self._question or self._page is None:
            self._marked, self.settled = {}, past
        elif not self.settled:
            self.settled = True
        else:
            found = flashes(self._page, page, roomier=request.limit > self._limit)
            self._marked = {} if past and page.position != self._page.position else self._marked
            for key, flash in found.items():
                self._marked[key] = (float("inf") if past else now, self._with_older(key, flash, now))
        self._question, self._limit, self._page = question, request.limit, page
        return self.at(now)

    def at(self, now: float) -> Mapping[str, Flash]:
        """The marks that are still to be seen."""
        self._marked = {key: marked for key, marked in self._marked.items() if now - marked[0] < FLASH_SECONDS}
        return {key: flash for key, (_, flash) in self._marked.items()}

    def _with_older(self, key: str, flash: Flash, now: float) -> Flash:
        """A mark, and what is still to be seen of the row's older one: a new row stays new while it changes."""
        since, older = self._marked.get(key, (now, flash))
        if flash.sign != "~" or now - since >= FLASH_SECONDS:
            return flash
        return Flash(older.sign, older.columns | flash.columns)
