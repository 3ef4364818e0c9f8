"""The cursor: batches from any position on, in frames of any size, with the loop's turns between."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from actum.subscriptions import cursor as module
from actum.subscriptions.cursor import Cursor, Sighting, first_of_command
from actum.subscriptions.subscriptions import Inline
from actum_storage import MemoryLog

from tests.support.bank import Deposit, DepositEach, Note, open_bank
from tests.support.logs import FaultyLog
from tests.support.scenes import scene


async def filled(log: FaultyLog) -> tuple[list[int], set[int]]:
    """A log of frames of 1 to 40 events; the positions of the deposits in it, and those where commands end."""
    deposits, ends = list[int](), set[int]()
    async with open_bank(log) as engine:
        for size in (1, 7, 40, 2, 13):
            receipt = await engine.send(DepositEach(account_id="a", amounts=[1] * size))
            deposits += range(receipt.position - size + 1, receipt.position + 1)
            await engine.send(Note(account_id="a", text="x"))
            await engine.send_many([Deposit(account_id="b", amount=1), Note(account_id="b", text="x")] * 3)
            deposits += (receipt.position + step for step in (2, 4, 6))
            ends |= {receipt.position + step for step in range(8)}
            atomic = [
                Deposit(account_id="a", amount=1),
                Note(account_id="b", text="x"),
                Deposit(account_id="c", amount=1),
            ]
            *_, receipt = await engine.send_atomic(atomic)
            deposits += (receipt.position - 2, receipt.position)
            ends.add(receipt.position)
    return deposits, ends


@pytest.mark.parametrize("piece_frames", [1, 3, 64])
@pytest.mark.parametrize("slice_events", [1, 4, 1_000])
@pytest.mark.parametrize("wanted_max", [1, 3, 1_000])
@scene
async def test_every_batch_leads_on(
    piece_frames: int, slice_events: int, wanted_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From every position the batches together give what is wanted behind it, however it is read.

    Each ends where a command or a `send_atomic` ends, as soon as there is enough in it.
    """
    monkeypatch.setattr(module, "PIECE_FRAMES_MAX", piece_frames)
    log = FaultyLog(MemoryLog())
    deposits, ends = await filled(log)
    head = log.head.position
    for start in range(1, head + 1, 7):
        reader = Cursor(log.inner, Inline(), {"Deposited"}, array_like=False, slice_events=slice_events)
        position, found = start - 1, list[int]()
        while position < head:
            batch = await reader.batch(position + 1, min(head, position + 30), wanted_max)
            assert position < batch.last <= min(head, position + 30)
            if batch.last < min(head, position + 30):
                assert batch.last in ends
            for first, second in pairwise(batch.wanted[wanted_max - 1 :]):  # more than that for one reason only
                assert ends.isdisjoint(range(first.position, second.position))
            assert all(position < sighting.position <= batch.last for sighting in batch.wanted)
            found += (sighting.position for sighting in batch.wanted)
            assert batch.hash == log.inner.frame_at(batch.last).hash
            position = batch.last
        assert found == [position for position in deposits if position >= start]


@scene
async def test_a_batch_holds_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames in which something is wanted stay in memory until it is handled: a batch ends before they are too many."""
    monkeypatch.setattr(module, "BATCH_BYTES_MAX", 50_000)
    log = MemoryLog()
    async with open_bank(log) as engine:
        for _ in range(20):
            note = Note(account_id="b", text="x" * 10_000)
            await engine.send_many([note, Deposit(account_id="a", amount=1), note])
    for slice_events in (1, 100):
        reader = Cursor(log, Inline(), {"Deposited"}, array_like=False, slice_events=slice_events)
        position, counts = 0, list[int]()
        while position < 60:
            batch = await reader.batch(position + 1, 60, 100)
            position = batch.last
            counts.append(len(batch.wanted))
            frames = {sighting.frame.first: len(sighting.frame.data) for sighting in batch.wanted}
            assert sum(frames.values()) < 50_000 + max(frames.values(), default=0)
        assert sum(counts) == 20
        assert max(counts) == 3


@scene
async def test_what_is_seen_of_a_record() -> None:
    """Its place, its stream and its time, and its bytes."""
    log = FaultyLog(MemoryLog())
    async with open_bank(log) as engine:
        await engine.send(Deposit(account_id="alice", amount=5))
        core = engine._core
        assert core is not None
        batch = await Cursor(log, Inline(), {"Deposited"}, array_like=False, slice_events=10).batch(1, 1, 10)
        (sighting,) = batch.wanted
        record = core.codec.record(1, sighting.data)
        assert (sighting.position, sighting.tag, sighting.aggregate, sighting.key) == (
            1,
            "Deposited",
            "Account",
            "alice",
        )
        assert (record.key, record.timestamp_ns) == ("alice", sighting.timestamp_ns)


@scene
async def test_others_have_their_turns() -> None:
    """Between two slices of a large frame the loop goes on."""
    log = FaultyLog(MemoryLog())
    async with open_bank(log) as engine:
        await engine.send(DepositEach(account_id="a", amounts=[1] * 2_000))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count(), name="counting")
    reader = Cursor(log.inner, Inline(), {"Nothing"}, array_like=False, slice_events=100)
    batch = await reader.batch(1, 2_000, 10)
    counting.cancel()
    assert (batch.last, batch.wanted) == (2_000, [])
    assert turns >= 19


@scene
async def test_where_a_command_begins() -> None:
    """From each of its events, and of those of a `send_atomic`."""
    log = FaultyLog(MemoryLog())
    _, ends = await filled(log)
    begin = 1
    for position in range(1, log.head.position + 1):
        sighting = Sighting(position, "", "", "", 0, log.inner.frame_at(position))
        assert first_of_command(sighting) == begin
        begin = position + 1 if position in ends else begin
