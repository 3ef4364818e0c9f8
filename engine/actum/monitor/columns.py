"""The fields of a row or a state as tools show them: from the annotations of its class."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache
from typing import Final

import msgspec

from actum.monitor.frames import Column
from actum.views.table_schema import TableSchema, read_fields

NUMBERS = (int, float, Decimal)
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
            field.type_name,
            bool(field.kinds) and all(issubclass(kind, NUMBERS) and kind is not bool for kind in field.kinds),
            field.name in ordered,
        )
        for field in read_fields(struct).values()
    )
