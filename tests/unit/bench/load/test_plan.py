"""What is sent, in order."""

from __future__ import annotations

from actum_bench.load.plan import plan_of
from actum_bench.load.workloads import WORKLOADS


def test_the_mix_is_that_of_the_workload() -> None:
    """A plan has the workload's share of commands, and of nothing else."""
    shares = {letter: sum(plan_of(mix, "zipf", 100, 10_000, 1).commands) for letter, mix in WORKLOADS.items()}
    assert all(abs(shares[letter] - 10_000 * mix.command_share) < 200 for letter, mix in WORKLOADS.items())
    assert shares["c"] == 0
    assert shares["h"] == 10_000


def test_the_same_seed_gives_the_same_plan() -> None:
    """A plan is a function of its seed."""
    mix = WORKLOADS["a"]
    assert plan_of(mix, "zipf", 100, 500, 1) == plan_of(mix, "zipf", 100, 500, 1)
    assert plan_of(mix, "zipf", 100, 500, 1) != plan_of(mix, "zipf", 100, 500, 2)


def test_one_hot_key_is_one_key() -> None:
    """Workload g is about one key alone."""
    plan = plan_of(WORKLOADS["g"], "zipf", 1, 500, 1)
    assert set(plan.numbers) == {0}
    assert len(plan) == len(plan.numbers) == 500
