"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from typing import final

SECOND_NS = 1_000_000_000

#: 2026-01-01 00:00 UTC.
NEW_YEAR_NS = 1_767_225_600 * SECOND_NS


@final
class FakeClock:
    """Time for tests.

    Attributes:
        wall_ns: what `now_ns` says.
        steady_ns: what `monotonic_ns` says.
    """

    def __init__(self, wall_ns: int = NEW_YEAR_NS) -> None:
        """Standing at a time."""
        self.wall_ns = wall_ns
        self.steady_ns = 0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.wall_ns += round(seconds * SECOND_NS)
        self.steady_ns += round(seconds * SECOND_NS)

    def now_ns(self) -> int:
        """See `Clock.now_ns`."""
        return self.wall_ns

    def monotonic_ns(self) -> int:
        """See `Clock.monotonic_ns`."""
        return self.steady_ns
