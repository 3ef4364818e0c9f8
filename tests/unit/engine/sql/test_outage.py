"""Which errors are the database's own: real ones, of both databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from actum.sql.outage import is_outage
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.support.postgres import PrivatePostgres
from tests.support.scenes import scene
from tests.support.sql_models import database_at


@scene
async def test_a_lock_that_is_not_to_be_had(tmp_path: Path) -> None:
    """SQLite says that the database is locked."""
    path = tmp_path / "read.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE t (n INTEGER)")
    other.execute("BEGIN IMMEDIATE")
    database = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 0.01})
    with pytest.raises(DBAPIError, match="locked") as raised:
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO t VALUES (1)"))
    assert is_outage(raised.value)
    other.close()
    await database.dispose()


@scene
async def test_a_connection_that_is_ended(postgres: PrivatePostgres) -> None:
    """PostgreSQL's operator ends it; what comes of it is an outage, also behind an error of somebody else."""
    async with database_at(postgres.new_database()) as database, database.connect() as connection:
        number = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        async with database.connect() as other:
            await other.execute(text(f"SELECT pg_terminate_backend({number})"))
        with pytest.raises(DBAPIError) as raised:
            await connection.execute(text("SELECT 1"))
        assert is_outage(raised.value)
        wrapped = RuntimeError("the orders can't be written")
        wrapped.__cause__ = raised.value
        assert is_outage(wrapped)


@scene
async def test_what_a_migration_or_an_operator_mends(url: str) -> None:
    """A table or a column that is not there yet: waiting helps, and every event would fail alike."""
    async with database_at(url) as database:
        async with database.begin() as connection:
            await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
        for statement in (
            "INSERT INTO nowhere VALUES (1)",
            "INSERT INTO t (later) VALUES (1)",
            "SELECT later FROM t",
            "UPDATE t SET later = 1",
        ):
            assert is_outage(await refused(database, statement)), statement


@scene
async def test_what_postgresql_refuses_for_now(postgres: PrivatePostgres) -> None:
    """A statement that took too long, a server that only reads after a failover, a right that is not granted."""
    async with database_at(postgres.new_database()) as database:
        async with database.begin() as connection:
            await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
            await connection.execute(text("CREATE ROLE nobody"))
        assert is_outage(await refused(database, "SELECT pg_sleep(1)", "SET statement_timeout = 10"))
        assert is_outage(await refused(database, "INSERT INTO t VALUES (1)", "SET TRANSACTION READ ONLY"))
        assert is_outage(await refused(database, "INSERT INTO t VALUES (1)", "SET LOCAL ROLE nobody"))


@scene
async def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    """SQLite says that it is read-only."""
    async with database_at(f"sqlite+aiosqlite:///{tmp_path / 'read.db'}") as database:
        async with database.begin() as connection:
            await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
        assert is_outage(await refused(database, "INSERT INTO t VALUES (1)", "PRAGMA query_only = ON"))


@scene
async def test_what_is_the_statements_fault(url: str) -> None:
    """A wrong value, a row that is there, bad grammar, an error that has nothing to do with SQL."""
    async with database_at(url) as database:
        async with database.begin() as connection:
            await connection.execute(
                text("CREATE TABLE t (n INTEGER PRIMARY KEY, c TEXT CHECK (c <> 'no such table'))")
            )
            await connection.execute(text("INSERT INTO t VALUES (1, '')"))
        for statement in ("INSERT INTO t VALUES (1, '')", "INSERT INTO t VALUES (2, 'no such table')", "INSERT"):
            assert not is_outage(await refused(database, statement)), statement
    error = ValueError()
    error.__cause__ = error
    assert not is_outage(error)


async def refused(database: AsyncEngine, statement: str, *before: str) -> DBAPIError:
    """What the database says to a statement, after others."""
    async with database.connect() as connection:
        for each in before:
            await connection.execute(text(each))
        with pytest.raises(DBAPIError) as raised:
            await connection.execute(text(statement))
    return raised.value
