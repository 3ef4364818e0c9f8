"""Sorted entries: blocks that split and vanish, positions, and iteration from anywhere."""

import random
from typing import Any

import pytest
from actum.views.sorted_entries import BLOCK_ENTRIES_BUILT, BLOCK_ENTRIES_MAX, TOP, SortedEntries


def loaded(pairs: list[tuple[int, int]]) -> SortedEntries:
    """Entries of these (value, key) pairs."""
    entries = SortedEntries()
    entries.load([value for value, _ in pairs], [key for _, key in pairs])
    return entries


def all_keys(entries: SortedEntries, *, descending: bool = False) -> list[int]:
    """Every key in order."""
    return list(entries.keys(entries.start, entries.end, descending=descending))


def test_nothing() -> None:
    """An empty index has one position, and it is the end."""
    entries = SortedEntries()

    assert len(entries) == 0
    assert entries.start == entries.end == entries.before(1) == entries.after(1) == entries.after_entry(1, 1)
    assert all_keys(entries) == all_keys(entries, descending=True) == []
    assert entries.count(entries.start, entries.end) == 0


@pytest.mark.parametrize("values", [1, 7, 5000], ids=["all equal", "few values", "all different"])
def test_growing_and_shrinking(values: int) -> None:
    """Thousands of entries come and go in random order, through splits and vanishing blocks, and stay in order."""
    chance = random.Random(values)
    entries = SortedEntries()
    pairs = [(chance.randrange(values), key) for key in range(3 * BLOCK_ENTRIES_MAX)]
    chance.shuffle(pairs)
    for value, key in pairs:
        entries.add(value, key)
    assert all_keys(entries) == [key for _, key in sorted(pairs)]

    removed, kept = pairs[: len(pairs) // 2], sorted(pairs[len(pairs) // 2 :])
    for value, key in removed:
        entries.remove(value, key)
    assert all_keys(entries) == [key for _, key in kept]
    assert all_keys(entries, descending=True) == [key for _, key in reversed(kept)]
    assert len(entries) == len(kept)

    for value, key in kept:
        entries.remove(value, key)
    assert len(entries) == 0
    assert entries.start == entries.end


def test_positions_agree_with_a_list() -> None:
    """Ranges between any two values hold what a plain list would give, in both directions, and are counted right."""
    pairs = sorted((key % 40, key) for key in range(2 * BLOCK_ENTRIES_BUILT + 100))
    entries = loaded(pairs)
    for low in range(-1, 42, 3):
        for high in range(-1, 42, 3):
            between = [key for value, key in pairs if low <= value <= high]
            bounds = (entries.before(low), entries.after(high))
            assert list(entries.keys(*bounds)) == between
            assert list(entries.keys(*bounds, descending=True)) == between[::-1]
            assert entries.count(*bounds) == len(between)


def test_positions_around_an_entry() -> None:
    """The place before and after an entry is found whether the entry is there or not."""
    entries = loaded([(1, 10), (1, 20), (2, 10)])

    assert list(entries.keys(entries.before_entry(1, 20), entries.end)) == [20, 10]
    assert list(entries.keys(entries.after_entry(1, 20), entries.end)) == [10]
    assert list(entries.keys(entries.after_entry(1, 15), entries.end)) == [20, 10]
    assert list(entries.keys(entries.before_entry(1, 15), entries.end)) == [20, 10]
    assert list(entries.keys(entries.after_entry(2, 10), entries.end)) == []
    assert list(entries.keys(entries.after_entry(3, 0), entries.end)) == []


def test_a_ceiling_above_its_block() -> None:
    """After its last entry is removed, a block still takes what belongs between it and the next one."""
    pairs = [(value, 0) for value in range(2 * BLOCK_ENTRIES_BUILT)]
    entries = loaded(pairs)
    last = BLOCK_ENTRIES_BUILT - 1
    entries.remove(last, 0)

    assert list(entries.keys(entries.before(last), entries.end))[:1] == [0]
    assert entries.count(entries.before(last), entries.after(last)) == 0
    assert entries.count(entries.after_entry(last, 0), entries.end) == BLOCK_ENTRIES_BUILT
    entries.add(last, 1)
    assert list(entries.keys(entries.before(last), entries.after(last))) == [1]


def test_ties_longer_than_the_near_look() -> None:
    """Keys of one value are found among few and among hundreds of equal ones."""
    pairs = sorted((value, key) for value in range(3) for key in range(0, 300 if value == 1 else 6, 2))
    entries = loaded(pairs)
    for value, key in [(1, 299), (1, 151), (0, 3), (2, 5), (1, -1)]:
        entries.add(value, key)
        pairs = sorted([*pairs, (value, key)])
        assert all_keys(entries) == [one for _, one in pairs]
    for value, key in [(1, 298), (1, 0), (0, 4), (2, 2)]:
        entries.remove(value, key)
        pairs.remove((value, key))
        assert all_keys(entries) == [one for _, one in pairs]


@pytest.mark.parametrize("value", [0, 1.5, "z", b"z", (1,), None], ids=repr)
def test_the_top_is_above_everything(value: Any) -> None:
    """Whatever it is compared with, from either side."""
    top: Any = TOP

    assert sorted([(1, top), (1, value)], key=lambda pair: pair) == [(1, value), (1, top)]
    assert max(top, value) is max(value, top) is top


def test_release() -> None:
    """Everything goes, a few blocks at a time."""
    entries = SortedEntries()
    entries.load(list(range(10_000)), list(range(10_000)))
    slices = sum(1 for _ in entries.release())
    assert slices == 2 * 10
    assert entries._values == entries._keys == []


def test_places_by_number() -> None:
    """An entry is found by how many there are before it, through blocks of any length; behind the last is the end."""
    pairs = [(key % 7, key) for key in range(3 * BLOCK_ENTRIES_BUILT)]
    entries = loaded(sorted(pairs))
    for value, key in pairs[::5]:
        entries.remove(value, key)
    keys = all_keys(entries)
    for offset in (0, 1, BLOCK_ENTRIES_BUILT - 1, BLOCK_ENTRIES_BUILT, len(keys) - 1):
        assert list(entries.keys(entries.at(offset), entries.end)) == keys[offset:]
        assert list(entries.keys(entries.start, entries.at(offset), descending=True)) == keys[:offset][::-1]
    assert entries.at(len(keys)) == entries.at(10**9) == entries.end
    assert SortedEntries().at(0) == SortedEntries().end


@pytest.mark.parametrize("count", [1, 7, 100_000])
def test_walking_while_entries_change(count: int) -> None:
    """Part by part, each behind the last entry of the one before, there or not; what stays comes once, in order."""
    pairs = sorted((key % 50, key) for key in range(0, 4_000, 2))
    entries = loaded(pairs)
    chance = random.Random(count)
    stays = set(pairs)
    seen: list[tuple[int, int]] = []
    last: tuple[int, int] | None = None
    while part := entries.part(last, count):
        assert len(part) <= count
        seen += part
        last = part[-1]
        key = chance.randrange(0, 4_000, 2)
        if (key % 50, key) in stays:
            stays.remove((key % 50, key))
            entries.remove(key % 50, key)
        entries.add(key % 50, key + 1)
        entries.remove(key % 50, key + 1)
    assert seen == sorted(set(seen))
    assert stays <= set(seen)
    assert SortedEntries().part(None, count) == SortedEntries().part((1, 1), count) == []
