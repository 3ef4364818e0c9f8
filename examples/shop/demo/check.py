"""The proof of the demo: what every view shows, against what pandas computes straight from the parquet files.

The two sides share nothing but the files: the expectation never passes through a command, an event or `dataset`. It
covers every receipt that the store holds, whichever run put it there, and the first `sample` of the year, which must be
there. So a store that was made with a larger sample, or by a run that was killed, is checked as a whole as well.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from actum import Engine

from examples.shop.demo.dataset import DEPARTMENT_UNKNOWN
from examples.shop.demo.extra import load, parquet_path
from examples.shop.queries import BestSellers, OrdersByCustomer, SalesByDay, TopCustomers

#: The year of the data, with room on both sides.
FIRST_DAY, LAST_DAY = date(2016, 1, 1), date(2019, 1, 1)

#: Rows asked for at a time.
PAGE_SIZE = 1_000

#: How many differences of one view are worth printing.
DIFFERENCES_MAX = 10


class OrderFigures(NamedTuple):
    """An order, as both sides see it."""

    customer: str
    customer_name: str
    status: str
    total_cents: int
    line_count: int
    placed_at: datetime


class SalesFigures(NamedTuple):
    """The sales of a department on a day, or of a product."""

    line_count: int
    quantity: int
    amount_cents: int


class SpendFigures(NamedTuple):
    """What a customer bought."""

    order_count: int
    spend_cents: int


class Contents(NamedTuple):
    """All that the views show, or should show. Products and customers without sales are left out."""

    orders: dict[str, OrderFigures]
    department_days: dict[tuple[str, date], SalesFigures]
    products: dict[str, SalesFigures]
    customers: dict[str, SpendFigures]


async def read_views(engine: Engine) -> Contents:
    """What the views show, through the same queries that an application uses."""
    customers = await engine.ask(TopCustomers(limit=None))
    return Contents(
        orders={
            key: figures for customer in customers async for key, figures in orders_of(engine, customer.customer_id)
        },
        department_days={
            (row.department, row.day): SalesFigures(row.line_count, row.quantity, row.amount_cents)
            for row in await engine.ask(SalesByDay(first_day=FIRST_DAY, last_day=LAST_DAY))
        },
        products={
            row.product_id: SalesFigures(row.line_count, row.quantity, row.amount_cents)
            for row in await engine.ask(BestSellers(limit=None))
            if row.line_count
        },
        customers={
            row.customer_id: SpendFigures(row.order_count, row.spend_cents) for row in customers if row.order_count
        },
    )


async def orders_of(engine: Engine, customer_id: str) -> AsyncIterator[tuple[str, OrderFigures]]:
    """All orders of a customer, page by page."""
    cursor = None
    while True:
        page = await engine.ask(OrdersByCustomer(customer_id=customer_id, limit=PAGE_SIZE, cursor=cursor))
        for row in page.rows:
            yield (
                row.order_id,
                OrderFigures(
                    customer=row.customer_id,
                    customer_name=row.customer_name,
                    status=row.status,
                    total_cents=row.total_cents,
                    line_count=row.item_count,
                    placed_at=row.created_at,
                ),
            )
        cursor = page.cursor
        if cursor is None:
            return


def read_parquet(sample: int | None, order_ids: Iterable[str]) -> Contents:
    """What the views should show: the first `sample` receipts (None: all), and the given orders that are in the data.

    Raises:
        ExtraMissing: the extra `demo` is not installed.
    """
    lines = read_lines()
    baskets = lines.groupby("basket_id", as_index=False).agg(
        household_id=("household_id", "first"),
        placed_at=("transaction_timestamp", "first"),
        line_count=("cents", "size"),
        cents=("cents", "sum"),
    )
    sampled = baskets.sort_values(["placed_at", "basket_id"])["basket_id"].head(
        len(baskets) if sample is None else sample
    )
    wanted = {*sampled, *(int(order_id) for order_id in order_ids if order_id.isdecimal())}
    baskets = baskets[baskets["basket_id"].isin(wanted)]
    lines = lines[lines["basket_id"].isin(wanted)]
    spend = baskets.groupby("household_id").agg(order_count=("cents", "size"), cents=("cents", "sum"))
    return Contents(
        orders={
            str(basket_id): OrderFigures(
                str(household_id),
                f"Household {household_id}",
                "placed",
                cents,
                line_count,
                placed_at.to_pydatetime().replace(tzinfo=UTC),
            )
            for basket_id, household_id, placed_at, line_count, cents in baskets.itertuples(index=False)
        },
        department_days=sales_by(lines, ["department", "day"]),
        products={str(product_id): figures for product_id, figures in sales_by(lines, ["product_id"]).items()},
        customers={str(household_id): SpendFigures(*figures) for household_id, *figures in spend.itertuples()},
    )


def read_lines() -> Any:  # noqa: ANN401  # a DataFrame has no type
    """All lines of the year, each with its amount in cents, its department and its day."""
    pandas = load("pandas")
    columns = ["basket_id", "household_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
    lines = pandas.read_parquet(parquet_path("transactions"), columns=columns)
    products = pandas.read_parquet(parquet_path("products"), columns=["product_id", "department"])
    lines = lines.merge(products, on="product_id", how="left")
    lines["department"] = lines["department"].fillna(DEPARTMENT_UNKNOWN)
    lines["day"] = lines["transaction_timestamp"].dt.date
    lines["cents"] = (lines["sales_value"] * 100).round().astype("int64")
    return lines


def sales_by(lines: Any, keys: list[str]) -> dict[Any, SalesFigures]:  # noqa: ANN401  # a DataFrame has no type
    """Lines, pieces and cents of each group."""
    groups = lines.groupby(keys if len(keys) > 1 else keys[0])
    sums = groups.agg(line_count=("cents", "size"), quantity=("quantity", "sum"), cents=("cents", "sum"))
    return {key: SalesFigures(*figures) for key, *figures in sums.itertuples()}


def differences(expected: Contents, found: Contents) -> list[str]:
    """Where two contents differ, as sentences, at most `DIFFERENCES_MAX` of each table; empty if they agree."""
    return [
        f"{table}: {sentence}"
        for table in Contents._fields
        for sentence in table_differences(getattr(expected, table), getattr(found, table))
    ]


def table_differences(expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> Iterator[str]:
    """The differences of one table: what is missing, what is too much, what has other figures."""
    if expected == found:
        return
    different = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
    for key in different[:DIFFERENCES_MAX]:
        yield f"{describe_key(key)} {describe_difference(expected.get(key), found.get(key))}"
    if len(different) > DIFFERENCES_MAX:
        yield f"and {len(different) - DIFFERENCES_MAX:,} more"


def describe_key(key: str | tuple[str, date]) -> str:
    """A key as it is read aloud: the id, or department and day."""
    return key if isinstance(key, str) else f"{key[0]} on {key[1]}"


def describe_difference(expected: Any, found: Any) -> str:  # noqa: ANN401  # the figures of any of the tables, or None
    """What is wrong with the figures of one key."""
    if found is None:
        return "is missing"
    if expected is None:
        return "should not be there"
    pairs = zip(expected._fields, found, expected, strict=True)
    return ", ".join(f"{name} is {is_!r} and should be {should!r}" for name, is_, should in pairs if is_ != should)
