"""The guard: a handler that would end the transaction of its batch is refused, and undone like any that fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from actum import Record
from actum.sql import SqlProjection, handle
from actum.sql.guard import ENDING
from actum.sql.ledger import BOOKMARKS
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.bank import Deposit, Deposited, open_bank
from tests.support.scenes import scene
from tests.support.sql_models import NOTES, database_at


async def close(connection: AsyncConnection) -> None:
    """Give the connection back."""
    await connection.close()


def saying(statement: str) -> Callable[[AsyncConnection], Awaitable[object]]:
    """Plain SQL, as a handler may run it."""
    return lambda connection: connection.execute(text(statement))


ENDINGS: dict[str, Callable[[AsyncConnection], Awaitable[object]]] = {
    "commit": AsyncConnection.commit,
    "rollback": AsyncConnection.rollback,
    "close": close,
    "COMMIT": saying("COMMIT"),
    "End": saying(" -- done\n /* or\n so */ end transaction"),
    "rollback in SQL": saying("rollback"),
    "driver": lambda connection: connection.exec_driver_sql(";COMMIT"),
}


@pytest.mark.parametrize("how", ENDINGS)
@scene
async def test_a_handler_may_not_end_the_transaction(url: str, how: str) -> None:
    """It would break the one transaction: the error names what it did, and the event is put aside, alone and undone."""

    class Ends(SqlProjection, name="ends", tables=[NOTES], retry_max=1, retry_seconds_min=0, retry_seconds_max=0):
        @handle
        async def deposited(self, event: Deposited, connection: AsyncConnection, record: Record) -> None:
            await connection.execute(NOTES.insert().values(position=record.position, text="x"))
            if record.position == 3:
                await ENDINGS[how](connection)

    async with database_at(url) as database, open_bank(None, Ends, services=[database]) as engine:
        await engine.send_many([Deposit(account_id="a", amount=1)] * 5)
        table = engine.subscription(Ends)
        await table.caught_up()
        assert [letter.position for letter in table.dead_letters()] == [3]
        assert "must not" in table.dead_letters()[0].error
        async with database.connect() as connection:
            assert sorted((await connection.execute(select(NOTES.c.position))).scalars()) == [1, 2, 4, 5]
            assert (await connection.execute(select(BOOKMARKS.c.position))).scalar_one() == 5


def test_what_does_not_end_it() -> None:
    """Savepoints, and what only looks like it, are let through; so is a long comment, at once."""
    for statement in (
        "ROLLBACK TO SAVEPOINT a",
        "rollback  transaction to a",
        "RELEASE SAVEPOINT a",
        "SELECT 1 -- commit",
        "committed",
        "/* commit */ SELECT 1",
        "/* a */" * 50_000,
    ):
        assert ENDING.match(statement) is None
