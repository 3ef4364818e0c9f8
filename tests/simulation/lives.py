"""What every simulated world has: lives that end in crashes on virtual time, a trace, and faults."""

from __future__ import annotations

import logging
import sys
from collections.abc import Coroutine
from hashlib import sha256
from random import Random
from typing import Any, TypeVar

from tests.simulation.disk import Platter
from tests.simulation.loop import StandstillError, VirtualLoop

INCARNATIONS = 3
#: Virtual seconds after which somebody waits for ever.
SECONDS_MAX = 600.0


class VirtualClock:
    """The loop's time."""

    def __init__(self, loop: VirtualLoop, started_ns: int) -> None:
        """Count from a moment."""
        self._loop = loop
        self._started_ns = started_ns

    def now_ns(self) -> int:
        """See `Clock.now_ns`."""
        return self._started_ns + int(self._loop.time() * 1e9)

    def monotonic_ns(self) -> int:
        """See `Clock.monotonic_ns`."""
        return int(self._loop.time() * 1e9)


class Lives:
    """One seed's world.

    Attributes:
        trace: what happened, in order.
        random: decides everything.
        faults: promises that did not hold.
        platter: what lasts.
    """

    #: How long a life lasts before it crashes: up to one of these, in virtual seconds.
    crash_seconds: tuple[float, ...] = (0.01, 0.1, 0.5)

    def __init__(self, seed: int) -> None:
        """Nothing has happened yet."""
        self.trace: list[str] = []
        self.faults: list[str] = []
        self.random = Random(seed)
        self.platter = Platter()
        self._loop: VirtualLoop | None = None

    @property
    def loop(self) -> VirtualLoop:
        """That of this life."""
        assert self._loop is not None
        return self._loop

    def note(self, what: str) -> None:
        """Something happened."""
        now = 0.0 if self._loop is None else self._loop.time()
        self.trace.append(f"{now:10.6f} {what}")

    @property
    def digest(self) -> str:
        """A hash of everything that happened."""
        return sha256("\n".join([*self.trace, *self.faults]).encode()).hexdigest()

    def run(self) -> None:
        """Live, crash, live again; the last life ends well."""
        for incarnation in range(INCARNATIONS):
            last = incarnation == INCARNATIONS - 1
            self._live(
                incarnation, crashes=not last, troubles=0.0 if last else self.random.choice([0.0, 0.0, 0.1, 0.3])
            )
            if self.faults:
                return

    def main(self, incarnation: int, troubles: float) -> Coroutine[Any, Any, None]:
        """What one incarnation does; a commit fails with that probability."""
        raise NotImplementedError

    def _live(self, incarnation: int, *, crashes: bool, troubles: float) -> None:
        """One incarnation."""
        loop = self._loop = VirtualLoop()
        self.note(f"incarnation {incarnation}")
        if crashes and self.random.random() < 0.8:
            loop.call_later(self.random.random() * self.random.choice(self.crash_seconds), loop.stop)
        loop.call_later(SECONDS_MAX, loop.stop)
        main = loop.create_task(self.main(incarnation, troubles))
        try:
            loop.run_until_complete(main)
        except StandstillError:
            self.faults.append("everybody waits for ever")
        except RuntimeError as error:
            if "stopped before Future completed" not in str(error):
                self.faults.append(f"raised {error!r}")
            elif loop.time() >= SECONDS_MAX:
                self.faults.append("somebody waits for ever")
            self.note("crash")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a fault of the engine
            self.faults.append(f"raised {error!r}")
        loop.abandon()


W = TypeVar("W", bound=Lives)


def lived(world: W) -> W:
    """A world at its end. For processes of their own: logging and complaints about what a crash left are off."""
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = lambda _complaint: None
    world.run()
    return world
