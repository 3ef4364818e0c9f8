"""The figures of the storage and of the loop, read off frames of a real engine."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from actum.monitor import Frame, Quantiles, StoreVitals, Vitals
from actum_tui.top.look import Look
from actum_tui.top.vital_figures import Limits, Row
from actum_tui.top.vital_rows import ROWS

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene

SECOND_NS = 1_000_000_000
STORE = StoreVitals(
    position=100,
    timestamp_ns=1,
    writer="1",
    log_bytes=50_000,
    map_bytes=1_000_000,
    readers=2,
    derived_bytes=7_000,
    checkpoint_position=90,
    free_bytes=5_000_000_000,
)
VITALS = Vitals(
    window_seconds=10,
    acknowledge=Quantiles(10, 0.001, 0.002, 0.003),
    commit=Quantiles(10, 0.001, 0.06, 0.07),
    write=Quantiles(),
    batch_events=Quantiles(10, 5, 60, 64),
    loop_lag=Quantiles(10, 0, 0.2, 0.3),
    collections=10,
    collection_seconds=0.1,
    collection_seconds_max=0.01,
    memory_bytes=1_000,
    cpu_seconds=5.0,
)


def values(look: Look) -> dict[str, float | None]:
    """All figures by key."""
    return {figure.key: figure.read(look) for row in ROWS for figure in row.figures}


def row(name: str) -> Row:
    """One by name."""
    return next(each for each in ROWS if each.name == name)


def test_every_row_explains_itself_and_fits() -> None:
    """Names are short and unique, keys too; a row has one figure or three."""
    assert len({each.name for each in ROWS}) == len(ROWS)
    assert max(len(each.name) for each in ROWS) <= 15
    assert all(each.words.endswith(".") and len(each.words) > 60 for each in ROWS)
    assert {len(each.figures) for each in ROWS} == {1, 3}
    keys = [figure.key for each in ROWS for figure in each.figures]
    assert len(set(keys)) == len(keys)


@scene
async def test_rates_are_between_two_frames(tmp_path: Path) -> None:
    """Counters of a real engine; what only grows by what was measured."""
    async with open_bank(tmp_path / "bank") as bank:
        before = Frame(time_ns=1, monotonic_ns=SECOND_NS, statistics=bank.statistics(), vitals=VITALS, store=STORE)
        for _ in range(4):
            await bank.send(Deposit(account_id="a-1", amount=1))
        later = msgspec.structs.replace(VITALS, cpu_seconds=6.0, collections=14, collection_seconds=0.3)
        store = msgspec.structs.replace(STORE, log_bytes=60_000)
        now = Frame(time_ns=2, monotonic_ns=3 * SECOND_NS, statistics=bank.statistics(), vitals=later, store=store)
    found = values(Look(before, now))
    assert found["commits_per_second"] == 2.0
    assert found["cpu_share"] == 0.5
    assert found["collections_per_second"] == 2.0
    assert found["collection_share"] == pytest.approx(0.1)
    assert found["log_bytes_per_second"] == 5_000
    assert found["commit_seconds_p99"] == 0.06
    assert (found["map_share"], found["event_bytes"]) == (0.06, 600)
    assert found["checkpoint_position"] == 0
    assert found["events_after_checkpoint"] == 4
    assert found["write_seconds_p50"] is None, "nothing was written meanwhile"
    assert values(Look(now, before))["commits_per_second"] is None, "an engine that was opened again begins anew"
    assert values(Look(None, now))["commits_per_second"] is None


def test_a_directory_alone() -> None:
    """What an engine would say is missing, not 0."""
    found = values(Look(None, Frame(time_ns=1, monotonic_ns=1, store=STORE)))
    assert {key for key, value in found.items() if value is not None} == {
        "map_share",
        "log_bytes",
        "event_bytes",
        "free_bytes",
        "readers",
        "checkpoint_position",
        "events_after_checkpoint",
        "checkpoint_bytes",
        "reader_commits_behind",
        "unsaved_seconds",
    }
    assert (found["events_after_checkpoint"], found["unsaved_seconds"]) == (10, 0)
    waiting = Frame(
        time_ns=5 * SECOND_NS, monotonic_ns=1, store=msgspec.structs.replace(STORE, unsaved_since_ns=SECOND_NS)
    )
    assert values(Look(None, waiting))["unsaved_seconds"] == 4


def test_when_to_worry() -> None:
    """By p99 where there are three."""
    assert row("commit").level((0.001, 0.06, 0.07)) == "warning"
    assert row("commit").level((0.001, 0.6, 0.7)) == "error"
    assert row("commit").level((None, None, None)) == "fine"
    assert row("commits/s").level((1e9,)) == "fine"
    assert row("lost commits").level((0,)) == "fine"
    assert row("lost commits").level((1,)) == "error"
    below = Limits(10, 5, below=True)
    assert [below.level(value) for value in (11, 9, 4)] == ["fine", "warning", "error"]
