"""Views made again beside those that are served: progress, comparison, turns for others, and other code's rows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from actum import (
    Engine,
    EngineClosed,
    MemoryLog,
    Options,
    Query,
    Row,
    View,
    ViewBroken,
    ViewDifferences,
    ViewStatistics,
    Watch,
    answer,
    project,
)
from actum import rebuilding as rebuilding_module
from actum.rebuilding import Rebuilder
from actum.views import index as index_module

from tests.support import fragile
from tests.support.bank import (
    Account,
    Balance,
    Balances,
    Deposit,
    Deposited,
    HeldAssessor,
    Withdraw,
    open_bank,
)
from tests.support.clocks import FakeClock
from tests.support.copies import copy_store
from tests.support.fragile import Do, Fragile, FragmentView
from tests.support.scenes import scene, turns, until


def deposit(amount: int, account_id: str = "a") -> Deposit:
    """Money for an account."""
    return Deposit(account_id=account_id, amount=amount)


def view_of(engine: Engine, name: str = "Balances") -> ViewStatistics:
    """The statistics of one view."""
    return next(view for view in engine.statistics().views if view.name == name)


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows are many slices."""
    monkeypatch.setattr(index_module, "SLICE_ROWS", 3)
    monkeypatch.setattr(rebuilding_module, "COMPARED_KEYS", 3)


class TestProgress:
    """What `statistics()` says."""

    @scene
    async def test_position_and_time_left(self) -> None:
        """By the time that the events so far have taken; the head moves on while commands come."""
        clock = FakeClock()
        options = Options(gc_policy="none", replay_slice_events=1, frame_events_max=1)
        async with Engine.open(
            MemoryLog(), Account, Balances, services=[HeldAssessor()], options=options, clock=clock
        ) as bank:
            await bank.send_many([deposit(1) for _ in range(20)])
            assert view_of(bank).rebuild is None
            rebuilding = asyncio.create_task(bank.rebuild(Balances))
            seen: list[tuple[int, float, float | None]] = []
            while not rebuilding.done():
                await asyncio.sleep(0)
                clock.advance(1)
                rebuild = view_of(bank).rebuild
                if rebuild is not None and rebuild.step == "folding":
                    assert (rebuild.head, view_of(bank).state) == (20, "rebuilding")
                    seen.append((rebuild.position, rebuild.seconds, rebuild.seconds_left))
            assert seen[0][0] == 1
            assert len(seen) >= 18
            for position, seconds, left in seen:
                assert left == pytest.approx(seconds * (20 - position) / position)
            assert view_of(bank).rebuild is None

    @pytest.mark.usefixtures("small_slices")
    @scene
    async def test_steps(self) -> None:
        """Folding, indexing and comparing, each in more than one turn of the loop, which is the others' meanwhile."""
        async with open_bank(replay_slice_events=2) as bank:
            await bank.send_many([deposit(1, f"a{number}") for number in range(30)])
            rebuilding = asyncio.create_task(bank.rebuild(Balances, compare=True))
            steps: list[str] = []
            while not rebuilding.done():
                await asyncio.sleep(0)
                rebuild = view_of(bank).rebuild
                if rebuild is not None:
                    steps.append(rebuild.step)
                    assert rebuild.step == "folding" or rebuild.seconds_left is None
            assert list(dict.fromkeys(steps)) == ["folding", "indexing", "comparing"]
            assert steps.count("folding") >= 10
            assert steps.count("indexing") >= 10 * (1 + 2 * 2) - 1, "a hash index, and two ordered ones, run by run"
            assert steps.count("comparing") >= 10


class TestComparing:
    """`rebuild(compare=True)` and `verify_view`."""

    @scene
    async def test_differences(self) -> None:
        """Of the rows as they were before the swap; afterwards there are none."""
        async with open_bank() as bank:
            await bank.send_many([deposit(5, f"a{number}") for number in range(4)])
            core = bank._core
            assert core is not None
            rows: dict[object, Row] = core.views["Balances"].table.rows
            rows["a9"] = rows.pop("a0")
            rows["a1"] = Balance(account_id="a1", branch="a", balance=6)
            assert await bank.rebuild(Balances, compare=True) == (4, 4, ("a0",), ("a9",), ("a1",))
            differences = await bank.rebuild(Balances, compare=True)
            assert differences == ViewDifferences(4, 4, (), (), ())
            assert differences.ok
            assert bank.statistics().watches.watchers == 0
            assert await bank.rebuild(Balances) is None  # type: ignore[func-returns-value]  # that is what is shown

    @pytest.mark.usefixtures("small_slices")
    @scene
    async def test_while_commands_go_on(self) -> None:
        """What changes meanwhile is compared again: true differences stay, others don't appear."""
        async with open_bank(replay_slice_events=2) as bank:
            await bank.send_many([deposit(5, f"a{number}") for number in range(30)])
            core = bank._core
            assert core is not None
            rows: dict[object, Row] = core.views["Balances"].table.rows
            rows["a20"] = Balance(account_id="a20", branch="a20", balance=6)
            del rows["a21"]
            for comparison in (bank.verify_view(Balances), bank.rebuild(Balances, compare=True)):
                rebuilding: asyncio.Task[ViewDifferences] = asyncio.create_task(comparison)
                number = 0
                while not rebuilding.done():
                    number += 1
                    await bank.send_many([deposit(1, f"a{number % 40}"), deposit(1, f"b{number}")])
                    await bank.send_many([Withdraw(account_id=f"a{(number + 7) % 20}", amount=5)])
                differences = await rebuilding
                assert {*differences.missing, *differences.extra, *differences.different} == {"a20", "a21"}
            assert (await bank.verify_view(Balances)).ok

    @scene
    async def test_a_broken_view_can_not_be_compared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is said at once; without comparing it is healed."""
        async with open_bank(None, Fragile, FragmentView) as engine:
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
            await engine.send(Do(key="a", how="odd"))
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "")
            with pytest.raises(ViewBroken):
                await engine.rebuild(FragmentView, compare=True)
            await engine.rebuild(FragmentView)
            assert (await engine.rebuild(FragmentView, compare=True)).ok

    @pytest.mark.usefixtures("small_slices")
    @scene
    async def test_a_view_that_breaks_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The comparison ends with that, and another rebuild may begin."""
        async with open_bank(None, Fragile, FragmentView, replay_slice_events=2) as engine:
            await engine.send_many([Do(key=f"a{number}") for number in range(20)])
            rebuilding = asyncio.create_task(engine.rebuild(FragmentView, compare=True))
            await until(lambda: (rebuild := view_of(engine, "FragmentView").rebuild) and rebuild.step == "comparing")
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
            await engine.send(Do(key="a1", how="odd"))
            with pytest.raises(ViewBroken):
                await rebuilding
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "")
            await engine.rebuild(FragmentView)
            assert view_of(engine, "FragmentView").state == "live"


class Total(Row, key="account_id", indexes=["balance"]):
    """A row of `totals`."""

    account_id: str
    balance: int = 0


class Sums(Query[dict[str, int]]):
    """All of it."""


def totals(factor: int, row_type: Any = Total, *, fails_on: int = 0) -> Any:
    """A view that counts money `factor` times; with another factor it is other code."""

    class Totals(View[row_type]):  # type: ignore[no-any-unimported]
        @project
        def deposited(self, event: Deposited) -> None:
            if event.amount == fails_on:
                raise ValueError("this amount")
            row = self.get(event.account_id) or row_type(account_id=event.account_id)
            self.put(row.replace(balance=row.balance + event.amount * factor))

        @answer
        def sums(self, query: Sums) -> dict[str, int]:
            return {row.account_id: row.balance for row in self.order_by("balance")}

    return Totals


def last_rows(row_type: Any, make: Callable[[Deposited], Any]) -> Any:
    """A view of that name whose rows are made of their last event alone."""

    class Totals(View[row_type]):  # type: ignore[no-any-unimported]
        @project
        def deposited(self, event: Deposited) -> None:
            self.put(make(event))

        @answer
        def sums(self, query: Sums) -> dict[str, int]:
            return {row.account_id: row.balance for row in self}

    return Totals


class TestOtherCode:
    """Views whose code has changed since their rows were saved, with `Options(rebuild="beside")`."""

    @pytest.mark.parametrize("what", ["rebuild", "verify", "cancelled"])
    @scene
    async def test_its_user_was_quicker(self, what: str, tmp_path: Path) -> None:
        """A rebuild or comparison that somebody began at once is waited for; the view is served all the time."""
        async with open_bank(tmp_path / "bank", totals(1)) as bank:
            await bank.send_many([deposit(1)] * 20)
        view = totals(2)
        async with open_bank(tmp_path / "bank", view, rebuild="beside", replay_slice_events=1) as bank:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0 if what == "cancelled" else None):
                    await (bank.verify_view(view) if what == "verify" else bank.rebuild(view))
            await until(lambda: view_of(bank, view.__name__).lag_state == "live")
            assert view_of(bank, view.__name__).failure is None
            assert (await bank.verify_view(view)).ok

    async def fill(self, store: Path, *more: Deposit) -> None:
        """A store with rows of the first code: ten accounts with 1 each."""
        async with open_bank(store, totals(1)) as bank:
            await bank.send_many([deposit(1, f"a{number}") for number in range(10)])
            await bank.checkpoint()
            await bank.send_many(more)

    @scene
    async def test_the_old_rows_are_served_until_the_new_are_ready(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Opening does not wait, events go on, watches are told everything anew, and the log says so."""
        caplog.set_level(logging.INFO, "actum.rebuilding")
        await self.fill(tmp_path / "bank")
        async with open_bank(
            tmp_path / "bank", totals(2), rebuild="beside", replay_slice_events=1, frame_events_max=1
        ) as bank:
            assert view_of(bank, "Totals").state == "rebuilding"
            assert view_of(bank).state == "live"
            assert await bank.ask(Sums()) == {f"a{number}": 1 for number in range(10)}
            changes = bank.watch(totals_of(bank))
            assert len((await anext(changes)).put) == 10
            await bank.send(deposit(5, "b"))
            assert (await bank.ask(Sums()))["b"] == 10
            await until(lambda: view_of(bank, "Totals").state == "live")
            right = {**{f"a{number}": 2 for number in range(10)}, "b": 10}
            assert await bank.ask(Sums()) == right
            newest = await anext(changes)
            assert (newest.complete, newest.position) == (True, 11)
            assert {row.account_id: row.balance for row in newest.put} == right
            assert view_of(bank, "Totals").lag == 0
        said = [record.getMessage() for record in caplog.records]
        assert said[0] == "view Totals: its saved rows were made by other code; they are served while it is rebuilt"
        assert said[1].startswith("view Totals was rebuilt in ")
        async with open_bank(tmp_path / "bank", totals(2), rebuild="beside") as bank:
            assert view_of(bank, "Totals").state == "live"
            assert await bank.ask(Sums()) == right

    @scene
    async def test_checkpoints_meanwhile(self, tmp_path: Path) -> None:
        """Save the old rows as what they are: after a crash no code takes them for its own, and it begins again."""
        store = tmp_path / "bank"
        await self.fill(store)
        async with open_bank(store, totals(2), rebuild="beside", replay_slice_events=1, frame_events_max=1) as bank:
            core = bank._core
            assert core is not None
            assert core._renewing is not None
            core._renewing.cancel()  # as if it took long
            await bank.send(deposit(5, "b"))
            for base in (False, True):
                assert core.views["Totals"].outdated
                assert core.checkpointer is not None
                assert await core.checkpointer.checkpoint(hasty=True, base=base)
                copy_store(store, tmp_path / f"copy {base}")
        for base in (False, True):
            for factor in (1, 2):
                copy, other = tmp_path / f"again {base} {factor}", tmp_path / f"other {base} {factor}"
                copy_store(tmp_path / f"copy {base}", copy)
                copy_store(tmp_path / f"copy {base}", other)
                async with open_bank(copy, totals(factor), rebuild="beside", replay_slice_events=1) as bank:
                    assert (await bank.ask(Sums()))["b"] == 10
                    assert view_of(bank, "Totals").state == "rebuilding"
                    await renewed(bank)
                    assert (await bank.ask(Sums()))["b"] == 5 * factor
                    assert (await bank.verify_view(totals_of(bank))).ok
                async with open_bank(other, totals(factor)) as bank:
                    assert view_of(bank, "Totals").state == "live"
                    assert (await bank.ask(Sums()))["b"] == 5 * factor

    @scene
    async def test_closing_meanwhile(self, tmp_path: Path) -> None:
        """The rebuild is given up; the next opening begins again."""
        store = tmp_path / "bank"
        await self.fill(store)
        for _ in range(2):
            async with open_bank(store, totals(2), rebuild="beside", replay_slice_events=1) as bank:
                await bank.send(deposit(1, "b"))
        async with open_bank(store, totals(2)) as bank:
            assert await bank.ask(Sums()) == {**{f"a{number}": 2 for number in range(10)}, "b": 4}

    @pytest.mark.parametrize("what", ["rebuild", "verify_view"])
    @scene
    async def test_closing_under_one_that_was_asked_for(
        self, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who asked is told that the engine has closed."""
        view, closed, real = totals(1), asyncio.Event(), Rebuilder.catch_up

        async def catch_up(self: Rebuilder, view: Any) -> None:
            await closed.wait()
            await real(self, view)

        monkeypatch.setattr(Rebuilder, "catch_up", catch_up)
        async with open_bank(tmp_path / "bank", view) as bank:
            await bank.send_many([deposit(1)] * 5)
            asked = asyncio.create_task(getattr(bank, what)(view))
            await turns(3)
        closed.set()
        with pytest.raises(EngineClosed, match="the engine closed while view Totals was made again"):
            await asked

    @scene
    async def test_at_opening(self, tmp_path: Path) -> None:
        """Without the option opening waits, as it does without saved rows."""
        await self.fill(tmp_path / "bank")
        async with open_bank(tmp_path / "bank", totals(2)) as bank:
            assert await bank.ask(Sums()) == {f"a{number}": 2 for number in range(10)}
            assert view_of(bank, "Totals").state == "live"
        for file in (tmp_path / "bank" / "derived").iterdir():
            file.unlink()
        async with open_bank(tmp_path / "bank", totals(3), rebuild="beside") as bank:
            assert await bank.ask(Sums()) == {f"a{number}": 3 for number in range(10)}

    @scene
    async def test_rows_of_another_type(self, tmp_path: Path) -> None:
        """Opening waits: the saved rows can't be read as those of now, or are known by another field."""

        class Texts(Row, key="account_id", indexes=["balance"]):
            account_id: str
            balance: int = 0
            must: str

        class ByBalance(Row, key="balance", indexes=["balance"]):
            account_id: str
            balance: int = 0

        def texts(event: Deposited) -> Texts:
            return Texts(account_id=event.account_id, balance=event.amount, must="")

        def by_balance(event: Deposited) -> ByBalance:
            return ByBalance(account_id=event.account_id, balance=event.amount)

        await self.fill(tmp_path / "bank")
        for number, (row_type, make, count) in enumerate([(Texts, texts, 10), (ByBalance, by_balance, 1)]):
            copy_store(tmp_path / "bank", tmp_path / f"copy {number}")
            view = last_rows(row_type, make)
            async with open_bank(tmp_path / f"copy {number}", view, rebuild="beside") as bank:
                assert view_of(bank, "Totals").state == "live"
                assert len(await bank.ask(Sums())) == count

    @scene
    async def test_a_field_more(self, tmp_path: Path) -> None:
        """Rows that can be read as those of now are served, the new field with its default."""

        class More(Row, key="account_id", indexes=["balance"]):
            account_id: str
            balance: int = 0
            note: str = "none"

        await self.fill(tmp_path / "bank")
        async with open_bank(tmp_path / "bank", totals(1, More), rebuild="beside", replay_slice_events=1) as bank:
            assert view_of(bank, "Totals").state == "rebuilding"
            assert {row.note for row in bank.rows(totals_of(bank))} == {"none"}
            await until(lambda: view_of(bank, "Totals").state == "live")

    @scene
    async def test_old_rows_that_can_not_go_on(self, tmp_path: Path) -> None:
        """If today's handler fails on the tail, the view is made again at once."""
        store = tmp_path / "bank"
        async with open_bank(store, totals(1)) as bank:
            await bank.send_many([deposit(1, f"a{number}") for number in range(10)])
            await bank.checkpoint()
            copy_store(store, tmp_path / "copy")

        def failing() -> Any:
            class Totals(View[Total]):
                @project
                def deposited(self, event: Deposited) -> None:
                    row = self.get(event.account_id) or Total(account_id=event.account_id)
                    assert row.balance % 2 == 0
                    self.put(row.replace(balance=row.balance + event.amount * 2))

                @answer
                def sums(self, query: Sums) -> dict[str, int]:
                    return {row.account_id: row.balance for row in self}

            return Totals

        async with open_bank(store) as bank:
            await bank.send(deposit(1, "a1"))
        async with open_bank(store, failing(), rebuild="beside") as bank:
            assert view_of(bank, "Totals").state == "live"
            assert (await bank.ask(Sums()))["a1"] == 4

    @scene
    async def test_new_code_that_fails(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """The view is not served any more: everybody learns of it, and a rebuild after the fix heals it."""
        store = tmp_path / "bank"
        async with open_bank(store, totals(1)) as bank:
            await bank.send(deposit(7))
        async with open_bank(store, totals(2, fails_on=7), rebuild="beside") as bank:
            changes = bank.watch(totals_of(bank))
            await until(lambda: view_of(bank, "Totals").state == "broken")
            with pytest.raises(ViewBroken, match="made by other code, and making it again failed: .*this amount"):
                await bank.ask(Sums())
            with pytest.raises(ViewBroken):
                await last_of(changes)
            assert "this amount" in (view_of(bank, "Totals").failure or "")
            await bank.send(deposit(1))
        assert "view Totals can't be rebuilt, and is not served any more" in caplog.text
        async with open_bank(store, totals(3), rebuild="beside") as bank:
            assert await bank.ask(Sums()) == {"a": 24}


async def renewed(engine: Engine) -> None:
    """Wait until the view has been made again."""
    await until(lambda: view_of(engine, "Totals").state == "live")


async def last_of(watch: Watch[Any]) -> Any:
    """The last change of a watch."""
    return [change async for change in watch][-1]


def totals_of(engine: Engine) -> Any:
    """The class of the view that was given to an engine."""
    return next(kind.view for kind in engine._catalogue.views if kind.name == "Totals")
