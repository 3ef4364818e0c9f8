"""The probe: what an engine says of itself only while somebody looks, and measures only then.

Unattached, the engine runs the same code as without a monitor. Attached, it counts commands that pass, and times some
of them (`sampling`), some commits (`commit_times`), the collector (`pauses`) and the lateness of its loop
(`measuring`); together with a frame a second that is less than a hundredth of its throughput, which
`actum bench monitor` measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from actum.clock import Chance
from actum.monitor.measuring import Measuring
from actum.monitor.standouts import Standouts

if TYPE_CHECKING:
    from actum.core import Core
    from actum.monitor.frames import Actors, Vitals


@final
class Probe:
    """Measures an engine for those who are attached; used in the engine's loop."""

    __slots__ = ("_chance", "_clients", "_core", "_measuring")

    def __init__(self, core: Core, *, seed: int | None = None) -> None:
        """Nobody is attached.

        Args:
            core: the parts of an open engine.
            seed: of the chance by which commands are picked; the machine's unless given.
        """
        self._core = core
        self._chance = Chance(seed)
        self._clients = 0
        self._measuring: Measuring | None = None

    def attach(self) -> None:
        """Somebody looks; with the first, measuring begins."""
        self._clients += 1
        if self._clients == 1 and not self._core.stopping:
            self._measuring = Measuring(self._core, self._chance)

    def detach(self) -> None:
        """Somebody has gone; with the last, measuring ends and what was found is forgotten."""
        assert self._clients > 0, "more have gone than were there"
        self._clients -= 1
        if self._clients == 0 and self._measuring is not None:
            self._measuring.end()
            self._measuring = None

    def vitals(self) -> Vitals | None:
        """What was measured; None if nobody is attached, in the first moment after that, and of a closed engine."""
        measuring = self._measuring
        return None if measuring is None or measuring.over else measuring.vitals()

    def actors(self) -> Actors:
        """The actors that stand out; the hottest and the slowest of them only while somebody is attached."""
        measuring = self._measuring
        if measuring is None or measuring.over:
            return Standouts(self._core).find((), ())
        return measuring.actors()

    def __repr__(self) -> str:
        """How many look."""
        return f"<Probe {self._clients} attached>"
