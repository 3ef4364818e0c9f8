"""Memory: the same things by hand and in the engine, counted in one way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from actum_bench.filled import Shape
from actum_bench.measurements import memory
from actum_bench.process import VoidRunError
from actum_bench.repeats import checked

from tests.support.filled_stores import fill_workspace


@pytest.mark.parametrize("ids", [False, True], ids=["plain", "ids"])
def test_aggregates(tmp_path: Path, ids: bool) -> None:  # noqa: FBT001  # pytest gives it
    """The engine's share is what it holds beside what a dict would."""
    workspace = fill_workspace(tmp_path, Shape(branches=50, accounts=50, events=100))
    given: dict[str, Any] = {"aggregates": 50, "events": 2, "payments": 2, "ids": ids, "workspace": workspace}
    values = checked("actum", memory.aggregates(**given)).values
    assert values["beyond"] == values["engine"] - values["by hand"]
    assert 0 < values["by hand"] < values["engine"]


@pytest.mark.parametrize("indexes", [0, 1, 2])
def test_rows(tmp_path: Path, indexes: int) -> None:
    """Rows that are not saved yet take more than those that are."""
    values = checked("actum", memory.rows(rows=1_000, indexes=indexes, workspace=str(tmp_path))).values
    assert 0 < values["by hand"] < values["engine"] < values["engine, unsaved"]
    assert list(tmp_path.iterdir()) == []


def test_by_hand() -> None:
    """What is kept is counted, and what was there before is not."""
    kept = "shared" * 1_000
    assert 1_000 < memory.by_hand(lambda number: (f"key {number}", bytes(1_000)), 100) < 1_500
    assert memory.by_hand(lambda number: (f"key {number}", kept), 100) < 500


def test_a_wrong_count_is_void(tmp_path: Path) -> None:
    """A store that holds something else gives no figure."""
    shape = Shape(branches=50, accounts=50, events=100)
    workspace = fill_workspace(tmp_path, shape, really=Shape(branches=50, accounts=50, events=101))
    with pytest.raises(VoidRunError, match="events stored"):
        checked("actum", memory.aggregates(aggregates=50, events=2, payments=1, ids=False, workspace=workspace))
