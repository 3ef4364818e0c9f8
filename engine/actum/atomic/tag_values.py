"""The values of tags: which types of fields can be tags, and the text by which their values are compared; and keys.

Equal values have one text, and different ones have different texts; so floats, times of day and containers are no tags.
A value that a condition asks for is made one of the field's type first: one that no event can have is a mistake, and a
rule that never holds would be worse than an error.
"""

from __future__ import annotations

import types
import typing
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec

from actum.errors import Invalid, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from actum.messages import Event

#: What a field has to be made of to be a tag.
TAG_TYPES = (str, int, UUID, date, Enum)
#: Where the types of an event's fields are kept.
FIELD_TYPES = "__actum_field_types__"
TAG_TYPES_TEXT = "str, int, bool, UUID, date, an Enum or Literal of these, or None beside them"


def text_of(value: Any) -> str:
    """The text of a tag's value."""
    if type(value) is str:
        return value
    return str(value.value) if isinstance(value, Enum) else str(value)


def asked_for(event: type[Event], tag: str, value: object) -> str:
    """The text of the value that a condition asks for, given as itself or as text.

    Raises:
        Invalid: no event can have this value.
    """
    if not isinstance(value, TAG_TYPES) or isinstance(value, datetime):
        raise Invalid(f"the tag {tag!r} is {shown(value)}: give a value of {event.__name__}.{tag}, or its text")
    wanted: Any = types_of(event)[tag]
    for given in (value, text_of(value)):
        try:
            return text_of(msgspec.convert(given, wanted, strict=False))
        except (msgspec.ValidationError, ValueError):
            continue
    raise Invalid(f"the tag {tag!r} is {shown(value)}, which no {event.__name__} can have: it is {shown_type(wanted)}")


def types_of(event: type[Event]) -> Mapping[str, object]:
    """The types of an event's fields; kept with the class, since conditions ask for them again and again."""
    known: Mapping[str, object] | None = event.__dict__.get(FIELD_TYPES)
    if known is None:
        known = {field.name: field.type for field in msgspec.structs.fields(event)}
        setattr(event, FIELD_TYPES, known)
    return known


def tag_fault(event: type[Event]) -> str | None:
    """Why a field can't be a tag, or None."""
    for tag in event.__tags__:
        if not can_be_tag(types_of(event)[tag]):
            return (
                f"{event.__name__}.{tag} is {shown_type(types_of(event)[tag])} and can't be a tag, since equal values "
                f"may be written in several ways: a tag is {TAG_TYPES_TEXT}"
            )
    return None


def key_fault(event: type[Event], field: str) -> str | None:
    """Why a field can't name an instance of a process, or None."""
    try:
        annotation = types_of(event)[field]
    except Exception:  # noqa: BLE001  # an annotation that can't be read is a fault of the event
        return None
    if can_be_key(annotation):
        return None
    return (
        f"{event.__name__}.{field} is {shown_type(annotation)} and can't name an instance: a key is a str, or "
        "str | None where an event may be about none"
    )


def can_be_tag(annotation: Any) -> bool:
    """Whether equal values of a type have one text."""
    return all(has_one_text(part) for part in parts_of(annotation))


def can_be_key(annotation: Any) -> bool:
    """Whether the values of a type are text, but for None."""
    parts = [part for part in parts_of(annotation) if part is not type(None)]
    return bool(parts) and all(
        isinstance(part, str) or (isinstance(part, type) and issubclass(part, str)) for part in parts
    )


def parts_of(annotation: Any) -> Iterator[Any]:
    """The classes of which a type is made, and the values of its literals."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from parts_of(parts[0])
    elif origin in (typing.Union, types.UnionType):
        for part in parts:
            yield from parts_of(part)
    elif origin is Literal:
        yield from (type(None) if part is None else part for part in parts)
    elif isinstance(annotation, typing.NewType):
        yield from parts_of(annotation.__supertype__)
    else:
        yield annotation


def has_one_text(part: Any) -> bool:
    """The same for one of them."""
    if not isinstance(part, type):
        return isinstance(part, (str, int))
    if issubclass(part, Enum):
        return all(isinstance(member.value, (str, int)) for member in part)
    return part is type(None) or (issubclass(part, TAG_TYPES) and not issubclass(part, datetime))


def shown_type(annotation: Any) -> str:
    """A type as it is written in code."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
