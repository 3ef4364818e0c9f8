"""Stores that are filled once: what is in them, and who gets a copy."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest
from actum import Engine
from actum_bench.branches import VIEWS, Branch
from actum_bench.filled import Shape, calls, copied_store, fill, kept_store, shown

from tests.support.filled_stores import fill_workspace

SHAPE = Shape(branches=10, accounts=100, events=250, indexes=1)


@pytest.mark.parametrize("sizes", [(0, 1, 1), (2, 1, 1), (1, 2, 1), (2, 3, 3)], ids=str)
def test_impossible_shape(sizes: tuple[int, int, int]) -> None:
    """Sizes that can't go together are refused."""
    branches, accounts, events = sizes
    with pytest.raises(ValueError, match="don't fit together"):
        Shape(branches=branches, accounts=accounts, events=events)


@pytest.mark.parametrize("events", [100, 101, 250, 100_123])
def test_commands_lead_to_as_many_events_as_wanted(events: int) -> None:
    """Every account is opened once, and payments make up the rest, none of them with too many events."""
    shape = Shape(branches=10, accounts=100, events=events)
    counts = [getattr(command, "count", 0) + getattr(command, "times", 0) for command in shape.commands()]
    assert sum(counts) == events
    assert max(counts) <= 1_000


def test_calls_are_bounded() -> None:
    """No call has more events than its receipts may hold, and none is left out."""
    shape = Shape(branches=10, accounts=100, events=200_000)
    parts = list(calls(shape.commands()))
    assert [command for part in parts for command in part] == list(shape.commands())
    assert len(parts) == 4


def test_filled(tmp_path: Path) -> None:
    """What fill gives is what a store opened again shows, all of it from its checkpoint."""
    workspace = fill_workspace(tmp_path, SHAPE)
    assert kept_store(SHAPE, workspace) == tmp_path / SHAPE.name

    async def main(path: str) -> None:
        async with Engine.open(path, Branch, VIEWS[1]) as engine:
            assert [check for check in shown(engine, SHAPE) if not check.ok] == []
            assert [check.name for check in shown(engine, SHAPE, payments=1) if not check.ok] == [
                "events stored",
                "sum of the balances",
            ]
            checkpoints = engine.statistics().checkpoints
            assert checkpoints is not None
            assert (checkpoints.position, checkpoints.count) == (250, 0)

    with copied_store(SHAPE, workspace) as path:
        assert path != str(tmp_path / SHAPE.name)
        actum.run(main(path))
    assert not Path(path).exists()


def test_kept(tmp_path: Path) -> None:
    """A store that is not there is made in a process of its own, and stays for the next one who wants it."""
    shape = Shape(branches=1, accounts=1, events=1)
    made = kept_store(shape, str(tmp_path))
    (made / "mark").touch()
    assert (kept_store(shape, str(tmp_path)) / "mark").exists()
    assert [path.name for path in tmp_path.iterdir()] == [shape.name]


def test_snapshots(tmp_path: Path) -> None:
    """The state of every aggregate is saved if that is wanted, otherwise of those with many events alone."""

    async def snapshots(path: Path) -> int:
        async with Engine.open(path, Branch, VIEWS[0]) as engine:
            return engine.statistics().aggregates[0].snapshots

    given = {"branches": 10, "accounts": 10, "events": 10, "indexes": 0}
    fill(path=str(tmp_path / "none"), snapshots=False, **given)
    fill(path=str(tmp_path / "all"), snapshots=True, **given)
    assert actum.run(snapshots(tmp_path / "none")) == 0
    assert actum.run(snapshots(tmp_path / "all")) == 10
