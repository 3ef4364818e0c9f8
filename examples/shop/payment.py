"""The payment for one order: taken once, and perhaps given back."""

from typing import Literal

from actum import Aggregate, Rejected, decide, evolve

from examples.shop.card_network import CardNetwork
from examples.shop.commands import RefundPayment, TakePayment
from examples.shop.events import PaymentRefunded, PaymentTaken
from examples.shop.rejections import CardRefused


class Payment(Aggregate, key="order_id"):
    """What was paid for an order. `status` is None until then."""

    status: Literal["taken", "refunded"] | None = None
    card: str = ""
    amount_cents: int = 0

    @decide
    def take(self, command: TakePayment, cards: CardNetwork) -> PaymentTaken:
        """Take the payment, if the card is good."""
        if self.status is not None:
            raise Rejected(f"order {command.order_id} was paid before")
        if not cards.accepts(command.card):
            raise CardRefused(command.order_id)
        return PaymentTaken(order_id=command.order_id, card=command.card, amount_cents=command.amount_cents)

    @decide
    def refund(self, command: RefundPayment) -> PaymentRefunded:
        """Give everything back."""
        if self.status != "taken":
            why = "nothing was taken" if self.status is None else "it was refunded before"
            raise Rejected(f"order {command.order_id} can't be refunded: {why}")
        return PaymentRefunded(order_id=command.order_id, card=self.card, amount_cents=self.amount_cents)

    @evolve
    def taken(self, event: PaymentTaken) -> None:
        """The shop has the money."""
        self.status = "taken"
        self.card = event.card
        self.amount_cents = event.amount_cents

    @evolve
    def refunded(self, event: PaymentRefunded) -> None:  # noqa: ARG002  # that it happened is all that matters
        """The customer has it again."""
        self.status = "refunded"
