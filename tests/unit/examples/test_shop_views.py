"""What the views show after orders were placed, shipped and cancelled, and how they are asked."""

from __future__ import annotations

from datetime import date, timedelta, timezone
from pathlib import Path

import actum
import pytest
from actum import Engine, Invalid

from examples.shop import open_shop
from examples.shop.commands import CancelOrder, ShipOrder
from examples.shop.queries import (
    BestSellers,
    OrderById,
    OrderCount,
    OrdersByCustomer,
    SalesByDay,
    SalesOfProduct,
    SpendOfCustomer,
    TopCustomers,
)
from examples.shop.rows import CustomerSpend, OrderSummary, ProductSales
from tests.unit.examples.shop_scenes import NOON, furnish, line, order, play

NEW_YORK = timezone(timedelta(hours=-5))
MARCH_1, MARCH_2, MARCH_3 = (date(2026, 3, day) for day in (1, 2, 3))


async def sell(shop: Engine) -> None:
    """Four orders of two customers on two days."""
    await shop.send(order("o1", line("apple", 2, 200), line("bread", 1, 350)))
    await shop.send(order("o2", line("apple", 1, 100), customer_id="bob", hours=1))
    await shop.send(order("o3", line("bread", 2, 700), hours=24))
    await shop.send(order("o4", line("apple", 4, 400), line("apple", 1, 99), customer_id="bob", hours=25))


async def sales(
    shop: Engine, first: date, last: date, department: str | None = None
) -> list[tuple[str, int, int, int, int]]:
    """Department, day of the month, lines, pieces and cents."""
    rows = await shop.ask(SalesByDay(first_day=first, last_day=last, department=department))
    return [(row.department, row.day.day, row.line_count, row.quantity, row.amount_cents) for row in rows]


def test_a_summary_says_all_about_an_order() -> None:
    """Who, how much, when, and what has become of it."""

    async def scene(shop: Engine) -> None:
        await sell(shop)
        await shop.send(ShipOrder(order_id="o1"))
        assert await shop.ask(OrderById(order_id="o1")) == OrderSummary(
            order_id="o1",
            customer_id="ann",
            customer_name="Ann",
            status="shipped",
            total_cents=550,
            item_count=2,
            created_at=NOON,
        )
        assert await shop.ask(OrderById(order_id="o9")) is None

    play(scene)


def test_orders_are_counted_by_status() -> None:
    """Each order is in one status at a time."""

    async def scene(shop: Engine) -> None:
        await sell(shop)
        await shop.send(ShipOrder(order_id="o1"))
        await shop.send(CancelOrder(order_id="o2", reason="late"))
        assert await shop.ask(OrderCount()) == 4
        assert await shop.ask(OrderCount(status="placed")) == 2
        assert await shop.ask(OrderCount(status="shipped")) == 1
        assert await shop.ask(OrderCount(status="cancelled")) == 1

    play(scene)


def test_sales_are_by_department_and_day() -> None:
    """Ranges include both ends; a department can be picked out."""

    async def scene(shop: Engine) -> None:
        await sell(shop)
        assert await sales(shop, MARCH_1, MARCH_1) == [("BAKERY", 1, 1, 1, 350), ("PRODUCE", 1, 2, 3, 300)]
        assert await sales(shop, MARCH_1, MARCH_3, "BAKERY") == [("BAKERY", 1, 1, 1, 350), ("BAKERY", 2, 1, 2, 700)]
        assert await sales(shop, MARCH_2, MARCH_2, "PRODUCE") == [("PRODUCE", 2, 2, 5, 499)]
        assert await sales(shop, MARCH_3, MARCH_3) == []

    play(scene)


def test_the_day_of_a_sale_is_the_day_in_utc() -> None:
    """A sale late in the evening in New York belongs to the next day."""

    async def scene(shop: Engine) -> None:
        evening = NOON.astimezone(NEW_YORK).replace(hour=23)
        await shop.send(order("o1").replace(placed_at=evening))
        assert await sales(shop, MARCH_2, MARCH_2) == [("PRODUCE", 2, 1, 1, 100)]

    play(scene)


def test_best_sellers_are_ranked_by_pieces_or_by_money() -> None:
    """Apples sell more pieces, bread brings more money."""

    async def scene(shop: Engine) -> None:
        await sell(shop)
        apple = ProductSales(product_id="apple", name="Apple", line_count=4, quantity=8, amount_cents=799)
        bread = ProductSales(product_id="bread", name="Bread", line_count=2, quantity=3, amount_cents=1050)
        assert await shop.ask(BestSellers()) == [apple, bread]
        assert await shop.ask(BestSellers(by="amount_cents", limit=1)) == [bread]
        assert await shop.ask(SalesOfProduct(product_id="apple")) == apple

    play(scene)


def test_customers_are_ranked_by_what_they_spent() -> None:
    """The one who spent most comes first."""

    async def scene(shop: Engine) -> None:
        await sell(shop)
        ann = CustomerSpend(customer_id="ann", name="Ann", order_count=2, spend_cents=1250)
        bob = CustomerSpend(customer_id="bob", name="Bob", order_count=2, spend_cents=599)
        assert await shop.ask(TopCustomers()) == [ann, bob]
        assert await shop.ask(TopCustomers(limit=1)) == [ann]
        assert await shop.ask(SpendOfCustomer(customer_id="bob")) == bob
        assert await shop.ask(SpendOfCustomer(customer_id="eve")) is None

    play(scene)


def test_a_cancelled_order_counts_nowhere_but_in_the_list_of_orders() -> None:
    """Sales, ranking and spend are as if it had never been placed."""

    async def scene(shop: Engine) -> None:
        await sell(shop)
        await shop.send(CancelOrder(order_id="o4", reason="late"))
        assert await sales(shop, MARCH_2, MARCH_2) == [("BAKERY", 2, 1, 2, 700), ("PRODUCE", 2, 0, 0, 0)]
        apple = ProductSales(product_id="apple", name="Apple", line_count=2, quantity=3, amount_cents=300)
        assert await shop.ask(SalesOfProduct(product_id="apple")) == apple
        bob = await shop.ask(SpendOfCustomer(customer_id="bob"))
        assert bob is not None
        assert (bob.order_count, bob.spend_cents) == (1, 100)
        row = await shop.ask(OrderById(order_id="o4"))
        assert row is not None
        assert (row.status, row.total_cents) == ("cancelled", 499)

    play(scene)


def test_a_customers_orders_come_in_pages_newest_first() -> None:
    """The cursor continues where the page ended, also when an order came in between; the last page has none."""

    async def scene(shop: Engine) -> None:
        for number in range(5):
            await shop.send(order(f"o{number}", hours=number))
        first = await shop.ask(OrdersByCustomer(customer_id="ann", limit=2))
        assert [row.order_id for row in first.rows] == ["o4", "o3"]
        await shop.send(order("o5", hours=5))
        second = await shop.ask(OrdersByCustomer(customer_id="ann", limit=2, cursor=first.cursor))
        assert [row.order_id for row in second.rows] == ["o2", "o1"]
        third = await shop.ask(OrdersByCustomer(customer_id="ann", limit=2, cursor=second.cursor))
        assert [row.order_id for row in third.rows] == ["o0"]
        assert third.cursor is None

    play(scene)


def test_orders_of_the_same_moment_are_all_paged() -> None:
    """Equal times neither hide nor repeat an order."""

    async def scene(shop: Engine) -> None:
        for number in range(7):
            await shop.send(order(f"o{number}"))
        found: list[str] = []
        cursor = None
        while True:
            page = await shop.ask(OrdersByCustomer(customer_id="ann", limit=3, cursor=cursor))
            found.extend(row.order_id for row in page.rows)
            cursor = page.cursor
            if cursor is None:
                break
        assert sorted(found) == [f"o{number}" for number in range(7)]

    play(scene)


def test_a_customers_orders_are_filtered_by_status() -> None:
    """Only what has the status is on the page, and other customers' orders never are."""

    async def scene(shop: Engine) -> None:
        await sell(shop)
        await shop.send(ShipOrder(order_id="o1"))
        shipped = await shop.ask(OrdersByCustomer(customer_id="ann", status="shipped"))
        assert [row.order_id for row in shipped.rows] == ["o1"]
        assert (await shop.ask(OrdersByCustomer(customer_id="ann", status="cancelled"))).rows == []
        assert (await shop.ask(OrdersByCustomer(customer_id="eve"))).rows == []

    play(scene)


def test_a_damaged_cursor_is_refused() -> None:
    """A cursor that no page gave is an error, not an empty page."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(Invalid):
            await shop.ask(OrdersByCustomer(customer_id="ann", cursor="nonsense"))

    play(scene)


def test_a_reopened_shop_answers_as_before(tmp_path: Path) -> None:
    """Views and services work on after a restart."""

    async def answers(shop: Engine) -> list[object]:
        return [
            await sales(shop, MARCH_1, MARCH_3),
            await shop.ask(BestSellers()),
            await shop.ask(TopCustomers()),
            (await shop.ask(OrdersByCustomer(customer_id="ann"))).rows,
        ]

    async def main() -> None:
        async with open_shop(tmp_path / "shop") as shop:
            await furnish(shop)
            await sell(shop)
            before = await answers(shop)
        async with open_shop(tmp_path / "shop") as shop:
            assert await answers(shop) == before
            await shop.send(order("o5", hours=48))
            await shop.send(CancelOrder(order_id="o1", reason="late"))
            assert await shop.ask(OrderCount()) == 5

    actum.run(main())
