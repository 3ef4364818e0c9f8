"""A view as of a position: what may be asked for, what others notice of it, and what is said when it fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from actum import Engine, EngineClosed, Invalid, View, ViewBroken
from actum.past_view import PastView

from tests.support import fragile
from tests.support.bank import AllBalances, Balance, Balances, Deposit, DepositEach, Withdraw, open_bank
from tests.support.fragile import Do, FragmentView, open_fragile
from tests.support.scenes import scene, turns, until


class Stranger(View[Balance]):
    """A view that no engine was given."""


def deposit(amount: int, account_id: str = "a") -> Deposit:
    """Money for an account."""
    return Deposit(account_id=account_id, amount=amount)


async def balances_at(bank: Engine, position: int) -> dict[str, int]:
    """The balances as of a position."""
    return {row.account_id: row.balance for row in await bank.rows_at(Balances, position=position)}


@scene
async def test_positions(tmp_path: Path) -> None:
    """From before the first event to the last one, also between two events of one command, also after reopening."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(DepositEach(account_id="a", amounts=[1, 2, 4]))
        await bank.send_atomic([deposit(8, "b"), Withdraw(account_id="a", amount=7)])
        seen = [await balances_at(bank, position) for position in range(6)]
        assert seen == [{}, {"a": 1}, {"a": 3}, {"a": 7}, {"a": 7, "b": 8}, {"b": 8}]
        assert await bank.ask(AllBalances()) == {"b": 8}, "the one that is served is as it was"
    async with open_bank(tmp_path / "bank") as bank:
        assert [await balances_at(bank, position) for position in range(6)] == seen


@pytest.mark.parametrize("position", [-1, 3, 10**30, True, 1.0, "1", None])
def test_no_such_position(position: object) -> None:
    """What the log does not have is refused, and what it has is said."""

    @scene
    async def play() -> None:
        async with open_bank() as bank:
            await bank.send_many([deposit(1), deposit(2)])
            with pytest.raises(Invalid, match="is not in the log: give 0 to 2, the last durable position"):
                await bank.rows_at(Balances, position=position)  # type: ignore[arg-type]
            with pytest.raises(Invalid, match="not a view of this engine"):
                await bank.rows_at(Stranger, position=1)

    play()


@scene
async def test_slices_and_progress() -> None:
    """It is folded a slice at a time, the loop having turns in between, and says how far it is."""
    async with open_bank(replay_slice_events=2) as bank:
        await bank.send(DepositEach(account_id="a", amounts=[1] * 20))
        told: list[tuple[int, int]] = []
        folding = asyncio.create_task(bank.rows_at(Balances, position=9, progress=lambda *far: told.append(far)))
        await until(lambda: told)
        assert told[0] == (2, 9)
        assert not folding.done()
        assert [row.balance for row in await folding] == [9]
        assert told == [(2, 9), (4, 9), (6, 9), (8, 9), (9, 9), (9, 9), (9, 9)]


@scene
async def test_a_cancelled_one_leaves_nothing() -> None:
    """It is dropped wherever it is."""
    for count in range(12):
        async with open_bank(replay_slice_events=1) as bank:
            await bank.send(DepositEach(account_id="a", amounts=[1] * 5))
            folding = asyncio.create_task(bank.rows_at(Balances, position=5))
            await turns(count)
            folding.cancel()
            await asyncio.gather(folding, return_exceptions=True)
            assert await balances_at(bank, 4) == {"a": 4}


@scene
async def test_a_handler_that_fails_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where; positions before it can be looked at, and the served view goes on."""
    async with open_fragile() as engine:
        for command in (Do(key="a"), Do(key="b", how="odd"), Do(key="a")):
            await engine.send(command)
        monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
        with pytest.raises(ViewBroken, match="up to position 3: its code fails at position 2 with LookupError") as told:
            await engine.rows_at(FragmentView, position=3)
        assert (told.value.view, told.value.position) == ("FragmentView", 2)
        assert "Ask for a position before 2" in str(told.value)
        assert [row.key for row in await engine.rows_at(FragmentView, position=1)] == ["a"]
        assert len(engine.rows(FragmentView)) == 2


@scene
async def test_closing_meanwhile(tmp_path: Path) -> None:
    """The engine does not wait for it, and it says why it ends."""
    closed = asyncio.Event()
    async with open_bank(tmp_path / "bank", replay_slice_events=1, frame_events_max=1) as bank:
        await bank.send_many([deposit(1) for _ in range(300)])  # more frames than are read at once
        core = bank._core
        assert core is not None
        folding = asyncio.create_task(PastView(core, "Balances").move(300, rest=closed.wait))
        await turns(2)
    closed.set()
    with pytest.raises(EngineClosed, match="closed while view Balances was folded up to 300"):
        await folding


@scene
async def test_moving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwards only what lies between is folded, backwards it is undone; out of a failure it begins again."""
    async with open_fragile() as engine:
        for key, how in ("aw", "bw", "co", "dw"):
            await engine.send(Do(key=key, how=how))
        past = PastView(engine._core, "FragmentView")  # type: ignore[arg-type]
        told: list[tuple[int, int]] = []
        await past.move(2)
        first = past.view
        await past.move(3, lambda *far: told.append(far))
        assert past.view is first
        assert {position for position, _ in told} == {3}
        assert [row.key for row in past.view.table.order_by("count")] == ["a", "b", "c"]
        await past.move(1)
        assert past.view is first
        assert [row.key for row in past.view.table.order_by("count")] == ["a"]
        monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "o")
        with pytest.raises(ViewBroken):
            await past.move(4)
        monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "")
        await past.move(4)
        assert past.view is not first
        assert list(past.view.table.rows) == ["a", "b", "c", "d"]
        past.release()
