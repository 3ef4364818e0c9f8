"""What can be asked of the shop. A command may be rejected; its docstring says when.

Each names its target by the first field: an order, a customer or a product.
"""

from datetime import datetime

from actum import Command

from examples.shop.values import Address, OrderLine


class PlaceOrder(Command):
    """Order some products.

    Rejected: placed before, no lines, a negative quantity or amount, `placed_at` without a time zone, a customer who
    isn't registered, a product that the inventory doesn't know or hasn't enough of (`OutOfStock`).
    """

    order_id: str
    customer_id: str
    shipping_address: Address
    lines: tuple[OrderLine, ...]
    placed_at: datetime


class CancelOrder(Command):
    """Take an order back. Rejected: no such order, shipped, or cancelled already."""

    order_id: str
    reason: str


class ShipOrder(Command):
    """Send an order out. Rejected: no such order, cancelled, or shipped already."""

    order_id: str


class PayOrder(Command):
    """Give a card for an order: the token by which the card network knows it, never its number.

    Rejected: no such order, shipped or cancelled, or a card was given before.
    """

    order_id: str
    card: str


class RequestStock(Command):
    """Have an order say what it needs from the shelves. It says nothing if it was cancelled."""

    order_id: str


class ExpireOrder(Command):
    """Cancel an order for which no card was given in time. Nothing happens to any other one."""

    order_id: str


class AbandonOrder(Command):
    """Cancel an order that the shop can't fulfil. Nothing happens to one that is over."""

    order_id: str
    reason: str


class TakePayment(Command):
    """Charge a card for an order. Rejected: charged before, or the card is refused (`CardRefused`)."""

    order_id: str
    card: str
    amount_cents: int


class RefundPayment(Command):
    """Give the money for an order back. Rejected: none was taken, or it was given back before."""

    order_id: str


class RegisterCustomer(Command):
    """Make a customer known. Rejected: registered before, or an empty name."""

    customer_id: str
    name: str


class RenameCustomer(Command):
    """Give a customer another name. Rejected: not registered, or an empty name. The same name again changes nothing."""

    customer_id: str
    name: str


class ReceiveStock(Command):
    """Put pieces of a product on the shelf, and say what the product is. Rejected: less than one piece."""

    product_id: str
    name: str
    department: str
    quantity: int


class AdjustStock(Command):
    """Correct the number of pieces by `change`. Rejected: never received, or fewer than none would be left."""

    product_id: str
    change: int
    reason: str


class ReserveStock(Command):
    """Keep pieces of a product for an order. Rejected: there aren't enough (`OutOfStock`)."""

    product_id: str
    order_id: str
    quantity: int


class ReleaseStock(Command):
    """Put back what was kept for an order."""

    product_id: str
    order_id: str
    quantity: int
