"""Sorted entries: the (value, key) pairs of one ordered index, kept in order in blocks.

Entries sort by value, then by primary key. They lie in blocks of at most `BLOCK_ENTRIES_MAX`, each block being two
lists, the values and the keys, so that an entry costs two pointers and no object of its own; a tuple for each entry
would cost 80 bytes. `_ceilings` has one (value, key) for each block, not below any entry of the block and below every
entry of the next. It finds the block by bisection; it may be higher than the block's last entry, because a removal
leaves it as it is.

Adding or removing one of n entries takes O(log n) comparisons and moves at most a block of pointers. Compared with a
tree of Python objects the lists win by far: bisecting and moving a thousand pointers are single calls into C. What it
costs at a million entries is cache misses, about ten for each search, not instructions.

A `Position` is (block, offset): it lies before that entry and holds until the next change.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Final, final

#: A place between two entries: the number of the block and the offset in it.
Position = tuple[int, int]

#: A block that reaches this is split into two. Larger: fewer blocks, but more pointers moved for each change.
BLOCK_ENTRIES_MAX: Final = 1024
#: The blocks of a fresh build are half full, so that the first changes don't split them all.
BLOCK_ENTRIES_BUILT: Final = BLOCK_ENTRIES_MAX // 2
#: Equal values are first looked for so far on, where they mostly end; bisecting the rest of the block would miss the
#: cache.
NEAR_ENTRIES: Final = 16


#: A block is let go of at once, and so many of them before others have their turn.
RELEASED_BLOCKS: Final = 2
#: The same for the items of a dict.
RELEASED_ITEMS: Final = 1024


def emptied(held: dict[Any, Any] | list[Any], count: int) -> Iterator[None]:
    """Take everything out of something, so many at a time: to drop a million at once takes fifty milliseconds."""
    take: Callable[[], object] = held.popitem if isinstance(held, dict) else held.pop
    while held:
        for _ in range(min(len(held), count)):
            take()
        yield


@final
class Top:
    """Sorts above every other value; stands for "any" at the end of a bound."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        """Nothing is above the top."""
        return False

    def __gt__(self, other: object) -> bool:
        """Python asks this when `other < TOP` is not known to `other`."""
        return True


TOP: Final = Top()


@final
class SortedEntries:
    """The entries of one ordered index. Values must be comparable with each other, and so must keys."""

    __slots__ = ("_ceilings", "_count", "_keys", "_values")

    def __init__(self) -> None:
        self._values: list[list[Any]] = []
        self._keys: list[list[Any]] = []
        self._ceilings: list[tuple[Any, Any]] = []
        self._count = 0

    def load(self, values: list[Any], keys: list[Any]) -> None:
        """Replace everything by entries that are already in order."""
        self._values, self._keys, self._ceilings, self._count = [], [], [], 0
        self.extend(values, keys)

    def extend(self, values: list[Any], keys: list[Any]) -> None:
        """Put in entries that are in order and above all that are there."""
        for start in range(0, len(keys), BLOCK_ENTRIES_BUILT):
            stop = start + BLOCK_ENTRIES_BUILT
            self._values.append(values[start:stop])
            self._keys.append(keys[start:stop])
            self._ceilings.append((self._values[-1][-1], self._keys[-1][-1]))
        self._count += len(keys)

    def release(self) -> Iterator[None]:
        """Let go of everything, a few blocks at a time; of no use afterwards."""
        for blocks in (self._values, self._keys):
            yield from emptied(blocks, RELEASED_BLOCKS)

    def add(self, value: Any, key: Any) -> None:
        """Put in an entry that isn't there."""
        if not self._ceilings:
            self.load([value], [key])
            return
        block, offset = self._find(value, key)
        if block == len(self._ceilings):  # above everything: the last block takes it
            block -= 1
            offset = len(self._keys[block])
            self._ceilings[block] = (value, key)
        self._values[block].insert(offset, value)
        self._keys[block].insert(offset, key)
        self._count += 1
        if len(self._keys[block]) >= BLOCK_ENTRIES_MAX:
            self._split(block)

    def remove(self, value: Any, key: Any) -> None:
        """Take out an entry that is there."""
        block, offset = self._find(value, key)
        assert self._keys[block][offset] == key, "an index lost an entry: this is a bug of actum"
        del self._values[block][offset]
        del self._keys[block][offset]
        self._count -= 1
        if not self._keys[block]:
            del self._values[block], self._keys[block], self._ceilings[block]

    @property
    def start(self) -> Position:
        """Before the first entry."""
        return (0, 0)

    @property
    def end(self) -> Position:
        """After the last entry."""
        return (len(self._ceilings), 0)

    def before(self, value: Any) -> Position:
        """Before the first entry that has at least this value."""
        block = bisect_left(self._ceilings, (value,))
        return (block, bisect_left(self._values[block], value)) if block < len(self._values) else self.end

    def after(self, value: Any) -> Position:
        """After the last entry that has at most this value."""
        block = bisect_left(self._ceilings, (value, TOP))
        return (block, bisect_right(self._values[block], value)) if block < len(self._values) else self.end

    def before_entry(self, value: Any, key: Any) -> Position:
        """Before this entry, be it there or not."""
        return self._find(value, key)

    def after_entry(self, value: Any, key: Any) -> Position:
        """After this entry, be it there or not."""
        block, offset = self._find(value, key)
        if block == len(self._keys) or offset == len(self._keys[block]):
            return (block, offset)
        there = self._keys[block][offset] == key and self._values[block][offset] == value
        return (block, offset + 1) if there else (block, offset)

    def at(self, offset: int) -> Position:
        """Before the entry that has so many before it; the end when there are not so many."""
        for block, keys in enumerate(self._keys):
            if offset < len(keys):
                return (block, offset)
            offset -= len(keys)
        return self.end

    def part(self, after: tuple[Any, Any] | None, count: int) -> list[tuple[Any, Any]]:
        """At most `count` (value, key) pairs behind one, be it there or not, or from the start; none at the end."""
        block, offset = self.start if after is None else self.after_entry(*after)
        if block < len(self._keys) and offset == len(self._keys[block]):
            block, offset = block + 1, 0
        if block == len(self._keys):
            return []
        stop = offset + count
        return list(zip(self._values[block][offset:stop], self._keys[block][offset:stop], strict=True))

    def keys(self, low: Position, high: Position, *, descending: bool = False) -> Iterator[Any]:
        """The keys between two positions, in order or from the last to the first; none when `low` is not below `high`.

        Lazy to the single key: copying a slice of a block would touch every key in it, and most are not in the cache.
        """
        blocks = range(low[0], min(high[0] + 1, len(self._keys)))
        parts = (
            self._part(block, low, high, descending=descending)
            for block in (reversed(blocks) if descending else blocks)
        )
        return chain.from_iterable(parts)

    def count(self, low: Position, high: Position) -> int:
        """How many entries lie between two positions."""
        if low >= high:
            return 0
        whole = sum(len(keys) for keys in self._keys[low[0] : high[0]])
        return whole - low[1] + high[1]

    def __len__(self) -> int:
        """How many entries there are."""
        return self._count

    def _part(self, block: int, low: Position, high: Position, *, descending: bool) -> Iterator[Any]:
        """The keys of one block that lie between two positions."""
        keys = self._keys[block]
        start = low[1] if block == low[0] else 0
        stop = high[1] if block == high[0] else len(keys)
        offsets = range(stop - 1, start - 1, -1) if descending else range(start, stop)
        return map(keys.__getitem__, offsets)

    def _find(self, value: Any, key: Any) -> Position:
        """The position before this entry, be it there or not; the end when it is above every ceiling."""
        block = bisect_left(self._ceilings, (value, key))
        if block == len(self._ceilings):
            return (block, 0)
        values, keys = self._values[block], self._keys[block]
        low = bisect_left(values, value)
        if low == len(values) or keys[low] == key or values[low] != value:
            return (block, low)
        near = low + NEAR_ENTRIES
        high = near if near < len(values) and values[near] != value else len(values)
        return (block, bisect_left(keys, key, low, bisect_right(values, value, low, high)))

    def _split(self, block: int) -> None:
        """Make two blocks of one."""
        values, keys = self._values[block], self._keys[block]
        half = len(keys) // 2
        self._values.insert(block + 1, values[half:])
        self._keys.insert(block + 1, keys[half:])
        del values[half:], keys[half:]
        self._ceilings.insert(block, (values[-1], keys[-1]))
