"""Hash and ordered indexes: building, following changes, and how a field that may be None sorts."""

import random
from collections.abc import Collection

import pytest
from actum.messages import Row
from actum.views import index as index_module
from actum.views.index import HashIndex, OrderedIndex, sort_ties
from actum.views.table_schema import read_fields


class Visit(Row):
    """A row with a field that may be None."""

    visit_id: int
    guest: str
    room: int | None = None


FIELDS = read_fields(Visit)
A1 = Visit(visit_id=1, guest="a", room=2)
A2 = Visit(visit_id=2, guest="a")
B3 = Visit(visit_id=3, guest="b", room=1)
ROWS = {1: A1, 2: A2, 3: B3}


def hashed(*names: str) -> HashIndex:
    """A hash index over the three rows."""
    index = HashIndex(tuple(FIELDS[name] for name in names))
    index.build(ROWS.values(), ROWS)
    return index


def ordered(*names: str, rows: Collection[Visit] = ROWS.values(), keys_ascend: bool = True) -> OrderedIndex:
    """An ordered index over some rows."""
    index = OrderedIndex(tuple(FIELDS[name] for name in names), "visit_id")
    index.build(rows, keys_ascend=keys_ascend)
    return index


def keys(index: OrderedIndex) -> list[int]:
    """Every key of an ordered index."""
    return list(index.entries.keys(index.entries.start, index.entries.end))


class TestHashIndex:
    """Equality."""

    def test_one_field_and_several(self) -> None:
        """A value leads to its keys; several fields are one value together."""
        assert set(hashed("guest").keys(("a",))) == {1, 2}
        assert tuple(hashed("guest").keys(("b",))) == (3,)
        assert tuple(hashed("guest").keys(("c",))) == ()
        assert tuple(hashed("guest", "room").keys(("a", None))) == (2,)

    def test_building_again_forgets(self) -> None:
        """Only the rows of the last build are there."""
        index = hashed("guest")
        index.build([B3], [3])

        assert len(index) == 1
        assert tuple(index.keys(("a",))) == ()

    def test_changes(self) -> None:
        """Keys come, move and go; a value without keys is forgotten."""
        index = hashed("guest")
        index.change(3, B3, B3.replace(guest="a"))
        assert set(index.keys(("a",))) == {1, 2, 3}
        index.change(3, B3.replace(guest="a"), B3.replace(guest="a", room=9))
        index.change(1, A1, None)
        index.change(2, A2, None)
        assert tuple(index.keys(("a",))) == (3,)
        index.change(3, B3.replace(guest="a"), None)
        index.change(4, None, None)
        assert repr(index) == "<HashIndex 'guest' values 0>"

    def test_a_none_is_a_value(self) -> None:
        """Rows without a value are found by asking for None."""
        assert tuple(hashed("room").keys((None,))) == (2,)


class TestOrderedIndex:
    """Order and ranges."""

    def test_none_sorts_first(self) -> None:
        """In one field and among several."""
        assert keys(ordered("room")) == [2, 3, 1]
        assert keys(ordered("guest", "room")) == [2, 1, 3]

    def test_keys_break_ties(self) -> None:
        """Rows that come in any order are indexed in the order of their values and keys."""
        chance = random.Random(1)
        rows = [Visit(visit_id=key, guest=chance.choice("abc"), room=chance.choice([None, 1, 2])) for key in range(500)]
        expected = [row.visit_id for row in sorted(rows, key=lambda row: (row.guest, row.room or 0, row.visit_id))]
        chance.shuffle(rows)

        assert keys(ordered("guest", "room", rows=rows, keys_ascend=False)) == expected

    def test_changes(self) -> None:
        """Entries come, move and go; a change of other fields does nothing."""
        index = ordered("room")
        index.change(3, B3, B3.replace(guest="z"))
        assert keys(index) == [2, 3, 1]
        index.change(2, A2, A2.replace(room=7))
        index.change(4, None, Visit(visit_id=4, guest="c"))
        assert keys(index) == [4, 3, 1, 2]
        index.change(1, A1, None)
        index.change(5, None, None)
        assert repr(index) == "<OrderedIndex 'room' entries 3>"

    def test_slices(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Built run by run, with equal values in several runs, an index is the same; so is a hash index."""
        monkeypatch.setattr(index_module, "SLICE_ROWS", 7)
        chance = random.Random(2)
        rows = [Visit(visit_id=key, guest=chance.choice("abc"), room=chance.choice([None, 1, 2])) for key in range(100)]
        chance.shuffle(rows)
        by_key = {row.visit_id: row for row in rows}
        for names in (("guest", "room"), ("room",), ("guest",), ("visit_id",)):
            index = ordered(*names)
            assert sum(1 for _ in index.build_slices(by_key)) == 2 * 15
            assert keys(index) == keys(ordered(*names, rows=rows, keys_ascend=False))
        found = hashed("guest")
        assert sum(1 for _ in found.build_slices(by_key)) == 15
        for guest in "abc":
            assert set(found.keys((guest,))) == {row.visit_id for row in rows if row.guest == guest}
        assert list(ordered("room").build_slices({})) == []

    def test_positions(self) -> None:
        """Values of the first fields, or of none, bound a range."""
        index = ordered("guest", "room")
        entries = index.entries

        assert list(entries.keys(index.before(("a",)), index.after(("a",)))) == [2, 1]
        assert list(entries.keys(index.before(("a", None)), index.after(("a", None)))) == [2]
        assert list(entries.keys(index.before(()), index.after(()))) == [2, 1, 3]
        assert list(entries.keys(index.after_entry(("a", None), 2), index.before_entry(("b", 1), 3))) == [1]
        single = ordered("room")
        assert list(single.entries.keys(single.before(()), single.after(()))) == [2, 3, 1]
        assert list(single.entries.keys(single.after((None,)), single.before_entry((2,), 1))) == [3]


def test_sort_ties() -> None:
    """Keys are sorted within equal values only."""
    ties = [5, 4, 9, 1, 0, 2]
    sort_ties([1, 1, 2, 3, 3, 3], ties)
    assert ties == [4, 5, 9, 0, 1, 2]
    empty: list[int] = []
    sort_ties([], empty)
    assert empty == []
