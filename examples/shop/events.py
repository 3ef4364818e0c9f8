"""What has happened in the shop. These are the storage format: a field is never renamed or given another meaning.

An event carries what its readers need, because views ask nobody: `OrderItemAdded` names the department and the day of
the sale, `OrderCancelled` the items that no longer count.
"""

from datetime import date, datetime

from actum import Event

from examples.shop.values import Address, OrderItem


class OrderPlaced(Event):
    """An order was accepted. One `OrderItemAdded` per line follows in the same commit."""

    order_id: str
    customer_id: str
    customer_name: str
    shipping_address: Address
    item_count: int
    total_cents: int
    placed_at: datetime


class OrderItemAdded(Event):
    """A line of an order was sold on `day`."""

    order_id: str
    day: date
    product_id: str
    department: str
    quantity: int
    amount_cents: int


class OrderCancelled(Event):
    """An order was taken back: its items, sold on `day`, no longer count."""

    order_id: str
    customer_id: str
    reason: str
    day: date
    items: tuple[OrderItem, ...]
    total_cents: int


class OrderShipped(Event):
    """An order has left the shop."""

    order_id: str


class CustomerRegistered(Event):
    """A customer became known."""

    customer_id: str
    name: str


class CustomerRenamed(Event):
    """A customer has another name from here on."""

    customer_id: str
    name: str


class StockReceived(Event):
    """Pieces of a product came in; name and department are the product's from here on."""

    product_id: str
    name: str
    department: str
    quantity: int


class StockAdjusted(Event):
    """The number of pieces of a product was corrected."""

    product_id: str
    change: int
    reason: str
