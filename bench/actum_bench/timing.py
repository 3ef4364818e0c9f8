"""Latencies: raw nanoseconds while the clock runs, everything else afterwards."""

from __future__ import annotations

from collections.abc import Sequence


def quantile(values: Sequence[int], share: float) -> float:
    """The value that a share of the values does not exceed (nearest rank); 0 without any."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return float(ordered[min(len(ordered) - 1, int(len(ordered) * share))])
