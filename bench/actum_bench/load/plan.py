"""What is sent, in order: decided before the run, so that choosing costs nothing while the clock runs."""

from __future__ import annotations

from array import array
from random import Random
from typing import NamedTuple

from actum_bench.load.keys import Distribution, key_numbers
from actum_bench.load.workloads import Workload


class Plan(NamedTuple):
    """Operations in order.

    Attributes:
        commands: 1 where the operation is a command, 0 where it is a query.
        numbers: of the key that each is about.
    """

    commands: bytes
    numbers: array[int]

    def __len__(self) -> int:
        """How many operations."""
        return len(self.commands)


def plan_of(workload: Workload, distribution: Distribution, keys: int, count: int, seed: int) -> Plan:
    """The operations of a workload.

    Args:
        workload: which.
        distribution: of keys.
        keys: how many there are.
        count: how many operations.
        seed: the same seed gives the same operations.
    """
    chance = Random(seed + 1).random  # noqa: S311  # repeatable, not secret; not in step with the keys
    share = workload.command_share
    kinds = bytes(chance() < share for _ in range(count))
    if workload.one_key:
        return Plan(kinds, array("q", bytes(8 * count)))
    return Plan(kinds, key_numbers(distribution, keys, count, seed))
