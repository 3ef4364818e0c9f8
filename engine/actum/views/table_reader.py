"""How rows are found: by equality, in order, page by page.

A question names fields; `Plan` is the best way to the rows that have given values in them: the primary key, else the
index that covers the most of them (a hash index before an ordered one), else every row; whatever an index does not
cover is then compared row by row. Ordered questions name their index; equal values of its first fields narrow the
range that is read.

No answer depends on the order in which rows were written: equality answers come by primary key, ordered ones by value
and then by primary key. So an answer is the same after a restart, a rebuild, and with or without an index.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar, cast, final

import msgspec

from actum.errors import Invalid, shown
from actum.views.index import HashIndex, OrderedIndex
from actum.views.index_set import IndexSet
from actum.views.page import CursorCodec, Page
from actum.views.sorted_entries import Position
from actum.views.table_schema import Field, TableSchema, index_name, is_nan

R = TypeVar("R", bound=msgspec.Struct)

#: Plans are remembered for so many combinations of fields; there are as many as there are ways of asking in the code.
PLANS_MAX: Final = 64


class Plan(msgspec.Struct, frozen=True):
    """The way to rows with given values: `index` (None: the key or a scan) by `used` fields, then `rest` row by row."""

    index: HashIndex | OrderedIndex | None
    used: tuple[str, ...]
    rest: tuple[str, ...]


class OrderedPath(msgspec.Struct, frozen=True):
    """An ordered index with its cursors, and how to read a cursor's values from a row."""

    index: OrderedIndex
    cursors: CursorCodec
    values_of: Callable[[Any], tuple[Any, ...]]


@final
class TableReader(Generic[R]):
    """Reads the rows of one table; see `Table` for what each question means."""

    __slots__ = ("_fields", "_indexes", "_key", "_key_of", "_paths", "_plans", "_rows", "_schema")

    def __init__(self, schema: TableSchema, fields: Mapping[str, Field], rows: dict[Any, R], indexes: IndexSet) -> None:
        self._schema = schema
        self._fields = fields
        self._rows = rows
        self._indexes = indexes
        self._key = schema.key
        self._key_of: Callable[[R], Any] = attrgetter(schema.key)
        self._plans: dict[frozenset[str], Plan] = {}
        self._paths = {index.fields: self._make_path(index) for index in indexes.ordered}

    def where(self, equals: Mapping[str, object]) -> list[R]:
        """The rows with these values, by primary key."""
        rows = list(self._matches(self._plan(equals), equals))
        if len(rows) > 1:
            rows.sort(key=self._key_of)
        return rows

    def count(self, equals: Mapping[str, object]) -> int:
        """How many rows have these values, from the index alone if it covers all of them."""
        plan = self._plan(equals)
        if not equals:
            return len(self._rows)
        if plan.index is None or plan.rest:
            return sum(1 for _ in self._matches(plan, equals))
        self._indexes.catch_up()
        values = tuple(equals[name] for name in plan.used)
        if isinstance(plan.index, HashIndex):
            return len(hash_keys(plan.index, values))
        return plan.index.entries.count(*self._span(plan.index, values, None, None))

    def order_by(
        self,
        names: str | tuple[str, ...],
        *,
        descending: bool,
        limit: int | None,
        equals: Mapping[str, object],
        start: object,
        stop: object,
    ) -> list[R]:
        """The rows in the order of an index, between two bounds."""
        if limit is not None:
            check_limit(limit)
        index = self._path(names).index
        low, high, rest = self._range(index, equals, start, stop)
        keys = index.entries.keys(low, high, descending=descending)
        return list(islice(self._rows_at(keys, rest, equals), limit))

    def page(
        self,
        names: str | tuple[str, ...],
        *,
        limit: int,
        limit_max: int,
        cursor: str | None,
        descending: bool,
        equals: Mapping[str, object],
    ) -> Page[R]:
        """At most `limit` rows in the order of an index, behind a cursor; one more is looked for, to know of it."""
        check_limit(limit, limit_max)
        path = self._path(names)
        low, high, rest = self._range(path.index, equals, None, None)
        if cursor is not None:
            place = self._place(path, cursor, descending=descending)
            low, high = (low, min(high, place)) if descending else (max(low, place), high)
        keys = path.index.entries.keys(low, high, descending=descending)
        rows = list(islice(self._rows_at(keys, rest, equals), limit + 1))
        if len(rows) <= limit:
            return Page(rows=rows)
        rows.pop()
        return Page(rows=rows, cursor=path.cursors.encode(path.values_of(rows[-1]), descending=descending))

    def stretch(self, names: str | tuple[str, ...], *, offset: int, limit: int, descending: bool) -> list[R]:
        """At most `limit` rows in the order of an index, behind the first `offset` of them."""
        entries = self._path(names).index.entries
        low, high = entries.start, entries.end
        if descending:
            high = entries.at(max(len(entries) - offset, 0))
        else:
            low = entries.at(offset)
        return list(map(self._rows.__getitem__, islice(entries.keys(low, high, descending=descending), limit)))

    def walk(self, names: str | tuple[str, ...], count: int) -> Iterator[list[R]]:
        """All rows in the order of an index, at most `count` at a time, while they change."""
        entries = self._path(names).index.entries
        last: tuple[Any, Any] | None = None
        while part := entries.part(last, count):
            last = part[-1]
            yield [row for _, key in part if (row := self._rows.get(key)) is not None]

    # How equal values are found.

    def _plan(self, equals: Mapping[str, object]) -> Plan:
        """The plan for these fields, after a look at the values."""
        names = frozenset(equals)
        plan = self._plans.get(names)
        if plan is None:
            plan = self._make_plan(names)
            if len(self._plans) >= PLANS_MAX:
                self._plans.clear()
            self._plans[names] = plan
        self._check_values(equals)
        return plan

    def _make_plan(self, names: frozenset[str]) -> Plan:
        """Choose the way to rows with given values in these fields."""
        self._check_names(names)
        if self._key in names:
            return Plan(None, (self._key,), tuple(names - {self._key}))
        best: HashIndex | OrderedIndex | None = None
        used: tuple[str, ...] = ()
        for hashed in self._indexes.hashed:
            if names.issuperset(hashed.fields) and len(hashed.fields) > len(used):
                best, used = hashed, hashed.fields
        for ordered in self._indexes.ordered:
            covered = prefix_of(ordered.fields, names)
            if len(covered) > len(used):
                best, used = ordered, covered
        return Plan(best, used, tuple(names.difference(used)))

    def _matches(self, plan: Plan, equals: Mapping[str, object]) -> Iterator[R]:
        """The rows that a plan leads to, in no order."""
        values = tuple(equals[name] for name in plan.used)
        if plan.index is None:
            return select(self._by_key(values[0]) if values else self._rows.values(), plan.rest, equals)
        self._indexes.catch_up()
        if isinstance(plan.index, HashIndex):
            return self._rows_at(hash_keys(plan.index, values), plan.rest, equals)
        low, high = self._span(plan.index, values, None, None)
        return self._rows_at(plan.index.entries.keys(low, high), plan.rest, equals)

    def _by_key(self, key: object) -> tuple[R, ...]:
        """The row with this primary key, if there is one."""
        row = self._rows.get(key)
        return () if row is None else (row,)

    def _rows_at(self, keys: Iterable[Any], rest: tuple[str, ...], equals: Mapping[str, object]) -> Iterator[R]:
        """The rows of these keys that have the `rest` of the values too."""
        return select(map(self._rows.__getitem__, keys), rest, equals)

    # How ordered rows are found.

    def _path(self, names: str | tuple[str, ...]) -> OrderedPath:
        """The ordered index that an argument names, brought up to date."""
        fields = (names,) if isinstance(names, str) else tuple(names) if type(names) in (tuple, list) else ()
        if not all(isinstance(name, str) for name in fields):
            fields = ()
        path = self._paths.get(fields)
        if path is None:
            declared = ", ".join(repr(index_name(fields)) for fields in self._paths) or "none"
            row = self._schema.row_type.__name__
            raise Invalid(
                f"{row} has no ordered index {names if fields else None!r:.90}; declared: {declared}. "
                "Name one of them, or add it to indexes="
            )
        self._indexes.catch_up()
        return path

    def _make_path(self, index: OrderedIndex) -> OrderedPath:
        """What belongs to an ordered index besides its entries."""
        cursors = CursorCodec(tuple(self._fields[name] for name in index.fields), self._fields[self._key])
        return OrderedPath(index, cursors, attrgetter(*index.fields, self._key))

    def _range(
        self, index: OrderedIndex, equals: Mapping[str, object], start: object, stop: object
    ) -> tuple[Position, Position, tuple[str, ...]]:
        """The part of an index that holds the wanted rows, and the fields that must still be compared row by row."""
        if not equals and start is None and stop is None:
            return index.entries.start, index.entries.end, ()
        self._check_names(equals)
        self._check_values(equals)
        used = prefix_of(index.fields, equals)
        low, high = self._span(index, tuple(equals[name] for name in used), start, stop)
        return low, high, tuple(name for name in equals if name not in used)

    def _span(
        self, index: OrderedIndex, prefix: tuple[object, ...], start: object, stop: object
    ) -> tuple[Position, Position]:
        """The positions around the entries whose first fields equal `prefix` and whose next are within the bounds."""
        names = index.fields[len(prefix) :]
        try:
            low = index.before(prefix if start is None else (*prefix, *self._bound("start", start, names)))
            high = index.after(prefix) if stop is None else index.before((*prefix, *self._bound("stop", stop, names)))
        except TypeError as error:
            raise Invalid(
                f"the values given for {index_name(index.fields)!r} can't be compared with the rows': {error}"
            ) from error
        return low, high

    def _bound(self, argument: str, bound: object, names: tuple[str, ...]) -> tuple[object, ...]:
        """The values of a `start` or `stop`, one for each of the next fields of the index."""
        values = cast("tuple[object, ...]", bound) if isinstance(bound, tuple) else (bound,)
        if not 1 <= len(values) <= len(names):
            left = (
                f"at most {len(names)} ({', '.join(names)})"
                if names
                else "none: where= has fixed every field of the index"
            )
            raise Invalid(f"{argument} has {len(values)} values, the index has {left}")
        for name, value in zip(names, values, strict=False):  # a bound may leave the last fields open
            self._check_value(argument, name, value)
        return values

    def _place(self, path: OrderedPath, cursor: str, *, descending: bool) -> Position:
        """Where the next page begins: behind the row that a cursor stands for, seen in the direction of reading."""
        *parts, key = path.cursors.decode(cursor, descending=descending)
        try:
            return (path.index.before_entry if descending else path.index.after_entry)(tuple(parts), key)
        except TypeError as error:
            raise Invalid(
                f"cursor={shown(cursor)} doesn't fit the rows ({error}): give back Page.cursor as it is"
            ) from error

    # What is refused.

    def _check_names(self, names: Iterable[str]) -> None:
        """Raise Invalid unless all are fields."""
        for name in names:
            if name not in self._fields:
                row = self._schema.row_type.__name__
                raise Invalid(f"{row} has no field {name!r}: its fields are {', '.join(self._fields)}")

    def _check_values(self, equals: Mapping[str, object]) -> None:
        """Raise Invalid unless each value can be one of its field's."""
        for name, value in equals.items():
            if not self._fields[name].admits(value):
                self._check_value("where", name, value)

    def _check_value(self, argument: str, name: str, value: object) -> None:
        """Raise Invalid unless a value can be one of its field's."""
        field = self._fields[name]
        if not field.admits(value):
            kind = "a value that can't be compared" if is_nan(value) else type(value).__name__
            raise Invalid(
                f"{argument}: {name} is {field.type_name}, but {shown(value)} is {kind}: give a value of its type"
            )


def select(rows: Iterable[R], names: tuple[str, ...], equals: Mapping[str, object]) -> Iterator[R]:
    """The rows that have the given values in these fields."""
    if not names:
        return iter(rows)
    value_of: Callable[[R], Any] = attrgetter(*names)
    wanted: object = tuple(equals[name] for name in names) if len(names) > 1 else equals[next(iter(names))]
    return (row for row in rows if value_of(row) == wanted)


def hash_keys(index: HashIndex, values: tuple[object, ...]) -> Collection[Any]:
    """The keys under these values in a hash index; a field of unusual type lets values without a hash get here."""
    try:
        return index.keys(values)
    except TypeError as error:
        raise Invalid(
            f"where: {shown(values)} can't be looked up in the hash index {index_name(index.fields)!r}: {error}"
        ) from error


def prefix_of(fields: tuple[str, ...], names: Iterable[str]) -> tuple[str, ...]:
    """The first fields of an index, as many as are among these names."""
    known = frozenset(names)
    length = next((number for number, field in enumerate(fields) if field not in known), len(fields))
    return fields[:length]


def check_limit(limit: int, limit_max: int | None = None) -> None:
    """Raise Invalid unless a limit is a whole number from 1 to `limit_max`, or to what a list can hold."""
    whole = isinstance(limit, int) and not isinstance(limit, bool)
    if not whole or not 1 <= limit <= (sys.maxsize if limit_max is None else limit_max):
        most = "" if limit_max is None else f" and at most {limit_max}"
        if whole and limit > sys.maxsize:
            most = f" and at most {sys.maxsize if limit_max is None else limit_max}"
        raise Invalid(f"limit={shown(limit)} must be a whole number, at least 1{most}")
