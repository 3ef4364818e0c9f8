"""The rows of the shop's views: what the queries answer with.

Each holds what a screen shows, so that a query is a look-up and never a join.
"""

from datetime import date, datetime

from actum import Row

from examples.shop.values import OrderStatus


class OrderSummary(Row, key="order_id", indexes=[("customer_id", "created_at")], hash_indexes=["status"]):
    """An order as a list of orders shows it. `item_count` is the number of its lines."""

    order_id: str
    customer_id: str
    customer_name: str
    status: OrderStatus
    total_cents: int
    item_count: int
    created_at: datetime


class DepartmentDay(Row, key="department_day", indexes=[("department", "day"), "day"]):
    """What a department sold on a day, without cancelled orders. `department_day` makes the key."""

    department_day: str
    department: str
    day: date
    line_count: int = 0
    quantity: int = 0
    amount_cents: int = 0


class ProductSales(Row, key="product_id", indexes=["quantity", "amount_cents"]):
    """What was sold of a product, without cancelled orders."""

    product_id: str
    name: str = ""
    line_count: int = 0
    quantity: int = 0
    amount_cents: int = 0


class CustomerSpend(Row, key="customer_id", indexes=["spend_cents"]):
    """A customer and what they spent, without cancelled orders."""

    customer_id: str
    name: str = ""
    order_count: int = 0
    spend_cents: int = 0


class StockLevel(Row, key="product_id"):
    """A product and how many pieces of it are to be had: on the shelf, and not kept for an order."""

    product_id: str
    name: str
    department: str
    quantity: int


def department_day(department: str, day: date) -> str:
    """The key of a `DepartmentDay`."""
    return f"{department} {day.isoformat()}"
