"""What a watch gives: frozen values, each with the position as of which it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from actum.messages import Row

R = TypeVar("R")
W = TypeVar("W", bound=Row)

#: What one commit changed in a view: rows by key, None for those that are gone.
Changes: TypeAlias = Mapping[Any, Any]


class Answer(msgspec.Struct, Generic[R], frozen=True):
    """What a query answers now.

    Attributes:
        position: as of which it is so.
        answer: as `ask` would give it.
        missed: whether answers between the one before and this one were left out (`when_slow="drop"`).
    """

    position: int
    answer: R
    missed: bool = False


class RowsChanged(msgspec.Struct, Generic[W], frozen=True):
    """What has changed in a view.

    Attributes:
        position: the rows are now those of this position; `since=` continues here.
        put: rows that are new, or replace those with their keys.
        removed: keys of rows that are gone.
        complete: whether `put` is all rows there are: forget those that you have.
        missed: whether changes before this one were left out (`when_slow="drop"`); it is complete then.
    """

    position: int
    put: tuple[W, ...]
    removed: tuple[Any, ...]
    complete: bool
    missed: bool = False


def rows_changed(position: int, changes: Changes) -> RowsChanged[Any]:
    """Changes as a watch gives them."""
    put = tuple(row for row in changes.values() if row is not None)
    removed = () if len(put) == len(changes) else tuple(key for key, row in changes.items() if row is None)
    return RowsChanged(position, put, removed, complete=False)
