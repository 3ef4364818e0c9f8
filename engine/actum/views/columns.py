"""What a row's fields are called, and how its bytes name them: enough to show saved rows without the row's class."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from actum.views.table_schema import TYPES_MAX, read_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What makes an empty field that msgspec leaves out of a row's bytes as it leaves out other defaults; as plain data.
EMPTY: dict[Any, Any] = {list: [], set: [], dict: {}}


class SavedColumn(msgspec.Struct, array_like=True, frozen=True):
    """A field of a view's rows, as it is saved with them.

    Attributes:
        name: the field.
        type: as Python writes it.
        numeric: whether its values are numbers.
        stored_as: its name in the bytes, if that is another one.
        default: what it is where the bytes don't have it; plain data.
    """

    name: str
    type: str
    numeric: bool = False
    stored_as: str = ""
    default: Any = None


@lru_cache(maxsize=TYPES_MAX)
def saved_columns(row_type: type[msgspec.Struct]) -> Sequence[SavedColumn]:
    """The fields of a row type, in order."""
    fields = read_fields(row_type)
    return tuple(
        SavedColumn(
            info.name,
            fields[info.name].type_name,
            is_number(fields[info.name].kinds),
            "" if info.encode_name == info.name else info.encode_name,
            default_of(info),
        )
        for info in msgspec.structs.fields(row_type)
    )


def default_of(info: msgspec.structs.FieldInfo) -> Any:
    """What a field is without a value, if its bytes may then leave it out; else None."""
    if info.default_factory is not msgspec.NODEFAULT:
        return EMPTY.get(info.default_factory)
    return None if info.default is msgspec.NODEFAULT else info.default


def is_number(kinds: Sequence[type]) -> bool:
    """Whether all values of these classes are numbers."""
    return bool(kinds) and all(issubclass(kind, (int, float, Decimal)) and kind is not bool for kind in kinds)


def places_skipped(row_type: type[msgspec.Struct]) -> int:
    """How many values stand before the fields of a row that is stored by place: its tag, if it has one."""
    config = row_type.__struct_config__
    return 1 if config.array_like and config.tag is not None else 0
