"""The rows of views read from the newest checkpoint, without the classes that made them."""

from __future__ import annotations

import asyncio
import shutil
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import actum
import pytest
from actum import Aggregate, Command, Engine, Event, Invalid, Options, Row, StoreCorrupt, View, decide, evolve, project
from actum.recovery.closing import SavedView
from actum.stored.views import StoredColumn

from tests.support.bank import AllBalances, Balances, Deposit, DepositEach, Note, Withdraw, open_bank
from tests.support.processes import run_python
from tests.support.scenes import scene

GOLDEN = Path(__file__).parents[3] / "golden" / "format-1" / "store"


def stored(path: Path, view: str) -> tuple[actum.StoredView, list[dict[str, Any]]]:
    """A view and its rows, as the store has them."""
    with actum.open_store(path) as store, store.rows(view) as rows:
        return rows.view, list(rows)


class Put(Command):
    """Something of every type."""

    name: str
    when: datetime = datetime(2026, 1, 31, tzinfo=UTC)


class WasPut(Event):
    """It was put."""

    name: str
    when: datetime


class Thing(Aggregate, key="name"):
    """One of them."""

    @decide
    def put(self, command: Put) -> WasPut:
        """Always."""
        return WasPut(name=command.name, when=command.when)

    @evolve
    def was_put(self, event: WasPut) -> None:
        """Nothing to remember."""


class Plain(Row, key="name"):
    """Stored as a map."""

    name: str
    when: datetime
    price: Decimal = Decimal("1.50")
    labels: dict[str, int] = {}
    share: float | None = None


class Placed(Row, key="name", array_like=True, tag=True):
    """Stored by place, behind its tag."""

    name: str
    number: int = 7


class Sparse(Row, key="name", omit_defaults=True, rename="camel"):
    """Stored without what is as by default, and under other names."""

    name: str
    first_number: int = 5
    some_words: list[str] = []
    flag: bool = True


class Plains(View[Plain]):
    """As maps."""

    @project
    def was_put(self, event: WasPut) -> None:
        """One row each."""
        self.put(Plain(name=event.name, when=event.when))


class Placeds(View[Placed]):
    """By place."""

    @project
    def was_put(self, event: WasPut) -> None:
        """One row each."""
        self.put(Placed(name=event.name))


class Sparses(View[Sparse]):
    """With gaps."""

    @project
    def was_put(self, event: WasPut) -> None:
        """One row each."""
        self.put(Sparse(name=event.name, flag=event.name != "b"))


class TestRows:
    """What they are."""

    @scene
    async def test_they_are_what_the_engine_had(self, tmp_path: Path) -> None:
        """As of the checkpoint, whatever came behind it; with names, types and the number of rows."""
        async with open_bank(tmp_path / "bank") as bank:
            for account in ("a-1", "a-2", "b-1"):
                await bank.send(Deposit(account_id=account, amount=5))
            await bank.checkpoint()
            await bank.send(Withdraw(account_id="a-1", amount=5))
            await bank.send(DepositEach(account_id="a-2", amounts=[1, 2]))
            await bank.send(Deposit(account_id="c-1", amount=9))
            await bank.checkpoint()
            await bank.send(Deposit(account_id="d-1", amount=9))
            expected = {key: balance for key, balance in (await bank.ask(AllBalances())).items() if key != "d-1"}
            shutil.copytree(tmp_path / "bank", tmp_path / "copy")
        view, rows = stored(tmp_path / "copy", "Balances")
        assert (view.name, view.position, view.key, view.rows) == ("Balances", 7, "account_id", 3)
        assert view.columns == (
            StoredColumn("account_id", "str"),
            StoredColumn("branch", "str"),
            StoredColumn("balance", "int", numeric=True),
        )
        assert {row["account_id"]: row["balance"] for row in rows} == expected
        assert list(rows[0]) == ["account_id", "branch", "balance"]

    @scene
    async def test_many_deltas_and_bases(self, tmp_path: Path) -> None:
        """Rows that come, change, go and come again, over many checkpoints, are those of the engine each time."""
        store = tmp_path / "bank"
        for turn in range(12):
            async with open_bank(store, checkpoint_deltas_ratio_max=3.0) as bank:
                for number in range(turn % 5 + 1):
                    account = f"a-{(turn * 7 + number * 3) % 9}"
                    if (await bank.ask(AllBalances())).get(account):
                        await bank.send(Withdraw(account_id=account, amount=1))
                        await bank.checkpoint()
                    await bank.send(Deposit(account_id=account, amount=1 + number % 2))
                await bank.checkpoint(base=turn % 4 == 3)
                rows = list(bank.rows(Balances))
            view, found = stored(store, "Balances")
            assert sorted((row["account_id"], row["balance"]) for row in found) == sorted(
                (row.account_id, row.balance) for row in rows
            )
            assert view.rows == len(rows)

    @scene
    async def test_a_base_whose_rows_change_while_it_is_written(self, tmp_path: Path) -> None:
        """What came in between is in it once, and what was taken out is not."""
        async with open_bank(tmp_path / "bank", checkpoint_pause_seconds=0.001) as bank:
            for number in range(600):
                await bank.send(Deposit(account_id=f"a-{number}", amount=5))
            await bank.checkpoint()
            saving = asyncio.create_task(bank.checkpoint(base=True))
            for number in range(0, 600, 50):
                await bank.send(Withdraw(account_id=f"a-{number}", amount=5))
                await bank.send(Deposit(account_id=f"a-{number + 1}", amount=1))
                if number % 100:
                    await bank.send(Deposit(account_id=f"a-{number}", amount=2))
            await saving
            rows = bank.rows(Balances)
        view, found = stored(tmp_path / "bank", "Balances")
        assert sorted((row["account_id"], row["balance"]) for row in found) == sorted(
            (row.account_id, row.balance) for row in rows
        )
        assert view.rows == len(found) == 594

    @scene
    async def test_however_they_are_stored(self, tmp_path: Path) -> None:
        """As maps, by place, with other names, and without what is as by default."""
        async with Engine.open(tmp_path / "store", Thing, Plains, Placeds, Sparses, options=OPTIONS) as engine:
            for name in ("a", "b"):
                await engine.send(Put(name=name))
                await engine.checkpoint()
        plains, rows = stored(tmp_path / "store", "Plains")
        assert rows[0] == {
            "name": "a",
            "when": datetime(2026, 1, 31, tzinfo=UTC),
            "price": "1.50",
            "labels": {},
            "share": None,
        }
        assert [(column.type, column.numeric) for column in plains.columns[2:]] == [
            ("Decimal", True),
            ("dict[str, int]", False),
            ("float | None", True),
        ]
        assert stored(tmp_path / "store", "Placeds")[1] == [{"name": "a", "number": 7}, {"name": "b", "number": 7}]
        assert stored(tmp_path / "store", "Sparses")[1] == [
            {"name": "a", "first_number": 5, "some_words": [], "flag": True},
            {"name": "b", "first_number": 5, "some_words": [], "flag": False},
        ]

    @scene
    async def test_beside_a_running_engine(self, tmp_path: Path) -> None:
        """They stay the same while it goes on and writes a new base; the next look sees that."""
        code = (
            "import sys, actum\n"
            "with actum.open_store(sys.argv[1]) as store, store.rows('Balances') as rows:\n"
            "    iterator = iter(rows); first = next(iterator)\n"
            "    print(rows.view.position, first['balance'], len(list(iterator)), store.checkpoint_position)"
        )
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=5))
            await bank.checkpoint()
            assert run_python(code, tmp_path / "bank").split() == ["1", "5", "0", "1"]
            await bank.send(Deposit(account_id="a-1", amount=5))
            await bank.checkpoint(base=True)
            assert run_python(code, tmp_path / "bank").split() == ["2", "10", "0", "2"]

    @scene
    async def test_many_take_little_memory(self, tmp_path: Path) -> None:
        """They come from the disk: a hundred thousand take no more than a chunk of them."""
        async with Engine.open(tmp_path / "store", Thing, Placeds, options=OPTIONS) as engine:
            await engine.send_many([Put(name=f"name {number}") for number in range(20_000)])
        with actum.open_store(tmp_path / "store") as store, store.rows("Placeds") as rows:
            tracemalloc.start()
            count = sum(1 for _ in rows)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert count == 20_000
        assert peak < 2_000_000


OPTIONS = Options(durability="relaxed", gc_policy="none", ballast_bytes=0)


class TestWithout:
    """When there are none."""

    @scene
    async def test_no_checkpoint(self, tmp_path: Path) -> None:
        """A store whose engine was killed early has none: what to do is said."""
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=5))
            shutil.copytree(tmp_path / "bank", tmp_path / "copy")
        with actum.open_store(tmp_path / "copy") as store:
            assert (store.views(), store.checkpoint_position) == ([], 0)
            with pytest.raises(Invalid, match="none. An engine saves views now and then"):
                store.rows("Balances")

    @scene
    async def test_no_such_view(self, tmp_path: Path) -> None:
        """Those that there are are named."""
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Note(account_id="a-1", text="x"))
        with actum.open_store(tmp_path / "bank") as store:
            assert [view.name for view in store.views()] == ["Balances", "Activities"]
            with pytest.raises(Invalid, match=r"no view 'Nothing'.*: it has Balances, Activities"):
                store.rows("Nothing")

    @scene
    async def test_a_checkpoint_of_another_log(self, tmp_path: Path) -> None:
        """It is not there; one ahead of the log is damage."""
        for name, count in (("one", 3), ("two", 3), ("short", 1)):
            async with open_bank(tmp_path / name) as bank:
                for number in range(count):
                    await bank.send(Deposit(account_id=f"{name}-{number}", amount=5))
        for name in ("two", "short"):
            shutil.copytree(tmp_path / "one", tmp_path / f"mixed {name}")
            shutil.copytree(tmp_path / name / "log", tmp_path / f"mixed {name}" / "log", dirs_exist_ok=True)
        with actum.open_store(tmp_path / "mixed two") as store:
            assert (store.views(), store.checkpoint_position) == ([], 0)
        with actum.open_store(tmp_path / "mixed short") as store, pytest.raises(StoreCorrupt, match="missing"):
            store.views()

    @scene
    async def test_damage(self, tmp_path: Path) -> None:
        """Rows that are not those that were written are never given."""
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=5))
        (file,) = (tmp_path / "bank" / "derived").iterdir()
        file.write_bytes(file.read_bytes().replace(b"a-1", b"b-1", 1))
        with actum.open_store(tmp_path / "bank") as store, pytest.raises(StoreCorrupt, match="Nothing is lost"):
            list(store.rows("Balances"))


class TestOlder:
    """Checkpoints of older versions."""

    @pytest.fixture
    def golden(self, tmp_path: Path) -> Path:
        """A store of the first release."""
        shutil.copytree(GOLDEN, tmp_path / "golden")
        return tmp_path / "golden"

    def test_they_say_what_they_know(self, golden: Path) -> None:
        """Names, positions and fields; how the deltas change the base can't be known without a key."""
        with actum.open_store(golden) as store:
            (balances, activities) = store.views()
            assert (balances.name, balances.position, balances.key, balances.rows) == ("Balances", 16, "", None)
            assert [column.name for column in activities.columns][:2] == ["account_id", "events"]
            with pytest.raises(Invalid, match=r"engine.checkpoint\(base=True\)"):
                store.rows("Balances")

    @scene
    async def test_with_the_key_and_nothing_more(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The versions between the first and this one said which field is the key: the rows are all there."""
        monkeypatch.setattr(
            SavedView, "of", lambda view, *, reset, once: SavedView(view.fingerprint, reset, view.table.schema.key)
        )
        async with open_bank(tmp_path / "bank") as bank:
            for number in range(300):
                await bank.send(Deposit(account_id=f"a-{number}", amount=5))
            await bank.checkpoint(base=True)
            await bank.send(Withdraw(account_id="a-7", amount=5))
            await bank.checkpoint()
            rows = bank.rows(Balances)
        view, found = stored(tmp_path / "bank", "Balances")
        assert (view.rows, [column.name for column in view.columns]) == (None, ["account_id", "branch", "balance"])
        assert sorted(row["account_id"] for row in found) == sorted(row.account_id for row in rows)


@scene
async def test_what_it_takes(tmp_path: Path) -> None:
    """Bytes of the log and of checkpoints."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=5))
    with actum.open_store(tmp_path / "bank") as store:
        assert store.usage().derived_bytes == sum(each.stat().st_size for each in (tmp_path / "bank/derived").iterdir())
        assert "Balances @1" in repr(store.rows("Balances"))
