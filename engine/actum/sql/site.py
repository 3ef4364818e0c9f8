"""Where a projection's tables are: in the user's database as they are read, or beside them, where they are built anew.

Both take the same statements, also plain SQL, by the same names: what the names mean is set for each transaction. In
PostgreSQL the second set is a schema of its own, which comes first in the search path; in SQLite it is a second file,
to which the first one is attached. So only what is in `tables=` is doubled, and a handler may read everything else.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast, final

from sqlalchemy import ARRAY, MetaData, Table, delete, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.sql.functions import now
from sqlalchemy.types import SchemaType

from actum.errors import Invalid
from actum.sql.ledger import BOOKMARKS, TABLES
from actum.sql.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from sqlalchemy import ForeignKeyConstraint
    from sqlalchemy.ext.asyncio import AsyncEngine

Transaction: TypeAlias = AbstractAsyncContextManager[AsyncConnection]

#: PostgreSQL cuts longer names.
NAME_BYTES_MAX = 63
#: What the live file is called in a connection to the other one.
LIVE = "live"
#: The bookmark of nobody: no projection can have this name.
PROBE = "(undone?)"


class Site(Protocol):
    """Where tables are."""

    def begin(self) -> Transaction:
        """A transaction, in which the tables' names mean those here."""
        ...

    async def create(self, tables: Sequence[Table]) -> None:
        """Make the tables that are not there, and those of the ledger.

        Raises:
            Invalid: nothing that is written here could be undone.
        """
        ...


@final
class LiveSite:
    """The tables as they are read."""

    def __init__(self, database: AsyncEngine) -> None:
        """In this database."""
        self._database = database

    def begin(self) -> Transaction:
        """See `Site.begin`."""
        return self._database.begin()

    async def create(self, tables: Sequence[Table]) -> None:
        """See `Site.create`."""
        async with self._database.begin() as connection:
            await connection.run_sync(TABLES.create_all)
            for metadata in dict.fromkeys(table.metadata for table in tables):  # each in the order of its foreign keys
                mine = [table for table in tables if table.metadata is metadata]
                await connection.run_sync(metadata.create_all, tables=mine)
        await check_undone(self._database)

    def __repr__(self) -> str:
        """Where."""
        return f"<LiveSite {self._database.url!r}>"


class ShadowSite(Site, Protocol):
    """A second set of the tables."""

    @property
    def schema(self) -> str:
        """By which its tables are named in `both`."""
        ...

    def both(self) -> Transaction:
        """A transaction in which the tables' names mean the live ones."""
        ...

    async def drop(self) -> None:
        """Remove all of it, if it is there."""
        ...


def shadow_of(database: AsyncEngine, name: str, tables: Sequence[Table]) -> ShadowSite:
    """The second set of a projection's tables.

    Raises:
        Invalid: there can't be one.
    """
    for table in tables:
        if table.schema is not None:
            raise Invalid(
                f"table {table} has a schema, so that it can't be built anew beside itself: take schema= away"
            )
    if database.dialect.name == "postgresql":
        return PostgresShadow(database, f"actum_rebuild_{name}")
    path = database.url.database
    if not path or ":memory:" in path or path.startswith("file:"):
        raise Invalid("a SQLite database in memory, or named by a URI, can't be built anew: use a file, by its path")
    return SqliteShadow(Path(path), name)


@final
class PostgresShadow:
    """In a schema of its own."""

    def __init__(self, database: AsyncEngine, schema: str) -> None:
        """Not there yet."""
        self._database = database
        if len(schema) > NAME_BYTES_MAX:
            digest = blake2b(schema.encode(), digest_size=8).hexdigest()
            schema = f"{schema[: NAME_BYTES_MAX - len(digest) - 1]}_{digest}"
        self.schema = schema
        self._quoted = '"' + self.schema.replace('"', '""') + '"'

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """See `Site.begin`."""
        async with self._database.begin() as connection:
            path = (await connection.execute(text("SHOW search_path"))).scalar_one()
            await connection.exec_driver_sql(f"SET LOCAL search_path TO {self._quoted}, {path}")
            yield connection

    async def create(self, tables: Sequence[Table]) -> None:
        """See `Site.create`."""
        async with self._database.begin() as connection:
            await connection.exec_driver_sql(f"CREATE SCHEMA {self._quoted}")
            await connection.run_sync(in_schema([*TABLES.sorted_tables, *tables], self.schema).create_all)

    def both(self) -> Transaction:
        """See `ShadowSite.both`."""
        return self._database.begin()

    async def drop(self) -> None:
        """See `ShadowSite.drop`."""
        async with self._database.begin() as connection:
            await connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {self._quoted} CASCADE")

    def __repr__(self) -> str:
        """Where."""
        return f"<PostgresShadow {self.schema}>"


@final
class SqliteShadow:
    """In a file beside the database's."""

    schema = "main"

    def __init__(self, live: Path, name: str) -> None:
        """Not there yet."""
        self._path = live.with_name(f"{live.name}.rebuild-{name}")
        self._live = live
        self._database: AsyncEngine | None = None

    def begin(self) -> Transaction:
        """See `Site.begin`."""
        return self._opened().begin()

    async def create(self, tables: Sequence[Table]) -> None:
        """See `Site.create`."""
        async with self.begin() as connection:
            await connection.run_sync(in_schema([*TABLES.sorted_tables, *tables], self.schema).create_all)

    @asynccontextmanager
    async def both(self) -> AsyncGenerator[AsyncConnection]:
        """See `ShadowSite.both`."""
        async with self._opened().begin() as connection:
            yield await connection.execution_options(schema_translate_map={None: LIVE})

    async def drop(self) -> None:
        """See `ShadowSite.drop`."""
        database, self._database = self._database, None
        if database is not None:
            await database.dispose()
        for end in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    def _opened(self) -> AsyncEngine:
        """The file, with the live one attached to each connection."""
        if self._database is None:
            self._database = create_async_engine(f"sqlite+aiosqlite:///{self._path}")
            event.listen(self._database.sync_engine, "connect", self._attach)
        return self._database

    def _attach(self, connection: Any, _: object) -> None:
        """Have the live file in a new connection."""
        cursor = connection.cursor()
        cursor.execute(f"ATTACH DATABASE ? AS {LIVE}", (str(self._live),))
        cursor.close()

    def __repr__(self) -> str:
        """Where."""
        return f"<SqliteShadow {self._path}>"


async def check_undone(database: AsyncEngine) -> None:
    """Write a row and undo it: where that does not work, no batch could be undone.

    Raises:
        Invalid: the row is still there.
    """
    async with database.connect() as connection:
        row = upsert(BOOKMARKS).values(name=PROBE, store_id="", position=0, hash=b"", updated=now())
        await connection.execute(row)
        await connection.rollback()
        gone = await connection.execute(delete(BOOKMARKS).where(BOOKMARKS.c.name == PROBE))
        await connection.commit()
    if gone.rowcount:
        raise Invalid(
            f"{database.url!r} does not undo a transaction: every statement takes effect at once, so no event could be "
            "applied exactly once. Take AUTOCOMMIT out of create_async_engine(...), or give the projection an engine "
            "of its own"
        )


def in_schema(tables: Sequence[Table], schema: str) -> MetaData:
    """The same tables in a schema: with the live ones' types, and no keys of tables that are not among them."""
    metadata = MetaData()
    for table in tables:
        copy = table.to_metadata(metadata, schema=schema)
        for column in copy.columns:
            kind: Any = column.type
            if isinstance(kind, ARRAY):
                kind = cast("Any", kind).item_type
            if isinstance(kind, SchemaType):
                kind.schema = None
    for copy in metadata.tables.values():
        for key in copy.foreign_key_constraints:
            if key.elements[0].target_fullname.rpartition(".")[0] not in metadata.tables:
                forget_key(copy, key)
    return metadata


def forget_key(table: Table, key: ForeignKeyConstraint) -> None:
    """Take a foreign key out of a table that was not made yet."""
    table.constraints.discard(key)
    for element in key.elements:
        element.parent.foreign_keys.discard(element)
        table.foreign_keys.discard(element)
