"""Live queries of an engine: when a change is told, to whom, and what becomes of those who come back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from actum import Answer, Engine, MemoryLog, Options, Query, RowsChanged, View, ViewBroken, Watch, answer, project

from tests.support import fragile
from tests.support.bank import (
    Account,
    Activities,
    AllBalances,
    Balance,
    BalanceOf,
    Balances,
    Deposit,
    DepositEach,
    Deposited,
    HeldAssessor,
    Note,
    TopBalances,
    Withdraw,
    open_bank,
)
from tests.support.fragile import Do, Fragile, Fragments, FragmentView
from tests.support.scenes import scene, turns, until

POLICIES: list[Any] = ["coalesce", "drop", "close"]


def deposit(amount: int, account_id: str = "a") -> Deposit:
    """Money for an account."""
    return Deposit(account_id=account_id, amount=amount)


def row(account_id: str, balance: int) -> Balance:
    """A row."""
    return Balance(account_id=account_id, branch=account_id, balance=balance)


async def waiting(watch: Watch[Any]) -> list[Any]:
    """All that waits in a watch."""
    found: list[Any] = []
    while True:
        following = asyncio.create_task(anext(watch))
        await turns(3)
        if not following.done():
            following.cancel()
            await asyncio.wait([following])
            return found
        found.append(await following)


class Total(Query[int]):
    """All money."""


@scene
async def test_a_query() -> None:
    """The answer now, then each other one, with the position as of which it is so."""
    async with open_bank() as bank:
        await bank.send(deposit(5))
        watch = bank.watch(BalanceOf(account_id="a"))
        assert await anext(watch) == Answer(1, 5)
        await bank.send(deposit(1, "b"))
        assert await waiting(watch) == []
        await bank.send(deposit(1))
        assert await anext(watch) == Answer(3, 6)
        await bank.send(Note(account_id="a", text="not in this view"))
        assert await waiting(watch) == []


@scene
async def test_a_view() -> None:
    """All rows, then what each commit changed."""
    async with open_bank() as bank:
        await bank.send(deposit(5))
        await bank.send(deposit(7, "b"))
        watch = bank.watch(Balances)
        assert await anext(watch) == RowsChanged(2, (row("a", 5), row("b", 7)), (), complete=True)
        await bank.send(Withdraw(account_id="a", amount=5))
        assert await anext(watch) == RowsChanged(3, (), ("a",), complete=False)
        await bank.send(DepositEach(account_id="a", amounts=[1, 2]))
        assert await anext(watch) == RowsChanged(5, (row("a", 3),), (), complete=False)
        await bank.send(Note(account_id="a", text="nothing"))
        await bank.send(deposit(1, "b"))
        assert await anext(watch) == RowsChanged(7, (row("b", 8),), (), complete=False)


@scene
async def test_before_the_reply() -> None:
    """Whoever watches is told before whoever sent has its receipt, and never of what is not durable."""
    async with open_bank() as bank:
        seen: list[str] = []

        async def watch() -> None:
            async for change in bank.watch(TopBalances(limit=1)):
                assert change.position == bank.statistics().position
                seen.append(f"told {change.position}")

        async def send() -> None:
            for _ in range(3):
                receipt = await bank.send(deposit(1))
                seen.append(f"sent {receipt.position}")

        watching = asyncio.create_task(watch())
        await turns()
        await send()
        assert seen == ["told 0", "told 1", "sent 1", "told 2", "sent 2", "told 3", "sent 3"]
        assert not watching.done()
    await asyncio.wait([watching])
    assert watching.exception() is None


@scene
async def test_a_query_is_asked_once_for_a_batch() -> None:
    """And only if the view that answers it changed; what is asked later is asked once."""
    asked: list[int] = []

    class Sum(View[Balance]):
        @project
        def deposited(self, event: Deposited) -> None:
            there = self.get(event.account_id) or Balance(account_id=event.account_id, branch="")
            self.put(there.replace(balance=there.balance + event.amount))

        @answer
        def total(self, query: Total) -> int:
            asked.append(1)
            return sum(row.balance for row in self)

    async with open_bank(None, Sum) as bank:
        for policy in POLICIES[:2]:
            watch = bank.watch(Total(), when_slow=policy)
            await anext(watch)
            asked.clear()
            await bank.send_many([deposit(1) for _ in range(100)])
            await bank.send(Note(account_id="a", text="nothing"))
            assert len(await waiting(watch)) == 1
            assert len(asked) == 1
            await watch.aclose()


@scene
async def test_policies() -> None:
    """Waiting changes are merged, or kept apart."""
    async with open_bank() as bank:
        watches = {policy: bank.watch(Balances, when_slow=policy) for policy in POLICIES}
        for watch in watches.values():
            await anext(watch)
        for amount in (1, 2, 3):
            await bank.send(deposit(amount))
        assert await waiting(watches["coalesce"]) == [RowsChanged(3, (row("a", 6),), (), complete=False)]
        apart = [
            RowsChanged(number, (row("a", total),), (), complete=False) for number, total in enumerate((1, 3, 6), 1)
        ]
        assert await waiting(watches["drop"]) == await waiting(watches["close"]) == apart
        statistics = bank.statistics().watches
        assert (statistics.watchers, statistics.coalesced, statistics.dropped, statistics.closed) == (3, 2, 0, 0)
        watches.clear()
        del watch
        assert bank.statistics().watches.watchers == 0


@scene
async def test_coming_back() -> None:
    """Only what was missed, nothing at the head, everything where that is not known."""
    async with open_bank(watch_changes_max=3) as bank:
        await bank.send(deposit(1))
        watch = bank.watch(Balances)
        last = (await anext(watch)).position
        await watch.aclose()
        await bank.send(deposit(1, "b"))
        await bank.send(Withdraw(account_id="a", amount=1))
        for policy in POLICIES:
            again = bank.watch(Balances, since=last, when_slow=policy)
            assert await waiting(again) == [RowsChanged(3, (row("b", 1),), ("a",), complete=False)]
            assert await waiting(bank.watch(Balances, since=3, when_slow=policy)) == []
            unknown = [RowsChanged(3, (row("b", 1),), (), complete=True)]
            assert await waiting(bank.watch(Balances, since=0, when_slow=policy)) == unknown
            assert await waiting(bank.watch(Balances, since=9, when_slow=policy)) == unknown
            await bank.watch(AllBalances(), since=3, when_slow=policy).aclose()
            assert await waiting(bank.watch(AllBalances(), since=3, when_slow=policy)) == []
            assert await waiting(bank.watch(AllBalances(), since=2, when_slow=policy)) == [Answer(3, {"b": 1})]
        for _ in range(4):
            await bank.send(deposit(1, "c"))
        assert (await anext(bank.watch(Balances, since=last))).complete


@scene
async def test_a_view_that_is_not_watched_any_more() -> None:
    """It is looked after as long as those who watched could go on where they were."""
    async with open_bank(watch_changes_max=3) as bank:
        core = bank._core
        assert core is not None
        watch = bank.watch(Balances)
        await bank.send(deposit(1))
        del watch
        for number in range(3):
            assert set(core.watching.watched) == {"Balances"}
            await bank.send(deposit(1, f"b{number}"))
        assert set(core.watching.watched) == {"Balances"}
        await bank.send(deposit(1))
        assert core.watching.watched == {}


@scene
async def test_coming_back_after_a_restart(tmp_path: Path) -> None:
    """The same code goes on where it was; rows that were made anew are given as a whole, at the same position too."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(deposit(1))
    async with open_bank(tmp_path / "bank") as bank:
        assert await waiting(bank.watch(Balances, since=1)) == []
        assert (await anext(bank.watch(Balances, since=0))).complete
    for file in (tmp_path / "bank" / "derived").iterdir():
        file.unlink()
    async with open_bank(tmp_path / "bank") as bank:
        assert await waiting(bank.watch(Balances, since=1)) == [RowsChanged(1, (row("a", 1),), (), complete=True)]
        await bank.send(deposit(1))
        assert await waiting(bank.watch(Balances, since=2)) == []


@pytest.mark.parametrize("policy", POLICIES)
@scene
async def test_a_rebuilt_view(policy: Any) -> None:
    """Everything again, also for those who come back with the position of the swap."""
    async with open_bank() as bank:
        watch = bank.watch(Balances, when_slow=policy)
        totals = bank.watch(AllBalances(), when_slow=policy)
        await bank.send(deposit(1))
        await waiting(watch)
        await waiting(totals)
        core = bank._core
        assert core is not None
        core.views["Balances"].table.rows["a"] = row("a", 99)
        await bank.rebuild(Balances)
        assert await waiting(watch) == [RowsChanged(1, (row("a", 1),), (), complete=True)]
        assert await waiting(totals) == []
        assert (await anext(bank.watch(Balances, since=1))).complete
        await bank.send(deposit(1))
        assert await waiting(watch) == [RowsChanged(2, (row("a", 2),), (), complete=False)]
        assert await waiting(totals) == [Answer(2, {"a": 2})]


@pytest.mark.parametrize("policy", POLICIES)
@scene
async def test_a_broken_view(policy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its watches end with the error, and so do those that begin; nothing of the batch that broke it is told."""
    async with open_bank(None, Fragile, FragmentView) as engine:
        monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
        rows, answers = engine.watch(FragmentView, when_slow=policy), engine.watch(Fragments(), when_slow=policy)
        await engine.send(Do(key="a"))
        for watch in (rows, answers):
            await waiting(watch)
        await engine.send_many([Do(key="b"), Do(key="a", how="odd")])
        await engine.send(Do(key="b"))
        for watch in (rows, answers, engine.watch(FragmentView, since=1), engine.watch(Fragments(), since=1)):
            with pytest.raises(ViewBroken):
                await anext(watch)
            assert [change async for change in watch] == []
        assert engine.statistics().watches.watchers == 0
        monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "")
        await engine.rebuild(FragmentView)
        assert (await anext(engine.watch(FragmentView, since=1))).complete
        assert await anext(engine.watch(Fragments())) == Answer(4, {"a": 2, "b": 2})


@scene
async def test_a_query_that_raises() -> None:
    """Its watch ends with that error; others and commands go on."""
    async with open_bank() as bank:
        await bank.send(deposit(1))
        watches = [bank.watch(TopBalances(limit=-1), when_slow=policy) for policy in POLICIES]
        for watch in watches:
            with pytest.raises(Exception, match="limit"):
                await anext(watch)
        await bank.send(deposit(1))


@scene
async def test_closing_the_engine() -> None:
    """What waits is given, then the loop ends."""
    async with open_bank() as bank:
        watch, answers = bank.watch(Balances, when_slow="drop"), bank.watch(AllBalances())
        await waiting(watch)
        await waiting(answers)
        await bank.send(deposit(1))
        await bank.send(deposit(2))
        idle = asyncio.create_task(waiting(bank.watch(AllBalances(), since=2)))
        await turns()
    assert [change.position async for change in watch] == [1, 2]
    assert [change async for change in answers] == [Answer(2, {"a": 3})]
    assert await idle == []


@scene
async def test_checkpoints_save_what_is_watched(tmp_path: Path) -> None:
    """Setting changes apart for those who watch takes nothing from the next checkpoint, nor the rows' order."""
    options: dict[str, Any] = {"checkpoint_deltas_ratio_max": 1e9}
    async with open_bank(tmp_path / "bank", **options) as bank:
        watch = bank.watch(Balances)
        for number in range(20):
            await bank.send(deposit(1, f"a{number % 5}"))
            if number % 3 == 0:
                await bank.send(Withdraw(account_id=f"a{number % 5}", amount=1))
            if number % 4 == 0:
                await bank.checkpoint()
        rows = bank.rows(Balances)
        await watch.aclose()
    async with open_bank(tmp_path / "bank") as bank:
        assert bank.rows(Balances) == rows
        core = bank._core
        assert core is not None
        assert core.views["Balances"].made == 0
        assert (await bank.verify_view(Balances)).ok


@scene
async def test_reading_only(tmp_path: Path) -> None:
    """The state of the moment of opening, then nothing, and the end."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(deposit(1))
    options = Options(gc_policy="none")
    async with Engine.open(
        tmp_path / "bank", Account, Balances, Activities, services=[HeldAssessor()], options=options, read_only=True
    ) as bank:
        watch = bank.watch(Balances)
        assert await waiting(watch) == [RowsChanged(1, (row("a", 1),), (), complete=True)]
    assert [change async for change in watch] == []


@scene
async def test_many_watchers() -> None:
    """All are told the same."""
    async with open_bank() as bank:
        read: list[list[int]] = [[] for _ in range(50)]

        async def watch(found: list[int]) -> None:
            async for change in bank.watch(BalanceOf(account_id="a")):
                found.append(change.answer or 0)  # noqa: PERF401  # one by one, so that it is seen when each comes

        tasks = [asyncio.create_task(watch(found)) for found in read]
        for _ in range(5):
            await bank.send(deposit(1))
        await until(lambda: all(found[-1] == 5 for found in read))
        assert bank.statistics().watches.watchers == 50
        for task in tasks[:25]:
            task.cancel()
        await asyncio.wait(tasks[:25])
        assert bank.statistics().watches.watchers == 25
    await asyncio.gather(*tasks[25:])
    assert read == [[0, 1, 2, 3, 4, 5]] * 50


@scene
async def test_a_log_in_memory_without_views() -> None:
    """There is nothing to watch, and nothing is in the way."""
    async with Engine.open(MemoryLog(), Account, services=[HeldAssessor()], options=Options(gc_policy="none")) as bank:
        await bank.send(deposit(1))
        assert bank.statistics().watches.watchers == 0
