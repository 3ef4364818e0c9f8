"""A small shop for the tests: Ann and Bob, apples and bread, and short ways to ask for things."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import actum
from actum import Clock, Engine, MemoryLog

from examples.shop import open_shop
from examples.shop.commands import PlaceOrder, ReceiveStock, RegisterCustomer
from examples.shop.queries import StockOfProduct
from examples.shop.values import Address, OrderLine
from tests.support.scenes import in_time

ADDRESS = Address(street="1 Main Street", city="Springfield", postcode="12345", country="US")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Scene = Callable[[Engine], Awaitable[None]]


def play(scene: Scene, *more: Any, empty: bool = False, clock: Clock | None = None) -> None:
    """Run a scene in a shop in memory: stocked and with two customers, or empty; it may do more than take orders."""

    async def main() -> None:
        async with open_shop(MemoryLog(), *more, clock=clock) as shop:
            if not empty:
                await furnish(shop)
            await scene(shop)

    actum.run(main())


async def furnish(shop: Engine) -> None:
    """Two customers; 10 apples and 5 loaves of bread."""
    await shop.send(RegisterCustomer(customer_id="ann", name="Ann"))
    await shop.send(RegisterCustomer(customer_id="bob", name="Bob"))
    await shop.send(ReceiveStock(product_id="apple", name="Apple", department="PRODUCE", quantity=10))
    await shop.send(ReceiveStock(product_id="bread", name="Bread", department="BAKERY", quantity=5))


async def pieces(shop: Engine, product_id: str) -> int:
    """How many pieces of a product are to be had."""
    level = await shop.ask(StockOfProduct(product_id=product_id))
    assert level is not None
    return level.quantity


async def idle(shop: Engine) -> None:
    """Wait until every process has reacted to all that has happened."""
    await in_time(lambda: all(not process.lag for process in shop.statistics().processes))


def line(product_id: str, quantity: int = 1, amount_cents: int = 100) -> OrderLine:
    """A line of an order."""
    return OrderLine(product_id=product_id, quantity=quantity, amount_cents=amount_cents)


def order(order_id: str, *lines: OrderLine, customer_id: str = "ann", hours: float = 0) -> PlaceOrder:
    """An order of one apple, or of the given lines, some hours after noon."""
    return PlaceOrder(
        order_id=order_id,
        customer_id=customer_id,
        shipping_address=ADDRESS,
        lines=lines or (line("apple"),),
        placed_at=NOON + timedelta(hours=hours),
    )
