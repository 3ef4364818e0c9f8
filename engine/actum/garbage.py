"""The garbage collector's policy while engines are open: process-wide, undone when the last of them closes.

A full collection over 100,000 actors takes 72 ms, after `gc.freeze()` nothing; and a turn of 1,000 commands makes so
many short-lived objects that the collector's default of a look every 700 costs a twentieth of the throughput.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from actum.core import Core

#: New objects before the youngest generation is collected.
YOUNG_OBJECTS = 10_000

#: The engines whose policy is "freeze", and the threshold to put back after the last of them.
ENGINES: WeakSet[Core] = WeakSet()
thresholds: list[tuple[int, int, int]] = []


def calm(core: Core) -> None:
    """An engine has opened: freeze what is alive, and look less often."""
    if not thresholds:
        thresholds.append(gc.get_threshold())
        young, middle, old = thresholds[0]
        gc.set_threshold(max(young, YOUNG_OBJECTS) if young else 0, middle, old)
    ENGINES.add(core)
    gc.collect()
    gc.freeze()


def calm_again() -> None:
    """A checkpoint was made: freeze what has come since, but for the young garbage, which would be frozen for good."""
    gc.collect(1)
    gc.freeze()


def restore(core: Core) -> None:
    """An engine has closed; with the last one everything is as it was before the first."""
    if core in ENGINES:
        ENGINES.discard(core)
        if not ENGINES and thresholds:
            gc.set_threshold(*thresholds.pop())
            gc.unfreeze()
