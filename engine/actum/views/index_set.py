"""All indexes of one table, and how they follow its rows: lazily, in bounded batches.

Writing a row must cost tens of nanoseconds and changing an index costs microseconds, so the table only notes
(`stale`) the row as the indexes last saw it, once for each key. The next read of any index brings all of them up to
date. So many changes of one row become one change of each index, and rows that are written and never asked for in
order cost nothing; and because `INDEX_PENDING_MAX` notes are applied at once, a reader never waits for more than
those. Rejected: following at every write (a view that counts would pay a thousand times for one row), and unbounded
notes (a reader would pay for an hour of writing).

Before `build` nothing is noted at all: a replay fills the table, then each index is made by sorting, which is several
times faster.

Rows are not validated when they are made, so one may hold a value that can't be compared or hashed. Then the indexes
stop: whatever reads one gets the same error, never a wrong answer, until the next `build`. The rows themselves stay
right.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from itertools import chain, pairwise
from typing import Any, Final, NoReturn, final

import msgspec

from actum.errors import Invalid, shown
from actum.views.index import HashIndex, OrderedIndex, slices
from actum.views.table_schema import Field, TableSchema, is_nan

#: So many changed keys are applied to the indexes at once; that is the longest that a reader waits: for each index one
#: millisecond with 100,000 rows, three with a million.
INDEX_PENDING_MAX: Final = 256


@final
class IndexSet:
    """The indexes over `rows`, which the table owns and changes.

    Attributes:
        stale: by key, the row as the indexes last saw it (None: no row). None itself while the indexes aren't built.
    """

    __slots__ = ("_fault", "_fields", "_nan_fields", "_rows", "all", "hashed", "ordered", "stale")

    def __init__(self, schema: TableSchema, fields: Mapping[str, Field], rows: dict[Any, Any]) -> None:
        self._fields = fields
        self._rows = rows
        self._fault = ""
        self.stale: dict[Any, Any] | None = None
        self.hashed = tuple(HashIndex(tuple(fields[name] for name in names)) for names in schema.hash_indexes)
        self.ordered = tuple(
            OrderedIndex(tuple(fields[name] for name in names), schema.key) for names in schema.indexes
        )
        self.all: tuple[HashIndex | OrderedIndex, ...] = (*self.hashed, *self.ordered)
        indexed = dict.fromkeys([schema.key, *chain.from_iterable((*schema.indexes, *schema.hash_indexes))])
        self._nan_fields = tuple(name for name in indexed if fields[name].can_be_nan)

    @property
    def nan_fields(self) -> tuple[str, ...]:
        """The key and indexed fields that could be NaN, which would break the order and never be found again."""
        return self._nan_fields

    def build(self) -> None:
        """Make all indexes anew from the rows; from then on changes are noted.

        Raises:
            Invalid: a row holds a value that can't be indexed.
        """
        self.drop()
        if not self.all:
            return
        for name in self._nan_fields:
            for row in self._rows.values():
                refuse_nan(row, name)
        collecting = gc.isenabled()
        gc.disable()  # a million new tuples, none of them garbage, would set off collections that double the time
        try:
            self._build_all()
        except (TypeError, ArithmeticError) as error:
            self._stop(error)
        finally:
            if collecting:
                gc.enable()
        self.stale = {}

    def build_slices(self) -> Iterator[None]:
        """The same a slice at a time, each of some milliseconds; the rows must not change meanwhile.

        Raises:
            Invalid: a row holds a value that can't be indexed.
        """
        self.drop()
        if not self.all:
            return
        for name in self._nan_fields:
            for part in slices(self._rows.values()):
                for row in part:
                    refuse_nan(row, name)
                yield
        try:
            for index in self.all:
                yield from index.build_slices(self._rows)
        except (TypeError, ArithmeticError) as error:
            self._stop(error)
        self.stale = {}

    def release(self) -> Iterator[None]:
        """Let go of everything, a slice at a time; of no use afterwards."""
        for index in self.all:
            yield from index.release()

    def _build_all(self) -> None:
        """Make each index from the rows."""
        rows = self._rows.values()
        for hashed in self.hashed:
            hashed.build(rows, self._rows)
        ascending = bool(self.ordered) and all(low < high for low, high in pairwise(self._rows))
        for ordered in self.ordered:
            ordered.build(rows, keys_ascend=ascending)

    def drop(self) -> None:
        """Forget what the indexes know; the next `build`, or the next read of one, makes them anew."""
        self.stale = None
        self._fault = ""

    def catch_up(self) -> None:
        """Bring the indexes up to date; every read of one begins with this.

        Raises:
            Invalid: a row holds a value that can't be indexed.
        """
        if self._fault:
            raise Invalid(self._fault)
        if self.stale is None:
            self.build()
        elif self.stale:
            self.apply()

    def apply(self) -> None:
        """Let every index follow the noted rows.

        Raises:
            Invalid: a row holds a value that can't be indexed.
        """
        stale = self.stale
        assert stale is not None, "changes are noted only while the indexes are built"
        current = self._rows.get
        changes = [(key, old, current(key)) for key, old in stale.items()]
        try:
            for index in self.all:
                for key, old, new in changes:
                    index.change(key, old, new)
        except (TypeError, ArithmeticError) as error:
            self._stop(error)
        stale.clear()

    def _stop(self, error: Exception) -> NoReturn:
        """Serve no index any more, and say which row is to blame if its type tells."""
        self.stale = None
        culprit = next(self._culprits(), "its values can't be compared with each other")
        self._fault = f"the indexes stopped: {culprit} ({error}). Mend the projection that put it and rebuild the view"
        raise Invalid(self._fault) from error

    def _culprits(self) -> Iterator[str]:
        """The indexed values that are not what their fields' annotations say."""
        names = dict.fromkeys(chain.from_iterable(index.fields for index in self.all))
        for key, row in self._rows.items():
            for name in names:
                if not self._fields[name].admits(value := getattr(row, name)):
                    kind = self._fields[name].type_name
                    yield f"{type(row).__name__} {key!r} has {name}={shown(value)}, which is not {kind}"


def refuse_nan(row: msgspec.Struct, name: str) -> None:
    """Raise Invalid if this field is not a number."""
    if is_nan(getattr(row, name)):
        raise Invalid(
            f"{type(row).__name__}: {name} is NaN, which no index can hold: leave such a row out, or make the field "
            f"optional and put None"
        )
