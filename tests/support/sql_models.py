"""Read models of the bank in SQL: they add up, so that an event that is applied twice, or not at all, is seen."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from actum import Record
from actum.sql import SqlProjection, handle, upsert
from sqlalchemy import BigInteger, Column, MetaData, String, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tests.support.bank import Deposited, Noted, Withdrawn
from tests.support.subscribers import Journal

METADATA = MetaData()
ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("account_id", String, primary_key=True),
    Column("balance", BigInteger, nullable=False, index=True),
    Column("movements", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
)
NOTES = Table(
    "notes",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("text", String, nullable=False),
)


class AccountTable(
    SqlProjection,
    name="accounts",
    tables=[ACCOUNTS],
    batch_max=3,
    retry_max=2,
    retry_seconds_min=0.001,
    retry_seconds_max=0.05,
):
    """Balances, and how many movements made them."""

    @handle
    async def deposited(self, event: Deposited, connection: AsyncConnection, record: Record) -> None:
        """More."""
        await add(connection, event.account_id, event.amount, record.position)

    @handle
    async def withdrawn(self, event: Withdrawn, record: Record, connection: AsyncConnection) -> None:
        """Less, in another order."""
        await add(connection, event.account_id, -event.amount, record.position)


class WatchedTable(
    SqlProjection,
    name="watched",
    tables=[ACCOUNTS],
    batch_max=4,
    retry_max=1,
    retry_seconds_min=0.001,
    retry_seconds_max=0.01,
):
    """The same, with a journal that can make it fail or wait, after it has written."""

    @handle
    async def deposited(self, event: Deposited, connection: AsyncConnection, record: Record, journal: Journal) -> None:
        """More."""
        await add(connection, event.account_id, event.amount, record.position)
        await journal.write(record.position, event.amount)


class NoteTable(SqlProjection, name="notes", tables=[NOTES], retry_seconds_min=0.001, retry_seconds_max=0.01):
    """Texts, of which the database may not like some."""

    @handle
    async def noted(self, event: Noted, connection: AsyncConnection, record: Record) -> None:
        """One more row."""
        await connection.execute(NOTES.insert().values(position=record.position, text=event.text))


async def add(connection: AsyncConnection, account_id: str, amount: int, position: int) -> None:
    """A movement of an account."""
    update = {
        "balance": ACCOUNTS.c.balance + amount,
        "movements": ACCOUNTS.c.movements + 1,
        "position": position,
    }
    row = {"account_id": account_id, "balance": amount, "movements": 1, "position": position}
    await connection.execute(upsert(ACCOUNTS, update).values(**row))


async def balances(database: AsyncEngine) -> dict[str, int]:
    """What the table says, as the view says it: without those that are empty."""
    async with database.connect() as connection:
        rows = await connection.execute(
            select(ACCOUNTS.c.account_id, ACCOUNTS.c.balance).where(ACCOUNTS.c.balance != 0)
        )
        return {row.account_id: row.balance for row in rows}


async def movements(database: AsyncEngine) -> int:
    """How many events were applied."""
    async with database.connect() as connection:
        return sum((await connection.execute(select(ACCOUNTS.c.movements))).scalars())


@contextlib.asynccontextmanager
async def database_at(url: str) -> AsyncIterator[AsyncEngine]:
    """A database, its connections closed at the end."""
    database = create_async_engine(url)
    try:
        yield database
    finally:
        await database.dispose()
