"""What the classes of all kinds have to fulfil: names that can be stored, types that can be read again."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from actum.atomic.tag_values import tag_fault
from actum.codec import decoder_of, tag_of
from actum.errors import Invalid
from actum.fingerprints import type_description
from actum.handlers import HandlerInfo
from actum.messages import TAG_FIELD, Event
from actum.records import check_identifier
from actum.shapes import shape_of
from actum.upcasting import Upcasts, leading_to


def event_descriptions(events: Iterable[type[Event]], upcasts: Upcasts) -> list[bytes]:
    """What some events are, and through which upcasters they can come about, in the order of their tags."""
    descriptions: list[bytes] = []
    for event in sorted(events, key=tag_of):
        descriptions += [type_description(event), *(tag.encode() for tag in event.__renamed_from__)]
        for upcast in leading_to(event, upcasts):
            descriptions += [type_description(upcast.source), upcast.code]
    return descriptions


def check_name(name: str, owner: str, faults: list[str]) -> None:
    """The name under which something is stored is a key like any other."""
    try:
        check_identifier(f"the name of {owner}", name)
    except Invalid as error:
        faults.append(f"{error}: give another name=")


def check_types(described: Iterable[type], faults: list[str]) -> None:
    """What is stored must be readable again: msgspec says whether it can decode a type."""
    for one in dict.fromkeys(described):
        fault = type_fault(one)
        if fault is not None and fault not in faults:
            faults.append(fault)


def type_fault(described: type) -> str | None:
    """Why a type can't be stored and read again, or None."""
    try:
        decoder_of(described)
        if issubclass(described, Event):
            shape_of(described)
    except Exception as error:  # noqa: BLE001  # whatever msgspec or an annotation raises
        return f"{described.__name__} can't be stored and read again: {error}: change the field's type"
    if issubclass(described, Event) and (fault := tag_fault(described)) is not None:
        return fault
    configuration = described.__struct_config__ if issubclass(described, Event) else None
    if configuration is not None and not (configuration.tag_field == TAG_FIELD and isinstance(configuration.tag, str)):
        return f"{described.__name__}: an event's tag is a string in the field {TAG_FIELD!r}: remove tag_field="
    return None


def check_plain(handler: HandlerInfo, faults: list[str]) -> None:
    """State and rows change at once, in memory: their handlers are plain functions."""
    function = handler.function
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        faults.append(
            f"{handler.where} is async: an @{handler.role} handler works in memory and at once; make it `def`"
        )
    elif inspect.isgeneratorfunction(function):
        faults.append(f"{handler.where} yields: an @{handler.role} handler is called, not iterated; remove the `yield`")
