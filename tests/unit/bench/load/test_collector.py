"""What the garbage collector did meanwhile."""

from __future__ import annotations

import gc

from actum_bench.load.collector import collector


def test_collections_are_counted_while_watched() -> None:
    """A full collection counts as one of both kinds, a young one as one, and afterwards nothing is watched."""
    before = list(gc.callbacks)
    with collector() as collected:
        gc.collect()
        gc.collect(0)
        assert collected.full_count >= 1
        assert collected.count >= collected.full_count + 1
        assert collected.nanoseconds > 0
    assert gc.callbacks == before
