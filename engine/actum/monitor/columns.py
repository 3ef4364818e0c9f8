"""The fields of rows and states as tools show them, from the annotations of their classes, and their values.

Whatever a view or an aggregate holds in memory gets through: what the wire has no word for becomes text.
"""

from __future__ import annotations

import types
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Union, cast, get_args, get_origin

import msgspec

from actum.monitor.frames import Column
from actum.views.table_schema import TableSchema, read_fields

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: Types whose values stand to the right.
NUMBERS = (int, float, Decimal)
#: The largest and the smallest number that the wire has a word for.
NUMBER_MAX = 2**64 - 1
NUMBER_MIN = -(2**63)
#: Views whose columns are kept.
SCHEMAS_MAX: Final = 256


@lru_cache(maxsize=SCHEMAS_MAX)
def columns_of_view(schema: TableSchema) -> tuple[Column, ...]:
    """Those of a view's rows; they are read once, since every page has them."""
    return columns_of(schema.row_type, {index[0] for index in schema.indexes})


def columns_of(struct: type[msgspec.Struct], ordered: Collection[str] = ()) -> tuple[Column, ...]:
    """One for each field, in their order.

    Args:
        struct: the class of a row or of an aggregate.
        ordered: the fields by which an index orders.
    """
    return tuple(
        Column(
            field.name,
            type_text(field.annotation),
            bool(field.kinds) and all(issubclass(kind, NUMBERS) and kind is not bool for kind in field.kinds),
            field.name in ordered,
        )
        for field in read_fields(struct).values()
    )


def type_text(annotation: Any) -> str:
    """An annotation as it is written in code, classes by their names."""
    arguments: tuple[Any, ...] = get_args(annotation)
    if annotation is type(None):
        return "None"
    if annotation is ...:
        return "..."
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(map(type_text, arguments))
    if isinstance(origin := get_origin(annotation), type):
        return f"{origin.__name__}[{', '.join(map(type_text, arguments))}]"
    if isinstance(annotation, type):
        return annotation.__name__
    return str(annotation).replace("typing.", "")


def as_json(value: Any) -> Any:
    """A value as JSON has it, and as the wire can carry it; one that can't be read says so."""
    if value is None or value is True or value is False or type(value) is float:
        return value
    try:
        return carried(msgspec.to_builtins(value, enc_hook=str))
    except Exception as error:  # noqa: BLE001  # a class of the user's may do anything while it is read
        return f"a {type(value).__name__} that can't be read: {type(error).__name__}"


def carried(content: Any) -> Any:
    """The same with keys that are texts, texts that are valid, and numbers that fit."""
    if isinstance(content, str):
        return content if content.isascii() else content.encode(errors="backslashreplace").decode()
    if isinstance(content, int):
        return content if NUMBER_MIN <= content <= NUMBER_MAX else str(content)
    if isinstance(content, dict):
        return {carried(str(key)): carried(value) for key, value in cast("dict[object, object]", content).items()}
    if isinstance(content, (list, tuple)):
        return [carried(item) for item in cast("Sequence[object]", content)]
    return content
