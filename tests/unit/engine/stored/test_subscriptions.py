"""Subscriptions of a store, seen and mended from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from actum import Invalid, Subscription, SubscriptionInUse, handle, open_store, restore_store
from actum_storage import BookmarkFile

from tests.support.bank import Deposit, Deposited, open_bank
from tests.support.scenes import scene
from tests.support.subscribers import Journal, Watcher


async def filled(path: Path, *faults: int, count: int = 4) -> Journal:
    """A store of some deposits, all of which the watcher has seen, but for those that it could not handle."""
    journal = Journal()
    journal.faults = dict.fromkeys(faults, -1)
    async with open_bank(path, Watcher, services=[journal]) as engine:
        for amount in range(1, count + 1):
            await engine.send(Deposit(account_id="a", amount=amount))
        await engine.subscription(Watcher).caught_up()
    return journal


@scene
async def test_it_is_seen_as_it_stands(tmp_path: Path) -> None:
    """Where it stands, what waits, what it could not handle."""
    journal = Journal()
    journal.faults = {2: -1}
    async with open_bank(tmp_path / "bank", Watcher, services=[journal]) as engine:
        for amount in (1, 2):
            await engine.send(Deposit(account_id="a", amount=amount))
        await engine.subscription(Watcher).caught_up()
        engine.subscription(Watcher).pause()
        await engine.send(Deposit(account_id="a", amount=3))
    with open_store(tmp_path / "bank") as store:
        (watcher,) = store.subscriptions()
        assert (watcher.name, watcher.process, watcher.position, watcher.head, watcher.lag) == (
            "watcher",
            None,
            2,
            3,
            1,
        )
        assert watcher.waiting_ns == store.record(3).timestamp_ns
        assert [letter.position for letter in watcher.dead_letters] == [2]
        assert watcher.fault == ""
        assert watcher.updated_ns > 0


@scene
async def test_reset(tmp_path: Path) -> None:
    """It goes on behind the position, and dead letters behind that come again."""
    await filled(tmp_path, 1, 3)
    with open_store(tmp_path) as store:
        store.reset_subscription("watcher", 2)
        (watcher,) = store.subscriptions()
        assert (watcher.position, [letter.position for letter in watcher.dead_letters]) == (2, [1])
        for position in (5, -1, True, "x"):
            with pytest.raises(Invalid, match="positions 1 to 4"):
                store.reset_subscription("watcher", position)  # type: ignore[arg-type]
    journal = Journal()
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await engine.subscription(Watcher).caught_up()
        assert journal.seen == [3, 4]


@scene
async def test_dead_letters_are_dropped_or_wanted_again(tmp_path: Path) -> None:
    """One is forgotten; another is handled when the subscription begins, before what is new."""
    await filled(tmp_path, 1, 3)
    with open_store(tmp_path) as store:
        store.drop_dead_letter("watcher", 1)
        store.retry_dead_letter("watcher", 3)
        for change in (store.drop_dead_letter, store.retry_dead_letter):
            with pytest.raises(Invalid, match="no dead letter at position 1"):
                change("watcher", 1)
        assert [(letter.position, letter.attempts) for letter in store.subscriptions()[0].dead_letters] == [(3, 0)]
    journal = Journal()
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await engine.send(Deposit(account_id="a", amount=9))
        await engine.subscription(Watcher).caught_up()
        assert journal.seen == [3, 5]
        assert engine.subscription(Watcher).dead_letters() == []


@pytest.mark.parametrize("name", ["nobody", "../watcher", "subscriptions/watcher", "", "watcher.db"])
@scene
async def test_a_name_that_is_none(name: str, tmp_path: Path) -> None:
    """It is refused, and nothing is made."""
    await filled(tmp_path)
    with open_store(tmp_path) as store:
        with pytest.raises(Invalid, match="it knows watcher"):
            store.reset_subscription(name)
        assert [one.name for one in store.subscriptions()] == ["watcher"]


@scene
async def test_who_runs_is_not_changed(tmp_path: Path) -> None:
    """Whoever holds it is named."""
    await filled(tmp_path, 2)
    held = BookmarkFile.open(tmp_path / "subscriptions", "watcher")
    try:
        with open_store(tmp_path) as store:
            assert store.subscriptions()[0].process is not None
            for change in (store.reset_subscription, store.drop_dead_letter, store.retry_dead_letter):
                with pytest.raises(SubscriptionInUse, match="runs in process"):
                    change("watcher", 2)
    finally:
        held.close()


@scene
async def test_one_that_keeps_its_bookmark_itself(tmp_path: Path) -> None:
    """There is nothing in the store to be seen or changed."""

    class Own(Subscription, name="own"):
        @handle
        def deposited(self, event: Deposited) -> None:
            pass

        async def load_bookmark(self) -> None:
            return None

        async def save_bookmark(self, bookmark: object) -> None:
            pass

    async with open_bank(tmp_path, Own):
        pass
    with open_store(tmp_path) as store:
        (own,) = store.subscriptions()
        assert (own.position, own.lag, own.fault) == (None, None, "")
        with pytest.raises(Invalid, match="keeps it itself"):
            store.reset_subscription("own")


@scene
async def test_a_bookmark_of_another_history(tmp_path: Path) -> None:
    """After a restore it is told from one of this log, and a reset heals it."""
    await filled(tmp_path / "bank")
    with open_store(tmp_path / "bank") as store:
        store.backup(tmp_path / "backup")
    restore_store(tmp_path / "backup", tmp_path / "again", position=2)
    shutil.copytree(tmp_path / "bank" / "subscriptions", tmp_path / "again" / "subscriptions")
    with open_store(tmp_path / "again") as store:
        (watcher,) = store.subscriptions()
        assert "of another history" in watcher.fault or "belongs to store" in watcher.fault
        store.reset_subscription("watcher", 1)
        (watcher,) = store.subscriptions()
        assert (watcher.fault, watcher.position) == ("", 1)
