"""What operators and tools ask of an engine: backups, comparisons, the past, and reading beside a running one."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import actum
import pytest
from actum import (
    Engine,
    Invalid,
    MemoryLog,
    Options,
    ReadOnly,
    Row,
    StoreCorrupt,
    StoreMismatch,
    View,
    restore_store,
)
from msgspec.structs import replace

from tests.support.bank import (
    Account,
    Activities,
    AllActivity,
    AllBalances,
    Balance,
    Balances,
    Deposit,
    DepositEach,
    HeldAssessor,
    open_bank,
)
from tests.support.clocks import FakeClock
from tests.support.copies import copy_store
from tests.support.processes import Conversation
from tests.support.scenes import scene


def reading(path: Path) -> Engine:
    """An engine that only reads."""
    options = Options(gc_policy="none")
    return Engine.open(path, Account, Balances, Activities, services=[HeldAssessor()], options=options, read_only=True)


class Stranger(View[Balance]):
    """A view that no engine was given."""


@scene
async def test_rows(tmp_path: Path) -> None:
    """All rows of a view; the caller's list is his own."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=5))
        rows = bank.rows(Balances)
        assert rows == [Balance(account_id="a-1", branch="a", balance=5)]
        rows.clear()
        assert len(bank.rows(Balances)) == 1
        with pytest.raises(Invalid, match="not a view of this engine"):
            bank.rows(Stranger)


@scene
async def test_verify_view() -> None:
    """A view that says what the log says is fine; rows that differ, lack, or are too many are named."""
    async with open_bank() as bank:
        for number in range(4):
            await bank.send(Deposit(account_id=f"a-{number}", amount=5))
        assert (await bank.verify_view(Balances)) == (4, 4, (), (), ())
        assert (await bank.verify_view(Balances)).ok
        assert bank._core is not None
        rows: dict[object, Row] = bank._core.views["Balances"].table.rows
        rows["a-9"] = rows.pop("a-0")
        rows["a-1"] = Balance(account_id="a-1", branch="a", balance=6)
        differences = await bank.verify_view(Balances)
        assert differences[2:] == (("a-0",), ("a-9",), ("a-1",))
        assert not differences.ok
        await bank.rebuild(Balances)
        assert (await bank.verify_view(Balances)).ok


@scene
async def test_verify_snapshots(tmp_path: Path) -> None:
    """Saved states are compared with those that the events make; one that differs is named."""
    async with open_bank(tmp_path / "bank", snapshot_events_min=2) as bank:
        for number in range(3):
            for _ in range(1 + number):
                await bank.send(Deposit(account_id=f"a-{number}", amount=5))
    async with open_bank(tmp_path / "bank") as bank:
        assert await bank.verify_snapshots(Account) == (2, ())
        assert bank._core is not None
        snapshots = bank._core.directory.streams["Account"].snapshots
        snapshots["a-1"] = replace(snapshots["a-1"], state=snapshots["a-2"].state)
        snapshots["a-2"] = replace(snapshots["a-2"], version=2)
        differences = await bank.verify_snapshots(Account)
        assert not differences.ok
        assert differences == (2, ("a-1", "a-2"))
        with pytest.raises(Invalid, match="not an aggregate of this engine"):
            await bank.verify_snapshots(Stranger)  # type: ignore[arg-type]


@scene
async def test_checkpoint_base(tmp_path: Path) -> None:
    """A base is a new file without what was replaced; the older file goes."""
    derived = tmp_path / "bank" / "derived"
    async with open_bank(tmp_path / "bank", checkpoint_deltas_ratio_max=1e9) as bank:
        for _ in range(20):
            await bank.send(Deposit(account_id="a-1", amount=5))
            assert await bank.checkpoint()
        (before,) = derived.iterdir()
        size = before.stat().st_size
        assert await bank.checkpoint(base=True)
        (after,) = derived.iterdir()
        assert after != before
        assert after.stat().st_size < size / 5
    async with open_bank(tmp_path / "bank") as bank:
        assert await bank.ask(AllBalances()) == {"a-1": 100}


@scene
async def test_state_at_a_moment() -> None:
    """The state as of the last record that was not later; none before the first."""
    clock = FakeClock()
    begun = datetime.fromtimestamp(clock.now_ns() // 10**9, UTC)
    async with Engine.open(
        MemoryLog(), Account, services=[HeldAssessor()], options=Options(gc_policy="none"), clock=clock
    ) as bank:
        for amount in (1, 2, 4):
            clock.advance(10)
            await bank.send(Deposit(account_id="a-1", amount=amount))
        for seconds, balance in ((0, 0), (10, 1), (15, 1), (20, 3), (30, 7), (99, 7)):
            moment = begun + timedelta(seconds=seconds)
            assert (await bank.state(Account, "a-1", at=moment)).balance == balance
        with pytest.raises(Invalid, match="no time zone"):
            await bank.state(Account, "a-1", at=begun.replace(tzinfo=None))
        with pytest.raises(Invalid, match="not both"):
            await bank.state(Account, "a-1", at=begun, version=1)


@scene
async def test_read_only(tmp_path: Path) -> None:
    """Queries and the past are there, commands are refused, and not a byte of the directory changes."""
    async with open_bank(tmp_path / "bank") as bank:
        receipt = await bank.send(DepositEach(account_id="a-1", amounts=[1, 2]), command_id="first")
        activity = await bank.ask(AllActivity())
    before = {file: file.read_bytes() for file in (tmp_path / "bank").rglob("*") if file.is_file()}
    async with reading(tmp_path / "bank") as bank:
        assert bank.statistics().state == "read-only"
        assert await bank.ask(AllBalances()) == {"a-1": 3}
        assert await bank.ask(AllActivity(), after=receipt.position) == activity
        assert [record.version for record in await bank.history(Account, "a-1")] == [1, 2]
        assert (await bank.state(Account, "a-1", version=1)).balance == 1
        assert await bank.outcome("first") == receipt
        await bank.rebuild(Balances)
        assert (await bank.verify_view(Balances)).ok
        assert not await bank.checkpoint()
        for refused in (
            bank.send(Deposit(account_id="a-1", amount=1)),
            bank.send_many([Deposit(account_id="a-1", amount=1)]),
        ):
            with pytest.raises(ReadOnly, match="takes no commands"):
                await refused
    after = {file: file.read_bytes() for file in (tmp_path / "bank").rglob("*") if file.is_file()}
    assert {file for file in before if before[file] != after.get(file)} <= {tmp_path / "bank" / "log" / "lock.mdb"}
    assert after.keys() == before.keys()


@scene
async def test_read_only_where_there_is_no_store(tmp_path: Path) -> None:
    """Nothing is made."""
    with pytest.raises(StoreMismatch):
        await reading(tmp_path / "bank")
    assert list(tmp_path.iterdir()) == []


WRITER = """
    import asyncio, sys
    from tests.support.bank import Deposit, open_bank

    async def main():
        async with open_bank(sys.argv[1], checkpoint_deltas_ratio_max=0.01) as bank:
            loop = asyncio.get_running_loop()
            print("open", flush=True)
            number = 0
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                for _ in range(int(line)):
                    number += 1
                    await bank.send(Deposit(account_id=f"a-{number % 7}", amount=1))
                await bank.checkpoint()
                print(number, flush=True)

    asyncio.run(main())
"""


def test_read_only_beside_a_running_engine(tmp_path: Path) -> None:
    """A reader sees all that was acknowledged before it opened, whatever checkpoints are exchanged meanwhile."""

    async def total(expected: int) -> None:
        async with reading(tmp_path / "bank") as bank:
            assert sum((await bank.ask(AllBalances())).values()) == expected
            assert (await bank.verify_view(Balances)).ok

    with Conversation(WRITER, tmp_path / "bank") as writer:
        assert writer.first_line == "open"
        for number in range(1, 6):
            assert writer.ask("20") == str(20 * number)
            actum.run(total(20 * number))
        writer.kill()
        actum.run(total(100))


@scene
async def test_backup_under_load(tmp_path: Path) -> None:
    """A backup taken while commands go on is a store with one moment's log, and its views say what theirs would."""
    async with open_bank(tmp_path / "bank", durability="full") as bank:

        async def client(name: int) -> None:
            for amount in count(1):
                await bank.send(DepositEach(account_id=f"a-{name}", amounts=[amount, amount]))
                if ended.is_set():
                    return

        ended = asyncio.Event()
        clients = [asyncio.create_task(client(name)) for name in range(8)]
        reports = [await bank.backup(tmp_path / "copies" / str(number)) for number in range(10)]
        ended.set()
        await asyncio.gather(*clients)
        records = [record for name in range(8) for record in await bank.history(Account, f"a-{name}")]
    assert len({report.head for report in reports}) > 1
    for report in reports:
        with actum.open_store(report.path) as copy:
            assert copy.head == report.head
            assert copy.verify().ok
        again = restore_store(report.path, tmp_path / "restored" / report.path.name)
        assert again.head == report.head
        balances: Counter[str] = Counter()
        for record in records:
            if record.position <= report.head.position:
                balances[record.key] += record.event.amount  # type: ignore[attr-defined]
        async with open_bank(again.path) as restored:
            assert await restored.ask(AllBalances()) == balances
            await restored.send(Deposit(account_id="new", amount=1))


@scene
async def test_backup_of_a_log_in_memory() -> None:
    """There is nothing on disk to be copied."""
    async with open_bank() as bank:
        with pytest.raises(Invalid, match="no directory"):
            await bank.backup("nowhere")


@pytest.mark.parametrize("path", [None, 5, "\0", b"bytes", "a" * 300], ids=["None", "5", "zero", "bytes", "long"])
@scene
async def test_backup_to_what_is_no_path(tmp_path: Path, path: Any) -> None:
    """Refused with a sentence, also what only the file system refuses."""
    async with open_bank(tmp_path / "bank") as bank:
        with pytest.raises(StoreMismatch, match="no path|zero byte"):
            await bank.backup(path)
    for door in (
        actum.open_store,
        actum.compact_store,
        actum.diagnose,
        lambda path: restore_store(path, tmp_path / "x"),
    ):
        with pytest.raises(StoreMismatch, match="no path|zero byte"):
            door(path)


@pytest.mark.parametrize("position", range(1, 11))
def test_restore_parts_no_send_of_several(position: int, tmp_path: Path) -> None:
    """What was written as one is in the copy as one; what is beside it in the same frame is not a part of it."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))
            both = [Deposit(account_id="a-2", amount=1), DepositEach(account_id="a-1", amounts=[1, 2])]
            await asyncio.gather(
                bank.send_atomic([*both, *both[1:]]),
                bank.send(Deposit(account_id="a-3", amount=1)),
                bank.send(Deposit(account_id="a-4", amount=1)),
                bank.send_atomic([Deposit(account_id="a-5", amount=1), Deposit(account_id="a-6", amount=1)]),
            )

    actum.run(fill())
    with actum.open_store(tmp_path / "bank") as store:
        names = [record.key for record in store.records()]
    report = restore_store(tmp_path / "bank", tmp_path / "copy", position=position)
    first, second = names.index("a-2") + 1, names.index("a-5") + 1
    within = {*range(first, first + 4), second}
    assert report.head.position == max(end for end in range(position + 1) if end not in within)


@pytest.mark.parametrize(("position", "ends"), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 4), (5, 4), (6, 6), (None, 6)])
def test_restore_to_a_position(position: int | None, ends: int, tmp_path: Path) -> None:
    """A command's events are never parted: the copy ends before a command that would be cut."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            answers = await bank.send_many(
                [
                    Deposit(account_id="a-1", amount=1),
                    DepositEach(account_id="a-1", amounts=[1, 2, 3]),
                    DepositEach(account_id="a-2", amounts=[4, 5]),
                ]
            )
            assert all(isinstance(answer, actum.Receipt) for answer in answers)

    async def used() -> None:
        async with open_bank(tmp_path / "copy") as bank:
            assert (await bank.send(Deposit(account_id="a-1", amount=1))).position == ends + 1

    actum.run(fill())
    report = restore_store(tmp_path / "bank", tmp_path / "copy", position=position)
    assert report.head.position == ends
    with actum.open_store(tmp_path / "copy") as store:
        assert store.verify().ok
    actum.run(used())


@pytest.mark.parametrize("position", [-1, 2, True, "1", 1.0])
def test_restore_to_a_position_that_is_not_there(position: int, tmp_path: Path) -> None:
    """It is refused, and nothing is made."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))

    actum.run(fill())
    with pytest.raises(Invalid, match="the store has positions 1 to 1"):
        restore_store(tmp_path / "bank", tmp_path / "copy", position=position)
    assert [entry.name for entry in tmp_path.iterdir()] == ["bank"]


def test_compact_what_is_no_store(tmp_path: Path) -> None:
    """No store is made on the way."""
    with pytest.raises(StoreMismatch, match="no store at"):
        actum.compact_store(tmp_path / "bank")
    assert list(tmp_path.iterdir()) == []


@scene
async def test_an_older_log_put_back(tmp_path: Path) -> None:
    """A reader, too, refuses a log that is behind its checkpoint."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=1))
    copy_store(tmp_path / "bank", tmp_path / "older")
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=1))
    for file in (tmp_path / "bank" / "log").iterdir():
        file.write_bytes((tmp_path / "older" / "log" / file.name).read_bytes())
    with pytest.raises(StoreCorrupt, match="acknowledged events are missing"):
        await reading(tmp_path / "bank")
