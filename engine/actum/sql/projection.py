"""`SqlProjection`: a read model in the user's own database, to which each event is applied exactly once.

It is a subscription that keeps its bookmark where its handlers write: one transaction for each batch holds the writes
of the handlers, the bookmark behind the last of them, and the dead letters that it goes past. Whatever ends the process
or the database between two steps, either all of that is there or nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actum.errors import Invalid, shown
from actum.sql.guard import guarded
from actum.sql.ledger import Ledger
from actum.sql.outage import is_outage
from actum.sql.site import LiveSite
from actum.subscriptions.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from contextlib import AbstractAsyncContextManager

    from actum_storage import Bookmark, DeadLetter

    from actum.sql.site import Site, Transaction

DIALECTS = ("sqlite", "postgresql")


class SqlProjection(Subscription):
    """A read model in SQL. Its `@handle` methods write to the tables through the `AsyncConnection` that they take.

    The database is the `AsyncEngine` among the services; SQLite and PostgreSQL. Tables that are not there are made.
    Handlers must neither commit nor roll back, nor write through another connection: their writes take effect with the
    bookmark.

    Class options: those of `Subscription`, and
        tables: what it writes to; SQLAlchemy's `Table`s.

    Example:
        class OrderTable(SqlProjection, name="orders", tables=[orders]):
            @handle
            async def placed(self, event: OrderPlaced, connection: AsyncConnection) -> None:
                await connection.execute(upsert(orders).values(order_id=event.order_id, total=event.total))
    """

    __batch_gives__: ClassVar[type | None] = AsyncConnection
    __tables__: ClassVar[tuple[Table, ...]] = ()

    def __init_subclass__(cls, *, tables: Sequence[Table] | None = None, **options: Any) -> None:
        """Take the class options.

        Raises:
            Invalid: one of them is not what it has to be.
        """
        super().__init_subclass__(**options)
        if tables is None:
            return
        if not isinstance(tables, (list, tuple)):
            raise Invalid(f"{cls.__name__}: tables={shown(tables)}: give a list of SQLAlchemy Table objects")
        for table in tables:
            if not isinstance(table, Table):
                raise Invalid(f"{cls.__name__}: tables={shown(table)}: give SQLAlchemy Table objects")
        cls.__tables__ = tuple(tables)

    #: State, here and not in an `__init__`, which a subclass may forget to call.
    _site: Site | None = None
    _rebuilds = False
    _connection: AsyncConnection | None = None  # of the batch
    _bookmark: Bookmark | None = None  # as it is in the database, as far as this process knows
    _next: Bookmark | None = None  # as it will be when the batch is committed

    @cached_property
    def _turn(self) -> asyncio.Lock:
        """One batch at a time: a dead letter may be retried beside."""
        return asyncio.Lock()

    @cached_property
    def _ledger(self) -> Ledger:
        """The bookmark and the dead letters."""
        return Ledger(self.__subscription_options__.name)

    @classmethod
    def database(cls, services: Sequence[object]) -> AsyncEngine:
        """The database: the one `AsyncEngine` among the services. Override it to choose between several.

        Raises:
            Invalid: there is none, or more than one.
        """
        found = [service for service in services if isinstance(service, AsyncEngine)]
        if len(found) != 1:
            raise Invalid(
                f"{cls.__name__} needs one sqlalchemy AsyncEngine, and {len(found)} are among the services: pass "
                "services=[create_async_engine(...)], or override database() to choose"
            )
        return found[0]

    @classmethod
    def faults(cls, services: Sequence[object]) -> list[str]:
        """See `Subscription.faults`."""
        found = [] if cls.__tables__ else [f"{cls.__name__} has no tables: write tables=[...] behind SqlProjection"]
        try:
            dialect = cls.database(services).dialect.name
        except Invalid as error:
            return [*found, str(error)]
        if dialect not in DIALECTS:
            found.append(f"{cls.__name__}: its database speaks {dialect}; use one of {', '.join(DIALECTS)}")
        return found

    async def open(self, services: Sequence[object]) -> None:
        """Make the tables that are not there."""
        if self._site is None:
            self._site = LiveSite(self.database(services))
        await self._site.create(self.__tables__)

    def batch(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """One transaction, which has the bookmark's lock. Cancelling undoes it.

        Raises:
            BookmarkMoved: somebody else has moved the bookmark: load it again.
        """
        return self.batch_in(self._opened.begin())

    @asynccontextmanager
    async def batch_in(self, transaction: Transaction) -> AsyncGenerator[AsyncConnection]:
        """A batch in a transaction that sees the tables; for `batch` and `rebuild`."""
        async with self._turn:
            async with transaction as connection:
                await self._ledger.lock(connection, self._bookmark)
                self._connection, self._next = connection, self._bookmark
                try:
                    with guarded(connection):
                        yield connection
                finally:
                    self._connection = None
            self._bookmark = self._next

    @asynccontextmanager
    async def rebuilding(self) -> AsyncGenerator[None]:
        """One rebuild at a time.

        Raises:
            Invalid: there is one.
        """
        if self._rebuilds:
            raise Invalid(f"{self.__subscription_options__.name} is being built anew already")
        self._rebuilds = True
        try:
            yield
        finally:
            self._rebuilds = False

    def build_in(self, site: Site) -> None:
        """Write somewhere else than to the live tables; for `rebuild`, before it is opened."""
        self._site = site

    async def load_bookmark(self) -> Bookmark | None:
        """See `Subscription.load_bookmark`."""
        async with self._turn, self._opened.begin() as connection:
            self._bookmark = await self._ledger.load(connection)
        return self._bookmark

    async def save_bookmark(self, bookmark: Bookmark) -> None:
        """See `Subscription.save_bookmark`."""
        await self._ledger.move(self._in_batch, self._bookmark, bookmark)
        self._next = bookmark

    async def load_dead_letters(self) -> list[DeadLetter]:
        """See `Subscription.load_dead_letters`."""
        async with self._opened.begin() as connection:
            return await self._ledger.dead_letters(connection)

    async def save_dead_letter(self, letter: DeadLetter) -> None:
        """See `Subscription.save_dead_letter`."""
        await self._ledger.bury(self._in_batch, letter)

    async def drop_dead_letter(self, position: int) -> bool:
        """See `Subscription.drop_dead_letter`."""
        return await self._ledger.drop(self._in_batch, position)

    def is_outage(self, error: Exception) -> bool:
        """See `Subscription.is_outage`: what is the database's own trouble."""
        return is_outage(error)

    @property
    def _opened(self) -> Site:
        """The database."""
        if self._site is None:
            name = type(self).__name__
            raise Invalid(f"{name} was not opened: call `await super().open(services)` in {name}.open")
        return self._site

    @property
    def _in_batch(self) -> AsyncConnection:
        """The connection of the batch."""
        assert self._connection is not None, "outside batch()"
        return self._connection
