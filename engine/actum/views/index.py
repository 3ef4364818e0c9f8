"""The two kinds of secondary index: hash indexes answer equality; ordered ones answer ranges, order and pages too.

An index maps the values of its fields to primary keys; rows are then taken from the table, so a change that leaves
the indexed fields alone costs a comparison. The table tells an index about changes (`change`: the row as the index
last saw it, and as it is now) and when to build itself anew (`build`); indexes never look into the table.

In an ordered index None sorts first: a field that may be None is stored as `()` or `(value,)`, which Python compares
in C. Every comparison can raise TypeError when a row holds what its annotation forbids; the table turns that into a
clear error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from heapq import merge
from itertools import compress, islice, pairwise
from operator import attrgetter, ne
from typing import Any, Final, TypeVar, final

from msgspec import Struct

from actum.views.sorted_entries import RELEASED_ITEMS, TOP, Position, SortedEntries, emptied
from actum.views.table_schema import Field, index_name

T = TypeVar("T")

#: Rows that are indexed before others have their turn, where that is wanted: two or three milliseconds.
SLICE_ROWS: Final = 1024


@final
class HashIndex:
    """Primary keys by the value of one field, or by the tuple of several.

    A value that only one row has, as in an index of e-mail addresses, holds its key bare, which saves 200 bytes; a
    value of several rows holds a `KeySet`.
    """

    __slots__ = ("_keys", "_value_of", "fields")

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = tuple(field.name for field in fields)
        self._value_of: Callable[[Struct], Any] = attrgetter(*self.fields)
        self._keys: dict[Any, Any] = {}

    def build(self, rows: Collection[Struct], keys: Collection[Any]) -> None:
        """Index these rows and nothing else."""
        self._keys.clear()
        for value, key in zip(map(self._value_of, rows), keys, strict=True):
            self._add(value, key)

    def build_slices(self, rows: Mapping[Any, Struct]) -> Iterator[None]:
        """The same a slice at a time; the rows must not change meanwhile."""
        self._keys = {}
        for part in slices(rows.items()):
            for key, row in part:
                self._add(self._value_of(row), key)
            yield

    def release(self) -> Iterator[None]:
        """Let go of everything, a slice at a time; of no use afterwards."""
        return emptied(self._keys, RELEASED_ITEMS)

    def change(self, key: Any, old: Struct | None, new: Struct | None) -> None:
        """Follow one row from what it was to what it is; None stands for no row."""
        before = None if old is None else self._value_of(old)
        after = None if new is None else self._value_of(new)
        if old is not None and new is not None and before == after:
            return
        if old is not None:
            self._remove(before, key)
        if new is not None:
            self._add(after, key)

    def keys(self, parts: tuple[Any, ...]) -> Collection[Any]:
        """The primary keys of the rows with these values, in no order."""
        held = self._keys.get(parts if len(self.fields) > 1 else parts[0])
        if held is None:
            return ()
        return held if type(held) is KeySet else (held,)

    def __len__(self) -> int:
        """How many different values there are."""
        return len(self._keys)

    def __repr__(self) -> str:
        """Its kind and its fields."""
        return f"<HashIndex {index_name(self.fields)!r} values {len(self)}>"

    def _add(self, value: Any, key: Any) -> None:
        """Let a value hold one more key."""
        held = self._keys.setdefault(value, key)
        if held is key:
            return  # the first of this value
        if type(held) is KeySet:
            held.add(key)
        else:
            self._keys[value] = KeySet((held, key))

    def _remove(self, value: Any, key: Any) -> None:
        """Let a value hold one key less."""
        held = self._keys[value]
        if type(held) is not KeySet:
            del self._keys[value]
            return
        held.remove(key)
        if len(held) == 1:
            self._keys[value] = held.pop()


@final
class KeySet(set[Any]):
    """The keys of several rows with one value; a class of its own, so that it can't be mistaken for a key."""

    __slots__ = ()


@final
class OrderedIndex:
    """Primary keys in the order of one field, or of several; rows with equal values are in the order of their keys."""

    __slots__ = ("_key_of", "_optional", "_value_of", "entries", "fields")

    def __init__(self, fields: tuple[Field, ...], key: str) -> None:
        self.fields = tuple(field.name for field in fields)
        self.entries = SortedEntries()
        self._optional = tuple(field.optional for field in fields)
        self._key_of: Callable[[Struct], Any] = attrgetter(key)
        self._value_of = self._make_value_of()

    def build(self, rows: Iterable[Struct], *, keys_ascend: bool) -> None:
        """Index these rows and nothing else: one stable sort for each field, the last field first.

        Sorting rows by one plain field at a time lets Python compare strings and numbers with its fast paths, which
        tuples don't have; that takes half the time of one sort by (value, key). Keys of equal values are then put in
        order, unless the rows came in the order of their keys (`keys_ascend`), as they do with growing ids.
        """
        ordered: Iterable[Struct] = rows
        for name, optional in reversed(list(zip(self.fields, self._optional, strict=True))):
            ordered = sorted_by(ordered, name, optional=optional)
        values = list(map(self._value_of, ordered))
        keys = list(map(self._key_of, ordered))
        if not keys_ascend:
            sort_ties(values, keys)
        self.entries.load(values, keys)

    def build_slices(self, rows: Mapping[Any, Struct]) -> Iterator[None]:
        """The same a slice at a time; the rows must not change meanwhile.

        Short runs are sorted and then merged, which takes longer than sorting everything at once.
        """
        self.entries = SortedEntries()
        runs: list[Iterable[tuple[Any, Any]]] = []
        for part in slices(rows.values()):
            run = sorted(zip(map(self._value_of, part), map(self._key_of, part), strict=True))
            # Two tuples of plain values instead of many: the garbage collector looks at them once.
            runs.append(zip(tuple(value for value, _ in run), tuple(key for _, key in run), strict=True))
            yield
        merged = merge(*runs)
        del runs  # each run is let go of when it has been read
        for entries in slices(merged):
            self.entries.extend([value for value, _ in entries], [key for _, key in entries])
            yield

    def release(self) -> Iterator[None]:
        """Let go of everything, a slice at a time; of no use afterwards."""
        return self.entries.release()

    def change(self, key: Any, old: Struct | None, new: Struct | None) -> None:
        """Follow one row from what it was to what it is; None stands for no row."""
        before = None if old is None else self._value_of(old)
        after = None if new is None else self._value_of(new)
        if old is not None and new is not None and before == after:
            return
        if old is not None:
            self.entries.remove(before, key)
        if new is not None:
            self.entries.add(after, key)

    def before(self, parts: tuple[Any, ...]) -> Position:
        """Before the rows whose first fields are at least these values."""
        if len(self.fields) > 1:
            return self.entries.before(self._wrap(parts))
        return self.entries.before(self._wrap(parts)[0]) if parts else self.entries.start

    def after(self, parts: tuple[Any, ...]) -> Position:
        """After the rows whose first fields are at most these values."""
        if len(self.fields) > 1:
            return self.entries.before((*self._wrap(parts), TOP))
        return self.entries.after(self._wrap(parts)[0]) if parts else self.entries.end

    def before_entry(self, parts: tuple[Any, ...], key: Any) -> Position:
        """Before the entry of this row, be it there or not."""
        return self.entries.before_entry(self._entry_value(parts), key)

    def after_entry(self, parts: tuple[Any, ...], key: Any) -> Position:
        """After the entry of this row, be it there or not."""
        return self.entries.after_entry(self._entry_value(parts), key)

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self.entries)

    def __repr__(self) -> str:
        """Its kind and its fields."""
        return f"<OrderedIndex {index_name(self.fields)!r} entries {len(self)}>"

    def _entry_value(self, parts: tuple[Any, ...]) -> Any:
        """The value under which a row with these fields is kept."""
        wrapped = self._wrap(parts)
        return wrapped if len(self.fields) > 1 else wrapped[0]

    def _wrap(self, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        """Values of the first fields, as they are compared."""
        return tuple(
            part if not optional else () if part is None else (part,)
            for part, optional in zip(parts, self._optional, strict=False)  # parts may be fewer: a prefix
        )

    def _make_value_of(self) -> Callable[[Struct], Any]:
        """The function from a row to its entry's value; plain `attrgetter` where no field may be None."""
        values_of: Callable[[Struct], Any] = attrgetter(*self.fields)
        if not any(self._optional):
            return values_of
        if len(self.fields) > 1:
            return lambda row: self._wrap(values_of(row))
        return lambda row: () if (value := values_of(row)) is None else (value,)


def slices(items: Iterable[T]) -> Iterator[list[T]]:
    """Lists of `SLICE_ROWS`, and of what is left."""
    iterator = iter(items)
    while part := list(islice(iterator, SLICE_ROWS)):
        yield part


def sorted_by(rows: Iterable[Struct], name: str, *, optional: bool) -> list[Struct]:
    """The rows in the order of one field, those with None first; equal ones stay as they were."""
    value_of: Callable[[Struct], Any] = attrgetter(name)
    if not optional:
        return sorted(rows, key=value_of)
    absent: list[Struct] = []
    present: list[Struct] = []
    for row in rows:
        (absent if value_of(row) is None else present).append(row)
    present.sort(key=value_of)
    return absent + present


def sort_ties(values: list[Any], keys: list[Any]) -> None:
    """Sort the keys of each run of equal values, in place; `values` are in order already."""
    changes = compress(range(1, len(values)), map(ne, values, islice(values, 1, None)))
    for start, stop in pairwise([0, *changes, len(values)]):
        if stop - start > 1:
            keys[start:stop] = sorted(keys[start:stop])
