"""The rejections that a caller may want to tell apart; all others are a plain `Rejected` with a sentence."""

from actum import Rejected


class OutOfStock(Rejected):
    """The inventory hasn't enough of a product, or doesn't know it.

    What to do: order less of `product_id`, or wait until it is received.
    """

    def __init__(self, product_id: str, *, wanted: int, available: int) -> None:
        super().__init__(f"product {product_id} is out of stock: {wanted:,} wanted, {available:,} available")
        self.product_id = product_id
        self.wanted = wanted
        self.available = available


class CardRefused(Rejected):
    """The card network doesn't accept this card.

    What to do: ask the customer for another one.
    """

    def __init__(self, order_id: str) -> None:
        super().__init__(f"the card for order {order_id} was refused")
        self.order_id = order_id


class UnknownCustomer(Rejected):
    """Nobody is registered under `customer_id`.

    What to do: register the customer first.
    """

    def __init__(self, customer_id: str) -> None:
        super().__init__(f"customer {customer_id} is not registered")
        self.customer_id = customer_id
