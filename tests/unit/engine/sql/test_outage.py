"""Which errors are the database's own: real ones, of both databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from actum.sql.outage import is_outage
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

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
async def test_what_is_the_statements_fault(url: str) -> None:
    """A missing table, a wrong value, a row that is there, an error that has nothing to do with SQL."""
    async with database_at(url) as database:
        async with database.begin() as connection:
            await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
            await connection.execute(text("INSERT INTO t VALUES (1)"))
        for statement in ("INSERT INTO t VALUES (1)", "INSERT INTO nowhere VALUES (1)", "INSERT"):
            with pytest.raises(DBAPIError) as raised:
                async with database.begin() as connection:
                    await connection.execute(text(statement))
            assert not is_outage(raised.value)
    error = ValueError()
    error.__cause__ = error
    assert not is_outage(error)
