"""Checkpoints: made on close, on demand and by time; valid only when complete; never in the way."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from actum import Engine, Query, Row, StoreFull, View, ViewBroken, answer, project
from actum import core as core_module
from actum.recovery import checkpoints as checkpoints_module
from actum.recovery.checkpoints import Checkpointer
from actum.statistics import CheckpointStatistics
from actum.views.live_view import LiveView

from tests.support import fragile
from tests.support.bank import (
    AllActivity,
    AllBalances,
    BalanceOf,
    Balances,
    Deposit,
    DepositEach,
    Deposited,
    TopBalances,
    Withdraw,
    open_bank,
)
from tests.support.fragile import Do, Fragile, Fragments, FragmentView, Mistyped
from tests.support.logs import intercepted
from tests.support.scenes import scene, turns, until


def deposit(amount: int, account_id: str = "ann") -> Deposit:
    """Money for Ann, or for somebody else."""
    return Deposit(account_id=account_id, amount=amount)


def statistics_of(engine: Engine) -> CheckpointStatistics:
    """What the engine says of its checkpoints."""
    statistics = engine.statistics().checkpoints
    assert statistics is not None
    return statistics


def checkpointer_of(engine: Engine) -> Checkpointer:
    """The engine's checkpointer."""
    assert engine._core is not None
    assert engine._core.checkpointer is not None
    return engine._core.checkpointer


def files(store: Path) -> dict[str, int]:
    """The files of derived state and their sizes."""
    return {path.name: path.stat().st_size for path in sorted((store / "derived").iterdir())}


async def answers(bank: Engine) -> list[Any]:
    """Everything that can be asked."""
    return [await bank.ask(AllBalances()), await bank.ask(TopBalances(limit=100)), await bank.ask(AllActivity())]


async def expect_same_after_a_crash(store: Path, bank: Engine, copy: Path) -> None:
    """A copy of the directory as it lies there, opened, gives the same answers; so does the log alone."""
    live = await answers(bank)
    shutil.copytree(store, copy)
    async with open_bank(copy) as other:
        assert await answers(other) == live
    shutil.rmtree(copy / "derived")
    async with open_bank(copy) as other:
        assert await answers(other) == live
    shutil.rmtree(copy)


class TestWhen:
    """What makes one."""

    @scene
    async def test_on_close(self, tmp_path: Path) -> None:
        """And the next opening begins there."""
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(deposit(1))
            assert (statistics_of(bank).position, statistics_of(bank).count) == (0, 0)
        assert (statistics_of(bank).position, statistics_of(bank).count) == (1, 1)
        async with open_bank(tmp_path / "bank") as bank:
            assert (statistics_of(bank).position, statistics_of(bank).count) == (1, 0)

    @scene
    async def test_on_close_only_if_anything_has_changed(self, tmp_path: Path) -> None:
        """Opening and closing costs no checkpoint."""
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(deposit(1))
        before = files(tmp_path / "bank")
        async with open_bank(tmp_path / "bank") as bank:
            await bank.ask(AllBalances())
        assert files(tmp_path / "bank") == before
        assert statistics_of(bank).count == 0

    @scene
    async def test_on_demand(self, tmp_path: Path) -> None:
        """`engine.checkpoint()` says that it worked, also when nothing has changed."""
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(deposit(1))
            assert await bank.checkpoint()
            assert await bank.checkpoint()
            assert (statistics_of(bank).position, statistics_of(bank).count) == (1, 2)
            await expect_same_after_a_crash(tmp_path / "bank", bank, tmp_path / "copy")

    @scene
    async def test_what_was_written_is_let_go_of_piece_by_piece(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing large is dropped at once, which would hold everybody up; commands go on in between."""
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_MAX", 10)
        async with open_bank(tmp_path / "bank", checkpoint_pause_seconds=0) as bank:
            await bank.send_many([deposit(1, f"customer {number}") for number in range(95)])
            core = bank._core
            assert core is not None
            rows, actors = core.views["Balances"].table.dirty, core.directory.changed
            assert (len(rows), len(actors)) == (95, 95)
            sizes = set[int]()
            task = asyncio.create_task(bank.checkpoint())
            while not task.done():
                await bank.send(deposit(1, "somebody else"))
                sizes |= {len(rows), len(actors)}
            assert await task
            assert (len(rows), len(actors)) == (0, 0)
            assert sizes & set(range(1, 95))
            await expect_same_after_a_crash(tmp_path / "bank", bank, tmp_path / "copy")

    @scene
    async def test_by_time_when_enough_has_happened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Housekeeping makes one when the time has come and so many events have."""
        monkeypatch.setattr(core_module, "TICK_SECONDS", 1e-4)
        options = {"checkpoint_seconds": 1e-3, "checkpoint_events_min": 3, "checkpoint_pause_seconds": 0}
        async with open_bank(tmp_path / "bank", **options) as bank:  # type: ignore[arg-type]
            await bank.send_many([deposit(1)] * 2)
            await turns(100)
            assert statistics_of(bank).count == 0
            await bank.send(deposit(1))
            await until(lambda: statistics_of(bank).count, turns_max=1_000_000)
            assert statistics_of(bank).position == 3
            await bank.send_many([deposit(1)] * 3)
            await until(lambda: statistics_of(bank).position == 6, turns_max=1_000_000)

    @scene
    async def test_never_by_time_if_that_is_switched_off(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`checkpoint_seconds=0` means on close only."""
        monkeypatch.setattr(core_module, "TICK_SECONDS", 0.0)
        async with open_bank(tmp_path / "bank", checkpoint_seconds=0, checkpoint_events_min=1) as bank:
            await bank.send(deposit(1))
            await turns(200)
            assert statistics_of(bank).count == 0
        assert statistics_of(bank).count == 1

    @scene
    async def test_housekeeping_goes_on_after_a_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A bug in it is logged, and the next tick tries again."""
        monkeypatch.setattr(core_module, "TICK_SECONDS", 0.001)
        failures = iter([ZeroDivisionError("once")])
        due = Checkpointer.due.fget  # type: ignore[attr-defined]

        def failing(checkpointer: Checkpointer) -> bool:
            for failure in failures:
                raise failure
            return bool(due(checkpointer))

        monkeypatch.setattr(Checkpointer, "due", property(failing))
        async with open_bank(tmp_path / "bank", checkpoint_seconds=0.001, checkpoint_events_min=1) as bank:
            await bank.send(deposit(1))
            await until(lambda: statistics_of(bank).count, turns_max=1_000_000)
        assert "housekeeping failed; it goes on" in caplog.text


class TestBasesAndDeltas:
    """What is written."""

    @scene
    async def test_deltas_grow_the_file_and_a_base_begins_another(self, tmp_path: Path) -> None:
        """A delta holds what changed.

        When the deltas have outgrown the base, all is written anew and the old file goes.
        """
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await bank.send_many([deposit(1, f"account-{number:03}") for number in range(300)])
            await bank.checkpoint()
            base = files(store)
            await bank.send(deposit(1))
            await bank.checkpoint()
            (delta,) = files(store).values()
            assert list(files(store)) == list(base)
            assert sum(base.values()) < delta < 1.2 * sum(base.values())
            await bank.send_many([deposit(1, f"account-{number:03}") for number in range(300)])
            await bank.checkpoint()
            await bank.send_many([deposit(1, f"account-{number:03}") for number in range(300)])
            await bank.checkpoint()
            await bank.send_many([deposit(1, f"account-{number:03}") for number in range(300)])
            await bank.checkpoint()
            assert len(files(store)) == 1
            assert list(files(store)) != list(base)
            await expect_same_after_a_crash(store, bank, tmp_path / "copy")

    @scene
    async def test_removed_rows_stay_removed(self, tmp_path: Path) -> None:
        """By a delta, and by a base."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await bank.send_many([deposit(1, name) for name in "abcd"])
            await bank.checkpoint()
            await bank.send(Withdraw(account_id="b", amount=1))
            await bank.checkpoint()
            assert list(await bank.ask(AllBalances())) == ["a", "c", "d"]
            await expect_same_after_a_crash(store, bank, tmp_path / "copy")
        async with open_bank(store, checkpoint_deltas_ratio_max=1e-9) as bank:
            await bank.send(Withdraw(account_id="c", amount=1))
            await bank.checkpoint()
            await expect_same_after_a_crash(store, bank, tmp_path / "copy")

    @pytest.mark.parametrize("ratio", [1e-9, 1e9])
    @scene
    async def test_any_number_of_them_restore_the_same(self, tmp_path: Path, ratio: float) -> None:
        """After every checkpoint and after every command behind it, a crash loses nothing."""
        store = tmp_path / "bank"
        options: dict[str, Any] = {"checkpoint_deltas_ratio_max": ratio, "actors_max": 2, "snapshot_events_min": 1}
        async with open_bank(store, **options) as bank:
            for number in range(6):
                await bank.send(DepositEach(account_id=f"account-{number % 3}", amounts=[number + 1, 5]))
                await bank.send(Withdraw(account_id=f"account-{number % 3}", amount=5))
                await bank.checkpoint()
                await expect_same_after_a_crash(store, bank, tmp_path / "copy")
                await bank.send(deposit(1, "late"))
                await expect_same_after_a_crash(store, bank, tmp_path / "copy")

    @pytest.mark.parametrize("base", [False, True])
    @scene
    async def test_commands_go_on_meanwhile(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, base: bool
    ) -> None:
        """Rows change, come and go while they are written slice by slice; what is saved is exactly one position."""
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_FIRST", 3)
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_MAX", 3)
        store = tmp_path / "bank"
        ratio = 1e-9 if base else 1e9
        async with open_bank(
            store, checkpoint_deltas_ratio_max=ratio, checkpoint_pause_seconds=0, actors_max=5
        ) as bank:
            await bank.send_many([deposit(1, f"account-{number:02}") for number in range(40)])
            await bank.checkpoint()
            for round_number in range(2):
                saving = asyncio.create_task(bank.checkpoint())
                number = 0
                while not saving.done():
                    key = f"account-{number * 7 % 45:02}"
                    if number % 3:
                        await bank.send(deposit(1, key))
                    else:
                        balance = (await bank.ask(AllBalances())).get(key, 0)
                        await bank.send(Withdraw(account_id=key, amount=balance))
                    number += 1
                assert await saving
                assert number, round_number
                await expect_same_after_a_crash(store, bank, tmp_path / "copy")

    @scene
    async def test_slices_follow_the_time_they_take(self, tmp_path: Path) -> None:
        """A slice that took twice its time is halved, a quick one is doubled, within bounds."""
        async with open_bank(tmp_path / "bank", checkpoint_slice_seconds=0.001) as bank:
            checkpointer = checkpointer_of(bank)
            checkpointer._slice_rows = 100
            checkpointer._follow(100, 2_000_000)
            assert checkpointer._slice_rows == 50
            checkpointer._follow(50, 1)
            assert checkpointer._slice_rows == 100
            checkpointer._follow(7, 1)  # the last, shorter slice says nothing
            assert checkpointer._slice_rows == 100
            checkpointer._follow(100, 10**12)
            assert checkpointer._slice_rows == 1
            checkpointer._slice_rows = checkpoints_module.SLICE_ROWS_MAX
            checkpointer._follow(checkpoints_module.SLICE_ROWS_MAX, 1)
            assert checkpointer._slice_rows == checkpoints_module.SLICE_ROWS_MAX


class TestDurability:
    """Heads and snapshots may be ahead of the cut, but never of the log."""

    @scene
    async def test_it_is_not_complete_before_what_it_saw_is_durable(self, tmp_path: Path) -> None:
        """A snapshot saw an event that is being committed: the closing record waits for the commit."""
        bank = open_bank(tmp_path / "bank", snapshot_events_max=1, checkpoint_pause_seconds=0)
        log = intercepted(bank)
        async with bank:
            await bank.send(deposit(1))
            log.hold()
            paid = asyncio.create_task(bank.send(deposit(2)))
            await until(log.arrived.is_set)
            saving = asyncio.create_task(bank.checkpoint())
            await turns(100)
            assert not saving.done()
            shutil.copytree(tmp_path / "bank", tmp_path / "copy")
            log.release()
            assert await saving
            await paid
            assert statistics_of(bank).position == 1
            await expect_same_after_a_crash(tmp_path / "bank", bank, tmp_path / "second")
        async with open_bank(tmp_path / "copy") as copy:
            assert await copy.ask(AllBalances()) == {"ann": 1}
            assert (await copy.send(deposit(3))).version == 2

    @scene
    async def test_a_lost_batch_loses_the_checkpoint_too(self, tmp_path: Path) -> None:
        """It saw events that never happened: it fails, and the next one holds everything."""
        bank = open_bank(tmp_path / "bank", snapshot_events_max=1, checkpoint_pause_seconds=0)
        log = intercepted(bank)
        async with bank:
            await bank.send(deposit(1))
            await bank.checkpoint()
            await bank.send(deposit(1, "bob"))
            log.hold()
            log.fail(StoreFull("no space"))
            lost = asyncio.create_task(bank.send(deposit(2)))
            await until(log.arrived.is_set)
            saving = asyncio.create_task(bank.checkpoint())
            await turns(100)
            log.release()
            assert not await saving
            with pytest.raises(StoreFull):
                await lost
            assert "a batch was lost" in str(statistics_of(bank).failure)
            assert (await bank.send(deposit(4))).version == 2
            assert await bank.checkpoint()
            assert statistics_of(bank).failure is None
            await expect_same_after_a_crash(tmp_path / "bank", bank, tmp_path / "copy")

    @scene
    async def test_a_failed_store_makes_none(self, tmp_path: Path) -> None:
        """After a commit with an unknown outcome closing saves nothing; opening again tells what is there."""
        bank = open_bank(tmp_path / "bank")
        log = intercepted(bank)
        async with bank:
            await bank.send(deposit(1))
            log.fail(OSError(5, "broken"), written=True)
            with pytest.raises(Exception, match="outcome is not known"):
                await bank.send(deposit(2))
        assert statistics_of(bank).count == 0
        async with open_bank(tmp_path / "bank") as bank:
            assert await bank.ask(AllBalances()) == {"ann": 3}


class TestFailing:
    """A checkpoint that fails costs nothing but a slower opening."""

    @scene
    async def test_an_unwritable_directory(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """False, a warning, and the failure in the statistics; when it is mended the next one holds everything."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await bank.send(deposit(1))
            assert await bank.checkpoint()
            shutil.rmtree(store / "derived")
            (store / "derived").write_text("in the way")
            await bank.send(deposit(1, "bob"))
            assert not await bank.checkpoint()
            assert statistics_of(bank).failure
            assert "a checkpoint failed, opening will take longer" in caplog.text
            await bank.send(deposit(1, "eve"))
            (store / "derived").unlink()
            assert await bank.checkpoint()
            assert statistics_of(bank).failure is None
            await expect_same_after_a_crash(store, bank, tmp_path / "copy")

    @pytest.mark.parametrize("after", range(0, 60, 4))
    @scene
    async def test_a_cancelled_one_loses_no_row(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
    ) -> None:
        """Wherever it is broken off: the next one holds what the cancelled one had cut, so nothing is missing."""
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_FIRST", 1)
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_MAX", 1)
        async with open_bank(tmp_path / "bank", checkpoint_pause_seconds=0) as bank:
            await bank.send_many([deposit(1, name) for name in "abc"])
            await bank.checkpoint()
            await bank.send_many([deposit(1, name) for name in "bcde"])
            saving = asyncio.create_task(bank.checkpoint())
            await turns(after)
            saving.cancel()
            await asyncio.wait([saving])
            await bank.send(deposit(1, "late"))
            live = await answers(bank)
        async with open_bank(tmp_path / "bank") as bank:
            assert await answers(bank) == live

    @pytest.mark.parametrize("after", [5, 20, 40])
    @scene
    async def test_closing_in_the_middle_of_a_periodic_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
    ) -> None:
        """Housekeeping is ended in the middle of it; the one on close holds everything."""
        monkeypatch.setattr(core_module, "TICK_SECONDS", 1e-4)
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_FIRST", 1)
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_MAX", 1)
        options = {"checkpoint_seconds": 1e-4, "checkpoint_events_min": 5, "checkpoint_pause_seconds": 0}
        bank = await open_bank(tmp_path / "bank", **options)  # type: ignore[arg-type]
        await bank.send_many([deposit(1, f"account-{number}") for number in range(6)])
        await until(lambda: statistics_of(bank).count, turns_max=1_000_000)
        await bank.send_many([deposit(1, f"account-{number}") for number in range(3, 12)])
        await until(checkpointer_of(bank).lock.locked, turns_max=1_000_000)
        await turns(after)
        live = await answers(bank)
        await bank.close()
        async with open_bank(tmp_path / "bank") as bank:
            assert await answers(bank) == live

    @scene
    async def test_a_state_that_can_not_be_encoded(self, tmp_path: Path) -> None:
        """No snapshot of it, that is all: the checkpoint and the closing work."""
        async with open_bank(tmp_path / "bank", Fragile, FragmentView, Mistyped, snapshot_events_min=1) as engine:
            await engine.send(Do(key="a", how="unencodable"))
            await engine.send(Do(key="b"))
            assert await engine.checkpoint()
            await engine.send(Do(key="a", how="unencodable"))
        async with open_bank(tmp_path / "bank", Fragile, FragmentView, Mistyped) as engine:
            assert await engine.ask(Fragments()) == {"a": 2, "b": 1}
            assert (await engine.send(Do(key="a"))).version == 3

    @pytest.mark.parametrize("ratio", [1e-9, 1e9])
    @scene
    async def test_a_row_that_can_not_be_encoded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ratio: float
    ) -> None:
        """Its view is left out of checkpoints, with a warning, once.

        Everything else is saved, and opening replays that view.
        """
        async with open_bank(tmp_path / "bank", checkpoint_deltas_ratio_max=ratio) as bank:
            await bank.send(deposit(1))
            await bank.checkpoint()
            await bank.checkpoint()
            with monkeypatch.context() as patch:
                patch.setattr(Balances, "_move", put_object)
                await bank.send(deposit(1, "bob"))
            for _ in range(3):
                assert await bank.checkpoint()
            assert caplog.text.count("view Balances can't be saved") == 1
            await bank.send(deposit(1, "eve"))
        replayed: dict[str, int] = {}
        apply = LiveView.apply

        def counted(view: LiveView, first: int, events: Any, records: Any) -> None:
            replayed[view.name] = replayed.get(view.name, 0) + len(events)
            apply(view, first, events, records)

        monkeypatch.setattr(LiveView, "apply", counted)
        async with open_bank(tmp_path / "bank") as bank:
            assert replayed == {"Balances": 3}
            assert await bank.ask(AllBalances()) == {"ann": 1, "bob": 1, "eve": 1}


def put_object(view: Balances, account_id: str, amount: int) -> None:
    """A projection with a bug: a row holds what can't be saved."""
    core_row = view.get("ann")
    assert core_row is not None
    view.put(core_row.replace(account_id=account_id, branch=object()))


class TestViews:
    """Broken and rebuilt views."""

    @scene
    async def test_a_broken_view_is_left_out_and_made_again_at_opening(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its half rows are not saved; with the mended code it is whole."""
        components = (Fragile, FragmentView)
        async with open_bank(tmp_path / "bank", *components) as engine:
            await engine.send(Do(key="a"))
            await engine.checkpoint()
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
            await engine.send_many([Do(key="a", how="odd"), Do(key="b")])
            await engine.checkpoint()
            with pytest.raises(ViewBroken):
                await engine.ask(Fragments())
        monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "")
        async with open_bank(tmp_path / "bank", *components) as engine:
            assert await engine.ask(Fragments()) == {"a": 2, "b": 1}
            await engine.send(Do(key="b"))
        async with open_bank(tmp_path / "bank", *components) as engine:
            assert await engine.ask(Fragments()) == {"a": 2, "b": 2}

    @pytest.mark.parametrize("ratio", [1e-9, 1e9])
    @scene
    async def test_a_rebuilt_view_is_saved_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ratio: float
    ) -> None:
        """In a delta or a base: nothing of what was saved before counts."""
        store, components = tmp_path / "bank", (Fragile, FragmentView)
        options: dict[str, Any] = {"checkpoint_deltas_ratio_max": ratio}
        async with open_bank(store, *components, **options) as engine:
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
            await engine.send_many([Do(key="a"), Do(key="a", how="odd")])
            await engine.checkpoint()
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "")
            await engine.rebuild(FragmentView)
            await engine.send(Do(key="b"))
            await engine.checkpoint()
            await engine.send(Do(key="b"))
            live = await engine.ask(Fragments())
            assert live == {"a": 2, "b": 2}
        async with open_bank(store, *components) as engine:
            assert await engine.ask(Fragments()) == live

    @pytest.mark.parametrize("base", [False, True])
    @scene
    async def test_a_rebuild_during_a_checkpoint(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, base: bool
    ) -> None:
        """The new view takes its place when the checkpoint is done; what is saved is of one view."""
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_FIRST", 2)
        monkeypatch.setattr(checkpoints_module, "SLICE_ROWS_MAX", 2)
        store = tmp_path / "bank"
        options: dict[str, Any] = {"checkpoint_deltas_ratio_max": 1e-9 if base else 1e9, "checkpoint_pause_seconds": 0}
        async with open_bank(store, replay_slice_events=1, frame_events_max=1, **options) as bank:
            await bank.send_many([deposit(1, f"account-{number}") for number in range(20)])
            await bank.checkpoint()
            await bank.send_many([deposit(1, f"account-{number}") for number in range(20)])
            core = bank._core
            assert core is not None
            before = core.views["Balances"]
            assert isinstance(before, LiveView)
            saving = asyncio.create_task(bank.checkpoint())
            rebuilding = asyncio.create_task(bank.rebuild(Balances))
            while not (saving.done() and rebuilding.done()):
                there = await bank.ask(BalanceOf(account_id="account-1"))
                await bank.send(Withdraw(account_id="account-1", amount=1) if there else deposit(2, "account-1"))
            assert await saving
            await rebuilding
            assert core.views["Balances"] is not before
            await expect_same_after_a_crash(store, bank, tmp_path / "copy")
            await bank.checkpoint()
            await expect_same_after_a_crash(store, bank, tmp_path / "copy")

    @scene
    async def test_rows_of_a_view_that_was_wrong_do_not_come_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A rebuild waits for a base that is being walked: what only the old view had must not be in it."""
        store = tmp_path / "bank"
        real, walked = Checkpointer._write_view, list[LiveView]()

        async def write_view(self: Checkpointer, writer: Any, view: LiveView, items: Any, shape: Any) -> int | None:
            walked.append(view)
            return await real(self, writer, view, items, shape)

        async with open_bank(store, MistakeView, checkpoint_pause_seconds=0.02) as bank:
            MistakeView.prefix = "wrong "
            await bank.send(deposit(1))
            MistakeView.prefix = ""
            await bank.checkpoint()
            monkeypatch.setattr(Checkpointer, "_write_view", write_view)
            saving = asyncio.create_task(bank.checkpoint(base=True))
            await until(lambda: walked)
            await bank.rebuild(MistakeView)
            assert await saving
            await bank.checkpoint()
            assert await bank.ask(Mistakes()) == ["ann"]
            shutil.copytree(store, tmp_path / "copy")  # as a crash leaves it
        async with open_bank(tmp_path / "copy", MistakeView) as bank:
            assert await bank.ask(Mistakes()) == ["ann"]


class Mistake(Row, key="name"):
    """A row that a bug may have given a wrong name."""

    name: str


class Mistakes(Query[list[str]]):
    """All names."""


class MistakeView(View[Mistake]):
    """A view whose handler has a bug that is mended while it runs.

    Attributes:
        prefix: the bug.
    """

    prefix = ""

    @project
    def deposited(self, event: Deposited) -> None:
        """One row for each account."""
        self.put(Mistake(name=MistakeView.prefix + event.account_id))

    @answer
    def names(self, query: Mistakes) -> list[str]:
        """By walking."""
        return [row.name for row in self]
