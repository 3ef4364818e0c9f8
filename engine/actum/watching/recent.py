"""The last changes of a watched view, so that a reader who comes back is given only what it has not seen."""

from __future__ import annotations

from collections import deque
from typing import Any, final

from actum.watching.changes import Changes


@final
class RecentChanges:
    """Changes by commit, oldest first; the oldest are forgotten when there are too many rows.

    Attributes:
        base: what changed after this position, or any later one, is known.
        newest: the position of the last change, `base` without one.
    """

    __slots__ = ("_changes", "_rows", "_rows_max", "base", "newest")

    def __init__(self, base: int, *, rows_max: int) -> None:
        self._rows_max = rows_max
        self.restart(base)

    def restart(self, base: int) -> None:
        """Forget everything up to a position."""
        self._changes: deque[tuple[int, Changes]] = deque()
        self._rows = 0
        self.base = self.newest = base

    def add(self, position: int, changes: Changes) -> None:
        """Keep what one commit changed."""
        self._changes.append((position, changes))
        self._rows += len(changes)
        self.newest = position
        while self._rows > self._rows_max:
            self.base, oldest = self._changes.popleft()
            self._rows -= len(oldest)

    def since(self, position: int) -> dict[Any, Any] | None:
        """All that has changed after a position, as one change; None if that is not known any more."""
        if position < self.base:
            return None
        changed: dict[Any, Any] = {}
        for at, changes in self._changes:
            if at > position:
                changed.update(changes)
        return changed

    def __len__(self) -> int:
        """How many rows are kept."""
        return self._rows

    def __repr__(self) -> str:
        """From where to where."""
        return f"<RecentChanges @{self.base}..{self.newest} {self._rows} rows>"
