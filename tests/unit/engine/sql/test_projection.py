"""`SqlProjection`: applied once, whatever goes wrong; dead letters, resets, retries; refused before it does harm."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from actum import CatalogueError, Engine, Invalid, MemoryLog, Options, Record, StoreMismatch, follow
from actum.sql import BookmarkMoved, SqlProjection, handle
from actum.sql.ledger import BOOKMARKS, DEAD_LETTERS
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tests.support.bank import (
    Account,
    AllBalances,
    Deposit,
    DepositEach,
    Deposited,
    HeldAssessor,
    Note,
    Withdraw,
    open_bank,
)
from tests.support.clocks import FakeClock
from tests.support.scenes import scene
from tests.support.sql_models import (
    ACCOUNTS,
    NOTES,
    AccountTable,
    NoteTable,
    WatchedTable,
    balances,
    database_at,
    movements,
)
from tests.support.subscribers import Journal


async def bookmark(database: AsyncEngine, name: str) -> int | None:
    """The position in the database."""
    async with database.connect() as connection:
        found = await connection.execute(select(BOOKMARKS.c.position).where(BOOKMARKS.c.name == name))
        position: int | None = found.scalar_one_or_none()
        return position


async def buried(database: AsyncEngine) -> list[int]:
    """The positions of the dead letters in the database."""
    async with database.connect() as connection:
        return list((await connection.execute(select(DEAD_LETTERS.c.position))).scalars())


async def deposit(engine: Engine, count: int) -> None:
    """Deposits of 1, on five accounts."""
    await engine.send_many([Deposit(account_id=f"a{n % 5}", amount=1) for n in range(count)])


@scene
async def test_the_table_is_the_view(url: str, tmp_path: Path) -> None:
    """It shows what the view shows, also after reopening, and its bookmark is where the log ends."""
    async with database_at(url) as database:
        for _ in range(3):
            async with open_bank(tmp_path / "store", AccountTable, services=[database]) as engine:
                await deposit(engine, 7)
                await engine.send(DepositEach(account_id="b", amounts=[1, 2, 3, 4]))
                await engine.send(Note(account_id="b", text="not wanted"))
                await engine.send(Withdraw(account_id="b", amount=10))
                table = engine.subscription(AccountTable)
                await table.caught_up()
                assert await balances(database) == await engine.ask(AllBalances())
                position = table.position
                assert position == table.statistics().bookmark == await bookmark(database, "accounts")
        assert await movements(database) == 3 * (7 + 4 + 1)


@scene
async def test_in_memory_too(tmp_path: Path, url: str) -> None:
    """With a log in memory it begins anew with each log: a bookmark of another one is refused."""
    async with database_at(url) as database:
        async with open_bank(None, AccountTable, services=[database]) as engine:
            await deposit(engine, 2)
            await engine.subscription(AccountTable).caught_up()
        async with open_bank(tmp_path / "store", AccountTable, services=[database]) as engine:
            await deposit(engine, 2)
            table = engine.subscription(AccountTable)
            while table.statistics().state != "failed":
                await asyncio.sleep(0.001)
            assert StoreMismatch.__name__ in (table.statistics().failure or "")


@scene
async def test_a_failing_event_takes_no_other_with_it(url: str, tmp_path: Path) -> None:
    """What the handler wrote before it raised is undone; the event is put aside, the others are applied once."""
    journal = Journal()
    journal.faults = {3: -1, 6: 1}
    async with database_at(url) as database:
        async with open_bank(tmp_path / "store", WatchedTable, services=[database, journal]) as engine:
            table = engine.subscription(WatchedTable)
            await deposit(engine, 10)
            await table.caught_up()
            assert await movements(database) == 9
            assert [letter.position for letter in table.dead_letters()] == await buried(database) == [3]
            assert journal.tried[3] == 2
        async with open_bank(tmp_path / "store", WatchedTable, services=[database, journal]) as engine:
            table = engine.subscription(WatchedTable)
            await table.caught_up()
            assert [(letter.position, letter.attempts) for letter in table.dead_letters()] == [(3, 2)]
            with pytest.raises(ValueError, match="unwelcome"):
                await table.retry(3)
            assert (await movements(database), table.dead_letters()[0].attempts) == (9, 3)
            journal.faults = {}
            await table.retry(3)
            assert (await movements(database), table.dead_letters(), await buried(database)) == (10, [], [])
            assert await balances(database) == await engine.ask(AllBalances())


@scene
async def test_without_retries_a_failing_event_takes_no_other_with_it_either(url: str) -> None:
    """What came before it in its batch was undone: that is applied before the event is put aside."""

    class Once(WatchedTable, name="once", retry_max=0, batch_max=10):
        """Put aside at the first failure."""

    journal = Journal()
    journal.faults = {3: -1, 4: -1, 10: -1}
    async with database_at(url) as database, open_bank(None, Once, services=[database, journal]) as engine:
        table = engine.subscription(Once)
        await deposit(engine, 4)
        await engine.send_many([Note(account_id="n", text="not wanted"), Deposit(account_id="a", amount=1)] * 3)
        await table.caught_up()
        assert [letter.position for letter in table.dead_letters()] == [3, 4, 10]
        assert await movements(database) == 4


@scene
async def test_a_long_batch_makes_progress(tmp_path: Path) -> None:
    """Its events together take longer than it may stand still: each is progress, but not when it is tried again."""
    clock, journal, states = FakeClock(), Journal(), list[tuple[int, str]]()

    class Slow(AccountTable, name="slow", batch_max=9, retry_max=2):
        @handle
        async def deposited(self, event: Deposited, connection: AsyncConnection, record: Record) -> None:
            states.append((record.position, engine.subscription(Slow).statistics().state))
            clock.advance(20)
            if record.position == 4 and len(states) < 9:
                raise ValueError("not yet")

    async with (
        database_at(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as database,
        Engine.open(MemoryLog(), Account, Slow, services=[database, journal, HeldAssessor()], clock=clock) as engine,
    ):
        slow = engine.subscription(Slow)
        slow.pause()
        await deposit(engine, 5)
        slow.resume()
        await slow.caught_up()
    assert [position for position, _ in states] == [1, 2, 3, 4, 1, 2, 3, 4, 4, 5]
    assert "stalled" not in [state for _, state in states[:4]]
    assert "stalled" in [state for _, state in states[4:8]]


@scene
async def test_dead_letters_can_be_dropped_and_come_again(url: str) -> None:
    """One that is dropped is gone from the database; a reset forgets those behind it, and they are tried again."""
    journal = Journal()
    journal.faults = {2: -1, 5: -1}
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await deposit(engine, 6)
        await table.caught_up()
        assert await buried(database) == [2, 5]
        await table.drop(2)
        assert await buried(database) == [5]
        journal.faults = {}
        await table.reset(4)
        await table.caught_up()
        assert (await buried(database), table.dead_letters()) == ([], [])
        assert await movements(database) == 4 + 2


@scene
async def test_a_reset_in_the_middle_of_a_batch(url: str) -> None:
    """The batch is undone."""
    journal = Journal()
    async with database_at(url) as database, open_bank(None, WatchedTable, services=[database, journal]) as engine:
        table = engine.subscription(WatchedTable)
        await table.caught_up(0)
        journal.free.clear()
        await deposit(engine, 3)
        while not journal.arrived:
            await asyncio.sleep(0.001)
        await table.reset(2)
        journal.free.set()
        await table.caught_up()
        assert (await movements(database), journal.seen) == (1, [3])


@scene
async def test_the_database_refuses_a_row(url: str) -> None:
    """An error of the database about a row is the event's fault: it becomes a dead letter, whatever its text."""
    async with database_at(url) as database, open_bank(None, NoteTable, services=[database]) as engine:
        table = engine.subscription(NoteTable)
        await engine.send(Note(account_id="n", text="fine"))
        await table.caught_up()
        async with database.begin() as connection:
            await connection.execute(NOTES.insert().values(position=2, text="in the way"))
        await engine.send(Note(account_id="n\0ul", text="refused \0"))
        await engine.send(Note(account_id="n", text="fine too"))
        await table.caught_up()
        assert [letter.position for letter in table.dead_letters()] == [2]
        async with database.connect() as connection:
            found = await connection.execute(select(DEAD_LETTERS.c.key, DEAD_LETTERS.c.error))
            key, error = found.one()
        assert key == "n\\x00ul"
        assert "IntegrityError" in error or "DBAPIError" in error or "DataError" in error


@scene
async def test_a_table_that_is_not_there_is_waited_for(url: str) -> None:
    """Code that is there before its migration makes no dead letters; when the table comes each event is applied."""
    async with (
        database_at(url) as database,
        open_bank(None, AccountTable, services=[database], stalled_seconds=0.1) as engine,
    ):
        table = engine.subscription(AccountTable)
        await table.caught_up(0)
        async with database.begin() as connection:
            await connection.run_sync(ACCOUNTS.drop)
        await deposit(engine, 7)
        while table.statistics().state != "stalled":
            await asyncio.sleep(0.001)
        assert ACCOUNTS.name in (table.statistics().failure or "")
        async with database.begin() as connection:
            await connection.run_sync(ACCOUNTS.create)
        await table.caught_up()
        assert (await movements(database), table.dead_letters()) == (7, [])


@scene
async def test_two_on_one_database(url: str, tmp_path: Path) -> None:
    """Two copies of a store, both at work on the same table: each event is applied once, by one or the other."""
    async with database_at(url) as database, database_at(url) as other:
        async with open_bank(tmp_path / "store") as engine:
            await deposit(engine, 60)
            expected = await engine.ask(AllBalances())
        shutil.copytree(tmp_path / "store", tmp_path / "copy")
        options = Options(poll_seconds=0.001)
        async with (
            follow(tmp_path / "store", AccountTable, services=[database], options=options) as first,
            follow(tmp_path / "copy", AccountTable, services=[other], options=options) as second,
        ):
            tables = [follower.subscription(AccountTable) for follower in (first, second)]
            for table in tables:
                await table.caught_up()
            assert await movements(database) == 60
            assert await balances(database) == expected
            assert [table.dead_letters() for table in tables] == [[], []]
            assert await bookmark(database, "accounts") == 60


@scene
async def test_a_dead_letter_that_another_process_has_retried(url: str, tmp_path: Path) -> None:
    """Two processes retry it at once: it is applied by one, and the other one says that it is gone."""
    journal = Journal()
    journal.faults = {2: -1}
    async with database_at(url) as database, database_at(url) as other:
        async with open_bank(tmp_path / "store") as engine:
            await deposit(engine, 3)
        shutil.copytree(tmp_path / "store", tmp_path / "copy")
        async with follow(tmp_path / "store", WatchedTable, services=[database, journal]) as first:
            await first.subscription(WatchedTable).caught_up()
            async with follow(tmp_path / "copy", WatchedTable, services=[other, journal]) as second:
                tables = [follower.subscription(WatchedTable) for follower in (first, second)]
                await tables[1].caught_up()
                assert [len(table.dead_letters()) for table in tables] == [1, 1]
                journal.faults = {}
                journal.free.clear()
                journal.arrived.clear()
                retrying = [asyncio.create_task(table.retry(2)) for table in tables]
                while not journal.arrived:
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0.1)  # the other one waits for the lock meanwhile
                journal.free.set()
                done = await asyncio.gather(*retrying, return_exceptions=True)
                (error,) = filter(None, done)
                assert isinstance(error, Invalid)
                assert "another process has retried or dropped it" in str(error)
                assert await movements(database) == 3
                assert [table.dead_letters() for table in tables] == [[], []]


@scene
async def test_a_bookmark_that_was_moved_is_noticed(url: str) -> None:
    """Nothing is written on top of what somebody else has done; it goes on from there."""
    async with database_at(url) as database, open_bank(None, AccountTable, services=[database]) as engine:
        table = engine.subscription(AccountTable)
        await deposit(engine, 4)
        await table.caught_up()
        async with database.begin() as connection:
            await connection.execute(update(BOOKMARKS).values(position=2))
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.position > 2).values(balance=0, movements=0))
        async with database.connect() as connection:
            hash_at_2 = (await engine.subscription(AccountTable)._worker.keeping.at(2)).hash
        async with database.begin() as connection:
            await connection.execute(update(BOOKMARKS).values(hash=hash_at_2))
        await deposit(engine, 1)
        await table.caught_up(5)
        assert await movements(database) == 5
        assert BookmarkMoved.__name__ not in (table.statistics().failure or "")
        assert table.statistics().failures == 1


@scene
async def test_handlers_may_write_plain_sql(url: str) -> None:
    """The connection is SQLAlchemy's own; what a handler undoes to a savepoint is undone, the rest is not."""

    class Plain(SqlProjection, name="plain", tables=[NOTES]):
        @handle
        async def deposited(self, event: Deposited, connection: AsyncConnection) -> None:
            await connection.execute(text("INSERT INTO notes (position, text) VALUES (:n, 'x')"), {"n": event.amount})
            savepoint = await connection.begin_nested()
            await connection.execute(text("INSERT INTO notes (position, text) VALUES (0, 'y')"))
            await savepoint.rollback()

    async with database_at(url) as database, open_bank(None, Plain, services=[database]) as engine:
        await engine.send(DepositEach(account_id="a", amounts=[1, 2, 3]))
        await engine.subscription(Plain).caught_up()
        async with database.connect() as connection:
            assert sorted((await connection.execute(select(NOTES.c.position))).scalars()) == [1, 2, 3]


@scene
async def test_a_database_that_undoes_nothing_is_refused(url: str) -> None:
    """With AUTOCOMMIT, by whatever way, half a batch would stay: the projection fails at once and names the fix."""
    ways: list[dict[str, Any]] = [
        {"isolation_level": "AUTOCOMMIT"},
        {"execution_options": {"isolation_level": "AUTOCOMMIT"}},
    ]
    if url.startswith("sqlite"):
        ways.append({"connect_args": {"isolation_level": None}})
    for way in ways:
        database = create_async_engine(url, **way)
        async with open_bank(None, AccountTable, services=[database]) as engine:
            await deposit(engine, 3)
            table = engine.subscription(AccountTable)
            while table.statistics().state != "failed":
                await asyncio.sleep(0.001)
            assert "Take AUTOCOMMIT out" in (table.statistics().failure or "")
            async with database.connect() as connection:
                assert (await connection.execute(select(BOOKMARKS))).all() == []
            assert await movements(database) == 0
        await database.dispose()


def test_what_is_wrong_is_said_at_opening(tmp_path: Path) -> None:
    """No database, several, one that is not known, no tables, and tables that are none."""

    class Bare(SqlProjection):
        @handle
        async def deposited(self, event: Deposited, connection: AsyncConnection) -> None: ...

    class Chooses(AccountTable, name="chooses"):
        @classmethod
        def database(cls, services: Sequence[object]) -> AsyncEngine:
            return next(service for service in services if isinstance(service, AsyncEngine))

    first, second = (create_async_engine(f"sqlite+aiosqlite:///{tmp_path / name}") for name in ("a.db", "b.db"))
    with pytest.raises(CatalogueError, match="AccountTable needs one sqlalchemy AsyncEngine, and 0 are"):
        open_bank(None, AccountTable)
    with pytest.raises(CatalogueError, match="and 2 are among the services"):
        open_bank(None, AccountTable, services=[first, second])
    open_bank(None, Chooses, services=[first, second])
    with pytest.raises(CatalogueError, match=r"Bare has no tables: write tables="):
        open_bank(None, Bare, services=[first])
    for wrong, why in ((["orders"], "give SQLAlchemy Table objects"), (NOTES, "give a list"), (5, "give a list")):
        with pytest.raises(Invalid, match=why):
            type("Wrong", (SqlProjection,), {}, tables=wrong)


@scene
async def test_super_is_not_called(url: str) -> None:
    """An `__init__` of its own needs not call the other one; an `open` must, and the state says so."""

    class Made(NoteTable, name="made"):
        def __init__(self) -> None:
            self.prefix = "x"

    class Opens(NoteTable, name="opens"):
        async def open(self, services: Sequence[object]) -> None: ...

    async with database_at(url) as database, open_bank(None, Made, Opens, services=[database]) as engine:
        await engine.send(Note(account_id="n", text="fine"))
        await engine.subscription(Made).caught_up()
        opens = engine.subscription(Opens)
        while opens.statistics().state != "failed":
            await asyncio.sleep(0.001)
        assert "call `await super().open(services)` in Opens.open" in (opens.statistics().failure or "")
