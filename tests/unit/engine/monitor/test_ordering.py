"""Any values in one order."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from actum.monitor.ordering import comparable
from hypothesis import given
from hypothesis import strategies as st


class Word(StrEnum):
    """Texts with names."""

    A = "a"
    B = "b"


class Level(Enum):
    """Numbers with names."""

    LOW = 1


#: A time of no zone.
LOCAL = datetime(2026, 1, 1)  # noqa: DTZ001


class Silent:
    """Says nothing of itself."""

    def __str__(self) -> str:
        """Fail."""
        raise ZeroDivisionError


ANY = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(st.characters()), st.binary()),
    *(st.datetimes(), st.datetimes(timezones=st.timezones()), st.dates(), st.times(), st.timedeltas(), st.uuids()),
    *(st.sampled_from([Word.A, Level.LOW, Silent(), int, Decimal("sNaN")]), st.lists(st.integers())),
)


@given(st.lists(ANY))
def test_anything_can_be_ordered(values: list[Any]) -> None:
    """Nothing raises, and the order is one: it does not depend on where a value was."""
    made = sorted(map(comparable, values))

    assert made == sorted(map(comparable, reversed(values)))


@pytest.mark.parametrize(
    "values",
    [
        [None, -math.inf, -2, False, Decimal("0.5"), True, 2.5, 10**30, math.inf],
        [None, "", "B", "a", "\U0001f600"],
        [Word.A, Word.B, "c"],
        [None, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)],
        [LOCAL, LOCAL + timedelta(1)],
        [date(2026, 1, 1), date(2026, 1, 2)],
        [time(1), time(2)],
        [timedelta(1), timedelta(2)],
        [UUID(int=1), UUID(int=2)],
        [b"", b"\x00", b"\x01"],
        [None, math.nan, 1, "1", b"1", [1]],
        [[1], [2]],
    ],
    ids=["numbers", "texts", "names", "moments", "local", "dates", "times", "spans", "ids", "bytes", "kinds", "others"],
)
def test_an_order(values: list[Any]) -> None:
    """None first, each kind in its own order, what has none by its text."""
    mixed = values[1::2] + values[::2]

    assert sorted(mixed, key=comparable) == values


def test_a_name_is_its_value() -> None:
    """An enumeration is ordered as an index orders it."""
    assert comparable(Word.A) == comparable("a")
    assert comparable(Level.LOW) == comparable(1)
