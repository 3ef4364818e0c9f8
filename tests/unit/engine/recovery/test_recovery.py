"""Opening: checkpoint plus tail equals replay, and what does not hold is made again from the log, alone."""

from __future__ import annotations

import asyncio
import shutil
import types
from pathlib import Path
from typing import Any

import pytest
from actum import Engine, MemoryLog, Options, Row, StoreCorrupt, StoreMismatch, View, project
from actum.recovery import recovery as recovery_module
from actum.views.live_view import LiveView
from actum_storage import Chunk, StoreDirectory

from tests.support.bank import (
    Account,
    Activities,
    AllActivity,
    AllBalances,
    Balances,
    BranchBalances,
    Deposit,
    DepositEach,
    Deposited,
    HeldAssessor,
    Note,
    TopBalances,
    Withdraw,
    open_bank,
)
from tests.support.fragile import Do, Fragile, FragmentView
from tests.support.logs import FaultyLog
from tests.support.scenes import engine_threads, scene

Applied = dict[str, int]


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> Applied:
    """How many events each view was given since the fixture was cleared."""
    counts: Applied = {}
    apply = LiveView.apply

    def counted(view: LiveView, first: int, events: Any, records: Any) -> None:
        counts[view.name] = counts.get(view.name, 0) + len(events)
        apply(view, first, events, records)

    monkeypatch.setattr(LiveView, "apply", counted)
    return counts


def revised(component: type) -> Any:
    """A class as its user changed it."""
    options: dict[str, Any] = {"revision": "2"}
    if issubclass(component, Account):
        options["key"] = "account_id"
    return types.new_class(component.__name__, (component,), options)


def open_classes(path: Path, *components: Any, **options: Any) -> Engine:
    """A bank of chosen classes."""
    chosen = Options(durability="relaxed", gc_policy="none", **options)
    return Engine.open(path, *components, services=[HeldAssessor()], options=chosen)


async def fill(bank: Engine, rounds: int = 3) -> None:
    """Accounts that come, change and go, in several frames."""
    for number in range(rounds):
        await bank.send(Deposit(account_id=f"north-{number}", amount=number + 1), user_id=f"clerk-{number}")
        await bank.send(DepositEach(account_id="south-all", amounts=[1, 2, 3]))
        await bank.send(Note(account_id="south-all", text=f"note {number}"))
        if number % 2:
            await bank.send(Withdraw(account_id=f"north-{number}", amount=number + 1))


async def answers(bank: Engine) -> list[Any]:
    """Everything that can be asked."""
    return [
        await bank.ask(AllBalances()),
        await bank.ask(TopBalances(limit=100)),
        await bank.ask(BranchBalances(branch="south")),
        await bank.ask(AllActivity()),
        [(await bank.state(Account, key)) for key in ("south-all", "north-0", "north-1", "nobody")],
    ]


async def in_order(bank: Engine) -> list[str]:
    """The accounts as the view walks them."""
    return list(await bank.ask(AllBalances()))


class TestEqualAnswers:
    """The same answers, whatever derived state there is."""

    @scene
    async def test_checkpoint_and_tail_equal_replay_equal_live(self, tmp_path: Path) -> None:
        """Live; after a clean close; from a checkpoint and a tail.

        From the log alone: all the same, and it goes on the same.
        """
        store, other = tmp_path / "bank", tmp_path / "copy"
        async with open_bank(store) as bank:
            await fill(bank)
            await bank.checkpoint()
            await fill(bank)
            shutil.copytree(store, other)
            live, order = await answers(bank), await in_order(bank)
        shutil.copytree(other, tmp_path / "bare")
        shutil.rmtree(tmp_path / "bare" / "derived")
        for path in (store, other, tmp_path / "bare"):
            async with open_bank(path) as bank:
                assert await answers(bank) == live
                assert await in_order(bank) == order
                receipt = await bank.send(Deposit(account_id="south-all", amount=5))
                assert (receipt.version, receipt.position) == (25, 33)

    @scene
    async def test_memory_equals_disk(self, tmp_path: Path) -> None:
        """A log in memory gives the same answers as a directory."""
        log = MemoryLog()
        async with open_bank(log) as memory, open_bank(tmp_path / "bank") as disk:
            await fill(memory)
            await fill(disk)
            clocks = [row.replace(timestamp_ns=0) for row in (await answers(memory))[3]]
            assert clocks == [row.replace(timestamp_ns=0) for row in (await answers(disk))[3]]
            assert (await answers(memory))[:3] == (await answers(disk))[:3]

    @pytest.mark.parametrize("checkpoint", [False, True])
    @scene
    async def test_a_row_that_went_and_came_again_keeps_its_place(self, tmp_path: Path, *, checkpoint: bool) -> None:
        """The order of the rows is that of a replay, whether they come from base, deltas or both."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            for key in "abc":
                await bank.send(Deposit(account_id=key, amount=1))
            await bank.checkpoint()
            for amount in (1, 2):
                await bank.send(Withdraw(account_id="a", amount=amount))
                await bank.send(Deposit(account_id="a", amount=2))
                await bank.send(Deposit(account_id=f"new-{amount}", amount=1))
                if checkpoint:
                    await bank.checkpoint()
            order = await in_order(bank)
            assert order == ["b", "c", "new-1", "a", "new-2"]
        async with open_bank(store) as bank:
            assert await in_order(bank) == order

    @scene
    async def test_a_row_that_came_again_and_changed_again(self, tmp_path: Path) -> None:
        """It stays where it came to, whatever came behind it before it changed."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            for key in "ab":
                await bank.send(Deposit(account_id=key, amount=1))
            await bank.checkpoint()
            await bank.send(Withdraw(account_id="a", amount=1))
            for key in ("a", "new", "a", "b"):
                await bank.send(Deposit(account_id=key, amount=1))
            order = await in_order(bank)
            assert order == ["b", "a", "new"]
        async with open_bank(store) as bank:
            assert await in_order(bank) == order

    @scene
    async def test_order_survives_a_second_base(self, tmp_path: Path) -> None:
        """Rows that changed before a new base was begun stand in it where they stand live."""
        store = tmp_path / "bank"
        async with open_bank(store, checkpoint_deltas_ratio_max=1e-9) as bank:
            await bank.send(Deposit(account_id="a", amount=1))
            await bank.send(Deposit(account_id="b", amount=1))
            for _ in range(3):  # base, delta, base
                await bank.send(Withdraw(account_id="a", amount=1))
                await bank.send(Deposit(account_id="a", amount=1))
                await bank.send(Deposit(account_id=f"new-{bank.statistics().position}", amount=1))
                await bank.checkpoint()
            order = await in_order(bank)
        async with open_bank(store) as bank:
            assert await in_order(bank) == order


class TestWhatIsReplayed:
    """Only what has to be."""

    @scene
    async def test_after_a_clean_close_nothing(self, tmp_path: Path, applied: Applied) -> None:
        """The checkpoint on close holds everything."""
        async with open_bank(tmp_path / "bank") as bank:
            await fill(bank)
        applied.clear()
        async with open_bank(tmp_path / "bank") as bank:
            assert applied == {}
            assert bank.statistics().checkpoints is not None

    @scene
    async def test_after_a_crash_the_tail(self, tmp_path: Path, applied: Applied) -> None:
        """What came after the last checkpoint, and nothing before it."""
        async with open_bank(tmp_path / "bank") as bank:
            await fill(bank)
            await bank.checkpoint()
            position = bank.statistics().position
            await bank.send(DepositEach(account_id="late", amounts=[1, 2, 3, 4]))
            shutil.copytree(tmp_path / "bank", tmp_path / "copy")
        applied.clear()
        async with open_bank(tmp_path / "copy") as bank:
            assert applied == {"Balances": 4, "Activities": 4}
            assert bank.statistics().position == position + 4

    @scene
    async def test_changed_code_rebuilds_that_view_alone(self, tmp_path: Path, applied: Applied) -> None:
        """The fingerprint differs: the view is folded from the whole log, the other from its rows."""
        async with open_bank(tmp_path / "bank") as bank:
            await fill(bank)
            live, position = await answers(bank), bank.statistics().position
        applied.clear()
        async with open_classes(tmp_path / "bank", Account, revised(Balances), Activities) as bank:
            assert applied == {"Balances": position}
            assert await answers(bank) == live
        applied.clear()
        async with open_classes(tmp_path / "bank", Account, revised(Balances), Activities) as bank:
            assert applied == {}

    @scene
    async def test_a_new_view_is_filled_from_the_whole_log(self, tmp_path: Path, applied: Applied) -> None:
        """And one that was left out for a while does not come back with old rows."""
        async with open_classes(tmp_path / "bank", Account, Balances) as bank:
            await fill(bank)
            position = bank.statistics().position
        applied.clear()
        async with open_bank(tmp_path / "bank") as bank:
            assert applied == {"Activities": position}
        async with open_classes(tmp_path / "bank", Account, Activities) as bank:
            await fill(bank)
            position = bank.statistics().position
        applied.clear()
        async with open_bank(tmp_path / "bank") as bank:
            assert applied == {"Balances": position}
            assert (await bank.ask(AllBalances()))["south-all"] == 36

    @scene
    async def test_views_that_are_behind_catch_up_before_the_tail(self, tmp_path: Path) -> None:
        """A changed view and a tail behind the checkpoint: both are right at the end."""
        async with open_bank(tmp_path / "bank") as bank:
            await fill(bank)
            await bank.checkpoint()
            await fill(bank)
            live = await answers(bank)
            shutil.copytree(tmp_path / "bank", tmp_path / "copy")
        async with open_classes(
            tmp_path / "copy", Account, revised(Balances), Activities, replay_slice_events=1
        ) as bank:
            assert await answers(bank) == live

    @scene
    async def test_a_snapshot_of_other_code_is_dropped(self, tmp_path: Path) -> None:
        """Its fingerprint differs: the state is replayed from the log."""
        async with open_bank(tmp_path / "bank", snapshot_events_max=2) as bank:
            await fill(bank)
            assert bank.statistics().aggregates[0].snapshots
        async with open_bank(tmp_path / "bank") as bank:
            assert bank.statistics().aggregates[0].snapshots
        async with open_classes(tmp_path / "bank", revised(Account), Balances, Activities) as bank:
            assert bank.statistics().aggregates[0].snapshots == 0
            receipt = await bank.send(Withdraw(account_id="south-all", amount=18))
            assert receipt.version == 13

    @scene
    async def test_a_snapshot_of_the_same_code_is_used(self, tmp_path: Path) -> None:
        """The log before it is not read again."""
        async with open_bank(tmp_path / "bank", snapshot_events_min=1) as bank:
            await bank.send_many([Deposit(account_id="ann", amount=1)] * 20)
        seen: list[int] = []
        evolve = Account.deposited
        async with open_bank(tmp_path / "bank") as bank:
            core = bank._core
            assert core is not None
            evolves = core.directory.streams["Account"].evolves
            evolves[Deposited] = lambda state, event: (seen.append(event.amount), evolve(state, event))  # type: ignore[assignment, func-returns-value]
            assert (await bank.send(Deposit(account_id="ann", amount=7))).version == 21
        assert seen == [7]

    @scene
    async def test_nothing_is_saved_for_a_log_in_memory(self) -> None:
        """There is no directory: `checkpoint` says so, and statistics have none."""
        async with open_bank() as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
            assert not await bank.checkpoint()
            assert bank.statistics().checkpoints is None


class TestLongReplays:
    """A replay gives the loop its turns and keeps what it has done."""

    @scene
    async def test_the_loop_runs_on(self, tmp_path: Path) -> None:
        """In slices of `replay_slice_events`."""
        log = MemoryLog()
        async with open_bank(log, frame_events_max=1) as bank:
            await bank.send_many([Deposit(account_id="ann", amount=1)] * 60)
        opening = asyncio.ensure_future(open_bank(log.reopen(), replay_slice_events=2).__aenter__())
        count = 0
        while not opening.done():
            await asyncio.sleep(0)
            count += 1
        assert count >= 30
        await (await opening).close()

    @scene
    async def test_one_that_is_broken_off_is_not_lost(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, applied: Applied
    ) -> None:
        """Checkpoints are made as it goes; the next opening goes on from the last one."""
        async with open_bank(tmp_path / "bank", frame_events_max=1) as bank:
            await bank.send_many([Deposit(account_id=f"account-{number % 7}", amount=1) for number in range(50)])
            await bank.send(Withdraw(account_id="account-1", amount=7))
            live = await answers(bank)
            shutil.copytree(tmp_path / "bank" / "log", tmp_path / "log")
        shutil.rmtree(tmp_path / "bank" / "derived")
        monkeypatch.setattr(recovery_module, "REPLAY_CHECKPOINT_EVENTS", 10)
        opening = asyncio.ensure_future(open_bank(tmp_path / "bank", replay_slice_events=1).__aenter__())
        while applied.get("Balances", 0) < 51 + 35:
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        assert opening.cancelled()
        applied.clear()
        async with open_bank(tmp_path / "bank") as bank:
            assert 0 < applied["Balances"] <= 21
            assert await answers(bank) == live
            assert (await bank.send(Deposit(account_id="account-3", amount=1))).version == 8


class TestWhatDoesNotHold:
    """Derived state is trusted only as far as it proves itself."""

    @scene
    async def test_a_checkpoint_ahead_of_the_log_is_refused(self, tmp_path: Path) -> None:
        """Acknowledged events are missing: StoreCorrupt says so, and what to do; without derived/ the old log opens."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await fill(bank, 1)
        shutil.copytree(store / "log", tmp_path / "log")
        async with open_bank(store) as bank:
            await fill(bank, 1)
        shutil.rmtree(store / "log")
        shutil.move(tmp_path / "log", store / "log")
        with pytest.raises(
            StoreCorrupt,
            match="the log ends at position 5, but a checkpoint was made at 10.*delete the directory derived/",
        ):
            await open_bank(store)
        shutil.rmtree(store / "derived")
        async with open_bank(store) as bank:
            assert await bank.ask(AllBalances()) == {"north-0": 1, "south-all": 6}

    @scene
    async def test_a_checkpoint_of_another_history_is_ignored(self, tmp_path: Path) -> None:
        """The same positions, but another frame there: the views are made from this log."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await fill(bank, 1)
        shutil.copytree(store, tmp_path / "other")
        async with open_bank(store) as bank:
            await bank.send(Deposit(account_id="mine", amount=1))
        async with open_bank(tmp_path / "other") as bank:
            await bank.send(Deposit(account_id="theirs", amount=1))
        shutil.rmtree(store / "log")
        shutil.move(tmp_path / "other" / "log", store / "log")
        async with open_bank(store) as bank:
            assert await in_order(bank) == ["north-0", "south-all", "theirs"]
            assert (await bank.send(Deposit(account_id="mine", amount=1))).version == 1
        async with open_bank(store) as bank:
            assert await in_order(bank) == ["north-0", "south-all", "theirs", "mine"]

    @scene
    async def test_a_checkpoint_inside_a_frame_is_ignored(self, tmp_path: Path) -> None:
        """It names a position that is no frame's end in this log."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
        shutil.copytree(store, tmp_path / "other")
        async with open_bank(store) as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
        async with open_bank(tmp_path / "other") as bank:
            await bank.send(DepositEach(account_id="ann", amounts=[10, 20, 30]))
        shutil.rmtree(store / "log")
        shutil.move(tmp_path / "other" / "log", store / "log")
        async with open_bank(store) as bank:
            assert await bank.ask(AllBalances()) == {"ann": 61}

    @scene
    async def test_damaged_derived_files_are_ignored(self, tmp_path: Path) -> None:
        """Every byte of them may be wrong."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await fill(bank)
            live = await answers(bank)
        for path in (store / "derived").iterdir():
            path.write_bytes(bytes(byte ^ 0xFF for byte in path.read_bytes()))
        async with open_bank(store) as bank:
            assert await answers(bank) == live

    @pytest.mark.parametrize("chunk", [None, Chunk("heads:Account", 1, b"\xc1")], ids=["closing", "heads"])
    @scene
    async def test_a_checkpoint_that_this_version_can_not_read_is_ignored(
        self, tmp_path: Path, applied: Applied, chunk: Chunk | None
    ) -> None:
        """Whole and checksummed, but written otherwise: everything is made from the log, and saved anew."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await fill(bank)
            live, position = await answers(bank), bank.statistics().position
        directory = StoreDirectory.open(store, write=True)
        writer = directory.derived.begin(base=False)
        if chunk is None:
            writer.close(b"written by another version")
        else:
            writer.write(chunk)
            writer.close(directory.derived.read()[-1].closing)
        directory.close()
        applied.clear()
        async with open_bank(store) as bank:
            assert applied == {"Balances": position, "Activities": position}
            assert await answers(bank) == live
        applied.clear()
        async with open_bank(store) as bank:
            assert applied == {}
            assert await answers(bank) == live

    @scene
    async def test_a_checkpoint_of_an_empty_log_holds(self, tmp_path: Path) -> None:
        """Nothing is in it, which is true."""
        async with open_bank(tmp_path / "bank") as bank:
            assert await bank.checkpoint()
        async with open_bank(tmp_path / "bank") as bank:
            await fill(bank)
            assert (await bank.ask(AllBalances()))["south-all"] == 18

    @scene
    async def test_rows_that_can_not_be_decoded_are_made_again(self, tmp_path: Path, applied: Applied) -> None:
        """A row whose field has another type than its annotation says can be saved, not read: the log is replayed."""
        async with open_classes(tmp_path / "bank", Account, Sloppy, Balances) as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
            await bank.checkpoint()
            await bank.send(Deposit(account_id="bob", amount=2))
        applied.clear()
        async with open_classes(tmp_path / "bank", Account, Sloppy, Balances) as bank:
            assert applied == {"Sloppy": 2}
            assert bank.statistics().views[0].rows == 2
            assert (await bank.send(Deposit(account_id="ann", amount=1))).version == 2

    @scene
    async def test_rows_that_can_not_be_indexed_break_their_view(self, tmp_path: Path) -> None:
        """Not the opening: the other views are served."""
        async with open_classes(tmp_path / "bank", Account, Balances) as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
            await bank.send(Deposit(account_id="bob", amount=2))
        async with open_classes(tmp_path / "bank", Account, Balances, Uneven) as bank:
            states = {view.name: view.state for view in bank.statistics().views}
            assert states == {"Balances": "live", "Uneven": "broken"}
            assert await bank.ask(AllBalances()) == {"ann": 1, "bob": 2}

    @pytest.mark.parametrize("checkpoint", [False, True])
    @scene
    async def test_streams_of_an_unknown_aggregate(self, tmp_path: Path, *, checkpoint: bool) -> None:
        """The log holds what this engine doesn't know.

        StoreMismatch names the aggregate, from the log and from a checkpoint.
        """
        async with open_bank(tmp_path / "bank", Fragile) as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
            await bank.send(Do(key="a"))
        if not checkpoint:
            shutil.rmtree(tmp_path / "bank" / "derived")
        with pytest.raises(StoreMismatch, match="the aggregate 'Fragile', which this engine doesn't know"):
            await open_bank(tmp_path / "bank", FragmentView)
        async with open_bank(tmp_path / "bank", Fragile, FragmentView) as bank:
            assert await bank.ask(AllBalances()) == {"ann": 1}

    @pytest.mark.parametrize("checkpoint", [False, True])
    @scene
    async def test_events_that_the_classes_do_not_know(self, tmp_path: Path, *, checkpoint: bool) -> None:
        """StoreMismatch names them; nothing is opened, with or without derived state, and the right classes open it."""
        async with open_bank(tmp_path / "bank") as bank:
            await fill(bank)
        if not checkpoint:
            shutil.rmtree(tmp_path / "bank" / "derived")
        with pytest.raises(
            StoreMismatch,
            match=r"can't read:\s+'Deposited', at position 1 .*\s+\$: no class that was given has this tag",
        ):
            await open_classes(tmp_path / "bank", Fragile, FragmentView)
        async with open_bank(tmp_path / "bank") as bank:
            assert bank.statistics().views[0].state == "live"

    @scene
    async def test_a_log_that_can_not_be_read(self) -> None:
        """The error comes out of the opening, and its threads are gone."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
        before = engine_threads()
        log.read_error = StoreCorrupt("frame at 1 is damaged")
        with pytest.raises(StoreCorrupt, match="frame at 1"):
            await open_bank(log)
        assert engine_threads() == before
        log.read_error = None
        async with open_bank(log) as bank:
            assert await bank.ask(AllBalances()) == {"ann": 1}


class SloppyRow(Row, key="account_id"):
    """A row with a word in it."""

    account_id: str
    word: str = ""


class Sloppy(View[SloppyRow]):
    """Puts a number where a word belongs."""

    @project
    def deposited(self, event: Deposited) -> None:
        """Wrongly."""
        self.put(SloppyRow(account_id=event.account_id, word=event.amount))  # type: ignore[arg-type]


class UnevenRow(Row, key="account_id", indexes=["word"]):
    """A row with an indexed word in it."""

    account_id: str
    word: str = ""


class Uneven(View[UnevenRow]):
    """Puts words and numbers into an index."""

    @project
    def deposited(self, event: Deposited) -> None:
        """Now this, now that."""
        word: Any = event.amount if event.amount % 2 else "even"
        self.put(UnevenRow(account_id=event.account_id, word=word))
