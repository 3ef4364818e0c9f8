"""The workloads by their letters, as YCSB names them, where a command stands for a write and a query for a read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actum_bench.load.keys import Distribution

#: The views that one event goes into in workload h.
VIEWS = 20
#: Workload i keeps one aggregate in so many awake.
KEYS_PER_RESIDENT = 10


class Workload(NamedTuple):
    """What is asked of a subject.

    Attributes:
        letter: its name.
        title: what it is.
        command_share: of all operations, from 0 to 1.
        distribution: of keys, unless another is asked for.
        one_key: whether all operations are about one key.
        subjects: what it can be done on.
        resident_limit: whether the engine keeps only a part of the aggregates awake.
    """

    letter: str
    title: str
    command_share: float
    distribution: Distribution = "zipf"
    one_key: bool = False
    subjects: Sequence[str] = ("bank", "shop")
    resident_limit: bool = False

    def actors_max(self, keys: int) -> int | None:
        """How many aggregates the engine keeps awake; None for its own limit."""
        return max(1, keys // KEYS_PER_RESIDENT) if self.resident_limit else None


WORKLOADS = {
    workload.letter: workload
    for workload in (
        Workload("a", "50 % commands, 50 % queries", 0.5),
        Workload("b", "5 % commands, 95 % queries", 0.05),
        Workload("c", "queries only", 0.0),
        Workload("d", "latest: 5 % commands, 95 % queries of what was written last", 0.05),
        Workload("e", "ranges: 5 % commands, 95 % pages over an ordered index", 0.05),
        Workload("g", "one hot key: 50 % commands, 50 % queries", 0.5, one_key=True),
        Workload("h", f"commands, each event into {VIEWS} views", 1.0, subjects=("bank",)),
        Workload(
            "i",
            f"working set {KEYS_PER_RESIDENT} times the resident limit: 50 % commands, 50 % queries",
            0.5,
            distribution="uniform",
            resident_limit=True,
        ),
    )
}
