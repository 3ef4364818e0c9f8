"""`rebuild`: beside the live tables, compared, swapped whole or not at all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from actum import EngineClosed, Invalid, Record
from actum.sql import SqlProjection, handle, rebuild
from actum.sql.rebuild import Rebuild
from sqlalchemy import Column, Computed, Integer, MetaData, String, Table, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.bank import AllBalances, Deposit, Deposited, Note, open_bank
from tests.support.scenes import scene
from tests.support.sql_models import ACCOUNTS, AccountTable, WatchedTable, balances, database_at, movements
from tests.support.subscribers import Journal, Watcher

NUMBERED = Table(
    "numbered",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("twice", Integer, Computed("position * 2", persisted=True)),
)


class Numbered(SqlProjection, name="numbered", tables=[NUMBERED]):
    """Rows that the database numbers."""

    @handle
    async def deposited(self, event: Deposited, connection: AsyncConnection, record: Record) -> None:
        """One row, in plain SQL."""
        await connection.execute(
            text("INSERT INTO numbered (position) VALUES (:position)"), {"position": record.position}
        )


@scene
async def test_wrong_rows_become_right(url: str, tmp_path: Path) -> None:
    """What somebody has spoilt is found, and right again; looking alone changes nothing; it goes on afterwards."""
    async with (
        database_at(url) as database,
        open_bank(tmp_path / "store", AccountTable, services=[database]) as engine,
    ):
        table = engine.subscription(AccountTable)
        await engine.send_many([Deposit(account_id=f"a{n % 5}", amount=1) for n in range(50)])
        await engine.send(Note(account_id="n", text="not wanted"))
        await table.caught_up()
        report = await rebuild(table)
        assert [(each.rows, each.missing, each.unexpected) for each in report.tables] == [(5, 0, 0)]
        async with database.begin() as connection:
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == "a1").values(balance=7))
            await connection.execute(delete(ACCOUNTS).where(ACCOUNTS.c.account_id == "a2"))
        spoilt = await balances(database)
        report = await rebuild(table, swap=False)
        assert (report.swapped, report.dead_letters) == (False, 0)
        assert [(each.rows, each.missing, each.unexpected) for each in report.tables] == [(5, 2, 1)]
        assert await balances(database) == spoilt
        report = await rebuild(table, compare=False)
        assert (report.swapped, report.tables[0].missing) == (True, None)
        assert await balances(database) == await engine.ask(AllBalances())
        await engine.send(Deposit(account_id="a1", amount=5))
        await table.caught_up()
        assert await movements(database) == 51
        assert await balances(database) == await engine.ask(AllBalances())
    leftovers = [path.name for path in tmp_path.iterdir() if "rebuild" in path.name]
    assert leftovers == []


@scene
async def test_while_commands_are_sent(url: str, tmp_path: Path) -> None:
    """The live table goes on meanwhile, and nothing is lost or applied twice around the swap."""
    async with (
        database_at(url) as database,
        open_bank(tmp_path / "store", AccountTable, services=[database]) as engine,
    ):
        table = engine.subscription(AccountTable)
        chance = random.Random(3)

        async def send() -> None:
            for _ in range(40):
                await engine.send(Deposit(account_id=f"a{chance.randrange(5)}", amount=chance.randrange(1, 9)))
                await asyncio.sleep(0.002)

        await engine.send_many([Deposit(account_id="a0", amount=1)] * 30)
        await table.caught_up()
        sending = asyncio.create_task(send())
        reports = [await rebuild(table) for _ in range(3)]
        await sending
        await table.caught_up()
        assert [(each.missing, each.unexpected) for report in reports for each in report.tables] == [(0, 0)] * 3
        assert await movements(database) == 70
        assert await balances(database) == await engine.ask(AllBalances())


@scene
async def test_dead_letters_are_those_of_the_new_rows(url: str) -> None:
    """An event that is handled this time is no dead letter any more; one that fails now is one."""
    journal = Journal()
    journal.faults = {2: -1}
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await engine.send_many([Deposit(account_id="a", amount=1)] * 5)
        await table.caught_up()
        journal.faults = {4: -1}
        report = await rebuild(table)
        assert report.dead_letters == 1
        assert [letter.position for letter in table.dead_letters()] == [4]
        assert await movements(database) == 4
        journal.faults = {}
        await table.retry(4)
        assert await movements(database) == 5


@scene
async def test_numbers_go_on(url: str) -> None:
    """Rows that are numbered by the database, and columns that it computes, are copied; new rows get new numbers."""
    async with database_at(url) as database, open_bank(None, Numbered, services=[database]) as engine:
        table = engine.subscription(Numbered)
        await engine.send_many([Deposit(account_id="a", amount=1)] * 4)
        await table.caught_up()
        await rebuild(table)
        await engine.send(Deposit(account_id="a", amount=1))
        await table.caught_up()
        async with database.connect() as connection:
            found = [tuple(row) for row in await connection.execute(select(NUMBERED).order_by(NUMBERED.c.position))]
        assert found == [(n, n, 2 * n) for n in range(1, 6)]
        assert table.dead_letters() == []


@scene
async def test_what_stops_it_leaves_the_live_rows(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled, or failed in the swap: the live rows are as they were, and go on; the next one works."""
    journal = Journal()
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await engine.send_many([Deposit(account_id="a", amount=1)] * 5)
        await table.caught_up()
        journal.free.clear()
        building = asyncio.create_task(rebuild(table))
        while len(journal.arrived) < 6:
            await asyncio.sleep(0.001)
        with pytest.raises(Invalid, match="being built anew already"):
            await rebuild(table)
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
        journal.free.set()

        async def fail(self: Rebuild, connection: AsyncConnection) -> None:
            await replace(self, connection)
            raise RuntimeError("the disk")

        replace = Rebuild._replace
        with monkeypatch.context() as patched:
            patched.setattr(Rebuild, "_replace", fail)
            with pytest.raises(RuntimeError, match="the disk"):
                await rebuild(table)
        await engine.send(Deposit(account_id="a", amount=1))
        await table.caught_up()
        assert await movements(database) == 6
        assert (await rebuild(table)).tables[0].missing == 0


@scene
async def test_what_can_not_be_built_is_told(url: str) -> None:
    """A column that only the live table has, by a migration: nobody waits for ever, and the live rows stay."""
    live = Table("wide", MetaData(), Column("position", Integer, primary_key=True), Column("later", Integer))
    known = Table("wide", MetaData(), Column("position", Integer, primary_key=True))

    class Wide(SqlProjection, name="wide", tables=[known], retry_seconds_max=0.01):
        @handle
        async def deposited(self, event: Deposited, connection: AsyncConnection, record: Record) -> None:
            await connection.execute(live.insert().values(position=record.position, later=1))

    async with database_at(url) as database:
        async with database.begin() as connection:
            await connection.run_sync(live.create)
        async with open_bank(None, Wide, services=[database], stalled_seconds=0.1) as engine:
            await engine.send(Deposit(account_id="a", amount=1))
            table = engine.subscription(Wide)
            await table.caught_up()
            with pytest.raises(RuntimeError, match="can't be built anew: .*later"):
                await rebuild(table)
            async with database.connect() as connection:
                assert (await connection.execute(select(live))).all() == [(1, 1)]


@scene
async def test_right_after_a_reset(url: str) -> None:
    """Whatever the reset has cancelled, it is known where the projection stands."""
    journal = Journal()
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await table.caught_up(0)
        journal.free.clear()
        await engine.send_many([Deposit(account_id="a", amount=1)] * 3)
        while not journal.arrived:
            await asyncio.sleep(0.001)
        await table.reset(0)
        journal.free.set()
        await rebuild(table)
        await table.caught_up()
        assert await movements(database) == 3


@scene
async def test_a_reset_meanwhile_ends_it(url: str) -> None:
    """The new rows are then further than the bookmark: they are not put in place, nothing comes to be applied twice."""
    journal = Journal()
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await engine.send_many([Deposit(account_id=f"a{n}", amount=1) for n in range(9)])
        await table.caught_up()
        table.pause()
        journal.free.clear()
        building = asyncio.create_task(rebuild(table))
        while len(journal.arrived) < 10:
            await asyncio.sleep(0.001)
        await table.reset(2)
        async with database.begin() as connection:
            await connection.execute(delete(ACCOUNTS).where(ACCOUNTS.c.position > 2))
        journal.free.set()
        with pytest.raises(Invalid, match=r"was reset to position 2 while .* rebuild it again"):
            await building
        table.resume()
        await table.caught_up()
        assert await movements(database) == 9
        assert await balances(database) == await engine.ask(AllBalances())


@scene
async def test_a_retry_beside_the_swap(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead letter that the new rows hold is none any more: a retry that waits meanwhile applies nothing."""
    journal = Journal()
    journal.faults = {2: -1}
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await engine.send_many([Deposit(account_id="a", amount=1)] * 5)
        await table.caught_up()
        journal.faults = {}
        retrying: list[asyncio.Task[None]] = []

        async def begin_retry(self: Rebuild, connection: AsyncConnection) -> None:
            retrying.append(asyncio.create_task(table.retry(2), name="retrying"))
            await asyncio.sleep(0.02)
            await replace(self, connection)

        replace = Rebuild._replace
        monkeypatch.setattr(Rebuild, "_replace", begin_retry)
        assert (await rebuild(table)).dead_letters == 0
        with pytest.raises(Invalid, match="no dead letter at position 2"):
            await retrying[0]
        assert await movements(database) == 5


@scene
async def test_what_is_opened_for_it_is_closed(tmp_path: Path) -> None:
    """The second object of the user's class, too."""
    calls: list[str] = []

    class Opened(AccountTable, name="opened", tables=[ACCOUNTS]):
        async def open(self, services: Sequence[object]) -> None:
            calls.append("open")
            await super().open(services)

        async def close(self) -> None:
            calls.append("close")

    async with (
        database_at(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as database,
        open_bank(None, Opened, services=[database]) as engine,
    ):
        await engine.subscription(Opened).caught_up()
        await engine.send(Deposit(account_id="a", amount=1))
        await engine.subscription(Opened).caught_up()
        await rebuild(engine.subscription(Opened))
        assert calls == ["open", "open", "close"]


@scene
async def test_how_far_it_is(url: str) -> None:
    """Statistics tell, and call it rebuilding while it also does its work; whoever is paused beside is called that."""
    journal = Journal()
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await engine.send_many([Deposit(account_id="a", amount=1)] * 10)
        await table.caught_up()
        assert table.statistics().rebuild is None
        del journal.arrived[:8]
        journal.free.clear()
        building = asyncio.create_task(rebuild(table))
        while len(journal.arrived) < 3:
            await asyncio.sleep(0.001)
        (stood,) = engine.statistics().subscriptions
        assert stood.rebuild is not None
        assert (stood.state, stood.lag, stood.rebuild.step, stood.rebuild.position) == ("rebuilding", 0, "folding", 0)
        assert (stood.rebuild.head, stood.rebuild.seconds_left) == (10, None)
        table.pause()
        assert table.statistics().state == "paused"
        table.resume()
        journal.free.set()
        await building
        assert (table.statistics().state, table.statistics().rebuild) == ("live", None)


@scene
async def test_closing_ends_it(url: str) -> None:
    """An engine that is closed meanwhile is the reason that it gives."""
    journal = Journal()
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await engine.send_many([Deposit(account_id="a", amount=1)] * 5)
        await table.caught_up()
        journal.free.clear()
        building = asyncio.create_task(rebuild(table))
        while len(journal.arrived) < 6:
            await asyncio.sleep(0.001)
        closing = asyncio.create_task(engine.close())
        with pytest.raises(EngineClosed, match="while it was built anew"):
            await building
        await closing
        assert await movements(database) == 5


@scene
async def test_what_it_refuses(tmp_path: Path) -> None:
    """Other subscriptions, tables with a schema, databases in memory."""

    class InSchema(SqlProjection, tables=[Table("t", MetaData(), Column("x", String), schema="main")]):
        @handle
        async def deposited(self, event: Deposited, connection: AsyncConnection) -> None: ...

    async with (
        database_at(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as database,
        open_bank(None, Watcher, InSchema, services=[Journal(), database]) as engine,
    ):
        await engine.subscription(InSchema).caught_up()
        with pytest.raises(Invalid, match="is no SqlProjection"):
            await rebuild(engine.subscription(Watcher))
        with pytest.raises(Invalid, match="has a schema"):
            await rebuild(engine.subscription(InSchema))
    async with (
        database_at("sqlite+aiosqlite://") as database,
        open_bank(None, AccountTable, services=[database]) as engine,
    ):
        with pytest.raises(Invalid, match="does not know yet where it stands"):
            await rebuild(engine.subscription(AccountTable))
        await engine.subscription(AccountTable).caught_up()
        with pytest.raises(Invalid, match="in memory"):
            await rebuild(engine.subscription(AccountTable))
