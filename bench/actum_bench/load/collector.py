"""What the garbage collector takes: how often it ran, and how long everything stood still for it."""

from __future__ import annotations

import gc
import time
from collections.abc import Generator
from contextlib import contextmanager


class Collector:
    """What was collected in the meantime.

    Attributes:
        count: collections.
        full_count: those of the oldest generation.
        nanoseconds: that they took.
    """

    def __init__(self) -> None:
        self.count = 0
        self.full_count = 0
        self.nanoseconds = 0
        self._started = 0

    def __call__(self, phase: str, about: dict[str, int]) -> None:
        """A collection begins, or ends."""
        if phase == "start":
            self._started = time.perf_counter_ns()
            return
        self.nanoseconds += time.perf_counter_ns() - self._started
        self.count += 1
        self.full_count += about["generation"] == len(gc.get_threshold()) - 1


@contextmanager
def collector() -> Generator[Collector]:
    """Watch the garbage collector for a while."""
    made = Collector()
    gc.callbacks.append(made)
    try:
        yield made
    finally:
        gc.callbacks.remove(made)
