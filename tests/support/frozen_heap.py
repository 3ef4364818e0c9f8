"""An engine's policy of garbage, kept while the tests of a room run.

The first engine that opens collects everything and freezes it, the last one that closes thaws it. A room that opens
one engine after the other would walk over all of pytest, matplotlib and scipy each time, which is a third of its time.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from actum import garbage

if TYPE_CHECKING:
    from actum.core import Core


class Staying:
    """Stands for an engine that is open all the time."""


@contextmanager
def frozen_heap() -> Generator[None]:
    """Have what is alive frozen, whatever engines open and close meanwhile."""
    staying = cast("Core", Staying())
    garbage.ENGINES.add(staying)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        garbage.restore(staying)
        gc.unfreeze()
