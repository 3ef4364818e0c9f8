"""The fulfilment: from the order to the parcel. Stock is reserved, payment taken, the parcel sent; or all is undone.

    OrderPlaced ----> RequestStock, and ExpireOrder in 30 minutes
    StockRequested -> ReserveStock of every product, or none ---- refused -> AbandonOrder
    PaymentOffered -> TakePayment, once the stock is reserved --- refused -> AbandonOrder
    PaymentTaken ---> ShipOrder
    OrderShipped ---> done
    OrderCancelled -> ReleaseStock of what is reserved, RefundPayment of what is taken; done

Whoever cancels an order, the customer, the clock or a refusal: there is one place where it is undone. What is to be
undone is in the state, and it is true, because a step's state and its commands are one: in the log, or not.
"""

from collections.abc import Iterator
from datetime import timedelta

from actum import Cancel, Command, Done, Process, Rejected, Schedule, react, refused

from examples.shop.commands import (
    AbandonOrder,
    ExpireOrder,
    RefundPayment,
    ReleaseStock,
    RequestStock,
    ReserveStock,
    ShipOrder,
    TakePayment,
)
from examples.shop.events import (
    OrderCancelled,
    OrderPlaced,
    OrderShipped,
    PaymentOffered,
    PaymentTaken,
    StockRequested,
)
from examples.shop.order import pieces_of

#: How long a customer may take to give a card.
PAY_WITHIN = timedelta(minutes=30)

#: The name of that deadline.
UNPAID = "unpaid"


class Fulfilment(Process, key="order_id"):
    """One order on its way. The card may come before the stock is reserved, or after."""

    order_id: str = ""
    total_cents: int = 0
    card: str | None = None
    reserved: bool = False
    paid: bool = False

    @react(starts=True)
    def placed(self, event: OrderPlaced) -> Iterator[Command | Schedule]:
        """Ask what is needed, and wait for a card, but not for ever."""
        self.order_id, self.total_cents = event.order_id, event.total_cents
        yield RequestStock(order_id=event.order_id)
        yield Schedule(command=ExpireOrder(order_id=event.order_id), after=PAY_WITHIN, name=UNPAID)

    @react
    def stock_requested(self, event: StockRequested) -> Iterator[Command]:
        """Reserve all of it, or nothing."""
        self.reserved = True
        for pieces in event.pieces:
            yield ReserveStock(product_id=pieces.product_id, order_id=event.order_id, quantity=pieces.quantity)
        yield from self._take_payment()

    @refused
    def sold_out(self, command: ReserveStock, error: Rejected) -> AbandonOrder:
        """Somebody was faster."""
        return AbandonOrder(order_id=command.order_id, reason=str(error))

    @react
    def payment_offered(self, event: PaymentOffered) -> Iterator[Command | Cancel]:
        """There is a card."""
        self.card = event.card
        yield Cancel(name=UNPAID)
        yield from self._take_payment()

    @refused
    def card_refused(self, command: TakePayment, error: Rejected) -> AbandonOrder:
        """The card is no good."""
        return AbandonOrder(order_id=command.order_id, reason=str(error))

    @react
    def payment_taken(self, event: PaymentTaken) -> ShipOrder:
        """Nothing is missing any more."""
        return ShipOrder(order_id=event.order_id)

    @refused
    def too_late(self, command: ShipOrder) -> None:
        """It was cancelled in between: that event comes next."""

    @react
    def shipped(self, event: OrderShipped) -> Done:  # noqa: ARG002  # that it happened is all that matters
        """It is on its way."""
        return Done()

    @react
    def cancelled(self, event: OrderCancelled) -> Iterator[Command | Done]:
        """Undo what was done."""
        if self.reserved:
            for pieces in pieces_of(event.items):
                yield ReleaseStock(product_id=pieces.product_id, order_id=event.order_id, quantity=pieces.quantity)
        if self.paid:
            yield RefundPayment(order_id=event.order_id)
        yield Done()

    def _take_payment(self) -> Iterator[TakePayment]:
        """Take the payment when both are there: the goods and a card."""
        if self.reserved and self.card is not None:
            self.paid = True
            yield TakePayment(order_id=self.order_id, card=self.card, amount_cents=self.total_cents)
