"""A bookmark is believed only where it was made: in this store, in this history."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from actum import StoreMismatch, restore_store
from actum_storage import StoreDirectory

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import engine_threads, scene
from tests.support.subscribers import Journal, Watcher


async def fill(store: Path, journal: Journal, amounts: list[int]) -> None:
    """Events that the subscription has seen."""
    async with open_bank(store, Watcher, services=[journal]) as engine:
        for amount in amounts:
            await engine.send(Deposit(account_id="a", amount=amount))
        await engine.subscription(Watcher).caught_up()


@scene
async def test_another_store(tmp_path: Path) -> None:
    """The bookmark of one store is refused in another one, and nothing stays open."""
    journal = Journal()
    for name in ("first", "second"):
        await fill(tmp_path / name, journal, [1, 2])
    shutil.rmtree(tmp_path / "second" / "subscriptions")
    shutil.copytree(tmp_path / "first" / "subscriptions", tmp_path / "second" / "subscriptions")
    with StoreDirectory.open(tmp_path / "first", write=False) as store:
        store_id = store.manifest.store_id
    with pytest.raises(StoreMismatch, match=f"subscription watcher belongs to store {store_id}, not to"):
        await open_bank(tmp_path / "second", Watcher, services=[journal])
    assert engine_threads() == []
    (tmp_path / "second" / "subscriptions" / "watcher.db").unlink()
    await fill(tmp_path / "second", journal, [3])
    assert journal.amounts == [1, 2, 1, 2, 1, 2, 3]


@pytest.mark.parametrize("since", [[], [8, 9, 10]], ids=["ends before it", "has gone another way"])
@scene
async def test_another_history(since: list[int], tmp_path: Path) -> None:
    """A log that was put back from a backup lacks what the bookmark stands for, or has other events there."""
    journal = Journal()
    await fill(tmp_path / "store", journal, [1, 2])
    async with open_bank(tmp_path / "store") as engine:
        await engine.backup(tmp_path / "backup")
    await fill(tmp_path / "store", journal, [3, 4])
    restore_store(tmp_path / "backup", tmp_path / "restored")
    async with open_bank(tmp_path / "restored") as engine:
        for amount in since:
            await engine.send(Deposit(account_id="a", amount=amount))
    shutil.copytree(tmp_path / "store" / "subscriptions", tmp_path / "restored" / "subscriptions")
    mend = r"`actum subscriptions reset watcher --position N`, or delete the file .*subscriptions/watcher\.db"
    with pytest.raises(StoreMismatch, match=f"at position 4 of another history: the log, which ends at .* then {mend}"):
        await open_bank(tmp_path / "restored", Watcher, services=[journal])


@scene
async def test_the_same_history_again(tmp_path: Path) -> None:
    """A backup that has the position, and the bookmark with it, goes on where the original was."""
    journal = Journal()
    await fill(tmp_path / "store", journal, [1, 2])
    async with open_bank(tmp_path / "store") as engine:
        await engine.send(Deposit(account_id="a", amount=3))
        await engine.backup(tmp_path / "backup")
    shutil.copytree(tmp_path / "store" / "subscriptions", tmp_path / "backup" / "subscriptions")
    await fill(tmp_path / "backup", journal, [4])
    assert journal.amounts == [1, 2, 3, 4]
