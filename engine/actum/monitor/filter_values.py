"""What a filter's terms ask of a value: a pattern that its text fits, or something that it is compared with.

Values are plain data, as the log and JSON have it. Nothing here raises, whatever they are, and nothing takes longer
than the length of a text times that of a pattern: a regular expression is only made of what can't backtrack further.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Accepts: TypeAlias = Callable[[Any], bool]

#: Most values: they hold no others.
SINGLE = frozenset({str, int, float, bool, type(None)})

#: Texts that may be numbers or times are not longer.
NUMBER_CHARACTERS_MAX = 64
MOMENT_CHARACTERS = range(len("2026-01-31"), 41)

NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d{1,3})?", re.ASCII | re.IGNORECASE)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

#: The results of a comparison, value with wanted, that each operator lets through.
ORDERS = {"=": (0,), "!=": (0,), ">": (1,), ">=": (0, 1), "<": (-1,), "<=": (-1, 0)}


class Pattern(NamedTuple):
    """Texts, with `*` for any characters and `?` for one between them.

    Attributes:
        parts: a text, then always a wildcard and a text.
    """

    parts: tuple[str, ...]

    @property
    def literal(self) -> bool:
        """Whether it has no wildcard."""
        return len(self.parts) == 1

    def expression(self) -> str:
        """The regular expression of a whole text in small letters that fits; it never goes back over a `*`."""
        stretches = [re.escape(self.parts[0].lower())]
        for wildcard, text in zip(self.parts[1::2], self.parts[2::2], strict=True):
            if wildcard == "*":
                stretches.append("")
            stretches[-1] += ("." if wildcard == "?" else "") + re.escape(text.lower())
        if len(stretches) == 1:
            return stretches[0]
        first, *between, last = stretches
        return first + "".join(f"(?>.*?{stretch})" for stretch in between) + f".*{last}"


def fits(patterns: Sequence[Pattern]) -> Accepts:
    """Whether the text of a value is one of the patterns, whatever the case of its letters."""
    literals = frozenset(pattern.parts[0].lower() for pattern in patterns if pattern.literal)
    wild = [pattern.expression() for pattern in patterns if not pattern.literal]
    if not wild:
        return lambda value: (text := text_of(value)) is not None and text.lower() in literals
    fullmatch = re.compile("|".join([*wild, *map(re.escape, literals)]), re.DOTALL).fullmatch
    return lambda value: (text := text_of(value)) is not None and fullmatch(text.lower()) is not None


def contains(pattern: Pattern) -> Accepts:
    """Whether a pattern is somewhere in the text of a value, whatever the case of its letters."""
    if not pattern.literal:
        return fits([Pattern(("", "*", *pattern.parts, "*", ""))])
    wanted = pattern.parts[0].lower()
    return lambda value: (text := text_of(value)) is not None and wanted in text.lower()


def compares(operator: str, text: str) -> Accepts:
    """Whether a value stands in the order to a text that an operator names; for `!=` the order of `=`.

    Numbers are compared as numbers, also those that are stored as text; times as times, in UTC where no zone is said.
    """
    wanted, orders = Wanted(text), ORDERS[operator]
    return lambda value: wanted.order(value) in orders


class Wanted:
    """What values are compared with."""

    __slots__ = ("moment", "number", "text")

    def __init__(self, text: str) -> None:
        """Of its text."""
        self.text = text
        self.number = number_of(text)
        self.moment = moment_of(text)

    def order(self, value: object) -> int | None:
        """-1, 0 or 1 for a value that is smaller, equal or greater; None for one that can't be compared with it."""
        if isinstance(value, bool) or value is None:
            word = "null" if value is None else text_of(value)
            return 0 if self.text.lower() == word else None
        if isinstance(value, (int, float, Decimal)):
            return None if self.number is None else order_of(value, self.number)
        if isinstance(value, datetime):
            return None if self.moment is None else order_of(in_utc(value), self.moment)
        text = text_of(value)
        if text is None:
            return None
        if self.number is not None:
            return order_of(number_of(text), self.number)
        if self.moment is not None:
            return order_of(moment_of(text), self.moment)
        return order_of(text, self.text)


def order_of(value: Any, wanted: Any) -> int | None:
    """-1, 0 or 1; None for no value, and for what is not a number."""
    if value is None:
        return None
    try:
        return 0 if value == wanted else -1 if value < wanted else 1 if value > wanted else None
    except (ArithmeticError, TypeError):  # a decimal that signals that it is not a number
        return None


def number_of(text: str) -> int | float | None:
    """The number that a text is, or None."""
    if len(text) > NUMBER_CHARACTERS_MAX or not NUMBER.fullmatch(text):
        return None
    return int(text) if text.lstrip("-+").isdecimal() else float(text)


def moment_of(text: str) -> datetime | None:
    """The time that a text is, as ISO 8601 writes it, a day alone for its beginning; or None."""
    if len(text) not in MOMENT_CHARACTERS or not MOMENT.match(text):
        return None
    try:
        return in_utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def in_utc(moment: datetime) -> datetime:
    """The same, in UTC if it says no zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def text_of(value: object) -> str | None:
    """A single value as text; None for none, for what holds other values, and for what is not data."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal, UUID, date, time)):
        try:
            return value.isoformat() if isinstance(value, datetime) else str(value)
        except ValueError:  # an integer of thousands of digits
            return None
    return None


def leaves(value: object) -> list[Any]:
    """The single values that a value holds, at any depth; itself if it is one."""
    found: list[Any] = []
    pending: list[Any] = [value]
    while pending:
        one = pending.pop()
        if type(one) in SINGLE:
            found.append(one)
        elif isinstance(one, Mapping):
            pending.extend(contained(one))
        elif isinstance(one, (list, tuple, set, frozenset)):
            pending.extend(cast("Iterable[Any]", one))
        else:
            found.append(one)
    return found


def contained(fields: Any) -> list[Any]:
    """The values of a mapping."""
    return list(fields.values())


def values_at(data: object, path: Sequence[str]) -> list[Any]:
    """The single values at the end of a path of fields: of all items of a list on the way, or of that of a number."""
    found: list[Any] = [data]
    for step in path:
        found = [following for one in found for following in beneath(one, step)]
    return found if len(found) == 1 and type(found[0]) in SINGLE else leaves(found)


def beneath(value: object, step: str) -> list[Any]:
    """What lies one step below a value."""
    if type(value) in SINGLE:
        return []
    if isinstance(value, Mapping):
        return [value[step]] if step in value else []
    if not isinstance(value, (list, tuple)):
        return []
    items = cast("Sequence[Any]", value)
    if step.isdecimal() and len(step) < NUMBER_CHARACTERS_MAX:
        index = int(step)
        return [items[index]] if index < len(items) else []
    return [item[step] for item in items if isinstance(item, Mapping) and step in item]
