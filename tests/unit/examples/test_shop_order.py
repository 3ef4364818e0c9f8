"""The rules of an order: what is accepted, what is refused and why, and what its events say."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from actum import Engine, Rejected

from examples.shop.commands import AdjustStock, CancelOrder, PlaceOrder, ReceiveStock, ShipOrder
from examples.shop.events import OrderCancelled, OrderItemAdded, OrderPlaced, OrderShipped
from examples.shop.order import Order
from examples.shop.queries import OrderById, OrderCount
from examples.shop.rejections import OutOfStock, UnknownCustomer
from examples.shop.values import OrderItem
from tests.unit.examples.shop_scenes import ADDRESS, NOON, line, order, play


async def reason_of(shop: Engine, command: PlaceOrder | CancelOrder | ShipOrder) -> str:
    """Why the shop refuses a command."""
    with pytest.raises(Rejected) as refusal:
        await shop.send(command)
    return str(refusal.value)


def test_placing_gives_one_event_for_the_order_and_one_per_line() -> None:
    """An accepted order says who, where, how much; each line says what, of which department, on which day."""

    async def scene(shop: Engine) -> None:
        receipt = await shop.send(order("o1", line("apple", 2, 199), line("bread", 1, 350)))
        assert receipt.version == 3
        assert receipt.events == (
            OrderPlaced(
                order_id="o1",
                customer_id="ann",
                customer_name="Ann",
                shipping_address=ADDRESS,
                item_count=2,
                total_cents=549,
                placed_at=NOON,
            ),
            OrderItemAdded(
                order_id="o1",
                day=date(2026, 3, 1),
                product_id="apple",
                department="PRODUCE",
                quantity=2,
                amount_cents=199,
            ),
            OrderItemAdded(
                order_id="o1",
                day=date(2026, 3, 1),
                product_id="bread",
                department="BAKERY",
                quantity=1,
                amount_cents=350,
            ),
        )

    play(scene)


def test_a_product_without_enough_stock_is_refused_by_name() -> None:
    """The rejection names the product and both numbers, and nothing of the order is written."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(OutOfStock, match="product bread is out of stock: 6 wanted, 5 available") as refusal:
            await shop.send(order("o1", line("apple"), line("bread", 6)))
        assert (refusal.value.product_id, refusal.value.wanted, refusal.value.available) == ("bread", 6, 5)
        assert await shop.ask(OrderCount()) == 0

    play(scene)


def test_an_unknown_product_is_out_of_stock() -> None:
    """What was never received isn't available, not even none of it."""

    async def scene(shop: Engine) -> None:
        assert "product caviar is out of stock" in await reason_of(shop, order("o1", line("caviar", 0)))

    play(scene)


def test_lines_of_the_same_product_are_added_up() -> None:
    """Three and three loaves are six, of which there are only five."""

    async def scene(shop: Engine) -> None:
        lines = (line("bread", 3), line("apple"), line("bread", 3))
        assert "bread is out of stock: 6 wanted" in await reason_of(shop, order("o1", *lines))
        receipt = await shop.send(order("o2", line("bread", 3), line("bread", 2)))
        assert receipt.version == 3

    play(scene)


def test_the_check_reserves_nothing() -> None:
    """Two orders of all the bread are both accepted: stock is lowered by hand, not by orders."""

    async def scene(shop: Engine) -> None:
        await asyncio.gather(shop.send(order("o1", line("bread", 5))), shop.send(order("o2", line("bread", 5))))
        assert await shop.ask(OrderCount(status="placed")) == 2
        await shop.send(AdjustStock(product_id="bread", change=-5, reason="both came for it"))
        assert "bread is out of stock: 1 wanted, 0 available" in await reason_of(shop, order("o3", line("bread")))
        await shop.send(ReceiveStock(product_id="bread", name="Bread", department="BAKERY", quantity=1))
        await shop.send(order("o3", line("bread")))

    play(scene)


def test_quantity_and_amount_may_be_nothing() -> None:
    """Real receipts have lines of quantity 0 and of amount 0."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1", line("apple", 0, 250), line("bread", 1, 0)))
        row = await shop.ask(OrderById(order_id="o1"))
        assert row is not None
        assert (row.item_count, row.total_cents) == (2, 250)

    play(scene)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (order("o1", line("apple"), line("bread", -1)), "order o1, line 2: neither quantity"),
        (order("o1", line("apple", 1, -1)), "order o1, line 1: neither quantity"),
        (order("o1").replace(lines=()), "order o1 has no lines"),
        (order("o1").replace(placed_at=NOON.replace(tzinfo=None)), "placed_at needs a time zone"),
        (order("o1", customer_id="eve"), "customer eve is not registered"),
    ],
)
def test_a_malformed_order_is_refused_with_its_fault(command: PlaceOrder, reason: str) -> None:
    """Every refusal says what is wrong and where."""

    async def scene(shop: Engine) -> None:
        assert reason in await reason_of(shop, command)

    play(scene)


def test_an_unknown_customer_has_a_rejection_of_its_own() -> None:
    """A web page can ask for a registration instead of showing a sentence."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(UnknownCustomer) as refusal:
            await shop.send(order("o1", customer_id="eve"))
        assert refusal.value.customer_id == "eve"

    play(scene)


def test_an_order_is_placed_once() -> None:
    """The same order under another command id is refused; under the same one it is the first answer again."""

    async def scene(shop: Engine) -> None:
        first = await shop.send(order("o1"), command_id="basket-1")
        assert await shop.send(order("o1"), command_id="basket-1") == first
        assert "order o1 was placed before" in await reason_of(shop, order("o1"))
        assert await shop.ask(OrderCount()) == 1

    play(scene)


def test_a_placed_order_can_be_shipped_once_and_then_not_cancelled() -> None:
    """Shipping is the end of an order."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1"))
        receipt = await shop.send(ShipOrder(order_id="o1"))
        assert receipt.events == (OrderShipped(order_id="o1"),)
        assert "o1 can't be cancelled: it is shipped" in await reason_of(
            shop, CancelOrder(order_id="o1", reason="late")
        )
        assert "o1 can't be shipped: it is shipped" in await reason_of(shop, ShipOrder(order_id="o1"))

    play(scene)


def test_a_cancelled_order_says_what_no_longer_counts() -> None:
    """Cancelling is the end of an order too; its event carries the items and the day for the views."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1", line("apple", 2, 199)))
        receipt = await shop.send(CancelOrder(order_id="o1", reason="changed my mind"))
        item = OrderItem(product_id="apple", department="PRODUCE", quantity=2, amount_cents=199)
        assert receipt.events == (
            OrderCancelled(
                order_id="o1",
                customer_id="ann",
                reason="changed my mind",
                day=date(2026, 3, 1),
                items=(item,),
                total_cents=199,
            ),
        )
        assert "o1 can't be shipped: it is cancelled" in await reason_of(shop, ShipOrder(order_id="o1"))
        assert "o1 can't be cancelled: it is cancelled" in await reason_of(
            shop, CancelOrder(order_id="o1", reason="again")
        )

    play(scene)


def test_an_order_that_was_never_placed_can_be_neither_shipped_nor_cancelled() -> None:
    """The refusal says that there is no such order."""

    async def scene(shop: Engine) -> None:
        assert "there is no such order" in await reason_of(shop, ShipOrder(order_id="o1"))
        assert "there is no such order" in await reason_of(shop, CancelOrder(order_id="o1", reason="none"))

    play(scene)


def test_an_order_remembers_only_what_its_next_decision_needs() -> None:
    """The items are kept for a cancellation, and forgotten once there can't be one."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1", line("apple"), line("bread")))
        assert [item.product_id for item in (await shop.state(Order, "o1")).items] == ["apple", "bread"]
        await shop.send(ShipOrder(order_id="o1"))
        assert (await shop.state(Order, "o1")).items == ()

    play(scene)
