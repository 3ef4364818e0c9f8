"""What is not well in a frame: of a real engine, and of what its statistics can say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from actum import Alert, EngineStatistics
from actum.monitor import Frame, Quantiles
from actum_tui.top.verdicts import verdicts
from msgspec.structs import replace

from tests.support.bank import open_bank
from tests.support.scenes import scene
from tests.support.troubled import fill_troubled, open_troubled, quiet
from tests.unit.tui.top.test_vital_rows import STORE, VITALS


def named(statistics: EngineStatistics | None = None, **frame: Any) -> list[tuple[str, str]]:
    """Level and name of all that is not well."""
    found = verdicts(Frame(time_ns=1, monotonic_ns=1, statistics=statistics, **frame))
    return [(each.level, each.name) for each in found]


@scene
async def test_an_engine_that_is_well() -> None:
    """Nothing to say, but that it is for tests."""
    async with open_bank(durability="full") as bank:
        assert named(bank.statistics()) == []
    async with open_bank() as bank:
        statistics = bank.statistics()
    assert named(statistics) == [("warning", "relaxed durability")]


@scene
async def test_an_engine_that_is_not() -> None:
    """Each with a name of its own; errors first."""
    async with open_bank(durability="full") as bank:
        well = bank.statistics()
    for state, level in (("full", "error"), ("failed", "error"), ("closing", "warning"), ("closed", "warning")):
        ((found, name),) = named(replace(well, state=state))
        assert (found, state in name) == (level, True)
    broken = replace(well.views[0], state="broken", failure="a bug at position 7")
    assert named(replace(well, views=(broken,), durability="relaxed")) == [
        ("error", "view broken"),
        ("warning", "relaxed durability"),
    ]
    refused = replace(well.aggregates[0], quarantined=("a", "b", "c", "d", "e"))
    (quarantined,) = verdicts(Frame(time_ns=1, monotonic_ns=1, statistics=replace(well, aggregates=(refused,))))
    assert quarantined.what == "Account a, b, c and 2 more: bugs in a row, commands are refused."


@scene
async def test_alerts_say_what_they_say_once() -> None:
    """A view that is broken and that an alert was raised for is one thing that is not well."""
    async with open_bank(durability="full") as bank:
        well = bank.statistics()
    alert = Alert(
        subject="Balances",
        kind="view",
        state="failed",
        before="live",
        lag=7,
        lag_seconds=61.0,
        position=3,
        head=10,
        reason="a bug",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    views = tuple(replace(view, state="broken", failure="a bug") for view in well.views if view.name == "Balances")
    assert named(replace(well, alerts=(alert,), views=views)) == [("error", "view broken")]
    (found,) = verdicts(Frame(time_ns=1, monotonic_ns=1, statistics=replace(well, alerts=(alert,))))
    assert (found.level, found.name) == ("error", "view failed")
    assert found.what == "View Balances is failed: a bug. 7 behind, 61 s."
    slow = replace(alert, state="slow", reason="", lag=0)
    assert named(replace(well, alerts=(slow,))) == [("warning", "view slow")]


@scene
async def test_what_happens_by_itself(tmp_path: Path) -> None:
    """Failed instances, dead letters, refused deadlines of a shop in which things went wrong."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop", durability="full") as shop:
        await quiet(shop)
        found = named(shop.statistics())
    assert {name for _, name in found} >= {"instances failed", "dead letters", "deadlines refused"}
    assert found == sorted(found, key=lambda each: each[0] != "error")


def test_the_directory_and_the_loop() -> None:
    """A map and a disk that are nearly full, very many readers, a loop that is late."""
    well = replace(VITALS, loop_lag=Quantiles(1, 0, 0.01, 0.02))
    assert named(vitals=well, store=STORE) == []
    assert named(vitals=VITALS) == [("warning", "loop lag")]
    assert named(store=replace(STORE, log_bytes=900_000)) == [("warning", "map nearly full")]
    assert named(store=replace(STORE, log_bytes=990_000)) == [("error", "map nearly full")]
    assert named(store=replace(STORE, map_bytes=0)) == []
    assert named(store=replace(STORE, free_bytes=500_000_000)) == [("warning", "disk nearly full")]
    assert named(store=replace(STORE, free_bytes=5)) == [("error", "disk nearly full")]
    assert named(store=replace(STORE, readers=500)) == [("warning", "many readers")]


@scene
async def test_a_failed_checkpoint(tmp_path: Path) -> None:
    """Nothing is lost; subscriptions and processes that have stopped say why."""
    async with open_bank(tmp_path / "bank", durability="full") as bank:
        statistics = bank.statistics()
    assert statistics.checkpoints is not None
    failed = msgspec.structs.replace(statistics.checkpoints, failure="no space")
    assert named(replace(statistics, checkpoints=failed)) == [("warning", "checkpoint")]
