"""Subscriptions at work in an engine: what they see, in which order, and what they can be told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from actum import EngineClosed, Invalid, MemoryLog, Subscription, SubscriptionInUse, handle
from actum_storage import BookmarkFile

from tests.support.bank import Deposit, Deposited, Note, Noted, Withdraw, open_bank
from tests.support.scenes import engine_threads, scene, turns, until
from tests.support.subscribers import Journal, Small, Watcher


@scene
async def test_it_sees_what_it_handles_in_order() -> None:
    """Events of before and after its beginning come in one row; what it does not handle only moves its position."""
    journal, log = Journal(), MemoryLog()
    async with open_bank(log) as engine:
        for amount in (1, 2, 3):
            await engine.send(Deposit(account_id="a", amount=amount))
        await engine.send(Note(account_id="a", text="x"))
    async with open_bank(log.reopen(), Watcher, services=[journal]) as engine:
        watcher = engine.subscription(Watcher)
        await watcher.caught_up()
        assert (journal.seen, watcher.position) == ([1, 2, 3], 4)
        await engine.send(Withdraw(account_id="a", amount=2))
        receipt = await engine.send(Note(account_id="a", text="y"))
        await watcher.caught_up(receipt.position)
        assert (journal.seen, journal.amounts, watcher.position) == ([1, 2, 3, 5], [1, 2, 3, 0], 6)


@scene
async def test_a_plain_handler_needs_no_async() -> None:
    """A handler may be a plain function, with the event alone."""
    seen: list[str] = []

    class Notes(Subscription):
        @handle
        def noted(self, event: Noted) -> None:
            seen.append(event.text)

    async with open_bank(None, Notes) as engine:
        await engine.send(Note(account_id="a", text="x"))
        await engine.subscription(Notes).caught_up()
        assert seen == ["x"]
        assert engine.statistics().subscriptions[0].name == "Notes"


@pytest.mark.parametrize(
    ("start", "expected"), [("beginning", [1, 2, 3, 4]), ("now", [4]), (0, [1, 2, 3, 4]), (2, [3, 4]), (3, [4])]
)
@scene
async def test_where_it_starts(start: object, expected: list[int], tmp_path: Path) -> None:
    """Without a bookmark it starts where its class says; with one that does not count any more."""

    class Starter(Watcher, name="starter", start=start):  # type: ignore[arg-type]
        pass

    journal = Journal()
    async with open_bank(tmp_path) as engine:
        for amount in (1, 2, 3):
            await engine.send(Deposit(account_id="a", amount=amount))
    async with open_bank(tmp_path, Starter, services=[journal]) as engine:
        engine.subscription(Starter).pause()
    async with open_bank(tmp_path, Starter, services=[journal]) as engine:
        await engine.send(Deposit(account_id="a", amount=4))
        await engine.subscription(Starter).caught_up()
        assert journal.seen == expected


@scene
async def test_a_start_behind_the_end_is_refused() -> None:
    """A position that the log does not have is no place to start."""

    class Later(Watcher, name="later", start=5):
        pass

    with pytest.raises(Invalid, match="start=5 is behind the log's end at 0"):
        await open_bank(None, Later, services=[Journal()])


@scene
async def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """After closing and opening no event is missing and none comes twice."""
    journal = Journal()
    for round_number in range(3):
        async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
            for amount in range(1, 4):
                await engine.send(Deposit(account_id="a", amount=amount))
            if round_number == 1:
                await engine.send(Note(account_id="a", text="only skipped"))
            await engine.subscription(Watcher).caught_up()
            assert (
                engine.subscription(Watcher).statistics().bookmark == engine.statistics().position or round_number == 1
            )
    assert journal.seen == [1, 2, 3, 4, 5, 6, 8, 9, 10]
    assert engine_threads() == []


@scene
async def test_several_go_their_own_ways(tmp_path: Path) -> None:
    """Each has its position, its bookmark and its thread; one that is held holds no other."""
    journal, held = Journal(), Journal()
    held.free.clear()

    class Held(Subscription, name="held"):
        @handle
        async def deposited(self, event: Deposited) -> None:
            await held.write(event.amount)

    async with open_bank(tmp_path, Watcher, Small, Held, services=[journal]) as engine:
        for amount in range(1, 6):
            await engine.send(Deposit(account_id="a", amount=amount))
        await engine.subscription(Watcher).caught_up()
        await engine.subscription(Small).caught_up()
        assert sorted(journal.seen) == sorted([1, 2, 3, 4, 5] * 2)
        assert (held.arrived, engine.subscription(Held).position) == ([1], 0)
        held.free.set()
        await engine.subscription(Held).caught_up()
    names = {path.name for path in (tmp_path / "subscriptions").iterdir()}
    assert names == {f"{name}.{suffix}" for name in ("watcher", "small", "held") for suffix in ("db", "lock")}


@scene
async def test_a_slow_one_keeps_no_command_waiting() -> None:
    """While its handler hangs, commands are answered as ever, and views show them."""
    journal = Journal()
    journal.free.clear()
    async with open_bank(None, Watcher, services=[journal]) as engine:
        for amount in range(1, 501):
            await engine.send(Deposit(account_id=f"a{amount % 7}", amount=amount))
        assert (engine.statistics().accepted, journal.arrived, journal.seen) == (500, [1], [])
        journal.free.set()
        await engine.subscription(Watcher).caught_up()
        assert journal.seen == list(range(1, 501))


@scene
async def test_pause_and_resume() -> None:
    """Paused, it ends the event at hand and handles no other; resumed it goes on behind it."""
    journal = Journal()
    journal.free.clear()
    async with open_bank(None, Watcher, services=[journal]) as engine:
        watcher = engine.subscription(Watcher)
        for amount in range(1, 6):
            await engine.send(Deposit(account_id="a", amount=amount))
        await until(lambda: journal.arrived)
        watcher.pause()
        watcher.pause()
        journal.free.set()
        await turns(100)
        assert (journal.seen, watcher.statistics().state) == ([1], "paused")
        watcher.resume()
        await watcher.caught_up()
        assert journal.seen == [1, 2, 3, 4, 5]


@scene
async def test_reset_goes_back_and_forwards(tmp_path: Path) -> None:
    """After a reset everything behind the position comes again, also after a crash; a handler at work is cancelled."""
    journal = Journal()
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        watcher = engine.subscription(Watcher)
        for amount in range(1, 6):
            await engine.send(Deposit(account_id="a", amount=amount))
        await watcher.caught_up()
        await watcher.reset(position=3)
        await watcher.caught_up()
        assert journal.seen == [1, 2, 3, 4, 5, 4, 5]
        journal.free.clear()
        await asyncio.gather(watcher.reset(), watcher.reset(1))
        await until(lambda: journal.arrived[-1] == 2)
        await watcher.reset(4)
        journal.free.set()
        await watcher.caught_up()
        assert journal.seen == [1, 2, 3, 4, 5, 4, 5, 5]
        watcher.pause()
        await watcher.reset(0)
        assert (watcher.position, watcher.statistics().state) == (0, "paused")
        for position in (-1, 6, "1", True):
            with pytest.raises(Invalid, match="the log has positions 1 to 5"):
                await watcher.reset(position)  # type: ignore[arg-type]
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await engine.subscription(Watcher).caught_up()
        assert journal.seen[8:] == [1, 2, 3, 4, 5]


@scene
async def test_waiting_for_a_position_to_come() -> None:
    """`caught_up` may be asked for a position that is not there yet, and be given up; closing ends it."""
    journal = Journal()
    async with open_bank(None, Watcher, services=[journal]) as engine:
        watcher = engine.subscription(Watcher)
        early = asyncio.create_task(watcher.caught_up(2), name="early")
        given_up = asyncio.create_task(watcher.caught_up(3), name="given up")
        never = asyncio.create_task(watcher.caught_up(9), name="never")
        await turns()
        given_up.cancel()
        await engine.send(Deposit(account_id="a", amount=1))
        await watcher.caught_up()
        assert not early.done()
        await engine.send(Deposit(account_id="a", amount=1))
        await early
        with pytest.raises(Invalid, match="is not a position"):
            await watcher.caught_up(-1)
    with pytest.raises(EngineClosed, match="watcher was closed before"):
        await never
    with pytest.raises(EngineClosed, match="watcher is closed with its engine"):
        watcher.resume()
    with pytest.raises(EngineClosed):
        await watcher.caught_up()
    with pytest.raises(EngineClosed):
        await watcher.reset()


@scene
async def test_closing_waits_for_the_event_at_hand(tmp_path: Path) -> None:
    """It ends, its bookmark is written, and no other event is begun."""
    journal = Journal()
    journal.free.clear()
    engine = await open_bank(tmp_path, Watcher, services=[journal])
    for amount in (1, 2):
        await engine.send(Deposit(account_id="a", amount=amount))
    await until(lambda: journal.arrived)
    closing = asyncio.create_task(engine.close(), name="closing")
    await turns(50)
    assert not closing.done()
    journal.free.set()
    await closing
    assert journal.seen == [1]
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await engine.subscription(Watcher).caught_up()
    assert journal.seen == [1, 2]


@scene
async def test_closing_cancels_a_handler_that_hangs(tmp_path: Path) -> None:
    """After `close_seconds_max` the handler is cancelled; its event comes again next time, those before it don't."""

    class Second(Subscription, name="second"):
        @handle
        async def deposited(self, event: Deposited) -> None:
            if event.amount == 2:
                await journal.free.wait()
            journal.seen.append(event.amount)

    journal = Journal()
    journal.free.clear()
    async with open_bank(tmp_path) as engine:
        for amount in (1, 2, 3):
            await engine.send(Deposit(account_id="a", amount=amount))
    async with open_bank(tmp_path, Second, close_seconds_max=0.01) as engine:
        await until(lambda: journal.seen)
    journal.free.set()
    async with open_bank(tmp_path, Second) as engine:
        await engine.subscription(Second).caught_up()
    assert journal.seen == [1, 2, 3]


@scene
async def test_closing_leaves_behind_what_swallows_cancellation(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that can't be cancelled is named in the log, and does not keep the engine open."""
    release = asyncio.Event()

    class Stubborn(Subscription, name="stubborn"):
        @handle
        async def deposited(self, event: Deposited) -> None:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue

    async with open_bank(None, Stubborn, close_seconds_max=0) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
        await turns(20)
    assert "stubborn: its handler can't be cancelled and is left behind" in caplog.text
    release.set()
    await turns(20)


@scene
async def test_it_runs_once(tmp_path: Path) -> None:
    """An engine whose subscription runs elsewhere does not open, and holds nothing afterwards."""
    await (await open_bank(tmp_path)).close()
    file = BookmarkFile.open(tmp_path / "subscriptions", "watcher")
    with pytest.raises(SubscriptionInUse, match="subscription watcher .* runs in process"):
        await open_bank(tmp_path, Watcher, services=[Journal()])
    assert engine_threads() == []
    file.close()
    await (await open_bank(tmp_path, Watcher, services=[Journal()])).close()


@scene
async def test_who_is_asked_for() -> None:
    """Only a class that was given has a consumer; an engine that only reads runs none."""
    async with open_bank(None, Watcher, services=[Journal()]) as engine:
        with pytest.raises(Invalid, match="the class Small does not run here"):
            engine.subscription(Small)
        assert repr(engine.subscription(Watcher)) == "<Consumer watcher @0 at work>"
