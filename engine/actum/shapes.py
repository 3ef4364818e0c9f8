"""The shape of a type: its JSON Schema (2020-12) as msgspec makes it, and what bytes depend on besides.

msgspec's schema says what a type is in JSON. In msgpack a datetime is no string, keys of a dictionary need not be
strings, and bytes are not base64; and what is said about a type, its docstrings, is no part of what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator


def shape_of(described: type) -> dict[str, Any]:
    """A type's schema.

    Raises:
        TypeError: the type has none.
    """
    classes = classes_in(inspect.type_info(described))
    (schema, *references), components = msgspec.json.schema_components([described, *classes])
    for read, reference in zip(classes.values(), references, strict=True):
        component = components[reference["$ref"].rpartition("/")[2]]
        # Structs stored by place have their tag, if any, before their fields.
        places = component.get("prefixItems", [])[-len(read.fields) :]
        for index, field in enumerate(read.fields):
            complete(field.type, places[index] if places else component["properties"][field.encode_name])
    shape: dict[str, Any] = without_descriptions({**schema, "$defs": components})
    return shape


def classes_in(root: inspect.Type) -> dict[type, Any]:
    """The classes with fields that a type is made of, and what msgspec read of each."""
    found: dict[type, Any] = {}
    waiting = [root]
    while waiting:
        info: Any = waiting.pop()
        if hasattr(info, "fields"):
            if info.cls in found:
                continue
            found[info.cls] = info
        waiting += parts_of(info)
    return found


def parts_of(info: Any) -> Iterator[inspect.Type]:
    """The types that a type is directly made of."""
    yield from (field.type for field in getattr(info, "fields", ()))
    for name in ("types", "item_types"):
        yield from getattr(info, name, ())
    for name in ("type", "item_type", "key_type", "value_type"):
        if hasattr(info, name):
            yield getattr(info, name)


def complete(info: inspect.Type, schema: dict[str, Any]) -> None:
    """Add what msgspec leaves out, in place; classes with fields are components of their own."""
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
            complete(info.item_type, schema.get("items", {}))
        case inspect.TupleType():
            for item, place in zip(info.item_types, schema.get("prefixItems", ()), strict=True):
                complete(item, place)
        case inspect.DictType():
            key = plain(info.key_type)
            if not isinstance(key, inspect.StrType):
                schema["propertyNames"] = key_schema(key)
            complete(info.value_type, schema.get("additionalProperties", {}))
        case inspect.UnionType():
            others = [part for part in info.types if not is_named_apart(plain(part))]
            for part, alternative in zip(others, schema["anyOf"], strict=False):  # what is named apart comes last
                complete(part, alternative)
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


def key_schema(key: inspect.Type) -> dict[str, Any]:
    """What the keys of a dictionary are, if not any strings."""
    if isinstance(key, inspect.LiteralType):
        return {"enum": list(key.values)}
    if isinstance(key, inspect.EnumType):
        return {"enum": sorted(member.value for member in key.cls)}
    return {"type": type(key).__name__.removesuffix("Type").lower()}


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
