"""What can be asked about the shop. Each query names the type of its answer, which is what `engine.ask` returns."""

from datetime import date
from typing import Literal

from actum import Page, Query

from examples.shop.rows import CustomerSpend, DepartmentDay, OrderSummary, ProductSales, StockLevel
from examples.shop.values import OrderStatus


class OrderById(Query[OrderSummary | None]):
    """One order, or None."""

    order_id: str


class OrdersByCustomer(Query[Page[OrderSummary]]):
    """A customer's orders, newest first, `limit` at a time; pass a page's `cursor` to get the next one."""

    customer_id: str
    status: OrderStatus | None = None
    limit: int = 20
    cursor: str | None = None


class OrderCount(Query[int]):
    """How many orders there are, in one status or in all."""

    status: OrderStatus | None = None


class SalesByDay(Query[list[DepartmentDay]]):
    """Sales from `first_day` to `last_day`, both included, by department and day or of one department only."""

    first_day: date
    last_day: date
    department: str | None = None


class BestSellers(Query[list[ProductSales]]):
    """The products sold most, by pieces or by money."""

    by: Literal["quantity", "amount_cents"] = "quantity"
    limit: int | None = 10


class StockOfProducts(Query[dict[str, StockLevel]]):
    """The same of several products, by id; those that were never received are not in the answer."""

    product_ids: tuple[str, ...]


class SalesOfProduct(Query[ProductSales | None]):
    """What was sold of one product, or None if it was never received nor sold."""

    product_id: str


class TopCustomers(Query[list[CustomerSpend]]):
    """The customers who spent most."""

    limit: int | None = 10


class SpendOfCustomer(Query[CustomerSpend | None]):
    """One customer's name and spend, or None if not registered."""

    customer_id: str


class StockOfProduct(Query[StockLevel | None]):
    """A product's name, department and pieces on the shelf, or None if it was never received."""

    product_id: str
