"""The shop put together: which classes make it up, and how it is opened."""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from actum import Aggregate, Clock, Engine, Log, Options, Process, Subscription, View

from examples.shop.card_network import CardNetwork
from examples.shop.customer import Customer
from examples.shop.customer_directory import CustomerDirectory
from examples.shop.customer_spending import CustomerSpending
from examples.shop.department_sales import DepartmentSales
from examples.shop.fulfilment import Fulfilment
from examples.shop.inventory import Inventory
from examples.shop.order import Order
from examples.shop.order_summaries import OrderSummaries
from examples.shop.payment import Payment
from examples.shop.product_ranking import ProductRanking
from examples.shop.stock import Stock
from examples.shop.stock_levels import StockLevels

#: The shop that takes orders: its aggregates and views, as `Engine.open` takes them.
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

#: What it takes to fulfil them too: `open_shop(store, *FULFILMENT)`.
FULFILMENT: tuple[type[Aggregate] | type[Process], ...] = (Payment, Fulfilment)

#: The same with its services, for tools: `actum views ls --app examples.shop:SHOP`.
SHOP = SimpleNamespace(
    components=(*COMPONENTS, *FULFILMENT), services=(Inventory(), CustomerDirectory(), CardNetwork())
)


@asynccontextmanager
async def open_shop(
    store: str | os.PathLike[str] | Log,
    *more: type[Aggregate] | type[Process] | type[Subscription],
    services: Sequence[object] = (),
    options: Options | None = None,
    clock: Clock | None = None,
) -> AsyncGenerator[Engine, None]:
    """The shop's engine, open, with its services connected to it.

    Args:
        store: the store's directory, or a log such as `MemoryLog()`.
        more: what the shop does besides taking orders: `*FULFILMENT`, `OrderTable`.
        services: what those need besides the shop's own services.
        options: the engine's options.
        clock: the engine's clock.

    Leaving, also by cancellation, closes the engine: what was accepted is finished first.
    """
    inventory, customers = Inventory(), CustomerDirectory()
    own = (inventory, customers, CardNetwork())
    async with Engine.open(
        store, *COMPONENTS, *more, services=[*own, *services], options=options, clock=clock
    ) as engine:
        inventory.connect(engine)
        customers.connect(engine)
        yield engine
