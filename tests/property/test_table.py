"""Laws of the table: whatever is done to it, it answers like a list that is filtered and sorted for every question.

The model keeps rows in a dict and knows no index. Small domains make equal values, Nones and repeated keys common;
small blocks and a small bound of pending changes make splits and batches happen within a few steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from actum.messages import Row
from actum.views import index as index_module
from actum.views import sorted_entries
from actum.views.table import Table
from actum.views.table_schema import TableSchema
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule


class Item(Row):
    """A row with fields that are mixed in every manner of index."""

    item_id: int
    colour: str | None = None
    rank: int = 0
    weight: float | None = None
    made_at: datetime | None = None
    price: Decimal = Decimal(0)


INDEXES = (("rank",), ("weight",), ("colour", "rank"), ("rank", "colour", "made_at"), ("price",), ("item_id",))
HASH_INDEXES = (("colour",), ("rank", "weight"))
SCHEMA = TableSchema(row_type=Item, key="item_id", indexes=INDEXES, hash_indexes=HASH_INDEXES)

KEYS = st.integers(0, 30)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "colour": st.sampled_from([None, "", "blue", "red"]),
    "rank": st.integers(-2, 2),
    "weight": st.sampled_from([None, float("-inf"), -0.0, 0.0, 1.5, float("inf")]),
    "made_at": st.none() | st.sampled_from([datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 9)]),
    "price": st.sampled_from([Decimal(0), Decimal("0.00"), Decimal("1.1"), Decimal(-3)]),
}
ITEMS = st.builds(Item, item_id=KEYS, **VALUES)
EQUALS = st.fixed_dictionaries({}, optional={"item_id": KEYS, **VALUES}) | st.sampled_from(
    [{}, {"colour": "red"}, {"rank": 1}, {"colour": None, "rank": 0}, {"rank": 0, "weight": 0.0}]
)
LIMITS = st.none() | st.integers(1, 12)


@pytest.fixture(autouse=True)
def small_blocks() -> Iterator[None]:
    """Blocks of four entries, so that a table of thirty rows has many."""
    with patch.object(sorted_entries, "BLOCK_ENTRIES_MAX", 4), patch.object(sorted_entries, "BLOCK_ENTRIES_BUILT", 2):
        yield


def table_of(rows: Iterable[Item], *, index_pending_max: int = 5) -> Table[Item]:
    """A writable table filled by puts."""
    table: Table[Item] = Table(SCHEMA, index_pending_max=index_pending_max)
    table.writable = True
    for row in rows:
        table.put(row)
    return table


def matching(rows: Iterable[Item], equals: dict[str, Any]) -> list[Item]:
    """The model of where: every row compared, the result by primary key."""
    matches = [row for row in rows if all(getattr(row, name) == value for name, value in equals.items())]
    return sorted(matches, key=lambda row: row.item_id)


def rank_of(row: Item, names: Iterable[str]) -> tuple[Any, ...]:
    """How a row sorts by some fields, None first."""
    return tuple((value is not None, 0 if value is None else value) for value in (getattr(row, name) for name in names))


def in_order(rows: Iterable[Item], names: Iterable[str]) -> list[Item]:
    """The model of order_by: sorted by values, then by primary key."""
    return sorted(rows, key=lambda row: (rank_of(row, names), row.item_id))


def assert_agrees(table: Table[Item], model: dict[int, Item]) -> None:
    """Every index holds exactly the model's rows in its order."""
    assert table.rows == model
    for index in INDEXES:
        expected = in_order(model.values(), index)
        assert table.order_by(index) == expected
        assert table.order_by(index, descending=True) == expected[::-1]
    for colour in (None, "", "blue", "red"):
        assert table.where(colour=colour) == matching(model.values(), {"colour": colour})


class TableMachine(RuleBasedStateMachine):
    """Any sequence of writes, cuts, restores and reads, beside a dict."""

    @initialize(pending=st.integers(1, 8), built=st.booleans())
    def begin(self, pending: int, *, built: bool) -> None:
        """An empty table, its indexes built or not yet."""
        self.table = table_of([], index_pending_max=pending)
        if built:
            self.table.build()
        self.model: dict[int, Item] = {}
        self.saved: dict[int, Item] = {}

    @rule(row=ITEMS)
    def put(self, row: Item) -> None:
        """Insert or replace."""
        self.table.put(row)
        self.model[row.item_id] = row

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        """Remove what may be there."""
        assert self.table.remove(key) is (self.model.pop(key, None) is not None)

    @rule(data=st.data())
    def change_one_field(self, data: st.DataObject) -> None:
        """What a projection does most."""
        if self.model:
            row = self.model[data.draw(st.sampled_from(sorted(self.model)))]
            name = data.draw(st.sampled_from(sorted(VALUES)))
            self.put(row.replace(**{name: data.draw(VALUES[name])}))

    @rule()
    def build(self) -> None:
        """Make the indexes anew at any time."""
        self.table.build()

    @rule()
    def build_slices(self) -> None:
        """The same a slice at a time."""
        with patch.object(index_module, "SLICE_ROWS", 3):
            for _ in self.table.build_slices():
                pass

    @rule(changes=st.lists(st.one_of(ITEMS, KEYS), max_size=6))
    def set_apart(self, changes: list[Item | int]) -> None:
        """Learn what some writes changed; the next cut has them all the same."""
        before = dict(self.model)
        earlier = self.table.cut()
        for change in changes:
            if isinstance(change, int):
                self.remove(change)
            else:
                self.put(change)
        later = self.table.uncut(earlier).rows
        assert {key: row for key, row in {**before, **later}.items() if row is not None} == self.model

    @rule()
    def checkpoint(self) -> None:
        """Cut, and bring the saved rows up to date."""
        cut = self.table.cut()
        for key in cut.removed:
            self.saved.pop(key, None)
        self.saved.update((key, row) for key, row in cut.rows.items() if row is not None)

    @rule()
    def crash(self) -> None:
        """Go back to the saved rows in a new table."""
        self.table = Table(SCHEMA, index_pending_max=5)
        self.table.restore(self.saved.values())
        self.table.writable = True
        self.model = dict(self.saved)

    @rule(equals=EQUALS)
    def where(self, equals: dict[str, Any]) -> None:
        """Equality, and its count."""
        expected = matching(self.model.values(), equals)
        assert self.table.where(**equals) == expected
        assert self.table.count(**equals) == len(expected)

    @rule(index=st.sampled_from(INDEXES), descending=st.booleans(), limit=LIMITS, equals=EQUALS)
    def order_by(self, index: tuple[str, ...], limit: int | None, equals: dict[str, Any], *, descending: bool) -> None:
        """Order with a filter and a limit."""
        expected = in_order(matching(self.model.values(), equals), index)
        expected = expected[::-1] if descending else expected
        assert self.table.order_by(index, descending=descending, limit=limit, where=equals) == expected[:limit]

    @rule(low=st.none() | VALUES["rank"], high=st.none() | VALUES["rank"], colour=VALUES["colour"])
    def bounds(self, low: int | None, high: int | None, colour: str | None) -> None:
        """Ranges of an index, and of the part of an index that where leaves."""

        def within(row: Item) -> bool:
            return (low is None or row.rank >= low) and (high is None or row.rank < high)

        expected = list(filter(within, in_order(self.model.values(), ["rank"])))
        assert self.table.order_by("rank", start=low, stop=high) == expected
        narrowed = [row for row in expected if row.colour == colour]
        index = ("colour", "rank")
        assert self.table.order_by(index, start=low, stop=high, where={"colour": colour}) == narrowed

    @invariant()
    def dirty_is_the_difference(self) -> None:
        """What is saved, with the dirty rows over it, is what is there."""
        merged: dict[int, Item | None] = {**self.saved, **self.table.dirty}
        assert {key: row for key, row in merged.items() if row is not None} == self.model

    def teardown(self) -> None:
        """At last every index is compared."""
        if hasattr(self, "model"):
            assert_agrees(self.table, self.model)


TableMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestTableMachine = TableMachine.TestCase


@given(rows=st.lists(ITEMS, max_size=60))
def test_restore_and_build_equal_puts(rows: list[Item]) -> None:
    """A table filled from a checkpoint answers like one that was filled row by row with its indexes built."""
    by_puts = table_of([])
    by_puts.build()
    for row in rows:
        by_puts.put(row)
    restored: Table[Item] = Table(SCHEMA)
    restored.restore(rows)
    restored.build()

    assert_agrees(by_puts, restored.rows)
    assert_agrees(restored, by_puts.rows)


Change = Item | int
CHANGES = st.lists(st.one_of(ITEMS, KEYS), max_size=15)


def apply(table: Table[Item], changes: list[Change]) -> set[int]:
    """Put rows and remove keys; the keys that were touched."""
    for change in changes:
        if isinstance(change, int):
            table.remove(change)
        else:
            table.put(change)
    return {change if isinstance(change, int) else change.item_id for change in changes}


@given(parts=st.lists(st.lists(CHANGES, max_size=3), max_size=5), watched=st.booleans())
def test_cuts_restore_the_table(parts: list[list[list[Change]]], *, watched: bool) -> None:
    """The cuts of a table, restored one after another, make the same table, also if what changed was set apart."""
    table = table_of([])
    restored: Table[Item] = Table(SCHEMA)
    for commits in parts:
        for changes in commits:
            earlier = table.cut() if watched else None
            table.writable = True
            apply(table, changes)
            if earlier is not None:
                table.uncut(earlier)
        cut = table.cut()
        restored.restore([row for row in cut.rows.values() if row is not None], cut.removed)

    assert table.dirty == restored.dirty == {}
    assert list(table.rows) == list(restored.rows)
    assert_agrees(restored, table.rows)


@given(
    rows=st.lists(ITEMS, max_size=40),
    rounds=st.lists(CHANGES, max_size=8),
    index=st.sampled_from(INDEXES),
    descending=st.booleans(),
    limit=st.integers(1, 6),
    equals=st.sampled_from([{}, {"colour": "red"}, {"rank": 1}, {"price": Decimal(0)}]),
)
def test_pages_neither_repeat_nor_skip(
    rows: list[Item],
    rounds: list[list[Change]],
    index: tuple[str, ...],
    limit: int,
    equals: dict[str, Any],
    *,
    descending: bool,
) -> None:
    """Whatever changes between pages, a row that isn't touched comes exactly once, and all come in order."""
    table = table_of(rows)
    original = dict(table.rows)
    touched: set[int] = set()
    seen: list[Item] = []
    cursor: str | None = None
    pending = iter(rounds)
    while True:
        page = table.page(index, limit=limit, cursor=cursor, descending=descending, where=equals)
        seen += page.rows
        assert len(page.rows) == limit or page.cursor is None
        if page.cursor is None:
            break
        cursor = page.cursor
        touched |= apply(table, next(pending, []))

    assert seen == sorted(seen, key=lambda row: (rank_of(row, index), row.item_id), reverse=descending)
    untouched = {key: row for key, row in original.items() if key not in touched}
    came = [row for row in seen if row.item_id not in touched]
    expected = in_order(matching(untouched.values(), equals), index)
    assert came == (expected[::-1] if descending else expected)
