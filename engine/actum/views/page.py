"""Pages of rows, and the cursors between them.

A cursor is the place after the last row of a page: the index, the direction, and that row's indexed values and
primary key. The next page begins behind that place, whether the row is still there or not, so rows that come and go
between two pages never make a page repeat or skip another row. It holds no state on our side and stays good across
restarts.

To its user a cursor is opaque text for a URL. It comes back from outside and is not signed: it is decoded with the
types of the fields and refused when anything is off. All that a forged one can do is to begin somewhere else.
"""

from __future__ import annotations

import base64
from typing import Any, Final, Generic, TypeVar, final

import msgspec

from actum.errors import Invalid, shown
from actum.views.table_schema import Field, index_name, is_nan

R = TypeVar("R")

#: A page of 1,000 rows out of a million takes about a millisecond; a longer one would hold up the loop.
PAGE_ROWS_MAX: Final = 1_000

_encoder: Final = msgspec.msgpack.Encoder()
_outer_decoder: Final = msgspec.msgpack.Decoder(tuple[tuple[str, ...], bool, msgspec.Raw])


class Page(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """Some rows in order; `cursor` is for the next page, None when there are no more."""

    rows: list[R]
    cursor: str | None = None


@final
class CursorCodec:
    """Writes and reads the cursors of one ordered index."""

    __slots__ = ("_decoder", "_index")

    def __init__(self, fields: tuple[Field, ...], key: Field) -> None:
        self._index = tuple(field.name for field in fields)
        types = tuple(field.annotation for field in (*fields, key))
        self._decoder: msgspec.msgpack.Decoder[tuple[Any, ...]] = msgspec.msgpack.Decoder(
            tuple.__class_getitem__(types)
        )

    def encode(self, values: tuple[Any, ...], *, descending: bool) -> str:
        """The cursor after the row with these indexed values and, last, this primary key."""
        document = _encoder.encode((self._index, descending, values))
        return base64.urlsafe_b64encode(document).decode()

    def decode(self, cursor: str, *, descending: bool) -> tuple[Any, ...]:
        """The indexed values and the primary key of the row that a cursor stands behind.

        Raises:
            Invalid: not a cursor, or one of another index or direction.
        """
        index, was_descending, values = self._parse(cursor)
        if index != self._index or was_descending is not descending:
            raise Invalid(
                f"this cursor belongs to {describe(index, descending=was_descending)}, "
                f"not to {describe(self._index, descending=descending)}: "
                "ask for the next page with the index and the direction of the first one"
            )
        return values

    def _parse(self, cursor: str) -> tuple[tuple[str, ...], bool, tuple[Any, ...]]:
        """The parts of a cursor; the values only if the index is this one, because their types are known only then."""
        try:
            document = base64.b64decode(cursor, altchars=b"-_", validate=True)
            index, descending, encoded = _outer_decoder.decode(document)
            values = self._decoder.decode(encoded) if index == self._index else ()
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise Invalid(
                f"cursor={shown(cursor)} was not made by page(): give back Page.cursor as it is, or None"
            ) from error
        if any(map(is_nan, values)):
            raise Invalid(
                f"cursor={shown(cursor)} holds a NaN, which page() never writes: give back Page.cursor as it is"
            )
        return index, descending, values


def describe(index: tuple[str, ...], *, descending: bool) -> str:
    """An index and a direction for an error message."""
    return f"index {index_name(index)!r} {'descending' if descending else 'ascending'}"
