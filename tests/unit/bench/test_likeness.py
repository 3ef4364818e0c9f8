"""Environments that are alike enough, or not."""

from __future__ import annotations

from actum_bench.likeness import differences

from tests.support.made_results import ENVIRONMENT, environment


def test_alike() -> None:
    """When it was, how busy it was, and which actum it was make no difference: those are what is compared."""
    other = environment(taken="2027-01-01", revision="def", load=1.0, packages={"actum": "9", "msgspec": "0.22.0"})
    assert differences(ENVIRONMENT, other) == []


def test_packages() -> None:
    """Another version of a package is named, and one that only one side has."""
    other = environment(packages={"actum": "0.1.0", "msgspec": "0.23.0", "uvloop": "0.23.0"})
    assert differences(ENVIRONMENT, other) == [
        "msgspec differs: 0.22.0, then 0.23.0",
        "uvloop differs: not installed, then 0.23.0",
    ]


def test_disk() -> None:
    """A disk whose fsync takes more than twice as long is another disk."""
    assert differences(ENVIRONMENT, environment(fsync_seconds=0.0005)) == []
    (words,) = differences(ENVIRONMENT, environment(fsync_seconds=0.003))
    assert words.startswith("an fsync took 0.30 ms, then 3.00 ms")
