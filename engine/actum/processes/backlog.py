"""What a process has read of the log and not done yet: a line of entries for each instance, and where the first is.

Instances go on beside each other, each in its order; so one that waits long holds up nobody but itself. Up to the
first entry that is not done everything has been considered: a crash loses nothing that was read.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actum.automation.process_step import Entry


@final
class Backlog:
    """Entries that wait, or are being done.

    Attributes:
        read: the log has been read up to here.
    """

    __slots__ = ("_left", "_lines", "_order", "read")

    def __init__(self, read: int) -> None:
        """Nothing waits: everything up to `read` has been considered."""
        self.read = read
        self._lines: dict[str, deque[Entry]] = {}
        self._order: deque[int] = deque()
        self._left: Counter[int] = Counter()

    @property
    def considered(self) -> int:
        """Everything up to here is done."""
        order = self._order
        while order and order[0] not in self._left:
            order.popleft()
        return order[0] - 1 if order else self.read

    def take(self, found: Mapping[str, Sequence[Entry]], read: int) -> list[str]:
        """Put the next part of the log into the lines; the keys of those that were empty, and have to be begun."""
        positions = sorted(entry.position for entries in found.values() for entry in entries)
        self._order.extend(positions)
        self._left.update(positions)
        self.read = read
        begun = [key for key in found if key not in self._lines]
        for key, entries in found.items():
            self._lines.setdefault(key, deque()).extend(entries)
        return begun

    def first(self, key: str) -> Entry | None:
        """The entry that is next in a line; None ends the line."""
        line = self._lines[key]
        if line:
            return line[0]
        del self._lines[key]
        return None

    def done(self, key: str) -> None:
        """The first entry of a line is."""
        position = self._lines[key].popleft().position
        self._left[position] -= 1
        if not self._left[position]:
            del self._left[position]

    def __len__(self) -> int:
        """How many positions wait."""
        return len(self._left)

    def __repr__(self) -> str:
        """How far it is."""
        return f"<Backlog {len(self)} of {len(self._lines)} instances, read up to {self.read}>"
