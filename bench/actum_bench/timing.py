"""Latencies: raw nanoseconds while the clock runs, everything else afterwards."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(values: Sequence[int], share: float) -> float:
    """The value that a share of the values does not exceed (nearest rank); 0 without any."""
    return ranked(sorted(values), share) if values else 0.0


def ranked(ordered: Sequence[int], share: float) -> float:
    """The same of values in order: the smallest that at least this share of them does not exceed.

    Shares are decimal fractions, whose products may come out a little above a whole number.
    """
    return float(ordered[max(0, math.ceil(round(len(ordered) * share, 6)) - 1)])
