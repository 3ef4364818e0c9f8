"""The fields of rows and states, and their values as JSON has them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
from actum import Row
from actum.monitor.columns import as_json, columns_of
from actum.monitor.frames import Column
from hypothesis import given
from hypothesis import strategies as st

from tests.support.bank import Account, Balance


class Colour(Enum):
    """Something that msgspec stores by its value."""

    RED = "red"


class Point(msgspec.Struct, array_like=True, frozen=True):
    """A struct within a row."""

    x: int = 1
    y: int = 2


class Wide(Row, key="name"):
    """A row with one of everything."""

    name: str
    price: Decimal | None = None
    both: int | float = 0
    perhaps: str | None = None
    flag: bool = False
    colour: Colour = Colour.RED
    point: Point = Point()
    by_number: dict[int, list[Point]] = {}
    anything: Any = None


class Unspeakable:
    """Something that can't be read."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError("no")


class TestColumns:
    """Names and types."""

    def test_they_are_named_and_typed_as_in_the_class(self) -> None:
        """In order, with what stands to the right and what an index orders by."""
        assert columns_of(Balance, {"balance"}) == (
            Column("account_id", "str"),
            Column("branch", "str"),
            Column("balance", "int", numeric=True, ordered=True),
        )
        assert [column.type for column in columns_of(Account)] == ["int", "int", "list[str]"]

    def test_types_are_read_as_python_writes_them(self) -> None:
        """Unions, containers and classes; a number that may be missing is a number still."""
        columns = {column.name: column for column in columns_of(Wide)}

        assert columns["price"].type == "Decimal | None"
        assert columns["by_number"].type == "dict[int, list[Point]]"
        assert columns["anything"].type == "Any"
        assert [name for name, column in columns.items() if column.numeric] == ["price", "both"]


class TestValues:
    """Fields and what they hold."""

    def test_they_are_what_json_has(self) -> None:
        """Structs by name, enums by value, keys as text, times and decimals as text."""
        row = Wide(
            name="a", price=Decimal("1.50"), by_number={7: [Point()]}, anything=datetime(2026, 1, 31, tzinfo=UTC)
        )

        assert as_json(row.price) == "1.50"
        assert as_json(row.colour) == "red"
        assert as_json(row.point) == [1, 2]
        assert as_json(row.by_number) == {"7": [[1, 2]]}
        assert as_json(row.anything) == "2026-01-31T00:00:00Z"

    def test_what_the_wire_has_no_word_for_becomes_text(self) -> None:
        """Numbers of more than 64 bits, half a character, a class of somebody's."""
        assert as_json(2**64) == "18446744073709551616"
        assert as_json(["\ud800"]) == ["\\ud800"]
        assert as_json({"\udfff": 1}) == {"\\udfff": 1}
        assert as_json(Unspeakable()) == "a Unspeakable that can't be read: RuntimeError"

    def test_what_holds_itself_is_refused_as_text(self) -> None:
        """It would never end."""
        loop: list[Any] = []
        loop.append(loop)

        assert as_json(loop) == "a list that can't be read: RecursionError"

    @given(st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
        max_leaves=10,
    ))  # fmt: skip
    def test_everything_gets_over_the_wire(self, content: Any) -> None:
        """And comes back as it was sent."""
        value = as_json(content)

        assert msgspec.msgpack.decode(msgspec.msgpack.encode(value)) == value
