"""`rebuild`: a projection's tables are built anew beside the live ones, compared with them, and take their place.

The live ones are read, and go on, until the new ones have come as far. Then the projection stands still for as long as
it takes to compare and to copy: in one transaction, under the bookmark's lock, the rows are replaced, not the tables,
so that what hangs on these (rights, views, indexes that others made) stays. A crash leaves the old rows or the new.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, final

import msgspec
from actum_storage import MemoryBookmarks
from sqlalchemy import JSON, Column, Table, TypeDecorator, cast, delete, except_, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.ddl import sort_tables
from sqlalchemy.sql.functions import count as counted
from sqlalchemy.sql.functions import max as maximum

from actum.errors import EngineClosed, Invalid
from actum.sql.ledger import DEAD_LETTERS
from actum.sql.projection import SqlProjection
from actum.sql.site import in_schema, shadow_of
from actum.statistics import RebuildStatistics
from actum.subscriptions.worker import Worker

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from actum.sql.site import ShadowSite
    from actum.subscriptions.consumer import Consumer

#: How often it is looked how far the new tables are.
LOOK_SECONDS = 0.02


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    """One table, built anew.

    Attributes:
        name: the table's.
        rows: in the new one.
        missing: rows of the new one that the live one did not have, or had otherwise; None if they were not compared.
        unexpected: rows of the live one that the new one does not have, or has otherwise; None as above.
    """

    name: str
    rows: int
    missing: int | None
    unexpected: int | None


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a rebuild.

    Attributes:
        position: both tables held everything up to here when they were compared.
        swapped: whether the new rows took the place of the live ones.
        dead_letters: events that could not be handled this time.
        tables: one each.
    """

    position: int
    swapped: bool
    dead_letters: int
    tables: tuple[TableReport, ...]


async def rebuild(consumer: Consumer, *, compare: bool = True, swap: bool = True) -> RebuildReport:
    """Build a projection's tables anew, from the beginning of the log, or where an integer `start=` says.

    Handlers must write to nothing but `tables`: other effects would come twice. Cancelling leaves the live rows as
    they are.

    Args:
        consumer: from `engine.subscription(...)` or `follower.subscription(...)`.
        compare: count the rows that differ, which takes both tables' reading.
        swap: put the new rows in place of the live ones; False only looks.

    Raises:
        Invalid: it is no SQL projection, does not know yet where it stands, can't have a second set of tables, or was
            reset meanwhile.
        EngineClosed: the engine or follower was closed meanwhile.
        RuntimeError: the new tables' handler failed and stopped, see `on_failure`, or has waited for the database for
            `Options.stalled_seconds`.
    """
    live = consumer.worker
    projection = live.subscription
    if not isinstance(projection, SqlProjection):
        raise Invalid(f"subscription {consumer.name} is no SqlProjection: its effects can't be built anew")
    if not live.loaded:
        raise Invalid(f"projection {consumer.name} does not know yet where it stands: {consumer.trouble() or 'wait'}")
    async with projection.rebuilding():
        shadow = shadow_of(projection.database(live.source.services), consumer.name, projection.__tables__)
        await shadow.drop()
        try:
            return await Rebuild(consumer, projection, shadow, compare=compare, swap=swap).run()
        finally:
            await shadow.drop()


@final
class Rebuild:
    """One rebuild at work."""

    def __init__(
        self, consumer: Consumer, projection: SqlProjection, shadow: ShadowSite, *, compare: bool, swap: bool
    ) -> None:
        """Nothing built yet."""
        self._consumer = consumer
        self._projection = projection
        self._shadow = shadow
        self._compare = compare
        self._swap = swap
        self._reach = 0  # how far the new tables may go: as far as the live ones are
        self._live = live = consumer.worker
        source = live.source._replace(head=lambda: min(live.source.head(), self._reach))
        self._worker = live.twin(source, MemoryBookmarks())
        self._report: RebuildReport | None = None
        self._step = "folding"
        self._started_ns = live.source.clock.monotonic_ns()

    def progress(self) -> RebuildStatistics:
        """How far it is."""
        seconds = (self._live.source.clock.monotonic_ns() - self._started_ns) / 1e9
        return RebuildStatistics.of(self._step, self._worker.position, self._consumer.position, seconds)

    async def run(self) -> RebuildReport:
        """All of it."""
        worker = self._worker
        built = worker.subscription
        assert isinstance(built, SqlProjection)
        built.build_in(self._shadow)
        self._consumer.rebuild = self.progress
        try:
            await worker.prepare()
            start = worker.kind.options.start
            await worker.keeping.save(await worker.keeping.at(start if isinstance(start, int) else 0))
            await self._build()
        finally:
            self._consumer.rebuild = None
            await built.close()
        assert self._report is not None
        return self._report

    async def _build(self) -> None:
        """Handle the log until the new tables are as far as the live ones, then put them in place."""
        worker = self._worker
        task = asyncio.create_task(worker.work(), name=f"actum rebuild {self._consumer.name}")
        try:
            self._reach = self._consumer.position
            await self._built(task)
            await self._consumer.standing(lambda live: self._finish(live, task))
        finally:
            worker.ending = True
            worker.bell.ring()
            task.cancel()
            await asyncio.wait([task])

    async def _built(self, task: asyncio.Task[None]) -> None:
        """Wait until the new tables are as far as they may go."""
        worker = self._worker
        while not (worker.loaded and worker.position >= self._reach):
            worker.bell.ring()
            await asyncio.wait([task], timeout=LOOK_SECONDS)
            if self._live.ending:
                raise EngineClosed(f"projection {self._consumer.name} was closed while it was built anew")
            if task.done():
                task.result()
            why = worker.stopped or self._standstill()
            if why is not None:
                raise RuntimeError(f"projection {self._consumer.name} can't be built anew: {why}")

    def _standstill(self) -> str | None:
        """What the new tables have been waiting for since long, such as a column that only the live ones have."""
        source, worker = self._worker.source, self._worker
        seconds = (source.clock.monotonic_ns() - worker.heartbeat_ns) / 1e9
        return worker.trouble if seconds > source.options.stalled_seconds else None

    async def _finish(self, live: Worker, task: asyncio.Task[None]) -> int:
        """The live one stands still: come exactly as far, compare, swap; the position to go on from."""
        bookmark = await self._projection.load_bookmark()
        if bookmark is None:
            raise Invalid(f"the bookmark of {self._consumer.name} is gone")
        if self._worker.position > bookmark.position:
            raise Invalid(
                f"projection {self._consumer.name} was reset to position {bookmark.position} while it was built anew: "
                "rebuild it again"
            )
        self._reach = bookmark.position
        await self._built(task)
        self._worker.paused = True
        self._step = "comparing"
        async with self._worker.handling, self._projection.batch_in(self._shadow.both()) as connection:
            tables = [await self._table(connection, table) for table in self._projection.__tables__]
            if self._swap:
                await self._replace(connection)
        await live.keeping.load_letters()
        self._report = RebuildReport(
            position=bookmark.position,
            swapped=self._swap,
            dead_letters=len(self._worker.keeping.letters),
            tables=tuple(tables),
        )
        return bookmark.position

    async def _table(self, connection: AsyncConnection, table: Table) -> TableReport:
        """How the new one is, and how far it differs."""
        new = self._new(table)
        rows = (await connection.execute(select(counted()).select_from(new))).scalar_one()
        missing = unexpected = None
        if self._compare:
            missing = await different(connection, new, table)
            unexpected = await different(connection, table, new)
        return TableReport(name=table.name, rows=rows, missing=missing, unexpected=unexpected)

    async def _replace(self, connection: AsyncConnection) -> None:
        """Put the new rows in place of the live ones, and the new dead letters."""
        tables = list(sort_tables(self._projection.__tables__))
        for table in reversed(tables):
            await connection.execute(delete(table))
        for table in tables:
            new = self._new(table)
            await copy_rows(connection, new, table)
            await continue_numbers(connection, table)
        name = self._consumer.name
        await connection.execute(delete(DEAD_LETTERS).where(DEAD_LETTERS.c.name == name))
        columns = list(DEAD_LETTERS.c.keys())
        letters = select(*self._new(DEAD_LETTERS).c)
        await connection.execute(insert(DEAD_LETTERS).from_select(columns, letters))

    def _new(self, table: Table) -> Table:
        """The new one beside a table."""
        (new,) = in_schema([table], self._shadow.schema).tables.values()
        return new

    def __repr__(self) -> str:
        """Of what."""
        return f"<Rebuild of {self._consumer.name}>"


async def copy_rows(connection: AsyncConnection, source: Table, target: Table) -> None:
    """Copy all rows with their numbers, also where only the database may number them; what it computes it computes."""
    names = [column.name for column in target.columns if column.computed is None]
    copying = insert(target).from_select(names, select(*(source.c[name] for name in names)))
    if not any(column.identity for column in target.columns) or connection.dialect.name != "postgresql":
        await connection.execute(copying)
        return
    prepared = connection.dialect.identifier_preparer
    listed = ", ".join(map(prepared.quote, names))
    into, out_of = prepared.format_table(target), prepared.format_table(source)
    await connection.execute(
        text(f"INSERT INTO {into} ({listed}) OVERRIDING SYSTEM VALUE SELECT {listed} FROM {out_of}")  # noqa: S608  # quoted
    )


async def different(connection: AsyncConnection, one: Table, other: Table) -> int:
    """How many rows one has that the other has not."""
    postgresql = connection.dialect.name == "postgresql"
    first, second = ([comparable(column) if postgresql else column for column in table.c] for table in (one, other))
    rest = except_(select(*first), select(*second)).subquery()
    count: int = (await connection.execute(select(counted()).select_from(rest))).scalar_one()
    return count


def comparable(column: Column[Any]) -> ColumnElement[Any]:
    """A column as something that PostgreSQL can compare, which it can't do with JSON as text."""
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    return cast(column, JSONB).label(column.name) if isinstance(kind, JSON) else column


async def continue_numbers(connection: AsyncConnection, table: Table) -> None:
    """Let PostgreSQL number new rows behind those that were copied."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    name = connection.dialect.identifier_preparer.format_table(table)
    found = text("SELECT pg_get_serial_sequence(:name, :column)")
    sequence = (await connection.execute(found, {"name": name, "column": column.name})).scalar_one()
    if sequence is not None:
        highest = (await connection.execute(select(maximum(column)))).scalar_one() or 0
        following = text("SELECT setval(CAST(CAST(:sequence AS text) AS regclass), :following, false)")
        await connection.execute(following, {"sequence": sequence, "following": highest + 1})
