"""The list of orders as an SQL table, for those who can't ask the shop: a report, another service, a person with psql.

It shows what the view `OrderSummaries` shows. A view asks nobody, so the customer's name comes to it with the order. A
SQL projection may ask: it has the name from the customer directory, and needs no name in the event.
"""

from datetime import UTC, datetime
from typing import Any

from actum.sql import SqlProjection, handle, upsert
from msgspec.structs import asdict
from sqlalchemy import BigInteger, Column, DateTime, Dialect, MetaData, String, Table, TypeDecorator, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from examples.shop.customer_directory import CustomerDirectory
from examples.shop.events import CustomerRenamed, OrderCancelled, OrderPlaced, OrderShipped
from examples.shop.rows import OrderSummary


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC, also where the database keeps no time zone, as SQLite."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = DateTime(timezone=True)
    cache_ok: bool | None = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """What is stored."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """What is read."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: Column for column what an `OrderSummary` has.
order_summaries = Table(
    "order_summaries",
    MetaData(),
    Column("order_id", String, primary_key=True),
    Column("customer_id", String, nullable=False, index=True),
    Column("customer_name", String, nullable=False),
    Column("status", String, nullable=False, index=True),
    Column("total_cents", BigInteger, nullable=False),
    Column("item_count", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
)


class OrderTable(SqlProjection, name="order-table", tables=[order_summaries]):
    """One row per order, each event applied exactly once."""

    @handle
    async def placed(self, event: OrderPlaced, connection: AsyncConnection, customers: CustomerDirectory) -> None:
        """A new row, with the customer's name of today."""
        row = OrderSummary(
            order_id=event.order_id,
            customer_id=event.customer_id,
            customer_name=await customers.name_of(event.customer_id) or event.customer_name,
            status="placed",
            total_cents=event.total_cents,
            item_count=event.item_count,
            created_at=event.placed_at,
        )
        await connection.execute(upsert(order_summaries).values(**asdict(row)))

    @handle
    async def shipped(self, event: OrderShipped, connection: AsyncConnection) -> None:
        """Another status."""
        await set_status(connection, event.order_id, "shipped")

    @handle
    async def cancelled(self, event: OrderCancelled, connection: AsyncConnection) -> None:
        """Another status; what the order was worth stays to be seen."""
        await set_status(connection, event.order_id, "cancelled")

    @handle
    async def renamed(self, event: CustomerRenamed, connection: AsyncConnection) -> None:
        """The new name in each of the customer's rows."""
        rows = order_summaries.c.customer_id == event.customer_id
        await connection.execute(update(order_summaries).where(rows).values(customer_name=event.name))


async def set_status(connection: AsyncConnection, order_id: str, status: str) -> None:
    """What has become of an order."""
    row = order_summaries.c.order_id == order_id
    await connection.execute(update(order_summaries).where(row).values(status=status))


async def read_order_summaries(connection: AsyncConnection) -> dict[str, OrderSummary]:
    """The table's rows as those of the view, by order."""
    rows = (await connection.execute(select(order_summaries))).mappings()
    return {row["order_id"]: OrderSummary(**row) for row in rows}
