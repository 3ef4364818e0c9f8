"""Which keys operations are about."""

from __future__ import annotations

from collections import Counter

import pytest
from actum_bench.load.keys import Distribution, key_numbers, zipf

KEYS = 100
COUNT = 50_000
DISTRIBUTIONS: tuple[Distribution, ...] = ("uniform", "zipf")


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_numbers_are_of_keys_that_exist(distribution: Distribution) -> None:
    """Every number is at least 0 and below the number of keys, and every key comes up."""
    assert set(key_numbers(distribution, KEYS, COUNT, 1)) == set(range(KEYS))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_the_same_seed_gives_the_same_numbers(distribution: Distribution) -> None:
    """Numbers are a function of their seed, and another seed gives others."""
    assert key_numbers(distribution, KEYS, 100, 1) == key_numbers(distribution, KEYS, 100, 1)
    assert key_numbers(distribution, KEYS, 100, 1) != key_numbers(distribution, KEYS, 100, 2)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("keys", [1, 2, 3])
def test_few_keys_are_enough(distribution: Distribution, keys: int) -> None:
    """One key is always number 0; two and three all come up."""
    assert set(key_numbers(distribution, keys, 1_000, 1)) == set(range(keys))


def test_frequencies_fall_as_zipf_says() -> None:
    """Ranks come up in proportion to 1 / rank ** 0.99: the first ones to a few percent, the rest in order."""
    seen = Counter(key_numbers("zipf", KEYS, COUNT, 1))
    weights = [1 / rank**0.99 for rank in range(1, KEYS + 1)]
    for rank in (0, 1):
        assert abs(seen[rank] / COUNT - weights[rank] / sum(weights)) < 0.01
    by_tens = [sum(seen[number] for number in range(first, first + 10)) for first in range(0, KEYS, 10)]
    assert by_tens == sorted(by_tens, reverse=True)
    assert seen[0] > 50 * seen[KEYS - 1]


def test_ranks_stay_within_bounds_at_the_ends() -> None:
    """The smallest share is the first rank, and the largest one that chance gives is the last."""
    rank = zipf(KEYS)
    assert rank(0.0) == 0
    assert rank(1 - 2**-53) == KEYS - 1


def test_uniform_keys_are_alike() -> None:
    """No key comes up twice as often as another."""
    seen = Counter(key_numbers("uniform", KEYS, COUNT, 1))
    assert max(seen.values()) < 2 * min(seen.values())
