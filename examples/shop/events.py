"""What has happened in the shop. These are the storage format: a field is never renamed or given another meaning.

An event carries what its readers need, because views ask nobody: `OrderItemAdded` names the department and the day of
the sale, `OrderCancelled` the items that no longer count.
"""

from datetime import date, datetime

from actum import Event

from examples.shop.values import Address, OrderItem, Pieces


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


class StockRequested(Event):
    """What an order needs from the shelves, each product once; nothing of what it has no piece of."""

    order_id: str
    pieces: tuple[Pieces, ...]


class PaymentOffered(Event):
    """The customer has given a card for an order."""

    order_id: str
    card: str


class PaymentTaken(Event):
    """The customer has paid for an order."""

    order_id: str
    card: str
    amount_cents: int


class PaymentRefunded(Event):
    """The customer has the money back."""

    order_id: str
    card: str
    amount_cents: int


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


class StockReserved(Event):
    """Pieces of a product are kept for an order: they are not to be had any more."""

    product_id: str
    order_id: str
    quantity: int


class StockReleased(Event):
    """They are to be had again."""

    product_id: str
    order_id: str
    quantity: int
