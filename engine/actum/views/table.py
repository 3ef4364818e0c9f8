"""The table behind a view: immutable rows in memory, their indexes, and what changed since the last checkpoint.

A view's projection writes with `put` and `remove`; its answers read with `where`, `count`, `order_by` and `page`;
recovery fills it with `restore` and `build`; a checkpoint takes `cut`. All of this happens on one thread, the
engine's loop, and between two turns of it, so there are no locks. `index_set` says why indexes follow lazily,
`table_reader` how questions are answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar, final

import msgspec

from actum.errors import Invalid, WriteOutsideProjection, shown
from actum.views.index_set import INDEX_PENDING_MAX, IndexSet, refuse_nan
from actum.views.page import PAGE_ROWS_MAX, Page
from actum.views.sorted_entries import RELEASED_ITEMS, emptied
from actum.views.table_reader import TableReader
from actum.views.table_schema import TableSchema, check_schema, read_fields

R = TypeVar("R", bound=msgspec.Struct)


class TableStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a table.

    `dirty_rows` wait for the next checkpoint, `pending_rows` for the next read of an index. The other two add up all
    indexes.
    """

    rows: int
    dirty_rows: int
    pending_rows: int
    ordered_entries: int
    hash_values: int


@final
class Cut(NamedTuple, Generic[R]):
    """What changed in a table between two cuts. Restored in this order, it gives the rows in the order they had.

    Attributes:
        rows: by key; None for those that are gone.
        removed: keys to take out before the rows are put in.
    """

    rows: dict[Any, R | None]
    removed: set[Any]


@final
class Table(Generic[R]):
    """Rows of one type by primary key, with hash and ordered indexes.

    Attributes:
        schema: what the table was made of.
        rows: the rows by primary key, for reading only. It stays the same dict as long as the table lives.
        dirty: what changed since the last `cut`: the row, or None if it was removed.
        removed: the keys that were removed since then, also those that were put again.
    """

    __slots__ = (
        "_fast",
        "_index_pending_max",
        "_indexes",
        "_key_of",
        "_nan_fields",
        "_page_rows_max",
        "_reader",
        "_row_type",
        "_writable",
        "dirty",
        "removed",
        "rows",
        "schema",
    )

    def __init__(
        self,
        schema: TableSchema,
        *,
        index_pending_max: int = INDEX_PENDING_MAX,
        page_rows_max: int = PAGE_ROWS_MAX,
    ) -> None:
        """An empty table, not writable yet.

        Raises:
            Invalid: the schema has faults; the message lists them.
        """
        if faults := check_schema(schema):
            raise Invalid("; ".join(faults))
        fields = read_fields(schema.row_type)
        self.schema = schema
        self.rows: dict[Any, R] = {}
        self.dirty: dict[Any, R | None] = {}
        self.removed: set[Any] = set()
        self._writable = False
        self._fast: dict[Any, R | None] | None = None
        self._indexes = IndexSet(schema, fields, self.rows)
        self._reader = TableReader(schema, fields, self.rows, self._indexes)
        self._row_type = schema.row_type
        self._key_of: Callable[[R], Any] = attrgetter(schema.key)
        self._nan_fields = self._indexes.nan_fields
        self._index_pending_max = index_pending_max
        self._page_rows_max = page_rows_max

    # Writing: by projections.

    @property
    def writable(self) -> bool:
        """Whether `put` and `remove` are allowed now; the engine says so around projections."""
        return self._writable

    @writable.setter
    def writable(self, allowed: bool) -> None:  # that is what a setter takes
        """Say so; where a put is no more than two assignments, `put` then finds where the second one goes."""
        self._writable = allowed
        plain = allowed and not (self.removed or self._nan_fields or self._indexes.all)
        self._fast = self.dirty if plain else None

    def put(self, row: R) -> None:
        """Insert a row, or replace the one with its key.

        Raises:
            WriteOutsideProjection: the table is not writable now.
            Invalid: not a row of this table, or the key or an indexed field is NaN.
        """
        key_of, fast = self._key_of, self._fast
        if fast is not None and type(row) is self._row_type:
            key = key_of(row)
            self.rows[key] = fast[key] = row
            return
        if not self._writable:
            raise self._refusal("put")
        if type(row) is not self._row_type:
            raise Invalid(f"put() takes a {self._row_type.__name__}, not {shown(row)}")
        for name in self._nan_fields:
            refuse_nan(row, name)
        key = key_of(row)
        if self.removed and key in self.removed and key not in self.rows:
            self.dirty.pop(key, None)  # it comes last among the rows, so it has to come last in the cut
        stale = self._indexes.stale
        if stale is None:
            self.rows[key] = self.dirty[key] = row
            return
        if key not in stale:
            stale[key] = self.rows.get(key)
        self.rows[key] = self.dirty[key] = row
        if len(stale) >= self._index_pending_max:
            self._indexes.apply()

    def remove(self, key: object) -> bool:
        """Take out the row with this key; False if there is none.

        Raises:
            WriteOutsideProjection: the table is not writable now.
        """
        if not self._writable:
            raise self._refusal("remove")
        row = self.rows.pop(key, None)
        if row is None:
            return False
        self.dirty[key] = None
        self.removed.add(key)
        self._fast = None
        stale = self._indexes.stale
        if stale is not None:
            stale.setdefault(key, row)
            if len(stale) >= self._index_pending_max:
                self._indexes.apply()
        return True

    # Checkpoints and opening: by the engine.

    def cut(self) -> Cut[R]:
        """What changed since the last cut, and begin anew: two assignments, however much it is."""
        cut = Cut(self.dirty, self.removed)
        self._fast = None
        self.dirty, self.removed = {}, set()
        return cut

    def uncut(self, earlier: Cut[R]) -> Cut[R]:
        """Undo a cut: what changed before it waits for the next checkpoint again. Gives what changed since.

        A cut and this around a batch tell what the batch changed, and writing a row costs no more for it.
        """
        later = Cut(self.dirty, self.removed)
        rows, removed = earlier
        for key in later.removed:
            rows.pop(key, None)  # as in `put`: what was removed and put again comes last
        if removed:
            for key in later.rows:
                if key in removed and rows.get(key) is None:
                    rows.pop(key, None)
        rows.update(later.rows)
        removed.update(later.removed)
        self._fast = None
        self.dirty, self.removed = rows, removed
        return later

    def restore(self, rows: Iterable[R], removed: Iterable[object] = ()) -> None:
        """Take over a part of a checkpoint: keys to take out, then rows to put in. Nothing becomes dirty.

        Parts come oldest first. Their rows were checked by a typed decoder and are not checked again. Indexes are off
        from now on until `build`, or until one is read.
        """
        self._indexes.drop()
        for key in removed:
            self.rows.pop(key, None)
        restored = rows if isinstance(rows, list) else list(rows)
        self.rows.update(zip(map(self._key_of, restored), restored, strict=True))

    def build(self) -> None:
        """Make all indexes from the rows: after restoring and replaying, before serving.

        Raises:
            Invalid: a row holds a value that can't be indexed.
        """
        self._indexes.build()

    def build_slices(self) -> Iterator[None]:
        """As `build`, a slice at a time, for a table that is made beside the one that is read; no writing meanwhile.

        Raises:
            Invalid: a row holds a value that can't be indexed.
        """
        return self._indexes.build_slices()

    def release(self) -> Iterator[None]:
        """Let go of all rows and indexes, a slice at a time: nobody reads or writes them any more."""
        yield from emptied(self.rows, RELEASED_ITEMS)
        yield from emptied(self.dirty, RELEASED_ITEMS)
        yield from self._indexes.release()

    # Reading: by answers and projections.

    def where(self, **equals: object) -> list[R]:
        """The rows whose fields equal these values, by primary key.

        Takes the primary key or the best index there is; without one it looks at every row.

        Raises:
            Invalid: an unknown field, or a value of another type than the field's.
        """
        return self._reader.where(equals)

    def count(self, **equals: object) -> int:
        """How many rows have fields that equal these values; from an index alone if one covers all the fields.

        Raises:
            Invalid: an unknown field, or a value of another type than the field's.
        """
        return self._reader.count(equals)

    def order_by(
        self,
        index: str | tuple[str, ...],
        *,
        descending: bool = False,
        limit: int | None = None,
        where: Mapping[str, object] | None = None,
        start: object = None,
        stop: object = None,
    ) -> list[R]:
        """The rows in the order of an index and, for equal values, of their keys; at most `limit` of them.

        Args:
            index: a field or a tuple of fields, as declared in `indexes`.
            descending: the same rows, from the last to the first; `limit` counts from the last then.
            limit: at least 1; None for all.
            where: values that fields must have. Those of the first fields of the index narrow the range that is read,
                the others are compared row by row.
            start: the lowest value of the index's next field, or a tuple of values of its next fields; None for no
                bound.
            stop: as `start`, but the rows from this value on are left out, as in a slice. Start is the lower of the
                two, also when descending.

        Raises:
            Invalid: an index that isn't declared, an unknown field, a value of another type, a limit below 1.
        """
        return self._reader.order_by(
            index, descending=descending, limit=limit, equals=where or {}, start=start, stop=stop
        )

    def page(
        self,
        index: str | tuple[str, ...],
        *,
        limit: int,
        cursor: str | None = None,
        descending: bool = False,
        where: Mapping[str, object] | None = None,
    ) -> Page[R]:
        """At most `limit` rows in the order of an index, and the cursor for the rows behind them.

        Rows that are put or removed between two pages never make the pages repeat or skip another row. Keep `where`
        the same from page to page; index and direction are checked.

        Raises:
            Invalid: as for `order_by`; also a limit above `page_rows_max`, or a cursor that isn't for this page.
        """
        return self._reader.page(
            index,
            limit=limit,
            limit_max=self._page_rows_max,
            cursor=cursor,
            descending=descending,
            equals=where or {},
        )

    def stretch(self, index: str | tuple[str, ...], *, offset: int, limit: int, descending: bool = False) -> list[R]:
        """At most `limit` rows in the order of an index, behind the first `offset` of them, however many those are.

        For tools that page to and fro; an application's pages go on by `page`, whatever changed in between.

        Raises:
            Invalid: as for `order_by`.
        """
        return self._reader.stretch(index, offset=offset, limit=limit, descending=descending)

    def walk(self, index: str | tuple[str, ...], count: int) -> Iterator[list[R]]:
        """All rows in the order of an index, at most `count` at a time; rows may change in between.

        One whose indexed values do may be passed over then, or come twice.

        Raises:
            Invalid: as for `order_by`.
        """
        return self._reader.walk(index, count)

    def statistics(self) -> TableStatistics:
        """How large it is."""
        return TableStatistics(
            rows=len(self.rows),
            dirty_rows=len(self.dirty),
            pending_rows=len(self._indexes.stale or ()),
            ordered_entries=sum(map(len, self._indexes.ordered)),
            hash_values=sum(map(len, self._indexes.hashed)),
        )

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def __repr__(self) -> str:
        """Its row type and its size."""
        return f"<Table {self._row_type.__name__} rows {len(self.rows)} dirty {len(self.dirty)}>"

    def _refusal(self, method: str) -> WriteOutsideProjection:
        """The error of a write at the wrong time."""
        row = self._row_type.__name__
        return WriteOutsideProjection(
            f"{method}() on the rows of {row} outside @project: send a command whose event changes them"
        )
