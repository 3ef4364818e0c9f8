"""What a table is made of: the row type, its key and its indexes, and which fields can serve for them.

The catalogue calls `check_schema` for every view and reports all faults at once, before anything is opened. The
tables read the same `Field`s to judge the values that queries give. Types are read once, with msgspec's own
resolution of annotations, so a field means here what it means to the codec.
"""

from __future__ import annotations

import types
import typing
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from math import isnan
from typing import Any, Final, cast
from uuid import UUID

import msgspec

#: Row types whose fields are kept when they have been read.
TYPES_MAX: Final = 1_024

#: What a key or a field of an ordered index may be, each with the classes whose values sort among its own.
ORDERED_KINDS: Final[dict[type, tuple[type, ...]]] = {
    int: (int,),
    float: (float, int),
    str: (str,),
    bytes: (bytes,),
    bool: (bool,),
    datetime: (datetime,),
    date: (date,),
    time: (time,),
    timedelta: (timedelta,),
    Decimal: (Decimal, int),
    UUID: (UUID,),
}
ORDERED_NAMES: Final = ", ".join(kind.__name__ for kind in ORDERED_KINDS) + " or an Enum of str or int"


class TableSchema(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of a table: `indexes` are ordered, `hash_indexes` answer equality only."""

    row_type: type[msgspec.Struct]
    key: str
    indexes: tuple[tuple[str, ...], ...] = ()
    hash_indexes: tuple[tuple[str, ...], ...] = ()


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a row as the table sees it.

    `kinds` are the classes that a value may have, empty when anything may be there; None is allowed where `optional`.
    """

    name: str
    annotation: Any
    kinds: tuple[type, ...]
    optional: bool
    orderable: bool
    hashable: bool

    def admits(self, value: object) -> bool:
        """Whether a value can be one of this field's: of its class (the rest is the codec's), and not NaN."""
        if value is None:
            return self.optional or not self.kinds
        return not self.kinds or (isinstance(value, self.kinds) and not is_nan(value))

    @property
    def can_be_nan(self) -> bool:
        """Whether a value can be "not a number", which has no place in any order and is not found by equality."""
        return float in self.kinds or Decimal in self.kinds

    @property
    def type_name(self) -> str:
        """The annotation as a person wrote it."""
        plain = isinstance(self.annotation, type) and not typing.get_args(self.annotation)
        return self.annotation.__name__ if plain else str(self.annotation).replace("typing.", "")


@lru_cache(maxsize=TYPES_MAX)
def read_fields(row_type: type[msgspec.Struct]) -> Mapping[str, Field]:
    """The fields of a row type by name; they are read once, since each table of such rows asks for them.

    Raises:
        NameError: an annotation names something that isn't defined.
    """
    return {info.name: read_field(info.name, info.type) for info in msgspec.structs.fields(row_type)}


def read_field(name: str, annotation: Any) -> Field:
    """What the annotation of one field allows."""
    kinds = kinds_of(annotation)
    present = kinds - {types.NoneType}
    return Field(
        name=name,
        annotation=annotation,
        kinds=accepted_kinds(present),
        optional=types.NoneType in kinds,
        orderable=len(present) == 1 and all(ordered_kind(one) is not None for one in present),
        hashable=all(is_hashable(one) for one in kinds),
    )


def kinds_of(annotation: Any) -> frozenset[Any]:
    """The alternatives of an annotation, without `Annotated`, `NewType`, unions and literals around them."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return kinds_of(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return frozenset(kind for part in typing.get_args(annotation) for kind in kinds_of(part))
    if origin is typing.Literal:
        values: tuple[object, ...] = typing.get_args(annotation)
        return frozenset(type(value) for value in values)
    if isinstance(annotation, typing.NewType):
        return kinds_of(annotation.__supertype__)
    alone: Any = types.NoneType if annotation is None else annotation
    return frozenset([alone])


def accepted_kinds(alternatives: frozenset[Any]) -> tuple[type, ...]:
    """The classes that values of these alternatives have; empty, for any, if one of them is not a plain value."""
    accepted: set[type] = set()
    for one in alternatives:
        base = ordered_kind(one)
        if base is None and not is_enum(one):
            return ()
        accepted.update((one,) if base is None else ORDERED_KINDS[base])
    return tuple(accepted)


def ordered_kind(kind: Any) -> type | None:
    """The entry of `ORDERED_KINDS` that this class sorts as; None when its values have no order to rely on."""
    if is_enum(kind):
        return next((base for base in (str, int) if issubclass(kind, base)), None)
    return cast("type", kind) if kind in ORDERED_KINDS else None


def is_enum(kind: Any) -> bool:
    """Whether an alternative is an enumeration."""
    return isinstance(kind, type) and issubclass(kind, Enum)


def is_hashable(kind: Any) -> bool:
    """Whether values of a type can be looked up in a hash index; a type that says nothing is believed."""
    origin = typing.get_origin(kind)
    if origin in (tuple, frozenset):
        return all(is_hashable(part) for inner in typing.get_args(kind) for part in kinds_of(inner))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind.__struct_config__.frozen
    return getattr(cast("object", origin or kind), "__hash__", None) is not None


def check_schema(schema: TableSchema) -> list[str]:
    """Every fault of a declaration with its fix, in the order in which a reader meets them; empty when it is sound."""
    row = schema.row_type.__name__
    try:
        fields = read_fields(schema.row_type)
    except (NameError, TypeError) as error:
        return [f"{row}: its annotations can't be read ({error}): define or import the types it names in its module"]
    faults = [] if schema.row_type.__struct_config__.frozen else [f"{row} is not frozen: subclass actum.Row"]
    faults += key_faults(schema.key, fields)
    for option, indexes in (("indexes", schema.indexes), ("hash_indexes", schema.hash_indexes)):
        for index in indexes:
            faults += index_faults(option, index, fields)
        faults += duplicate_faults(option, indexes)
    return [fault if fault.startswith(row) else f"{row}: {fault}" for fault in faults]


def key_faults(key: str, fields: Mapping[str, Field]) -> list[str]:
    """What is wrong with the primary key: it must be there in every row, and break the ties of ordered indexes."""
    if key not in fields:
        return [f"key={key!r} is not a field: name one of {', '.join(fields)}"]
    field = fields[key]
    if field.optional:
        return [f"key={key!r} is {field.type_name}: a key is never None, take the None out of its type"]
    if not field.orderable:
        return [f"key={key!r} is {field.type_name}, which has no order: make it {ORDERED_NAMES}"]
    return []


def index_faults(option: str, index: tuple[str, ...], fields: Mapping[str, Field]) -> list[str]:
    """What is wrong with one index of the given option."""
    where = f"{option}={index_name(index)!r}"
    if not index:
        return [f"{option} has an empty index: name at least one field of {', '.join(fields)}"]
    faults = [f"{where} names {name!r} twice: once is enough" for name, count in Counter(index).items() if count > 1]
    for name in dict.fromkeys(index):
        field = fields.get(name)
        if field is None:
            faults.append(f"{where}: {name!r} is not a field: name one of {', '.join(fields)}")
        elif option == "indexes" and not field.orderable:
            faults.append(
                f"{where}: {name!r} is {field.type_name}, which has no order: index {ORDERED_NAMES} (None is allowed), "
                "or use hash_indexes"
            )
        elif not field.hashable:
            faults.append(
                f"{where}: {name!r} is {field.type_name}, which can't be hashed: use a str, a number or a tuple"
            )
    return faults


def duplicate_faults(option: str, indexes: tuple[tuple[str, ...], ...]) -> list[str]:
    """Indexes that are there twice. Equality doesn't care about the order of fields, so neither does a hash index."""
    same = Counter(index if option == "indexes" else tuple(sorted(index)) for index in indexes)
    return [
        f"{option}={index_name(index)!r} is declared {count} times: keep one"
        for index, count in same.items()
        if count > 1
    ]


def index_name(index: tuple[str, ...]) -> str | tuple[str, ...]:
    """An index as its user names it: a field, or a tuple of several."""
    return index[0] if len(index) == 1 else index


def is_nan(value: object) -> bool:
    """Whether a float or a Decimal is not a number."""
    if isinstance(value, float):
        return isnan(value)
    return isinstance(value, Decimal) and value.is_nan()
