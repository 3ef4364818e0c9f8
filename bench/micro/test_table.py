"""Rows and their indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from actum import Row
from actum.views.table import Table
from actum.views.table_schema import TableSchema
from actum_bench.bank import key_of

if TYPE_CHECKING:
    from micro.conftest import Bench

ROWS = 10_000
PAGE_ROWS = 20
#: Spreads amounts over the index: a number without a factor in common with powers of ten.
SPREAD = 7_919


class Held(Row, key="account_id"):
    """A row with something to be ordered by, and something to be found by."""

    account_id: str
    amount: int
    branch: int


def held(number: int) -> Held:
    """A row."""
    return Held(account_id=key_of(number), amount=number * SPREAD % ROWS, branch=number % 100)


@pytest.fixture
def table() -> Table[Held]:
    """Ten thousand rows with an ordered index and a hash index, both built."""
    schema = TableSchema(row_type=Held, key="account_id", indexes=(("amount",),), hash_indexes=(("branch",),))
    made: Table[Held] = Table(schema)
    made.restore(map(held, range(ROWS)))
    made.build()
    made.writable = True
    return made


def test_insert(table: Table[Held], bench: Bench) -> None:
    """Insert a row into a table with two indexes, which then follow."""
    number = ROWS

    def insert() -> None:
        nonlocal number
        table.put(held(number))
        number += 1
        table.order_by("amount", limit=1)

    bench(insert, n=1_000)
    assert table.statistics().ordered_entries == number


def test_replace(table: Table[Held], bench: Bench) -> None:
    """Replace a row whose indexed fields stay."""
    row = held(1)
    bench(lambda: table.put(row))


def test_get(table: Table[Held], bench: Bench) -> None:
    """Find a row by its key."""
    key, get = key_of(5_000), table.rows.get
    bench(lambda: get(key))


def test_where(table: Table[Held], bench: Bench) -> None:
    """Find 100 rows by a hash index."""
    assert len(table.where(branch=7)) == ROWS // 100
    bench(lambda: table.where(branch=7), n=1_000)


def test_range(table: Table[Held], bench: Bench) -> None:
    """Read a range of 20 rows by an ordered index."""
    assert len(table.order_by("amount", start=5_000, stop=5_000 + PAGE_ROWS)) == PAGE_ROWS
    bench(lambda: table.order_by("amount", start=5_000, stop=5_000 + PAGE_ROWS), n=1_000)


def test_page(table: Table[Held], bench: Bench) -> None:
    """Read a page of 20 rows from a cursor on."""
    cursor = table.page("amount", limit=PAGE_ROWS).cursor
    bench(lambda: table.page("amount", limit=PAGE_ROWS, cursor=cursor), n=1_000)
