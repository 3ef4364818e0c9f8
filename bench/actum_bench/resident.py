"""Memory that a process holds, as the operating system counts it."""

from __future__ import annotations

import gc
import resource
import sys

from actum_bench.environment import text_of

KIB = 1_024


def resident_bytes() -> int:
    """What is in memory and belongs to this process alone, without mapped files.

    Where the system does not tell (it is not Linux) the largest that the process ever had, mapped files included.
    """
    gc.collect()
    for line in text_of("/proc/self/status").splitlines():
        name, _, amount = line.partition(":")
        if name == "RssAnon":
            return int(amount.split()[0]) * KIB
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * KIB
