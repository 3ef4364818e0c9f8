"""How long work for somebody who looks shares the loop with the engine's own: in slices, with pauses that adapt.

A slice ends after half a millisecond or so many steps. While others are waiting for the loop, ten times what the slice
took passes before the next one; a loop that has nothing else to do is not kept waiting. What is done again and again,
for each frame, waits until it is a two-hundredth of the time that passes.

Rejected: a share for the whole of an engine's clients that is handed out by the second. A page that an index serves
costs next to nothing, and would wait behind somebody else's look at a million rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from actum.clock import Clock

#: A slice ends when it has taken so long,
SLICE_NS: Final = 500_000
#: or after so many steps: whatever a clock says.
SLICE_STEPS_MAX: Final = 32
#: Of the loop's time, while others want it too: a tenth for what is asked for once, all clients together.
ONCE_SHARE: Final = 10
#: What is repeated takes a two-hundredth of the time, all clients together.
REPEATED_SHARE: Final = 200


@final
class Crowd:
    """All long work of one engine for those who look, which shares what each alone might take.

    Attributes:
        count: pieces of work that are under way.
    """

    __slots__ = ("count",)

    def __init__(self) -> None:
        """None."""
        self.count = 0


@final
class Pace:
    """One piece of work; until `finish`, which must be called.

    Attributes:
        spent_ns: what it has taken of the loop's time, without the slice that is under way.
    """

    __slots__ = ("_clock", "_crowd", "_resumed_ns", "spent_ns")

    def __init__(self, clock: Clock, crowd: Crowd) -> None:
        """A slice begins."""
        self._clock = clock
        self._crowd = crowd
        crowd.count += 1
        self._resumed_ns = clock.monotonic_ns()
        self.spent_ns = 0

    @property
    def is_due(self) -> bool:
        """Whether the slice has taken long enough: others come first now."""
        return self._clock.monotonic_ns() - self._resumed_ns >= SLICE_NS

    async def walk(self, steps: Iterator[object]) -> None:
        """Do all steps, resting after each slice. Cancelling leaves the rest undone."""
        count = 0
        for _ in steps:
            count += 1
            if count >= SLICE_STEPS_MAX or self.is_due:
                count = 0
                await self.rest()

    async def rest(self) -> None:
        """End a slice, let others work, begin another one."""
        ended_ns = self._clock.monotonic_ns()
        taken_ns = ended_ns - self._resumed_ns
        self.spent_ns += taken_ns
        await asyncio.sleep(0)
        others_ns = self._clock.monotonic_ns() - ended_ns
        if others_ns * ONCE_SHARE > taken_ns:
            await asyncio.sleep((taken_ns * (ONCE_SHARE * self._crowd.count - 1) - others_ns) / 1e9)
        self._resumed_ns = self._clock.monotonic_ns()

    def finish(self) -> int:
        """The work is done, or given up; what it has taken of the loop's time, in nanoseconds."""
        self._crowd.count -= 1
        self.spent_ns += self._clock.monotonic_ns() - self._resumed_ns
        return self.spent_ns
