"""What becomes of an order: shipped, or cancelled with everything undone, in whatever order things happen."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from actum import Engine, Rejected

from examples.shop import FULFILMENT
from examples.shop.commands import CancelOrder, ExpireOrder, PayOrder, RequestStock
from examples.shop.events import OrderCancelled, PaymentRefunded, PaymentTaken, StockRequested
from examples.shop.fulfilment import PAY_WITHIN, Fulfilment
from examples.shop.order import Order
from examples.shop.payment import Payment
from examples.shop.queries import OrderCount
from examples.shop.values import Pieces
from tests.support.clocks import FakeClock
from tests.support.scenes import in_time
from tests.unit.examples.shop_scenes import idle, line, order, pieces, play

PAY = PayOrder(order_id="o1", card="card-ann")


async def end_of(shop: Engine, order_id: str = "o1") -> str:
    """What has become of an order; its process has ended, and left nothing to be done later."""
    await idle(shop)
    assert shop.processes(Fulfilment) == []
    assert shop.deadlines() == []
    last = (await shop.history(Order, order_id))[-1].event
    return last.reason if isinstance(last, OrderCancelled) else type(last).__name__


async def payments(shop: Engine, order_id: str = "o1") -> list[object]:
    """What was moved for an order."""
    return [record.event for record in await shop.history(Payment, order_id)]


def test_a_paid_order_is_shipped() -> None:
    """Its goods are gone, its money is there."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1", line("apple", 2, 199), line("bread", 1, 350), line("apple", 1, 100)))
        await idle(shop)
        assert (await pieces(shop, "apple"), await pieces(shop, "bread")) == (7, 4)
        (waiting,) = shop.processes(Fulfilment)
        assert waiting.state.reserved
        assert list(waiting.deadlines) == ["unpaid"]
        await shop.send(PAY)
        assert await end_of(shop) == "OrderShipped"
        assert await payments(shop) == [PaymentTaken(order_id="o1", card="card-ann", amount_cents=649)]
        assert (await pieces(shop, "apple"), await pieces(shop, "bread")) == (7, 4)

    play(scene, *FULFILMENT)


def test_the_card_may_come_before_the_stock_is_reserved() -> None:
    """The payment waits for the goods."""

    async def scene(shop: Engine) -> None:
        await asyncio.gather(shop.send(order("o1")), shop.send(PAY))
        assert await end_of(shop) == "OrderShipped"
        assert len(await payments(shop)) == 1

    play(scene, *FULFILMENT)


def test_of_two_orders_of_the_last_piece_one_is_shipped() -> None:
    """Both passed the check of the inventory; the other one is cancelled with the product's name, and pays nothing."""

    async def scene(shop: Engine) -> None:
        for order_id in ("o1", "o2"):
            await shop.send(order(order_id, line("apple"), line("bread", 3)))
            await shop.send(PAY.replace(order_id=order_id))
        assert await end_of(shop, "o1") == "OrderShipped"
        assert await end_of(shop, "o2") == "product bread is out of stock: 3 wanted, 2 available"
        assert await payments(shop, "o2") == []
        assert (await pieces(shop, "apple"), await pieces(shop, "bread")) == (9, 2)

    play(scene, *FULFILMENT)


@pytest.mark.parametrize("early", [True, False], ids=["with the stock", "after it"])
def test_a_refused_card_cancels_the_order_and_releases_the_stock(early: bool) -> None:  # noqa: FBT001
    """No money has moved, and all the goods are there."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1", line("apple", 2)))
        if not early:
            await idle(shop)
            assert await pieces(shop, "apple") == 8
        await shop.send(PAY.replace(card="refused-ann"))
        assert await end_of(shop) == "the card for order o1 was refused"
        assert await payments(shop) == []
        assert await pieces(shop, "apple") == 10

    play(scene, *FULFILMENT)


def test_an_order_that_nobody_pays_is_cancelled_after_thirty_minutes() -> None:
    """Not a second earlier, and its goods are there again."""
    clock = FakeClock()

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1", line("apple", 2)))
        await idle(shop)
        clock.advance(PAY_WITHIN.total_seconds() - 1)
        await shop.send(order("o2", line("bread")))  # which wakes the timer
        await idle(shop)
        assert await shop.ask(OrderCount(status="placed")) == 2
        clock.advance(1)
        await shop.send(PAY.replace(order_id="o2"))
        await shop.send(order("o3", line("bread")))
        await in_time(lambda: not [deadline for deadline in shop.deadlines() if deadline.arguments["order_id"] == "o1"])
        await shop.send(PAY.replace(order_id="o3"))
        assert await end_of(shop) == "not paid in time"
        assert await pieces(shop, "apple") == 10
        assert timedelta(minutes=30) == PAY_WITHIN

    play(scene, *FULFILMENT, clock=clock)


def test_an_order_with_a_card_does_not_expire() -> None:
    """Also if the deadline was already on its way."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1"))
        await shop.send(PAY)
        assert (await shop.send(ExpireOrder(order_id="o1"))).events == ()
        assert await end_of(shop) == "OrderShipped"

    play(scene, *FULFILMENT)


def test_a_customer_who_cancels_gets_everything_back() -> None:
    """Before anything was done, or after the stock was reserved, or while the payment is taken."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1"))
        await shop.send(CancelOrder(order_id="o1", reason="at once"))
        assert (await shop.send(RequestStock(order_id="o1"))).events == ()
        assert await end_of(shop) == "at once"
        await shop.send(order("o2"))
        await idle(shop)
        await shop.send(CancelOrder(order_id="o2", reason="later"))
        assert await end_of(shop, "o2") == "later"
        await shop.send(order("o3", line("apple", 3, 333)))
        await idle(shop)
        await asyncio.gather(
            shop.send(PAY.replace(order_id="o3")), shop.send(CancelOrder(order_id="o3", reason="too late, nearly"))
        )
        assert await end_of(shop, "o3") == "too late, nearly"
        assert await payments(shop, "o3") == [
            PaymentTaken(order_id="o3", card="card-ann", amount_cents=333),
            PaymentRefunded(order_id="o3", card="card-ann", amount_cents=333),
        ]
        assert await pieces(shop, "apple") == 10

    play(scene, *FULFILMENT)


def test_an_order_takes_one_card_while_it_is_placed() -> None:
    """A second card is refused, and a card for an order that is over."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1"))
        await shop.send(PAY)
        with pytest.raises(Rejected, match="order o1 can't be paid: a card was given before"):
            await shop.send(PAY)
        assert await end_of(shop) == "OrderShipped"
        with pytest.raises(Rejected, match="order o1 can't be paid: it is shipped"):
            await shop.send(PAY)

    play(scene, *FULFILMENT)


def test_an_order_of_nothing_is_shipped_too() -> None:
    """Real receipts have lines of no pieces: there is nothing to reserve."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1", line("apple", 0, 250), line("bread", 1, 0)))
        await idle(shop)
        requested = [record.event for record in await shop.history(Order, "o1")][-1]
        assert requested == StockRequested(order_id="o1", pieces=(Pieces(product_id="bread", quantity=1),))
        await shop.send(PAY)
        assert await end_of(shop) == "OrderShipped"
        await shop.send(order("o2", line("apple", 0, 250)))
        await shop.send(PAY.replace(order_id="o2"))
        assert await end_of(shop, "o2") == "OrderShipped"

    play(scene, *FULFILMENT)
