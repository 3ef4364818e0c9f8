"""Streams: back-links, snapshots, windows, and replays in slices."""

from __future__ import annotations

import asyncio

import pytest
from actum import Engine, MemoryLog, StoreFull
from actum.streams import Streams

from tests.support.bank import Account, Deposit, DepositEach, Note, open_bank
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, until


def deposit(amount: int, account_id: str = "ann") -> Deposit:
    """Money for Ann, or for somebody else."""
    return Deposit(account_id=account_id, amount=amount)


def streams_of(engine: Engine) -> Streams:
    """The accounts' streams."""
    assert engine._core is not None
    return engine._core.directory.streams["Account"]


async def filled(engine: Engine) -> None:
    """Ann and Bob in turn, several frames, commands of one and of three events."""
    for number in range(4):
        await engine.send(deposit(number + 1))
        await engine.send(deposit(10, "bob"))
        await engine.send(DepositEach(account_id="ann", amounts=[100, 200, 300]), command_id=f"id-{number}")


@scene
async def test_a_stream_is_walked_by_its_back_links() -> None:
    """Newest first, across frames, without looking at other streams' records."""
    async with open_bank() as bank:
        await filled(bank)
        streams = streams_of(bank)
        walked = [(position, link.version, link.key) for position, link, *_ in streams.walk(streams.head("ann"))]
        assert [version for _, version, _ in walked] == list(range(16, 0, -1))
        assert {key for _, _, key in walked} == {"ann"}
        assert [position for position, *_ in walked] == [
            record.position for record in reversed(await bank.history(Account, "ann"))
        ]
        assert list(streams.walk(0)) == []


@scene
async def test_records_are_read_at_their_positions() -> None:
    """In ascending order, also several of one frame."""
    async with open_bank() as bank:
        await filled(bank)
        records = list(streams_of(bank).records([1, 2, 3, 5, 20]))
        assert [record.position for record in records] == [1, 2, 3, 5, 20]
        assert [record.key for record in records] == ["ann", "bob", "ann", "ann", "ann"]


@scene
async def test_the_head_of_a_stream() -> None:
    """Of a live one, a sleeping one, and one that does not exist."""
    async with open_bank(actors_max=1) as bank:
        await filled(bank)
        await until(lambda: bank.statistics().awake == 1)
        streams = streams_of(bank)
        assert (streams.head("ann"), streams.head("bob"), streams.head("nobody")) == (20, 17, 0)
        assert repr(streams).startswith("<Streams Account ")


@scene
async def test_the_window_is_read_from_the_stream() -> None:
    """Oldest first, one entry per command, at its last event's position."""
    async with open_bank(dedup_commands_max=3) as bank:
        await filled(bank)
        window = streams_of(bank).read_window(20)
        assert list(window.values()) == [15, 16, 20]


@scene
async def test_a_receipt_is_made_again_from_the_log() -> None:
    """With all events of the command, and no others."""
    async with open_bank() as bank:
        first = await bank.send(DepositEach(account_id="ann", amounts=[1, 2, 3]), command_id="one")
        await bank.send(deposit(9))
        assert streams_of(bank).receipt_at(first.position) == first


@pytest.mark.parametrize("slice_events", [1, 2, 3, 15, 16, 17, 1_000])
@pytest.mark.parametrize("snapshots", [False, True])
@scene
async def test_a_replay_in_slices_gives_the_same_state(slice_events: int, *, snapshots: bool) -> None:
    """However many events a slice has, with and without a snapshot to begin from."""
    options = {"snapshot_events_max": 5} if snapshots else {"snapshot_events_min": 1_000}
    async with open_bank(replay_slice_events=slice_events, actors_max=1, **options) as bank:  # type: ignore[arg-type]
        await filled(bank)
        await bank.send(deposit(1, "bob"))
        await until(lambda: bank.statistics().awake == 1)
        assert bool(streams_of(bank).snapshots) is snapshots
        state = await bank.state(Account, "ann")
        assert (state.balance, state.movements) == (2_410, 16)
        receipt = await bank.send(deposit(1))
        assert receipt.version == 17
        assert (await bank.state(Account, "ann")).balance == 2_411


@scene
async def test_commands_that_come_while_an_actor_wakes_wait() -> None:
    """A long stream is replayed in slices; others run on, its own commands come in order afterwards."""
    log = MemoryLog()
    async with open_bank(log) as bank:
        await bank.send_many([deposit(1)] * 50)
    async with open_bank(log.reopen(), replay_slice_events=1) as bank:
        tasks = [asyncio.create_task(bank.send(deposit(1)))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(bank.send(deposit(1))) for _ in range(3)]
        assert (await bank.send(deposit(1, "bob"))).version == 1
        assert not any(task.done() for task in tasks)
        assert [(await task).version for task in tasks] == [51, 52, 53, 54]


class TestSnapshots:
    """Saved states."""

    @scene
    async def test_one_is_made_after_so_many_events(self) -> None:
        """At the command that reaches the bound; it names version and position."""
        async with open_bank(snapshot_events_max=3) as bank:
            for _ in range(2):
                await bank.send(deposit(1))
            assert streams_of(bank).snapshots == {}
            await bank.send(DepositEach(account_id="ann", amounts=[1, 1]))
            (snapshot,) = streams_of(bank).snapshots.values()
            assert (snapshot.version, snapshot.position) == (4, 4)
            await bank.send(deposit(1))
            assert streams_of(bank).snapshots["ann"] is snapshot

    @scene
    async def test_a_snapshot_ahead_of_the_log_is_dropped(self) -> None:
        """Its events were lost to a full disk: the next waking doesn't see them."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log, snapshot_events_max=1) as bank:
            await bank.send(deposit(1))
            log.fail(StoreFull("no space"))
            with pytest.raises(StoreFull):
                await bank.send(Note(account_id="ann", text="lost"))
            state = await bank.state(Account, "ann")
            assert (state.balance, state.notes) == (1, [])
            assert (await bank.send(Note(account_id="ann", text="kept"))).version == 2
            assert (await bank.state(Account, "ann")).notes == ["kept"]

    @scene
    async def test_a_lost_snapshot_is_not_taken_up_when_the_log_has_grown_past_it(self) -> None:
        """Its position is given to somebody else's events; the state must not come from it then."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log, snapshot_events_max=3) as bank:
            await bank.send(deposit(1))
            log.fail(StoreFull("no space"))
            with pytest.raises(StoreFull):
                await bank.send(DepositEach(account_id="ann", amounts=[100, 100, 100]))
            await bank.send(DepositEach(account_id="bob", amounts=[1, 1, 1]))
            assert (await bank.send(deposit(1))).position == 5
            assert (await bank.state(Account, "ann")).balance == 2

    @scene
    async def test_a_snapshot_behind_the_loss_is_kept(self) -> None:
        """Only one that saw lost events goes."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log, snapshot_events_max=2) as bank:
            await bank.send(DepositEach(account_id="ann", amounts=[1, 1]))
            log.fail(StoreFull("no space"))
            with pytest.raises(StoreFull):
                await bank.send(deposit(1))
            assert list(streams_of(bank).snapshots) == ["ann"]
            assert (await bank.send(deposit(1))).version == 3

    @scene
    async def test_an_old_version_is_replayed_from_the_start(self) -> None:
        """A snapshot is of no use for the past."""
        async with open_bank(snapshot_events_max=2) as bank:
            await bank.send_many([deposit(amount) for amount in (1, 10, 100, 1_000)])
            balances = [(await bank.state(Account, "ann", version=version)).balance for version in range(5)]
            assert balances == [0, 1, 11, 111, 1_111]
