"""Values as JSON has them, cut where they are too long."""

from __future__ import annotations

import base64
import math
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from actum.monitor.columns import as_json
from actum.monitor.values import (
    DEPTH_MAX,
    PAGE_CHARACTERS_MAX,
    VALUE_CHARACTERS_MAX,
    VALUE_CHARACTERS_MIN,
    Excerpt,
    page_values,
)
from hypothesis import given
from hypothesis import strategies as st


class Size(IntEnum):
    """Numbers with names."""

    SMALL = 1


class Colour(Enum):
    """Texts with names."""

    RED = "red"


class Point(msgspec.Struct, frozen=True, rename={"x": "left"}, tag="point"):
    """A struct that is stored under other names."""

    x: int = 0
    note: str | msgspec.UnsetType = msgspec.UNSET


class Pair(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """A struct that is stored by place."""

    first: Any
    second: Any = None


class Text(str):
    """A text of one's own kind."""

    __slots__ = ()


class Silent:
    """Says nothing of itself."""

    def __str__(self) -> str:
        """Fail."""
        raise ZeroDivisionError


def whole(value: Any) -> Any:
    """All of a value."""
    excerpt = Excerpt(sys.maxsize)
    made = excerpt.of(value)
    assert not excerpt.cut
    return made


EVERY_KIND = [
    *(None, True, 7, -1.5, "text", Text("own"), b"\x00\xff", bytearray(b"ab"), Decimal("1.10"), Size.SMALL, Colour.RED),
    *(datetime(2026, 1, 2, 3, tzinfo=UTC), datetime.fromisoformat("2026-01-02"), date(2026, 1, 2)),
    *(time(3, 4), timedelta(minutes=90)),
    *(UUID(int=5), Point(), Point(note="n"), Pair(Point(3), [1]), [1, (2, {3})], frozenset({4})),
    *({"a": {"b": [Decimal(1)]}}, {1: "x", Colour.RED: 2, date(2026, 1, 2): 3, 2.5: 4}, [Text("own")]),
    *(2**64, -(2**63) - 1),
]  # fmt: skip


@pytest.mark.parametrize("value", EVERY_KIND, ids=repr)
def test_every_kind(value: Any) -> None:
    """As msgspec writes it in JSON; and it gets over a wire."""
    made = whole(value)

    assert made == as_json(value)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(made)) == made


def test_what_json_has_no_word_for() -> None:
    """It becomes text, whatever it does when asked for its own."""
    assert whole("half \ud800 a pair \u202e") == "half \\ud800 a pair \u202e"
    assert whole({"\ud800": 1, (1, 2): 2}) == {"\\ud800": 1, "(1, 2)": 2}
    assert whole(10**5000) == "a int"
    assert whole([Silent(), int]) == ["a Silent", "<class 'int'>"]
    assert math.isnan(whole(math.nan))


def test_long_values_are_cut() -> None:
    """Texts, bytes, lists and objects, at any depth: the beginning is there, and only that is looked at."""
    excerpt = Excerpt(10)
    assert excerpt.of("x" * 11) == "x" * 10 + "..."
    assert excerpt.cut
    for value, beginning in (
        (["ab"] * 1_000_000, [*["ab"] * 3, "..."]),
        ({f"{number:03}": "ab" for number in range(100)}, {"000": "ab", "001": "ab"}),
        ([["abcdefghijklmn"], "ab"], [["abcdefgh..."]]),
        (b"\x00" * 1_000_000, base64.b64encode(b"\x00" * 9)[:10].decode() + "..."),
        (Pair("abcdefghijk", "b"), [7, "..."]),
    ):
        excerpt = Excerpt(10)
        assert excerpt.of(value) == beginning
        assert excerpt.cut
    excerpt = Excerpt(10)
    assert excerpt.of("x" * 10) == "x" * 10
    assert not excerpt.cut


def test_what_holds_itself_is_cut() -> None:
    """At some depth."""
    loop: list[Any] = []
    loop.append(loop)
    excerpt = Excerpt(VALUE_CHARACTERS_MAX)

    made: Any = excerpt.of(loop)

    depth = 0
    while isinstance(made, list):
        (made,) = made
        depth += 1
    assert (depth, made, excerpt.cut) == (DEPTH_MAX, "...", True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()) | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
        max_leaves=12,
    ),
    st.integers(0, 60),
)
def test_never_more_than_may_come(value: Any, characters_max: int) -> None:
    """A cut value is small, and gets over a wire; one that is not cut is all of it."""
    excerpt = Excerpt(characters_max)

    made = excerpt.of(value)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(made)) == made
    if excerpt.cut:
        assert len(msgspec.json.encode(made)) < 12 * characters_max + 400
    else:
        assert made == as_json(value)


class Wide(msgspec.Struct, frozen=True):
    """A row."""

    key: int
    text: str


def read(row: Wide) -> tuple[Any, ...]:
    """Its values."""
    return row.key, row.text


class TestPages:
    """The values of some rows."""

    def test_short_ones(self) -> None:
        """All of them."""
        assert page_values([Wide(1, "a"), Wide(2, "b")], read) == (((1, "a"), (2, "b")), ())
        assert page_values([], read) == ((), ())

    def test_a_text_of_a_megabyte(self) -> None:
        """It is cut, and its place is told; not for who wants everything."""
        rows = [Wide(1, "a"), Wide(2, "b" * 1_000_000)]

        values, cut = page_values(rows, read)

        assert values == ((1, "a"), (2, "b" * VALUE_CHARACTERS_MAX + "..."))
        assert cut == ((1, 1),)
        assert page_values(rows, read, whole=True) == (((1, "a"), (2, "b" * 1_000_000)), ())

    def test_many_long_ones(self) -> None:
        """Together they are no longer than a page may be."""
        rows = [Wide(number, "x" * 900) for number in range(500)]

        values, cut = page_values(rows, read)

        assert len(msgspec.json.encode(values)) < 1.1 * PAGE_CHARACTERS_MAX
        assert cut == tuple((number, 1) for number in range(500))
        assert all(len(text) > VALUE_CHARACTERS_MIN for _, text in values)
