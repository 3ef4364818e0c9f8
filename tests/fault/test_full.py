"""Disks that are really full: what is refused is refused well, and an engine closes and opens on them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from actum import StoreFull

from tests.chaos.full import ROW
from tests.support.bank import AllBalances, Deposit, open_bank
from tests.support.disks import filled, need_mounts
from tests.support.scenes import in_time, scene
from tests.support.subscribers import Journal, Watcher

PARTS = 2


@pytest.mark.timeout(120)
@pytest.mark.parametrize("part", range(PARTS))
def test_full_disks(part: int) -> None:
    """No violation in this part of the short row."""
    need_mounts()
    count = ROW.short // PARTS
    outcome = ROW.run(part * count, count)
    assert outcome.violations == []
    assert outcome.cases == count
    assert all(outcome.counts.values())


@scene
async def test_a_subscription_on_a_full_disk(small_disk: Path) -> None:
    """The engine opens and closes; the subscription says what it waits for, and goes on when there is room."""
    store, journal = small_disk / "bank", Journal()
    journal.faults = {2: -1}
    async with open_bank(store, Watcher, services=[journal]) as bank:
        await bank.send_many([Deposit(account_id="a", amount=1)] * 3)
        await bank.subscription(Watcher).caught_up()
        assert journal.seen == [1, 3]
    other = filled(small_disk)
    for _ in range(2):
        async with open_bank(store, Watcher, services=[journal]) as bank:
            await in_time(lambda: "Free space" in (bank.subscription(Watcher).statistics().failure or ""))
            assert len(await bank.ask(AllBalances())) == 1
    async with open_bank(store, Watcher, services=[journal]) as bank:
        other.unlink()
        await bank.subscription(Watcher).caught_up()
        assert [letter.position for letter in bank.subscription(Watcher).dead_letters()] == [2]
        await bank.send(Deposit(account_id="a", amount=1))
        await bank.subscription(Watcher).caught_up()
    assert journal.seen == [1, 3, 4]


@scene
async def test_closing_on_a_full_disk(small_disk: Path) -> None:
    """The ballast is given up for the checkpoint: the next opening, on the full disk, replays nothing."""
    store = small_disk / "bank"
    ballast = store / "ballast"
    async with open_bank(store, ballast_bytes=1 << 24) as bank:
        for number in range(50):
            await bank.send(Deposit(account_id=f"a-{number}", amount=1))
        assert 100_000 < ballast.stat().st_blocks * 512 < 200_000
        other = filled(small_disk)
        with pytest.raises(StoreFull, match="writing goes on by itself"):
            await bank.send(Deposit(account_id="a-0", amount=1))
        assert bank.statistics().state == "full"
        assert len(await bank.ask(AllBalances())) == 50
        assert not await bank.checkpoint()
    assert not ballast.exists()
    async with open_bank(store, ballast_bytes=1 << 24) as bank:
        statistics = bank.statistics()
        assert statistics.checkpoints is not None
        assert statistics.checkpoints.position == statistics.position == 50
        assert not ballast.exists()
        with pytest.raises(StoreFull):
            await bank.send(Deposit(account_id="a-0", amount=1))
        other.unlink()
        assert (await bank.send(Deposit(account_id="a-0", amount=1))).position == 51
        assert bank.statistics().state == "open"
    async with open_bank(store, ballast_bytes=1 << 24):
        assert ballast.exists()


@scene
async def test_a_backup_that_finds_no_room(small_disk: Path, tmp_path: Path) -> None:
    """Whatever is left on the disk, nothing of it is left behind, and the engine goes on."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-0", amount=1))
        other = filled(small_disk)
        for kept in range(0, 1 << 20, 1 << 16):
            with other.open("r+b") as file:
                file.truncate((8 << 20) - kept)
            with suppress(StoreFull):
                await bank.backup(small_disk / "copies" / "one")
                break
            assert list((small_disk / "copies").glob("*")) == []
        assert kept
        assert (small_disk / "copies" / "one").exists()
