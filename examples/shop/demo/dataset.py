"""The Complete Journey as commands: 155,848 receipts of 2,469 households in one year, 1,469,307 lines.

Nothing is dropped or mended: lines of quantity 0 or amount 0 and products that the products table doesn't have are
there as well. What the data lacks is made up here, in one place and the same way each time: names of households,
addresses, a department for unknown products, and stock (the shop had what it sold). Columns stay numpy arrays, one
machine word a value; Python objects are made basket by basket, when they are sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, final

from actum import Command

from examples.shop.commands import PlaceOrder, ReceiveStock, RegisterCustomer
from examples.shop.demo.extra import load, parquet_path
from examples.shop.values import Address, OrderLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
else:
    np = load("numpy")

#: The department of a product that the products table doesn't have.
DEPARTMENT_UNKNOWN = "UNKNOWN"

#: Pieces of each product on the shelf: more than the largest line of the year (89,638).
STOCK_QUANTITY = 1_000_000


class Message(NamedTuple):
    """A command, and the id under which it is sent in every run, so that it has its effect once."""

    command_id: str
    command: Command


@final
class Dataset:
    """The first receipts of the year, in the order of time.

    Attributes:
        basket_count: how many receipts.
        line_count: how many lines they have together.
        customer_count: how many households they belong to.
        product_count: how many products they name.
    """

    def __init__(self, columns: dict[str, Integers], products: dict[int, tuple[str, str]]) -> None:
        """Use `Dataset.load`.

        Args:
            columns: one value per line, lines sorted by time and basket.
            products: department and name of a product.
        """
        self._columns = columns
        self._products = products
        basket_ids = columns["basket_id"]
        self._bounds: list[int] = [*basket_starts(basket_ids).tolist(), len(basket_ids)]
        self._household_numbers: Integers = np.unique(columns["household_id"])
        self._product_numbers: Integers
        self._product_codes: Integers  # of each line: where its product is in the numbers
        self._product_numbers, self._product_codes = np.unique(columns["product_id"], return_inverse=True)
        self._product_ids = [str(number) for number in self._product_numbers.tolist()]
        self.basket_count = len(self._bounds) - 1
        self.line_count = len(basket_ids)
        self.customer_count = len(self._household_numbers)
        self.product_count = len(self._product_numbers)

    @classmethod
    def load(cls, sample: int | None = None) -> Dataset:
        """Read the receipts: all, or the first `sample` of them. Takes about a second.

        Raises:
            ExtraMissing: the extra `demo` is not installed.
        """
        columns = read_columns(
            "transactions",
            ["transaction_timestamp", "basket_id", "household_id", "store_id", "product_id", "quantity", "sales_value"],
        )
        lines: dict[str, Integers] = {name: values for name, values in columns.items() if name != "sales_value"}
        lines["transaction_timestamp"] = columns["transaction_timestamp"].astype("datetime64[s]").astype(np.int64)
        lines["amount_cents"] = np.rint(columns["sales_value"] * 100).astype(np.int64)
        order = np.lexsort((lines["basket_id"], lines["transaction_timestamp"]))
        lines = {name: values[order] for name, values in lines.items()}
        if sample is not None:
            starts = basket_starts(lines["basket_id"])
            end = starts[sample] if sample < len(starts) else len(order)
            lines = {name: values[:end] for name, values in lines.items()}
        return cls(lines, read_products())

    def customers(self) -> Iterator[Message]:
        """Register every household of the receipts."""
        for number in self._household_numbers.tolist():
            command = RegisterCustomer(customer_id=str(number), name=f"Household {number}")
            yield Message(f"customer-{number}", command)

    def products(self) -> Iterator[Message]:
        """Receive stock of every product of the receipts."""
        for number in self._product_numbers.tolist():
            department, name = self._products.get(number, (DEPARTMENT_UNKNOWN, f"Product {number}"))
            command = ReceiveStock(product_id=str(number), name=name, department=department, quantity=STOCK_QUANTITY)
            yield Message(f"product-{number}", command)

    def orders(self) -> Iterator[Message]:
        """Place every receipt as an order, in the order of time."""
        columns = self._columns
        for start, stop in pairwise(self._bounds):
            basket_id = int(columns["basket_id"][start])
            command = PlaceOrder(
                order_id=str(basket_id),
                customer_id=str(columns["household_id"][start]),
                shipping_address=address_of(int(columns["store_id"][start])),
                lines=self._order_lines(start, stop),
                placed_at=datetime.fromtimestamp(int(columns["transaction_timestamp"][start]), UTC),
            )
            yield Message(f"basket-{basket_id}", command)

    def _order_lines(self, start: int, stop: int) -> tuple[OrderLine, ...]:
        """The lines of one receipt."""
        codes: list[int] = self._product_codes[start:stop].tolist()
        quantities: list[int] = self._columns["quantity"][start:stop].tolist()
        amounts: list[int] = self._columns["amount_cents"][start:stop].tolist()
        return tuple(
            OrderLine(product_id=self._product_ids[code], quantity=quantity, amount_cents=amount_cents)
            for code, quantity, amount_cents in zip(codes, quantities, amounts, strict=True)
        )


def basket_starts(basket_ids: Integers) -> Integers:
    """The number of each basket's first line."""
    return np.flatnonzero(np.diff(basket_ids, prepend=-1)).astype(np.int64)


def address_of(store: int) -> Address:
    """The data knows the store and not where people live: orders are collected at the store."""
    return Address(street=f"Store {store}", city="Journey", postcode=f"{store:05}", country="US")


def read_columns(table: str, columns: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Some columns of one of the tables."""
    data = load("pyarrow.parquet").read_table(parquet_path(table), columns=list(columns))
    return {name: data.column(name).to_numpy() for name in columns}


def read_products() -> dict[int, tuple[str, str]]:
    """Department and name of each product that the products table has. A name is type and size, if known."""
    columns = read_columns("products", ["product_id", "department", "product_type", "package_size"])
    rows = zip(*(columns[name].tolist() for name in columns), strict=True)
    return {
        number: (department or DEPARTMENT_UNKNOWN, " ".join(filter(None, (kind, size))) or f"Product {number}")
        for number, department, kind, size in rows
    }
