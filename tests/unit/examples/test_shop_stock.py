"""The rules of the stock, and what the view of the shelves says."""

from __future__ import annotations

import asyncio

import pytest
from actum import Engine, Rejected

from examples.shop import service
from examples.shop.commands import AdjustStock, ReceiveStock, ReleaseStock, ReserveStock
from examples.shop.inventory import Inventory
from examples.shop.queries import StockOfProduct
from examples.shop.rejections import OutOfStock
from examples.shop.rows import StockLevel
from tests.unit.examples.shop_scenes import pieces, play


def test_what_is_received_and_adjusted_adds_up() -> None:
    """The level is the sum; name and department are the latest ones."""

    async def scene(shop: Engine) -> None:
        await shop.send(ReceiveStock(product_id="apple", name="Red apple", department="FRUIT", quantity=5))
        await shop.send(AdjustStock(product_id="apple", change=-15, reason="rotten"))
        level = await shop.ask(StockOfProduct(product_id="apple"))
        assert level == StockLevel(product_id="apple", name="Red apple", department="FRUIT", quantity=0)

    play(scene)


def test_there_are_never_fewer_than_none() -> None:
    """An adjustment below zero is refused with both numbers."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(Rejected, match="product bread has 5 pieces, 6 can't be taken away"):
            await shop.send(AdjustStock(product_id="bread", change=-6, reason="thieves"))

    play(scene)


def test_only_a_received_product_can_be_adjusted() -> None:
    """There is nothing to adjust before."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(Rejected, match="caviar was never received"):
            await shop.send(AdjustStock(product_id="caviar", change=1, reason="found some"))
        assert await shop.ask(StockOfProduct(product_id="caviar")) is None

    play(scene)


@pytest.mark.parametrize("quantity", [0, -1])
def test_at_least_one_piece_is_received(quantity: int) -> None:
    """Receiving nothing is a mistake."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(Rejected, match="at least 1 is needed"):
            await shop.send(ReceiveStock(product_id="apple", name="Apple", department="PRODUCE", quantity=quantity))

    play(scene)


def test_a_service_that_is_not_connected_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting `connect` is a clear error, not an attribute of None; there is a moment to do it in."""
    monkeypatch.setattr(service, "CONNECT_SECONDS_MAX", 0.001)
    with pytest.raises(RuntimeError, match="Inventory is not connected"):
        asyncio.run(Inventory().engine())


def test_stock_is_kept_for_an_order_and_put_back() -> None:
    """What is kept is not to be had, neither by the aggregate nor in the view; more than there is can't be kept."""

    async def scene(shop: Engine) -> None:
        await shop.send(ReserveStock(product_id="bread", order_id="o1", quantity=4))
        with pytest.raises(OutOfStock, match="product bread is out of stock: 2 wanted, 1 available"):
            await shop.send(ReserveStock(product_id="bread", order_id="o2", quantity=2))
        with pytest.raises(OutOfStock, match="1 wanted, 0 available"):
            await shop.send(ReserveStock(product_id="caviar", order_id="o2", quantity=1))
        assert await pieces(shop, "bread") == 1
        await shop.send(ReleaseStock(product_id="bread", order_id="o1", quantity=4))
        await shop.send(ReserveStock(product_id="bread", order_id="o2", quantity=2))
        assert await pieces(shop, "bread") == 3

    play(scene)
