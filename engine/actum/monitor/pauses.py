"""What the garbage collector takes: its collections, counted and timed only while somebody looks."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Literal, final

if TYPE_CHECKING:
    from collections.abc import Callable


@final
class Pauses:
    """Collections of all generations, by whatever thread: everything stands still meanwhile.

    Attributes:
        count: of them.
        total_ns: that they took together.
        longest_ns: of the longest.
    """

    __slots__ = ("_began_ns", "_now_ns", "count", "longest_ns", "total_ns")

    def __init__(self, now_ns: Callable[[], int]) -> None:
        """None yet; nothing is counted before `begin`."""
        self.count = self.total_ns = self.longest_ns = 0
        self._now_ns = now_ns
        self._began_ns: int | None = None

    def begin(self) -> None:
        """Count from now on."""
        gc.callbacks.append(self._told)

    def end(self) -> None:
        """Count no more."""
        gc.callbacks.remove(self._told)

    def _told(self, phase: Literal["start", "stop"], _: dict[str, int]) -> None:
        """The collector begins or has ended; it never begins again before that."""
        if phase == "start":
            self._began_ns = self._now_ns()
        elif self._began_ns is not None:
            pause_ns, self._began_ns = self._now_ns() - self._began_ns, None
            self.count += 1
            self.total_ns += pause_ns
            self.longest_ns = max(self.longest_ns, pause_ns)
