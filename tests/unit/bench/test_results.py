"""Results: checks, and files of an earlier form."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from actum_bench.results import Check, Results, UnreadableResultsError

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


@pytest.mark.parametrize("content", [b'{"schema": 2}', b'{"schema": 2, "command": ["another", "shape"], "runs": 5}'])
def test_another_version_is_named(content: bytes, tmp_path: Path) -> None:
    """A file of another version is not called damaged, whatever its shape."""
    path = tmp_path / "new.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableResultsError, match="has form 2, this version reads 1: measure again"):
        Results.load(path)
