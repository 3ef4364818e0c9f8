"""`actum.open_store`: a store read without an engine and without the user's classes."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from actum import Engine, StoreInUse, StoreMismatch, open_store
from actum.messages import TAG_FIELD
from actum.records import StoredRecord

from tests.support.bank import Account, Deposit, DepositEach, HeldAssessor, Note, Withdraw, open_bank
from tests.support.clocks import NEW_YEAR_NS, FakeClock
from tests.support.processes import run_python
from tests.support.scenes import scene

SOME_ID = UUID("12345678-1234-4234-8234-123456789abc")


async def fill(store: Path) -> None:
    """Six events of three types in four frames, on New Year's day."""
    async with Engine.open(store, Account, services=[HeldAssessor()], clock=FakeClock()) as bank:
        await bank.send(Deposit(account_id="ann", amount=5), command_id=SOME_ID, user_id="clerk")
        await bank.send(DepositEach(account_id="bob", amounts=[1, 2, 3]))
        await bank.send(Withdraw(account_id="ann", amount=2))
        await bank.send(Note(account_id="bob", text="hello"))


@scene
async def test_records_are_plain_data(tmp_path: Path) -> None:
    """Each with its tag, its metadata and its position."""
    await fill(tmp_path / "bank")
    with open_store(tmp_path / "bank") as store:
        records = list(store.records())
    assert [(record.position, record.tag, record.key, record.version) for record in records] == [
        (1, "Deposited", "ann", 1), (2, "Deposited", "bob", 1), (3, "Deposited", "bob", 2), (4, "Deposited", "bob", 3),
        (5, "Withdrawn", "ann", 2), (6, "Noted", "bob", 4),
    ]  # fmt: skip
    first = records[0]
    assert first.event == {TAG_FIELD: "Deposited", "account_id": "ann", "amount": 5}
    assert (first.command_id, first.user_id, first.timestamp_ns) == (SOME_ID, "clerk", NEW_YEAR_NS)
    assert first.timestamp == datetime(2026, 1, 1, tzinfo=UTC)
    assert records[4].previous == 1


@pytest.mark.parametrize(("start", "stop"), [(1, 6), (2, 4), (3, 3), (4, None), (6, 100), (7, None), (3, 2)])
@scene
async def test_a_part_of_the_records(tmp_path: Path, start: int, stop: int | None) -> None:
    """Both ends are included, wherever frames begin and end."""
    await fill(tmp_path / "bank")
    with open_store(tmp_path / "bank") as store:
        positions = [record.position for record in store.records(start, stop)]
    assert positions == list(range(start, min(stop or 6, 6) + 1))


@scene
async def test_the_schemas_say_what_the_events_are(tmp_path: Path) -> None:
    """By tag, as JSON Schema."""
    await fill(tmp_path / "bank")
    with open_store(tmp_path / "bank") as store:
        schemas = store.schemas()
    assert [schema.tag for schema in schemas] == ["Deposited", "Noted", "Withdrawn"]
    assert "amount" in str(schemas[0].schema)


@scene
async def test_head_manifest_and_verification(tmp_path: Path) -> None:
    """What the store says of itself, and what reading all of it finds."""
    await fill(tmp_path / "bank")
    with open_store(tmp_path / "bank") as store:
        assert store.head.position == 6
        report = store.verify()
        assert (report.frames, report.records, report.head) == (4, 6, store.head)
        assert len(store.manifest.store_id) == 32
        assert str(tmp_path / "bank") in repr(store)
    store.close()


@scene
async def test_beside_a_running_engine_of_another_process(tmp_path: Path) -> None:
    """It sees what is durable, and disturbs nobody."""
    async with open_bank(tmp_path / "bank") as bank:
        for position in (1, 2):
            await bank.send(Deposit(account_id="ann", amount=5))
            code = "import sys, actum\nwith actum.open_store(sys.argv[1]) as store: print(store.verify().records)"
            assert run_python(code, tmp_path / "bank") == str(position)


@scene
async def test_not_in_the_engine_s_own_process(tmp_path: Path) -> None:
    """LMDB allows one environment per process: the engine is there to be asked."""
    async with open_bank(tmp_path / "bank") as bank:
        with pytest.raises(StoreInUse):
            open_store(tmp_path / "bank")
        assert (await bank.send(Deposit(account_id="ann", amount=5))).version == 1


def test_where_there_is_no_store(tmp_path: Path) -> None:
    """Nothing is made."""
    with pytest.raises(StoreMismatch):
        open_store(tmp_path / "bank")
    assert list(tmp_path.iterdir()) == []


def test_the_tag_of_an_event_stored_as_an_array() -> None:
    """It comes first there."""
    assert StoredRecord(["Packed", 5], "Account", "ann", 1, 0, 0, bytes(16)).tag == "Packed"


@scene
async def test_who_writes(tmp_path: Path) -> None:
    """The process that has the store open for writing, while it has."""
    await fill(tmp_path / "bank")
    code = "import actum, sys; print(actum.open_store(sys.argv[1]).writer)"
    assert run_python(code, tmp_path / "bank") == "None"
    async with open_bank(tmp_path / "bank"):
        assert run_python(code, tmp_path / "bank") == str(os.getpid())
