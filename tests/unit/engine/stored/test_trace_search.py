"""The search for what belongs to an id, in pieces of a real log."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum import Engine, Invalid, open_store
from actum.stored import trace_search
from actum.stored.trace_search import TraceSearch

from tests.support.bank import Deposit, DepositEach, Note, open_bank
from tests.support.scenes import scene


async def fill(engine: Engine, count: int) -> None:
    """What belongs to nothing."""
    for number in range(count):
        await engine.send(Deposit(account_id=f"other {number}", amount=1))


@scene
async def test_it_looks_back_to_the_command_and_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a known record it comes to the command in the pieces before it, then goes on to the head."""
    monkeypatch.setattr(trace_search, "PIECE_POSITIONS", 10)
    async with open_bank(tmp_path / "bank") as bank:
        await fill(bank, 50)
        first = await bank.send(DepositEach(account_id="a", amounts=[1, 2, 3]))
        await fill(bank, 30)
        cause = str(first.command_id)
        second = await bank.send(Deposit(account_id="b", amount=1), causation_id=cause, correlation_id=cause)
        await fill(bank, 20)
        third = await bank.send(Note(account_id="c", text="only its cause"), causation_id=second.command_id)
        await fill(bank, 20)
    with open_store(tmp_path / "bank") as store:
        looked: list[tuple[int, int]] = []
        trace = store.trace(first.command_id, position=second.position, progress=lambda *at: looked.append(at))
        assert [record.position for record in trace.records] == [51, 52, 53, second.position, third.position]
        assert (trace.first, trace.last, trace.whole) == (45, store.head.position, True)
        assert looked[-1][0] == looked[-1][1]
        assert [node.depth for node in trace.nodes] == [0, 1, 1, 1, 1, 2, 2, 3]
        nothing = store.trace("nobody")
        assert (nothing.nodes, nothing.first, nothing.last, nothing.whole) == ((), 1, store.head.position, True)
        assert store.trace(str(first.command_id).upper()).nodes == trace.nodes


@scene
async def test_what_was_sent_together(tmp_path: Path) -> None:
    """The id of a whole `send_atomic` finds it, and so does that of one of its commands, also the last one's."""
    async with open_bank(tmp_path / "bank") as bank:
        await fill(bank, 3)
        commands = [Deposit(account_id=name, amount=1) for name in "abc"]
        receipts = await bank.send_atomic(commands, command_id="all of it")
    with open_store(tmp_path / "bank") as store:
        for identifier in ("all of it", receipts[0].command_id, receipts[2].command_id):
            trace = store.trace(identifier)
            assert [record.key for record in trace.records] == ["a", "b", "c"]
            assert [node.kind for node in trace.nodes] == ["command", "event"] * 3


@scene
async def test_an_id_that_everything_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trace has an end, and says that there is more."""
    monkeypatch.setattr(trace_search, "TRACE_RECORDS_MAX", 5)
    async with open_bank(tmp_path / "bank") as bank:
        for number in range(8):
            await bank.send(Deposit(account_id=f"{number}", amount=1), correlation_id="import")
    with open_store(tmp_path / "bank") as store:
        trace = store.trace("import")
        assert [record.position for record in trace.records] == [1, 2, 3, 4, 5]
        assert not trace.whole


@scene
async def test_many_causes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When there are too many to look for one by one, nothing is missed."""
    monkeypatch.setattr(trace_search, "CAUSES_MAX", 2)
    monkeypatch.setattr(trace_search, "PIECE_POSITIONS", 3)
    async with open_bank(tmp_path / "bank") as bank:
        receipt = await bank.send(Deposit(account_id="0", amount=1))
        first = receipt.command_id
        for number in range(1, 9):
            receipt = await bank.send(Deposit(account_id=f"{number}", amount=1), causation_id=receipt.command_id)
            await fill(bank, 2)
    with open_store(tmp_path / "bank") as store:
        assert [record.key for record in store.trace(first).records] == [f"{number}" for number in range(9)]


@scene
async def test_nothing_to_look_at(tmp_path: Path) -> None:
    """An empty log, and what is no id."""
    async with open_bank(tmp_path / "bank"):
        pass
    with open_store(tmp_path / "bank") as store:
        assert store.trace("x").nodes == ()
        with pytest.raises(Invalid, match="id must not be empty"):
            store.trace("")
    search = TraceSearch("x", 0)
    assert search.wanted() is None
    assert search.remaining == 0


@scene
async def test_records_of_frames_that_hold_something(tmp_path: Path) -> None:
    """The sieve lets through whole frames, and all records without it."""
    async with open_bank(tmp_path / "bank") as bank:
        for name in ("ann", "bob", "cid"):
            await bank.send(Deposit(account_id=name, amount=1))
    with open_store(tmp_path / "bank") as store:
        assert [record.key for record in store.records(holding=[b"bob", b"cid"])] == ["bob", "cid"]
        assert [record.key for record in store.records(2, holding=[b"Deposited"])] == ["bob", "cid"]
        assert len(list(store.records(holding=[]))) == 3
