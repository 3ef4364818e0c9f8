"""The shape of a type: its JSON Schema (2020-12) as msgspec makes it, and what bytes depend on besides.

msgspec's schema says what a type is in JSON. In msgpack a datetime is no string, keys of a dictionary need not be
strings, bytes are not base64, and a struct stored by place is nothing but the order of its fields; what is said about
a type, its docstrings, is no part of what it is.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, cast
from uuid import UUID

import msgspec
from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator


def shape_of(described: type) -> dict[str, Any]:
    """A type's schema.

    Raises:
        TypeError: the type has none.
    """
    parts = list(parts_in(inspect.type_info(described)))
    classes = {part.cls: part for part in parts if hasattr(part, "fields")}
    keys = [part.key_type for part in parts if isinstance(part, inspect.DictType) and not is_text(part.key_type)]
    types = [described, *classes, *map(annotation_of, keys)]
    (schema, *schemas), components = msgspec.json.schema_components(types)
    of_keys = {id(key): schema for key, schema in zip(keys, schemas[len(classes) :], strict=True)}
    for key in keys:
        complete(key, of_keys[id(key)], of_keys)
    for read, reference in zip(classes.values(), schemas, strict=False):
        component = components[reference["$ref"].rpartition("/")[2]]
        # Structs stored by place have their tag, if any, before their fields.
        places = component.get("prefixItems", [])[-len(read.fields) :]
        if places:
            component["fields"] = [field.encode_name for field in read.fields]
        for index, field in enumerate(read.fields):
            complete(field.type, places[index] if places else component["properties"][field.encode_name], of_keys)
    shape: dict[str, Any] = without_descriptions({**schema, "$defs": components})
    return shape


def parts_in(root: inspect.Type) -> Iterator[Any]:
    """A type and all that it is made of; classes with fields once."""
    found: set[type] = set()
    waiting = [root]
    while waiting:
        info: Any = waiting.pop()
        if hasattr(info, "fields"):
            if info.cls in found:
                continue
            found.add(info.cls)
        yield info
        waiting += parts_of(info)


def parts_of(info: Any) -> Iterator[inspect.Type]:
    """The types that a type is directly made of."""
    yield from (field.type for field in getattr(info, "fields", ()))
    for name in ("types", "item_types"):
        yield from getattr(info, name, ())
    for name in ("type", "item_type", "key_type", "value_type"):
        if hasattr(info, name):
            yield getattr(info, name)


def complete(info: inspect.Type, schema: dict[str, Any], keys: dict[int, dict[str, Any]]) -> None:
    """Add what msgspec leaves out, in place; classes with fields are components of their own.

    `keys` has the schemas of dictionaries' keys, by the identity of their types.
    """
    info = plain(info)
    match info:
        case inspect.DateTimeType() | inspect.TimeType():
            schema["format"] = "date-time" if isinstance(info, inspect.DateTimeType) else "time"
            if info.tz is not None:
                schema["timezone"] = info.tz
        case inspect.BytesType(min_length=low, max_length=high):
            schema |= {"minBytes": low} if low is not None else {}
            schema |= {"maxBytes": high} if high is not None else {}
        case inspect.CollectionType():
            complete(info.item_type, schema.get("items", {}), keys)
        case inspect.TupleType():
            for item, place in zip(info.item_types, schema.get("prefixItems", ()), strict=True):
                complete(item, place, keys)
        case inspect.DictType():
            if id(info.key_type) in keys:
                schema["propertyNames"] = keys[id(info.key_type)]
            complete(info.value_type, schema.get("additionalProperties", {}), keys)
        case inspect.UnionType():
            others = [part for part in info.types if not is_named_apart(plain(part))]
            for part, alternative in zip(others, schema["anyOf"], strict=False):  # what is named apart comes last
                complete(part, alternative, keys)
        case _:
            pass


def plain(info: inspect.Type) -> inspect.Type:
    """A type without its metadata."""
    while isinstance(info, inspect.Metadata):
        info = info.type
    return info


def is_named_apart(info: inspect.Type) -> bool:
    """Whether msgspec puts an alternative behind the others: structs stored as maps, and None."""
    return isinstance(info, inspect.NoneType) or (isinstance(info, inspect.StructType) and not info.array_like)


def is_text(key: inspect.Type) -> bool:
    """Whether a dictionary's keys are texts: msgspec's schema says all about them."""
    return isinstance(plain(key), inspect.StrType)


#: The annotations of types without parts.
SIMPLE_TYPES: dict[type[inspect.Type], Any] = {
    inspect.AnyType: Any,
    inspect.BoolType: bool,
    inspect.BytesType: bytes,
    inspect.DateTimeType: datetime,
    inspect.DateType: date,
    inspect.DecimalType: Decimal,
    inspect.FloatType: float,
    inspect.IntType: int,
    inspect.NoneType: None,
    inspect.StrType: str,
    inspect.TimeDeltaType: timedelta,
    inspect.TimeType: time,
    inspect.UUIDType: UUID,
}
CONSTRAINTS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "tz")


def annotation_of(info: inspect.Type) -> Any:
    """The annotation that a dictionary's key type was read from, so that msgspec makes its schema like any other's."""
    info = plain(info)
    annotation: Any
    match info:
        case inspect.LiteralType(values=values):
            annotation = Literal[values]
        case inspect.UnionType(types=parts):
            annotation = Union[tuple(map(annotation_of, parts))]  # noqa: UP007  # built at run time
        case inspect.TupleType(item_types=items):
            annotation = tuple[tuple(map(annotation_of, items))]  # type: ignore[misc]
        case inspect.VarTupleType(item_type=item):
            annotation = tuple[annotation_of(item), ...]  # type: ignore[misc]
        case inspect.FrozenSetType(item_type=item):
            annotation = frozenset[annotation_of(item)]  # type: ignore[misc]
        case _:
            annotation = SIMPLE_TYPES[type(info)] if type(info) in SIMPLE_TYPES else cast("Any", info).cls
    bounds = {name: getattr(info, name, None) for name in CONSTRAINTS}
    said = {name: value for name, value in bounds.items() if value is not None}
    return Annotated[annotation, msgspec.Meta(**said)] if said else annotation


def without_descriptions(schema: Any) -> Any:
    """A JSON Schema without `description`, but with the properties of that name."""
    if isinstance(schema, list):
        return [without_descriptions(item) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    parts = cast("dict[str, dict[str, object]]", schema)
    return {
        name: {key: without_descriptions(value) for key, value in part.items()}
        if name in ("properties", "$defs")
        else without_descriptions(part)
        for name, part in parts.items()
        if name != "description"
    }
