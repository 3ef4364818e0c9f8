"""Dead letters that somebody wants handled again when their subscription begins: marked by no attempts."""

from __future__ import annotations

from pathlib import Path

from actum import open_store

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import in_time, scene
from tests.support.subscribers import Journal, Watcher


async def buried(path: Path, *positions: int) -> None:
    """A store with dead letters there, all of them marked."""
    journal = Journal()
    journal.faults = dict.fromkeys(positions, -1)
    async with open_bank(path, Watcher, services=[journal]) as engine:
        for amount in range(1, 5):
            await engine.send(Deposit(account_id="a", amount=amount))
        await engine.subscription(Watcher).caught_up()
    with open_store(path) as store:
        for position in positions:
            store.retry_dead_letter("watcher", position)


@scene
async def test_they_are_handled_before_what_is_new(tmp_path: Path) -> None:
    """Once each; others are left alone."""
    await buried(tmp_path, 1, 3)
    journal = Journal()
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await engine.send(Deposit(account_id="a", amount=5))
        await engine.subscription(Watcher).caught_up()
        assert journal.seen == [1, 3, 5]
        assert engine.subscription(Watcher).dead_letters() == []
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await engine.subscription(Watcher).caught_up()
        assert journal.seen == [1, 3, 5]


@scene
async def test_what_fails_again_is_a_dead_letter_again(tmp_path: Path) -> None:
    """It is tried once, and holds nothing up."""
    await buried(tmp_path, 1, 3)
    journal = Journal()
    journal.faults = {1: -1}
    for _ in range(2):
        async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
            await engine.subscription(Watcher).caught_up()
            await engine.send(Deposit(account_id="a", amount=5))
            await engine.subscription(Watcher).caught_up()
            (letter,) = engine.subscription(Watcher).dead_letters()
            assert (letter.position, letter.attempts) == (1, 1)
    assert journal.seen == [3, 5, 6]
    assert journal.tried[1] == 1


@scene
async def test_somebody_who_is_closed_meanwhile_tries_it_the_next_time(tmp_path: Path) -> None:
    """A mark is taken away by an answer, not by an attempt."""
    await buried(tmp_path, 2)
    journal = Journal()
    journal.free.clear()
    async with open_bank(tmp_path, Watcher, services=[journal], close_seconds_max=0.01) as engine:
        assert engine.subscription(Watcher).position == 4
        await in_time(lambda: journal.arrived)
    journal.free.set()
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await engine.send(Deposit(account_id="a", amount=5))
        await engine.subscription(Watcher).caught_up()
        assert journal.seen == [2, 5]
