"""A point of the growth curve: opening, memory and commands on a store of some size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from actum_bench.filled import Shape
from actum_bench.measurements import growth
from actum_bench.process import VoidRunError
from actum_bench.repeats import checked

from tests.support.filled_stores import fill_workspace

GIVEN: dict[str, Any] = {"branches": 10, "accounts": 100, "events": 200, "clients": 4, "commands": 40}
SHAPE = Shape(branches=10, accounts=100, events=200)


@pytest.mark.parametrize("working", [10, 100])
def test_point(tmp_path: Path, working: int) -> None:
    """Every figure of the curve is there, and the store that is kept is not written to."""
    workspace = fill_workspace(tmp_path, SHAPE)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / SHAPE.name).rglob("*")}
    sample = checked("actum", growth.point(**GIVEN, working=working, workspace=workspace))
    assert sample.values["sent"] == 4 * (10 + 3)
    assert sample.values["cost per command"] == pytest.approx(1 / sample.values["commands/s"])
    assert sample.values["opening"] > 0
    assert {"ack p99", "memory after opening"} <= sample.values.keys()
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / SHAPE.name).rglob("*")}


def test_work_is_spread() -> None:
    """The accounts that are worked on are spread over all of them, each once."""
    work = growth.work(Shape(branches=10, accounts=100, events=100), 10)
    assert [payment.branch_id for payment in work] == [f"branch-{number:07d}" for number in range(10)]
    assert len({payment.account_id for payment in work}) == 10


def test_a_wrong_count_is_void(tmp_path: Path) -> None:
    """A store that holds something else gives no figure."""
    workspace = fill_workspace(tmp_path, SHAPE, really=Shape(branches=10, accounts=100, events=199))
    with pytest.raises(VoidRunError, match="events stored"):
        checked("actum", growth.point(**GIVEN, working=10, workspace=workspace))
