"""The shop put together: which classes make it up, and how it is opened."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from actum import Aggregate, Engine, Log, Options, View

from examples.shop.customer import Customer
from examples.shop.customer_directory import CustomerDirectory
from examples.shop.customer_spending import CustomerSpending
from examples.shop.department_sales import DepartmentSales
from examples.shop.inventory import Inventory
from examples.shop.order import Order
from examples.shop.order_summaries import OrderSummaries
from examples.shop.product_ranking import ProductRanking
from examples.shop.stock import Stock
from examples.shop.stock_levels import StockLevels

#: Every aggregate and view of the shop, as `Engine.open` takes them.
COMPONENTS: tuple[type[Aggregate] | type[View[Any]], ...] = (
    Order,
    Customer,
    Stock,
    OrderSummaries,
    DepartmentSales,
    ProductRanking,
    CustomerSpending,
    StockLevels,
)


#: The same with its services, for tools: `actum views ls --app examples.shop:SHOP`.
SHOP = SimpleNamespace(components=COMPONENTS, services=(Inventory(), CustomerDirectory()))


@asynccontextmanager
async def open_shop(
    store: str | os.PathLike[str] | Log, *, options: Options | None = None
) -> AsyncGenerator[Engine, None]:
    """The shop's engine, open, with its services connected to it.

    Args:
        store: the store's directory, or a log such as `MemoryLog()`.
        options: the engine's options.

    Leaving, also by cancellation, closes the engine: what was accepted is finished first.
    """
    inventory, customers = Inventory(), CustomerDirectory()
    async with Engine.open(store, *COMPONENTS, services=[inventory, customers], options=options) as engine:
        inventory.connect(engine)
        customers.connect(engine)
        yield engine
