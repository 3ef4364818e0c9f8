"""The judgement: the log, the views, the lists in SQL and what customers did and were told have to say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from examples.shop import FULFILMENT, open_shop
from examples.shop.customer_spending import CustomerSpending
from examples.shop.order_summaries import OrderSummaries
from examples.shop.order_table import read_order_summaries
from examples.shop.rows import OrderSummary
from examples.shop.stock_levels import StockLevels
from tests.chaos.fulfilment.books import Books, Order
from tests.chaos.fulfilment.wishes import Habit, Story, Wish
from tests.support.sql_models import database_at

#: Why an order may be cancelled, by a word of the reason; and after what its customer did.
REASONS: dict[str, tuple[str, Sequence[Habit]]] = {
    "out of stock": ("out of stock", ["pays", "pays with a bad card", "never pays", "changes their mind"]),
    "card refused": ("was refused", ["pays with a bad card"]),
    "not paid in time": ("not paid in time", ["pays", "pays with a bad card", "never pays", "changes their mind"]),
    "customer's wish": ("changed my mind", ["changes their mind"]),
}


async def judged(
    store: Path, books: Books, story: Story, placed: set[str], urls: Sequence[str]
) -> tuple[list[str], dict[str, int]]:
    """What does not fit together; and how many rows each list in SQL has."""
    faults = [*books.faults(), *wish_faults(books.orders, story.wishes, placed)]
    async with open_shop(store, *FULFILMENT) as shop:
        summaries = {row.order_id: row for row in shop.rows(OrderSummaries)}
        shelf = {row.product_id: row.quantity for row in shop.rows(StockLevels)}
        spent = {row.customer_id: row.spend_cents for row in shop.rows(CustomerSpending)}
    faults += view_faults(books, summaries, shelf, spent)
    tables: dict[str, int] = {}
    for url in urls:
        async with database_at(url) as database, database.connect() as connection:
            rows = await read_order_summaries(connection)
        tables[database.dialect.name] = len(rows)
        faults += differences(f"the list in {database.dialect.name}", rows, summaries)
    return faults, tables


def wish_faults(orders: Mapping[str, Order], wishes: Sequence[Wish], placed: set[str]) -> Iterator[str]:
    """Whether the shop did what customers were told, and no more than they wanted."""
    if orders.keys() != placed:
        yield f"placed, or so customers were told: {len(placed):,} orders; in the log: {len(orders):,}"
    for wish in wishes:
        order = orders.get(wish.order_id)
        if order is None:
            continue
        if (order.total_cents, +order.sold) != (wish.total_cents(), wish.pieces()):
            yield f"order {wish.order_id} is not what its customer asked for"
        if order.shipped:
            if wish.habit not in ("pays", "changes their mind"):
                yield f"order {wish.order_id} was shipped, but its customer {wish.habit}"
        elif wish.habit not in REASONS.get(reason_of(order), ("", ()))[1]:
            yield f"order {wish.order_id} was cancelled ({order.reason}), but its customer {wish.habit}"


def reason_of(order: Order) -> str:
    """Why an order was cancelled, in short; the reason itself where it is another one."""
    return next((name for name, (words, _) in REASONS.items() if words in order.reason), order.reason)


def view_faults(
    books: Books, summaries: Mapping[str, OrderSummary], shelf: Mapping[str, int], spent: Mapping[str, int]
) -> Iterator[str]:
    """Whether the views show what the log says."""
    shown = {key: (row.status, row.total_cents) for key, row in summaries.items()}
    said = {
        key: ("shipped" if order.shipped else "cancelled", order.total_cents) for key, order in books.orders.items()
    }
    yield from differences("the view of orders", shown, said)
    yield from differences("the view of the shelves", shelf, books.shelf)
    if sum(spent.values()) != books.money_shipped:
        yield f"customers spent {sum(spent.values())} cents, but {books.money_shipped} were shipped"


def differences(what: str, found: Mapping[str, object], expected: Mapping[str, object]) -> Iterator[str]:
    """Where two tables differ; the first of the places."""
    different = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    if different:
        key = min(different)
        yield f"{what}: {len(different):,} rows differ, as {key}: {found.get(key)} instead of {expected.get(key)}"
