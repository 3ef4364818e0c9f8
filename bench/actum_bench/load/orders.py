"""The shop of examples/shop under load: orders of several events, services that are asked, five views.

It lies in the checkout and not in the wheel, so this module is imported by `subjects` alone, and only when the shop is
asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from actum import Command, Engine, Options, Page, Query, Receipt, View

from actum_bench.load.subject import Subject
from actum_bench.results import Check
from examples.shop import COMPONENTS, open_shop
from examples.shop.commands import AdjustStock, PlaceOrder, ReceiveStock, RegisterCustomer
from examples.shop.customer_spending import CustomerSpending
from examples.shop.department_sales import DepartmentSales
from examples.shop.events import OrderItemAdded, OrderPlaced, StockAdjusted, StockReceived
from examples.shop.product_ranking import ProductRanking
from examples.shop.queries import OrderById, OrdersByCustomer, SpendOfCustomer, StockOfProduct
from examples.shop.rows import OrderSummary
from examples.shop.stock_levels import StockLevels
from examples.shop.values import Address, OrderLine

PRODUCTS = 200
DEPARTMENTS = 10
LINES = 3
PIECES = 1_000_000
OPENING = datetime(2026, 1, 1, tzinfo=UTC)
HOME = Address(street="Main Street 1", city="Anytown", postcode="12345", country="XX")


class Orders(Subject):
    """Orders of three lines, and questions for what a customer spent. For workloads a, b, c."""

    views: Sequence[type[View[Any]]] = tuple(one for one in COMPONENTS if issubclass(one, View))

    def __init__(self, keys: int) -> None:
        super().__init__(keys)
        self.ordered = 0
        self.cents = 0
        self.lines = 0
        self.pieces = 0

    def open(self, path: str, options: Options) -> AbstractAsyncContextManager[Engine]:
        """The shop with its services."""
        return open_shop(path, options=options)

    def filling(self) -> Sequence[Sequence[Command]]:
        """Products, customers, and one order of each customer, which needs both."""
        return [
            [received(number) for number in range(PRODUCTS)],
            [RegisterCustomer(customer_id=customer(number), name=f"Customer {number}") for number in range(self.keys)],
            [self.order(number) for number in range(self.keys)],
        ]

    def order(self, number: int) -> PlaceOrder:
        """The next order, of a customer."""
        self.ordered += 1
        lines = tuple(
            OrderLine(product_id=product((number + line) % PRODUCTS), quantity=1, amount_cents=100 + number % 89)
            for line in range(LINES)
        )
        return PlaceOrder(
            order_id=f"order-{self.ordered:09}",
            customer_id=customer(number),
            shipping_address=HOME,
            lines=lines,
            placed_at=OPENING + timedelta(seconds=self.ordered),
        )

    def command(self, number: int) -> Command:
        """One order."""
        return self.order(number)

    def query(self, number: int) -> Query[Any]:
        """What a customer spent."""
        return SpendOfCustomer(customer_id=customer(number))

    def acknowledge(self, receipt: Receipt) -> None:
        """What the client was told: money, lines, pieces."""
        super().acknowledge(receipt)
        for event in receipt.events:
            match event:
                case OrderPlaced():
                    self.cents += event.total_cents
                case OrderItemAdded():
                    self.lines += 1
                case StockReceived():
                    self.pieces += event.quantity
                case StockAdjusted():
                    self.pieces += event.change
                case _:
                    pass

    def sums(self, engine: Engine) -> list[Check]:
        """Money by customer, by department and by product; lines; pieces on the shelf."""
        spending, departments = engine.rows(CustomerSpending), engine.rows(DepartmentSales)
        products, stock = engine.rows(ProductRanking), engine.rows(StockLevels)
        return [
            Check.equal("spent by customers == acknowledged", self.cents, sum(row.spend_cents for row in spending)),
            Check.equal(
                "sold by departments == acknowledged", self.cents, sum(row.amount_cents for row in departments)
            ),
            Check.equal("lines by products == acknowledged", self.lines, sum(row.line_count for row in products)),
            Check.equal("pieces on the shelf == acknowledged", self.pieces, sum(row.quantity for row in stock)),
        ]


class LatestOrders(Orders):
    """Orders, and questions for those that were placed last. For workload d."""

    def __init__(self, keys: int) -> None:
        super().__init__(keys)
        self.known: list[str] = []

    def acknowledge(self, receipt: Receipt) -> None:
        """One more order that may be asked for."""
        super().acknowledge(receipt)
        if isinstance(receipt.events[0], OrderPlaced):
            self.known.append(receipt.key)

    def query(self, number: int) -> Query[Any]:
        """The newest order for 0, the one before it for 1, and so on."""
        return OrderById(order_id=self.known[-1 - number])


class PagedOrders(Orders):
    """Orders, and pages of a customer's orders, newest first. For workload e."""

    def query(self, number: int) -> Query[Any]:
        """Up to 20 orders by the index over customers and times."""
        return OrdersByCustomer(customer_id=customer(number))

    def answered(self, answer: object) -> None:
        """Every customer has an order at least."""
        super().answered(isinstance(answer, Page) and cast("Page[OrderSummary]", answer).rows)


class Shelves(Orders):
    """Corrections of the stock, and questions for it: the keys are products. For workloads g, i."""

    def filling(self) -> Sequence[Sequence[Command]]:
        """Every product."""
        return [[received(number) for number in range(self.keys)]]

    def command(self, number: int) -> Command:
        """A piece was found."""
        return AdjustStock(product_id=product(number), change=1, reason="found")

    def query(self, number: int) -> Query[Any]:
        """How many pieces there are."""
        return StockOfProduct(product_id=product(number))


def customer(number: int) -> str:
    """The key of a customer."""
    return f"customer-{number:07}"


def product(number: int) -> str:
    """The key of a product."""
    return f"product-{number:07}"


def received(number: int) -> ReceiveStock:
    """A product comes in, enough of it for every order."""
    return ReceiveStock(
        product_id=product(number),
        name=f"Product {number}",
        department=f"Department {number % DEPARTMENTS}",
        quantity=PIECES,
    )


#: Which subject each workload is done on.
SUBJECTS: dict[str, type[Subject]] = {
    "a": Orders,
    "b": Orders,
    "c": Orders,
    "d": LatestOrders,
    "e": PagedOrders,
    "g": Shelves,
    "i": Shelves,
}
