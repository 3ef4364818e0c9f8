"""Values of rows and states as JSON has them, and none longer than a frame can carry.

What JSON has no word for becomes text, also as the key of an object; text that is no valid Unicode is written with
escapes. A long text, a long list, a deep one: the beginning is shown, and whoever asks is told that it is not all.
Only as much of a value is looked at as is shown.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import chain
from typing import Any, Final, cast, final
from uuid import UUID

import msgspec

from actum.errors import shown
from actum.monitor.columns import NUMBER_MAX, NUMBER_MIN

#: Characters of one value, all that is in it counted together; what is longer is cut.
VALUE_CHARACTERS_MAX: Final = 1_000
#: Values of one page together; if there is more, each of them is cut sooner.
PAGE_CHARACTERS_MAX: Final = 200_000
#: A value of a page that is too large keeps so many in any case.
VALUE_CHARACTERS_MIN: Final = 20
#: Containers within containers.
DEPTH_MAX: Final = 16
#: Stands at the end of a text that was cut.
ELLIPSIS: Final = "..."

#: What a number counts as.
NUMBER_CHARACTERS: Final = 8

#: Written by msgspec as it writes them in JSON.
PLAIN = (datetime, date, time, timedelta, UUID, Decimal)


@final
class Excerpt:
    """The beginning of one value.

    Attributes:
        left: characters that may still come.
        cut: whether anything was left out.
    """

    __slots__ = ("cut", "left")

    def __init__(self, characters_max: int) -> None:
        """Nothing taken yet."""
        self.left = characters_max
        self.cut = False

    def of(self, value: Any, depth: int = 0) -> Any:
        """A value as JSON has it."""
        kind = cast("object", type(value))
        if kind is str:
            return self._text(value)
        if kind is float or kind is bool or value is None:
            self.left -= NUMBER_CHARACTERS
            return value
        if isinstance(value, Enum):
            return self.of(value.value, depth + 1) if depth < DEPTH_MAX else self._text(text_of(value))
        if isinstance(value, int):
            return self._integer(value)
        if isinstance(value, PLAIN):
            return self._text(converted(value))
        return self._container(value, depth)

    def _integer(self, value: int) -> int | str:
        """A number, or its digits where a reader might not have such a number."""
        if NUMBER_MIN <= value <= NUMBER_MAX:
            self.left -= NUMBER_CHARACTERS
            return int(value)
        return self._text(text_of(value))

    def _text(self, text: str) -> str:
        """As much of a text as may come."""
        size = len(text)
        if size > max(self.left, 0):
            text, self.cut = text[: max(self.left, 0)] + ELLIPSIS, True
        self.left -= size
        return text if text.isascii() else text.encode(errors="backslashreplace").decode()

    def _container(self, value: Any, depth: int) -> Any:
        """What holds other values, or is of a kind of its own."""
        if isinstance(value, (bytes, bytearray)):
            return self._text(base64.b64encode(value[: max(self.left, 0) + 3]).decode())
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if depth >= DEPTH_MAX:
            self.cut = True
            return ELLIPSIS
        if isinstance(value, Mapping):
            return self._object(cast("Mapping[object, Any]", value).items(), depth)
        if isinstance(value, (list, tuple, AbstractSet)):
            return self._array(cast("Iterable[Any]", value), depth)
        if isinstance(value, msgspec.Struct):
            return self._struct(value, depth)
        plain = converted(value)
        return self._text(plain) if type(plain) is str else self.of(plain, depth + 1)

    def _array(self, items: Iterable[Any], depth: int) -> list[Any]:
        """As many items as may come."""
        made: list[Any] = []
        for item in items:
            if self.left <= 0:
                self.cut = True
                break
            self.left -= 1
            made.append(self.of(item, depth + 1))
        return made

    def _object(self, items: Iterable[tuple[Any, Any]], depth: int) -> dict[str, Any]:
        """As many fields as may come, under texts."""
        made: dict[str, Any] = {}
        for key, item in items:
            if self.left <= 0:
                self.cut = True
                break
            plain = converted(key) if isinstance(key, (int, Enum, *PLAIN)) else key
            made[self._text(text_of(plain))] = self.of(item, depth + 1)
        return made

    def _struct(self, value: msgspec.Struct, depth: int) -> Any:
        """A struct as it is stored: under the names of its fields there, and with its tag."""
        config = value.__struct_config__
        values = (getattr(value, name) for name in value.__struct_fields__)
        if config.array_like:
            return self._array(chain(() if config.tag is None else (config.tag,), values), depth)
        tag = () if config.tag is None else ((config.tag_field, config.tag),)
        fields = zip(value.__struct_encode_fields__, values, strict=True)
        return self._object(chain(tag, (field for field in fields if field[1] is not msgspec.UNSET)), depth)


def converted(value: object) -> Any:
    """What msgspec makes of a value that holds no others; text of one that it doesn't know."""
    try:
        return msgspec.to_builtins(value, enc_hook=text_of)
    except Exception:  # noqa: BLE001  # whatever a user's type raises there
        return text_of(value)


def text_of(value: object) -> str:
    """A value in Python's own words; what has none that can be said is named by its kind."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # a user's `__str__` may raise anything
        return shown(value)


def excerpts(
    rows: Iterable[msgspec.Struct], values_of: Callable[[Any], tuple[Any, ...]], characters_max: int
) -> tuple[tuple[tuple[Any, ...], ...], tuple[tuple[int, int], ...], int]:
    """The values of rows, each cut behind so many characters.

    Returns:
        The values, the row and the column of those that were cut, and how many characters there are in all.
    """
    made: list[tuple[Any, ...]] = []
    cut: list[tuple[int, int]] = []
    size = 0
    for number, row in enumerate(rows):
        values: list[Any] = []
        for column, value in enumerate(values_of(row)):
            excerpt = Excerpt(characters_max)
            values.append(excerpt.of(value))
            size += min(characters_max, characters_max - excerpt.left)
            if excerpt.cut:
                cut.append((number, column))
        made.append(tuple(values))
    return tuple(made), tuple(cut), size


def page_values(
    rows: list[Any], values_of: Callable[[Any], tuple[Any, ...]], *, whole: bool = False
) -> tuple[tuple[tuple[Any, ...], ...], tuple[tuple[int, int], ...]]:
    """The values of the rows of a page, and the row and the column of those that were cut; none are for `whole`."""
    values, cut, size = excerpts(rows, values_of, sys.maxsize if whole else VALUE_CHARACTERS_MAX)
    if not whole and size > PAGE_CHARACTERS_MAX:
        count = sum(map(len, values))
        values, cut, _ = excerpts(rows, values_of, max(PAGE_CHARACTERS_MAX // count, VALUE_CHARACTERS_MIN))
    return values, cut


def state_values(state: msgspec.Struct) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of a state by name, and which of them were cut: all together may be as large as a page's values."""
    names: tuple[str, ...] = state.__struct_fields__
    values: dict[str, Any] = {}
    cut: list[str] = []
    for name in names:
        excerpt = Excerpt(max(PAGE_CHARACTERS_MAX // len(names), VALUE_CHARACTERS_MAX))
        values[name] = excerpt.of(getattr(state, name))
        if excerpt.cut:
            cut.append(name)
    return values, tuple(cut)
