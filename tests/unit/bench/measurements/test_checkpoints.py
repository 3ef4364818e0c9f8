"""Checkpoints under load: every window is compared with what was before it, and everything is there afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from actum_bench.filled import Shape
from actum_bench.measurements import checkpoints
from actum_bench.process import VoidRunError
from actum_bench.repeats import checked

from tests.support.filled_stores import fill_workspace

SHAPE = Shape(branches=200, accounts=200, events=200)


@pytest.mark.parametrize("base", [False, True], ids=["changes", "base"])
def test_window(tmp_path: Path, base: bool) -> None:  # noqa: FBT001  # pytest gives it
    """Both parts have answers, and every checkpoint was made."""
    workspace = fill_workspace(tmp_path, SHAPE)
    sample = checked(
        "actum", checkpoints.window(clients=8, rows=200, dirty=100, windows=2, base=base, workspace=workspace)
    )
    assert all(value > 0 for value in sample.values.values()), sample.values
    assert sample.values["ack max in the window"] >= sample.values["ack p99.9 in the window"]


def test_run(tmp_path: Path) -> None:
    """Without checkpoints none is made; one who wants some and gets none has measured nothing."""
    workspace = fill_workspace(tmp_path, SHAPE)
    given: dict[str, Any] = {"clients": 8, "rows": 200, "dirty": 100, "seconds": 0.05, "workspace": workspace}
    sample = checked("actum", checkpoints.run(every=0.0, **given))
    assert sample.values["commands/s"] > 0
    assert sample.values["checkpoints"] == 0
    with pytest.raises(VoidRunError, match="checkpoints meanwhile"):
        checked("actum", checkpoints.run(every=60.0, **given))


def test_run_with_checkpoints(tmp_path: Path) -> None:
    """Checkpoints that are made by themselves meanwhile are counted."""
    workspace = fill_workspace(tmp_path, SHAPE)
    sample = checked(
        "actum",
        checkpoints.run(clients=8, rows=200, dirty=100, seconds=1.5, every=0.5, workspace=workspace),
    )
    assert sample.values["checkpoints"] >= 1


def test_a_wrong_count_is_void(tmp_path: Path) -> None:
    """A store that holds something else gives no figure."""
    workspace = fill_workspace(tmp_path, SHAPE, really=Shape(branches=200, accounts=200, events=201))
    with pytest.raises(VoidRunError, match="does not hold"):
        checked("actum", checkpoints.window(clients=2, rows=200, dirty=100, windows=1, base=False, workspace=workspace))
