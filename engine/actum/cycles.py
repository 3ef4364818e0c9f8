"""Whether a Struct's instances can be part of a reference cycle; if not, they need no garbage collection.

msgspec inherits `gc=False`, even by a subclass with a list in it, so it is decided anew for every class.
"""

from __future__ import annotations

import enum
import sys
import types
import typing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import msgspec

#: Types whose values can't be part of a reference cycle, so a Struct of them needs no garbage collection.
ATOMS = (str, int, float, bool, bytes, type(None), datetime, date, time, timedelta, Decimal, UUID, enum.Enum)


def collectable_by_count(bases: tuple[type, ...], namespace: dict[str, Any]) -> bool:
    """Whether no field can hold a container, so that reference counting alone frees the instances."""
    if any(
        issubclass(base, msgspec.Struct) and base.__struct_config__.gc for base in bases if base is not msgspec.Struct
    ):
        return False
    if any(not issubclass(base, msgspec.Struct) and base is not typing.Generic for base in bases):
        return False  # a mixin may give its instances a `__dict__`, which can hold anything
    if "__annotate__" in namespace or "__annotate_func__" in namespace:
        return False  # Python 3.14 evaluates annotations later: in doubt
    scope = vars(sys.modules.get(namespace.get("__module__", ""), types.ModuleType("none")))
    return all(is_atom(annotation, scope) for annotation in namespace.get("__annotations__", {}).values())


def is_atom(annotation: object, scope: dict[str, Any]) -> bool:
    """Whether a value of this annotation can't be part of a reference cycle; False when in doubt."""
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, scope)  # noqa: S307  # the class body's own annotation, as typing evaluates it
        except Exception:  # noqa: BLE001  # a name not defined yet: in doubt
            return False
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return is_atom(typing.get_args(annotation)[0], scope)
    if origin in (typing.Union, types.UnionType):
        return all(is_atom(part, scope) for part in typing.get_args(annotation))
    if origin in (typing.Literal, ClassVar):
        return True
    if not isinstance(annotation, type):
        return annotation is None
    if issubclass(annotation, msgspec.Struct):
        return not annotation.__struct_config__.gc
    return issubclass(annotation, ATOMS)
