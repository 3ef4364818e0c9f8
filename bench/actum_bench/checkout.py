"""What is in a checkout and not in the wheel: the examples and the micro benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: Where `bench/` and `examples/` lie, if this runs from a checkout.
CHECKOUT: Final = Path(__file__).parents[2]
