"""The rules of a payment: taken once, refunded once, refused by some cards."""

from __future__ import annotations

import pytest
from actum import Engine, Rejected

from examples.shop import FULFILMENT
from examples.shop.commands import RefundPayment, TakePayment
from examples.shop.events import PaymentRefunded, PaymentTaken
from examples.shop.rejections import CardRefused
from tests.unit.examples.shop_scenes import play

TAKE = TakePayment(order_id="o1", card="card-ann", amount_cents=199)


def test_a_payment_is_taken_once_and_refunded_once() -> None:
    """The amount that goes back is the one that came, to the same card."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(Rejected, match="order o1 can't be refunded: nothing was taken"):
            await shop.send(RefundPayment(order_id="o1"))
        receipt = await shop.send(TAKE)
        assert receipt.events == (PaymentTaken(order_id="o1", card="card-ann", amount_cents=199),)
        with pytest.raises(Rejected, match="order o1 was paid before"):
            await shop.send(TAKE)
        receipt = await shop.send(RefundPayment(order_id="o1"))
        assert receipt.events == (PaymentRefunded(order_id="o1", card="card-ann", amount_cents=199),)
        with pytest.raises(Rejected, match="order o1 can't be refunded: it was refunded before"):
            await shop.send(RefundPayment(order_id="o1"))

    play(scene, *FULFILMENT)


def test_a_refused_card_pays_nothing() -> None:
    """The rejection has the order, and another card may be tried."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(CardRefused, match="the card for order o1 was refused") as refusal:
            await shop.send(TAKE.replace(card="refused-ann"))
        assert refusal.value.order_id == "o1"
        await shop.send(TAKE)

    play(scene, *FULFILMENT)
