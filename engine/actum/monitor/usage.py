"""What the process uses of the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """Memory that the process holds; where there is no `/proc`, the most that it ever held, or 0 if nobody says."""
    try:
        return int(STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return resident_bytes_max()


def resident_bytes_max() -> int:
    """The most that the process ever held; 0 on Windows."""
    if sys.platform == "win32":
        return 0
    from resource import RUSAGE_SELF, getrusage  # noqa: PLC0415  # not on Windows

    unit = 1 if sys.platform == "darwin" else 1_024
    return getrusage(RUSAGE_SELF).ru_maxrss * unit


def cpu_seconds() -> float:
    """Processor time of the process since it began, of all its threads."""
    times = os.times()
    return times.user + times.system
