"""Any values in one order: that of an index where there could be one, and some order everywhere else.

None comes first, then numbers, texts, times and so on, each kind by itself; what has no order of its own comes last,
in the order of its text. Nothing here raises, whatever a row holds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import isnan
from types import NoneType
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from actum.monitor.values import text_of

#: What values are compared by: tuples of the same number have comparable rests.
Comparable: TypeAlias = tuple[Any, ...]

NOTHING: Final[Comparable] = (0,)
NOT_A_NUMBER: Final[Comparable] = (1,)
NUMBERS, TEXTS, BYTES, IDS, DATES, SPANS, MOMENTS, LOCAL_MOMENTS, TIMES, LOCAL_TIMES, OTHERS = range(2, 13)
#: So much of the text of what has no order is compared.
TEXT_CHARACTERS_MAX: Final = 200


def comparable(value: Any) -> Comparable:
    """What a value is compared by."""
    by = KINDS.get(cast("object", type(value)))
    return of_another_kind(value) if by is None else by(value)


def of_another_kind(value: Any) -> Comparable:
    """What a value of no plain class is compared by."""
    if isinstance(value, Enum):
        return comparable(value.value)
    if isinstance(value, str):
        return (TEXTS, str.__str__(value))
    if isinstance(value, int):
        return (NUMBERS, int(value))
    return (OTHERS, text_of(value)[:TEXT_CHARACTERS_MAX])


#: By class: the same as an index has it, where there can be one.
KINDS: Final[dict[object, Callable[[Any], Comparable]]] = {
    NoneType: lambda _: NOTHING,
    int: lambda value: (NUMBERS, value),
    bool: lambda value: (NUMBERS, value),
    float: lambda value: NOT_A_NUMBER if isnan(value) else (NUMBERS, value),
    Decimal: lambda value: NOT_A_NUMBER if value.is_nan() else (NUMBERS, value),
    str: lambda value: (TEXTS, value),
    bytes: lambda value: (BYTES, value),
    UUID: lambda value: (IDS, value),
    date: lambda value: (DATES, value),
    timedelta: lambda value: (SPANS, value),
    datetime: lambda value: (LOCAL_MOMENTS if value.utcoffset() is None else MOMENTS, value),
    time: lambda value: (LOCAL_TIMES if value.utcoffset() is None else TIMES, value),
}
