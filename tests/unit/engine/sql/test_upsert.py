"""`upsert`: one statement for both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from actum import Invalid
from actum.sql import upsert
from sqlalchemy import Column, Integer, MetaData, Table, select
from sqlalchemy.engine import make_url

from tests.support.scenes import scene
from tests.support.sql_models import ACCOUNTS, database_at

DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")
KEYS = Table("keys", MetaData(), Column("a", Integer, primary_key=True), Column("b", Integer, primary_key=True))


@scene
async def test_a_row_is_inserted_or_changed(url: str) -> None:
    """A row that is there gets the values, or what `update` says; one that is nothing but its key stays."""
    row = {"account_id": "a", "balance": 1, "movements": 1, "position": 1}
    async with database_at(url) as database, database.begin() as connection:
        await connection.run_sync(ACCOUNTS.create)
        await connection.run_sync(KEYS.create)
        for _ in range(2):
            await connection.execute(upsert(ACCOUNTS).values(**row))
            await connection.execute(upsert(KEYS).values(a=1, b=2))
        await connection.execute(upsert(ACCOUNTS).values([{**row, "balance": 5}, {**row, "account_id": "b"}]))
        more = {"balance": ACCOUNTS.c.balance + upsert(ACCOUNTS).values(**row).excluded.balance}
        await connection.execute(upsert(ACCOUNTS, more).values(**{**row, "position": 9}))
        found = await connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.account_id))
        assert [tuple(each) for each in found] == [("a", 6, 1, 1), ("b", 1, 1, 1)]
        assert [tuple(each) for each in await connection.execute(select(KEYS))] == [(1, 2)]


def test_what_can_not_be_written_is_refused() -> None:
    """No table, no primary key, no row, a column that is not there: each error names the fix."""
    bare = Table("bare", MetaData(), Column("a", Integer))
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: upsert(cast("Any", "keys")), "give a SQLAlchemy Table"),
        (lambda: upsert(bare), "bare has no primary key"),
        (lambda: upsert(KEYS, {"c": 1}), "keys has no column 'c'; it has a, b"),
        (lambda: upsert(KEYS).values([]), "give a row of keys"),
        (lambda: upsert(KEYS).values(), "give a row of keys"),
        (lambda: upsert(KEYS).values({"a": 1, "c": 2}), "keys has no column 'c'"),
        (lambda: upsert(KEYS).values([{"a": 1, "b": 2}, {"a": 1}]), "differ in their columns"),
        (lambda: upsert(KEYS).values({"a": 1}, b=2), "either rows or columns"),
    ]
    for make, why in wrong:
        with pytest.raises(Invalid, match=why):
            make()
    assert str(upsert(KEYS).values({"a": 1, "b": 2})) == str(upsert(KEYS).values(a=1, b=2))


def test_both_dialects_say_the_same() -> None:
    """What SQLite gets differs from what PostgreSQL gets in its parameters only."""
    statement = upsert(KEYS, {"b": 3}).values(a=1, b=2)
    texts = [
        str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        for dialect in (make_url(f"{driver}://").get_dialect()() for driver in DRIVERS)
    ]
    assert texts == ["INSERT INTO keys (a, b) VALUES (1, 2) ON CONFLICT (a, b) DO UPDATE SET b = 3"] * 2
    assert repr(upsert(KEYS)) == "<Upsert keys>"
