"""What a store's directory says of itself, whoever writes it."""

from __future__ import annotations

import os
from pathlib import Path

import actum
import pytest
from actum import StoreFailed
from actum.monitor import store_vitals

from tests.support.bank import Deposit, open_bank
from tests.support.processes import run_python
from tests.support.scenes import scene


@scene
async def test_of_a_store_at_rest(tmp_path: Path) -> None:
    """Where it ends, since when, what it takes."""
    async with open_bank(tmp_path / "bank") as bank:
        for _ in range(3):
            await bank.send(Deposit(account_id="a-1", amount=5))
    with actum.open_store(tmp_path / "bank") as store:
        vitals = store_vitals(store)
        assert (vitals.position, vitals.checkpoint_position, vitals.writer) == (3, 3, None)
        assert vitals.timestamp_ns == store.record(3).timestamp_ns
        assert (vitals.readers, vitals.readers_behind, vitals.unsaved_since_ns) == (0, 0, 0)
        assert 0 < vitals.log_bytes < vitals.map_bytes
        assert vitals.derived_bytes > 0 < vitals.free_bytes


@scene
async def test_of_an_empty_store(tmp_path: Path) -> None:
    """Nothing has happened."""
    async with open_bank(tmp_path / "bank"):
        pass
    with actum.open_store(tmp_path / "bank") as store:
        vitals = store_vitals(store)
        assert (vitals.position, vitals.timestamp_ns, vitals.checkpoint_position) == (0, 0, 0)


@scene
async def test_beside_an_engine(tmp_path: Path) -> None:
    """Its process is named, and what it writes is seen as it comes."""
    code = (
        "import sys, actum, actum.monitor as monitor\n"
        "with actum.open_store(sys.argv[1]) as store:\n"
        "    vitals = monitor.store_vitals(store)\n"
        "    print(vitals.position, vitals.checkpoint_position, vitals.writer)"
    )
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=5))
        assert run_python(code, tmp_path / "bank") == f"1 0 {os.getpid()}"
        await bank.send(Deposit(account_id="a-1", amount=5))
        await bank.checkpoint()
        assert run_python(code, tmp_path / "bank") == f"2 2 {os.getpid()}"


@scene
async def test_since_when_events_are_in_no_checkpoint(tmp_path: Path) -> None:
    """The time of the first of them."""
    code = (
        "import sys, actum, actum.monitor as monitor\n"
        "with actum.open_store(sys.argv[1]) as store:\n"
        "    vitals = monitor.store_vitals(store)\n"
        "    print(vitals.unsaved_since_ns == store.record(vitals.checkpoint_position + 1).timestamp_ns)"
    )
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=5))
        await bank.checkpoint()
        await bank.send(Deposit(account_id="a-1", amount=6))
        await bank.send(Deposit(account_id="a-1", amount=7))
        assert run_python(code, tmp_path / "bank") == "True"


@scene
async def test_of_a_store_that_was_compacted(tmp_path: Path) -> None:
    """It has to be opened again, and that is said."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=5))
    with actum.open_store(tmp_path / "bank") as store:
        run_python("import sys, actum; actum.compact_store(sys.argv[1])", tmp_path / "bank")
        with pytest.raises(StoreFailed, match="Open it again"):
            store_vitals(store)
