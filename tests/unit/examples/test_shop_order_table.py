"""The list of orders in SQL shows what the view shows, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta, timezone
from pathlib import Path

import pytest
from actum import MemoryLog
from sqlalchemy.ext.asyncio import AsyncEngine

from examples.shop import FULFILMENT, open_shop
from examples.shop.commands import CancelOrder, PayOrder, RenameCustomer
from examples.shop.order_summaries import OrderSummaries
from examples.shop.order_table import OrderTable, read_order_summaries
from examples.shop.rows import OrderSummary
from tests.support.scenes import scene
from tests.support.sql_models import database_at
from tests.unit.examples.shop_scenes import NOON, furnish, idle, line, order


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"
    address: str = request.getfixturevalue("postgres").new_database()
    return address


async def rows_of(database: AsyncEngine) -> dict[str, OrderSummary]:
    """What the table says."""
    async with database.connect() as connection:
        return await read_order_summaries(connection)


@scene
async def test_the_table_is_the_view(url: str) -> None:
    """Whatever becomes of the orders, and whatever their customers are called by then."""
    async with (
        database_at(url) as database,
        open_shop(MemoryLog(), *FULFILMENT, OrderTable, services=[database]) as shop,
    ):
        await furnish(shop)
        for number in range(6):
            customer_id = "ann" if number % 2 else "bob"
            await shop.send(order(f"o{number}", line("apple", 1, 100 + number), customer_id=customer_id, hours=number))
            if number < 3:
                await shop.send(PayOrder(order_id=f"o{number}", card="card"))
        moment = NOON.astimezone(timezone(timedelta(hours=-5))).replace(microsecond=123456)
        await shop.send(order("o6", line("bread", 1, 2**40)).replace(placed_at=moment))
        await shop.send(RenameCustomer(customer_id="ann", name="Ann Smith"))
        await shop.send(CancelOrder(order_id="o4", reason="too dear"))
        await idle(shop)
        await shop.subscription(OrderTable).caught_up()
        view = {row.order_id: row for row in shop.rows(OrderSummaries)}
        assert await rows_of(database) == view
        assert {row.status for row in view.values()} == {"placed", "shipped", "cancelled"}
        assert view["o1"].customer_name == "Ann Smith"


@scene
async def test_the_name_is_asked_of_the_directory(url: str) -> None:
    """A table that is filled later has the names of today, before it comes to the events that changed them."""
    log = MemoryLog()
    async with open_shop(log) as shop:
        await furnish(shop)
        await shop.send(order("o1"))
        renamed = await shop.send(RenameCustomer(customer_id="ann", name="Ann Smith"))
    async with database_at(url) as database, open_shop(log, OrderTable, services=[database]) as shop:
        table = shop.subscription(OrderTable)
        await table.caught_up(renamed.position - 1)
        assert (await rows_of(database))["o1"].customer_name == "Ann Smith"
