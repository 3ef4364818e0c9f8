"""Two tables in the user's database: how far each projection has come, and what it could not handle.

    actum_bookmarks      name | store_id | position | hash | updated
    actum_dead_letters   name, position | aggregate | key | tag | error | attempts | failed_ns

All of it happens in the caller's transaction. That begins with the lock of the bookmark's row, and with a look at
whether it still is where the caller knows it to be: what another process has applied meanwhile, or what a commit has
whose answer was lost, must not be applied again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from actum_storage import ActumError, Bookmark, DeadLetter
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.sql.functions import now

from actum.sql.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

TABLES = MetaData()
BOOKMARKS = Table(
    "actum_bookmarks",
    TABLES,
    Column("name", String(100), primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("updated", DateTime(timezone=True), nullable=False),
)
DEAD_LETTERS = Table(
    "actum_dead_letters",
    TABLES,
    Column("name", String(100), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("aggregate", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failed_ns", BigInteger, nullable=False),
)


@final
class BookmarkMoved(ActumError):
    """The bookmark in the database is not where this process left it: somebody else has moved it.

    Either another process runs the same projection on this database, or the answer to a commit was lost.

    What to do: nothing; the projection goes on from where the bookmark is. If it comes again and again, end one of the
    two processes.
    """


@final
class Ledger:
    """One projection's rows in the two tables."""

    def __init__(self, name: str) -> None:
        """Of the projection with this name."""
        self._name = name

    async def load(self, connection: AsyncConnection) -> Bookmark | None:
        """The bookmark, if there is one."""
        return await self._found(connection, lock=False)

    async def lock(self, connection: AsyncConnection, expected: Bookmark | None) -> None:
        """Let nobody else move the bookmark until the transaction ends. SQLite locks the whole database.

        Raises:
            BookmarkMoved: it is not the expected one.
        """
        if connection.dialect.name == "sqlite":  # there a write is what takes the lock
            await connection.execute(
                update(BOOKMARKS).where(BOOKMARKS.c.name == self._name).values(position=BOOKMARKS.c.position)
            )
        found = await self._found(connection, lock=True)
        if found != expected:
            raise BookmarkMoved(
                f"the bookmark of {self._name} is {place_of(found)}, not {place_of(expected)}: another process runs "
                "the same projection on this database, or the answer to a commit was lost"
            )

    async def move(self, connection: AsyncConnection, expected: Bookmark | None, bookmark: Bookmark) -> None:
        """Put the bookmark in place of the expected one, if it is still there.

        Raises:
            BookmarkMoved: it is not.
            IntegrityError: none was expected, and there is one.
        """
        values: dict[str, Any] = {**bookmark._asdict(), "updated": now()}
        if expected is None:
            await connection.execute(insert(BOOKMARKS).values(name=self._name, **values))
            return
        moved = await connection.execute(
            update(BOOKMARKS)
            .where(BOOKMARKS.c.name == self._name, BOOKMARKS.c.position == expected.position)
            .values(**values)
        )
        if moved.rowcount != 1:
            raise BookmarkMoved(f"the bookmark of {self._name} is not {place_of(expected)} any more")

    async def dead_letters(self, connection: AsyncConnection) -> list[DeadLetter]:
        """All, by position."""
        columns = [DEAD_LETTERS.c[field] for field in DeadLetter._fields]
        found = select(*columns).where(DEAD_LETTERS.c.name == self._name).order_by(DEAD_LETTERS.c.position)
        return [DeadLetter(*row) for row in await connection.execute(found)]

    async def bury(self, connection: AsyncConnection, letter: DeadLetter) -> None:
        """Keep a dead letter, in place of an older one at its position."""
        values = {field: plain(value) for field, value in letter._asdict().items()}
        await connection.execute(upsert(DEAD_LETTERS).values(name=self._name, **values))

    async def drop(self, connection: AsyncConnection, position: int) -> bool:
        """Forget a dead letter, if it is there; whether it was."""
        dropped = await connection.execute(
            delete(DEAD_LETTERS).where(DEAD_LETTERS.c.name == self._name, DEAD_LETTERS.c.position == position)
        )
        return dropped.rowcount == 1

    async def _found(self, connection: AsyncConnection, *, lock: bool) -> Bookmark | None:
        """The bookmark as the database has it."""
        columns = [BOOKMARKS.c[field] for field in Bookmark._fields]
        wanted = select(*columns).where(BOOKMARKS.c.name == self._name)
        row = (await connection.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
        return None if row is None else Bookmark(*row)

    def __repr__(self) -> str:
        """Whose it is."""
        return f"<Ledger of {self._name}>"


def plain(value: object) -> object:
    """A value that any database takes: PostgreSQL refuses text with NUL, and both what is not UTF-8."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def place_of(bookmark: Bookmark | None) -> str:
    """Where a bookmark is, for people."""
    return "not there" if bookmark is None else f"at position {bookmark.position}"
