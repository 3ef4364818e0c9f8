"""Collections of the garbage collector, counted."""

from __future__ import annotations

import gc
from itertools import count

from actum.monitor.pauses import Pauses


def test_collections_are_counted_and_timed_between_begin_and_end() -> None:
    """Of all generations; before and after that nothing is left in the collector's list."""
    before = list(gc.callbacks)
    pauses = Pauses(count(step=5).__next__)
    gc.collect()
    pauses.begin()
    gc.collect(0)
    gc.collect(2)
    pauses.end()
    gc.collect()
    assert (pauses.count, pauses.total_ns, pauses.longest_ns) == (2, 10, 5)
    assert gc.callbacks == before


def test_a_collection_that_is_under_way_is_not_counted() -> None:
    """Its beginning is not known."""
    pauses = Pauses(count().__next__)
    pauses.begin()
    gc.callbacks[-1]("stop", {})
    pauses.end()
    assert pauses.count == 0
