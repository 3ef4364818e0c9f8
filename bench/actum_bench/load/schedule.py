"""When operations are to be sent: times made before the run, so that nothing that happens in it can move them.

That is what "open loop" means: a slow answer does not put off the next question, and latency is counted from the
intended time. A loop that sends when it is ready leaves out the very operations that would have waited.
"""

from __future__ import annotations

from array import array
from random import Random
from typing import Literal, TypeAlias

#: How long between two operations: as callers come who know nothing of each other, or always the same.
Spacing: TypeAlias = Literal["exponential", "constant"]

NANOSECONDS = 1_000_000_000


def send_times(rate: float, seconds: float, spacing: Spacing, seed: int) -> array[int]:
    """Nanoseconds from the beginning at which operations are to be sent, in order.

    Args:
        rate: operations per second, on average.
        seconds: the last one is sent before this.
        spacing: exponential: random, with the mean of the rate; constant: evenly.
        seed: the same seed gives the same times.
    """
    if spacing == "constant":
        return array("q", (int(number * NANOSECONDS / rate) for number in range(int(rate * seconds))))
    times, end = array("q"), seconds * NANOSECONDS
    gap, mean = Random(seed).expovariate, rate / NANOSECONDS  # noqa: S311  # repeatable, not secret
    at = gap(mean)
    while at < end:
        times.append(int(at))
        at += gap(mean)
    return times
