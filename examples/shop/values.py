"""The values inside the shop's messages and rows: addresses, what is asked for, what was sold.

Money is always an integer number of cents. A day is a calendar day in UTC.
"""

from datetime import UTC, date, datetime
from typing import Literal

from actum import Value

#: What has become of an order. A cancelled or shipped order stays what it is.
OrderStatus = Literal["placed", "shipped", "cancelled"]


class Address(Value):
    """Where an order goes."""

    street: str
    city: str
    postcode: str
    country: str


class OrderLine(Value):
    """One line of an order as the customer asks for it; `amount_cents` is for the whole line."""

    product_id: str
    quantity: int
    amount_cents: int


class OrderItem(Value):
    """One line of an order as it was sold, with the department that the product belonged to at that time."""

    product_id: str
    department: str
    quantity: int
    amount_cents: int


class Pieces(Value):
    """So many pieces of a product."""

    product_id: str
    quantity: int


def day_of(moment: datetime) -> date:
    """The day in UTC to which an aware moment belongs."""
    return moment.astimezone(UTC).date()
