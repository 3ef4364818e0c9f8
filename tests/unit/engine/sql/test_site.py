"""Where a projection's tables are: what the second set has in common with the first, whatever their columns are."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from actum import Record
from actum.sql import SqlProjection, handle, rebuild, upsert
from actum.sql.site import PostgresShadow
from sqlalchemy import JSON, Column, Enum, ForeignKey, Identity, Integer, MetaData, String, Table, TypeDecorator, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.types import TypeEngine

from tests.support.bank import Deposit, Deposited, open_bank
from tests.support.postgres import PrivatePostgres
from tests.support.scenes import scene
from tests.support.sql_models import database_at

METADATA = MetaData()


class Size(enum.Enum):
    """A type that PostgreSQL has to know by name."""

    SMALL = 1
    LARGE = 2


class Boxed(TypeDecorator[object]):
    """A type of the user's own, over one that can't be compared."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = JSON
    cache_ok: bool | None = True


OWNERS = Table("owners", METADATA, Column("owner_id", Integer, primary_key=True))
PARENTS = Table("parents", METADATA, Column("parent_id", Integer, primary_key=True, autoincrement=False))
DETAILS = Table(
    "details",
    METADATA,
    Column("number", Integer, Identity(always=True), primary_key=True),
    Column("position", Integer, nullable=False, unique=True),
    Column("size", Enum(Size, name="size")),
    Column("document", JSON),
    Column("boxed", Boxed),
    Column("parent_id", ForeignKey("parents.parent_id", ondelete="CASCADE")),
    Column("owner_id", ForeignKey("owners.owner_id")),
)
LISTS = Table(
    "lists",
    MetaData(),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("sizes", ARRAY(Enum(Size, name="sizes"))),
    Column("words", ARRAY(String)),
)


class Details(SqlProjection, name="details", tables=[DETAILS, PARENTS], retry_max=0):
    """Columns of every kind that wants something of its own."""

    @handle
    async def deposited(self, event: Deposited, connection: AsyncConnection, record: Record) -> None:
        """One row, below another."""
        await connection.execute(upsert(PARENTS).values(parent_id=record.position % 2))
        await connection.execute(
            DETAILS.insert().values(
                position=record.position,
                size=Size.LARGE,
                document={"amount": event.amount},
                boxed=[event.amount],
                parent_id=record.position % 2,
            )
        )


class Lists(SqlProjection, name="lists", tables=[LISTS], retry_max=0):
    """Arrays, which only PostgreSQL has."""

    @handle
    async def deposited(self, event: Deposited, connection: AsyncConnection, record: Record) -> None:
        """One row."""
        await connection.execute(
            upsert(LISTS).values(position=record.position, sizes=[Size.SMALL, Size.LARGE], words=[event.account_id])
        )


@scene
async def test_columns_of_every_kind(url: str) -> None:
    """Types with a name, documents, numbers that are always the database's, keys of other tables: compared, copied."""
    async with database_at(url) as database:
        async with database.begin() as connection:
            await connection.run_sync(OWNERS.create)
        async with open_bank(None, Details, services=[database]) as engine:
            details = engine.subscription(Details)
            await engine.send_many([Deposit(account_id="a", amount=n) for n in range(1, 5)])
            await details.caught_up()
            for _ in range(2):
                report = await rebuild(details)
                assert [(each.rows, each.missing, each.unexpected) for each in report.tables] == [(4, 0, 0), (2, 0, 0)]
            async with database.begin() as connection:
                await connection.execute(DETAILS.update().where(DETAILS.c.position == 2).values(document={"amount": 7}))
            report = await rebuild(details)
            assert [(each.missing, each.unexpected) for each in report.tables] == [(1, 1), (0, 0)]
            await engine.send(Deposit(account_id="a", amount=5))
            await details.caught_up()
            assert details.dead_letters() == []
            async with database.connect() as connection:
                found = (await connection.execute(select(DETAILS).order_by(DETAILS.c.position))).all()
            assert [(row.number, row.document, row.size) for row in found] == [
                (n, {"amount": n}, Size.LARGE) for n in range(1, 6)
            ]


@scene
async def test_arrays(postgres: PrivatePostgres) -> None:
    """Of a type with a name, and of others."""
    async with (
        database_at(postgres.new_database()) as database,
        open_bank(None, Lists, services=[database]) as engine,
    ):
        await engine.send_many([Deposit(account_id="a", amount=n) for n in range(1, 5)])
        await engine.subscription(Lists).caught_up()
        report = await rebuild(engine.subscription(Lists))
        assert [(each.rows, each.missing, each.unexpected) for each in report.tables] == [(4, 0, 0)]


@pytest.mark.parametrize("length", [49, 50, 100])
def test_long_names_are_told_apart(length: int) -> None:
    """Projections whose names begin alike have schemas of their own, which PostgreSQL does not cut."""
    database = create_async_engine("postgresql+asyncpg://nobody@/nothing")
    one, other = (PostgresShadow(database, "n" * (length - 1) + end).schema for end in "ab")
    assert one != other
    assert max(len(one), len(other)) <= 63
