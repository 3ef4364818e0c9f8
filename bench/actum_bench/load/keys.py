"""Which key each operation is about: all alike, or some far more often than others, as real ones are."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random
from typing import Literal, TypeAlias

Distribution: TypeAlias = Literal["uniform", "zipf"]

#: The exponent of YCSB: the most popular of 10,000 keys gets a tenth of the operations.
ZIPF_EXPONENT = 0.99
#: So many ranks need no integral.
EXACT_RANKS = 2


def key_numbers(distribution: Distribution, keys: int, count: int, seed: int) -> array[int]:
    """Numbers of keys, from 0 to `keys - 1`, one for each operation.

    Args:
        distribution: uniform: each as often as any other; zipf: number 0 most often, then 1, and so on.
        keys: how many there are.
        count: how many operations.
        seed: the same seed gives the same numbers.
    """
    chance = Random(seed).random  # noqa: S311  # repeatable, not secret
    choose = zipf(keys) if distribution == "zipf" else uniform(keys)
    return array("q", (choose(chance()) for _ in range(count)))


def uniform(keys: int) -> Callable[[float], int]:
    """Makes of a number from 0 to 1 the number of a key, each as often as any other."""
    return lambda share: int(share * keys)


def zipf(keys: int, exponent: float = ZIPF_EXPONENT) -> Callable[[float], int]:
    """Makes of a number from 0 to 1 the rank of a key; rank n comes 1 / (n + 1) ** exponent as often as rank 0.

    The method is that of J. Gray and others, "Quickly generating billion-record synthetic databases" (1994), which YCSB
    uses too: exact for the first two ranks, and an integral for the rest.
    """
    weights = sum(1 / rank**exponent for rank in range(1, keys + 1))
    second = 1 + 0.5**exponent
    stretch = 1 / (1 - exponent)
    tail = (1 - (2 / keys) ** (1 - exponent)) / (1 - second / weights) if keys > EXACT_RANKS else 0.0

    def rank(share: float) -> int:
        weight = share * weights
        if weight < 1:
            return 0
        if weight < second:
            return 1
        return min(keys - 1, int(keys * (tail * share - tail + 1) ** stretch))

    return rank
