"""Opening is measured on stores that hold what they should, and void on others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from actum_bench.filled import Shape
from actum_bench.measurements import opening
from actum_bench.process import VoidRunError
from actum_bench.repeats import checked

from tests.support.filled_stores import fill_workspace

GIVEN: dict[str, Any] = {"branches": 10, "accounts": 100, "events": 100}


@pytest.mark.parametrize("indexes", [0, 1, 2])
def test_from_a_checkpoint(tmp_path: Path, indexes: int) -> None:
    """Opening from a checkpoint takes a time, and nothing was made again."""
    workspace = fill_workspace(tmp_path, Shape(branches=10, accounts=100, events=100, indexes=indexes, snapshots=True))
    for _ in range(2):  # the first one leaves the store as it was
        sample = checked("actum", opening.engine(**GIVEN, indexes=indexes, workspace=workspace))
        assert sample.values["opening"] >= sample.values["opening, after the files"] > 0
        assert "position of the checkpoint" in [check.name for check in sample.checks]


def test_with_and_without(tmp_path: Path) -> None:
    """A log opens with its checkpoint and without, and the kept store still has its own afterwards."""
    workspace = fill_workspace(tmp_path, Shape(branches=10, accounts=100, events=300))
    given: dict[str, Any] = {**GIVEN, "events": 300, "workspace": workspace}
    for measure in (opening.without_checkpoint, opening.with_checkpoint, opening.rebuild, opening.with_checkpoint):
        checked("actum", measure(**given))


def test_msgspec_alone() -> None:
    """The unit of the goal is measured on the same rows."""
    sample = checked("msgspec alone", opening.bare(accounts=5_000, branches=500))
    assert sample.values["opening"] > 0
    assert len(sample.checks) == 2


@pytest.mark.parametrize(
    "really",
    [Shape(branches=10, accounts=90, events=100), Shape(branches=10, accounts=100, events=101)],
    ids=["rows", "events"],
)
def test_a_wrong_count_is_void(tmp_path: Path, really: Shape) -> None:
    """A store that holds something else gives no figure."""
    workspace = fill_workspace(tmp_path, Shape(branches=10, accounts=100, events=100), really=really)
    with pytest.raises(VoidRunError, match="does not hold"):
        checked("actum", opening.with_checkpoint(**GIVEN, workspace=workspace))
