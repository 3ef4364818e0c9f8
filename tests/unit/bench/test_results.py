"""Results: checks, and files of an earlier form."""

from __future__ import annotations

from pathlib import Path

import msgspec
from actum_bench.results import Check, Results

from tests.support.made_results import goal_of, results_of


def test_a_check_of_counts_shows_both() -> None:
    """Large numbers can be read."""
    assert Check.equal("rows", 1_000, 1_000) == Check("rows", ok=True, detail="expected 1,000, found 1,000")
    assert Check.equal("rows", 1_000, 999) == Check("rows", ok=False, detail="expected 1,000, found 999")


def test_goals_without_durability_are_read(tmp_path: Path) -> None:
    """A file that was written before goals had one says nothing of it."""
    content = msgspec.to_builtins(results_of(goals=[goal_of("g", 1.0, [2.0])]))
    del content["goals"][0]["durability"]
    path = tmp_path / "old.json"
    path.write_bytes(msgspec.json.encode(content))
    assert Results.load(path).goals[0].durability == "-"
