"""Commands, events, queries, rows and values: the plain types that users subclass.

All are frozen, keyword-only msgspec Structs. msgspec does not inherit `kw_only`, and inherits `gc=False` even where
it would be wrong, so the metaclass sets both for every subclass. Instances are not validated when they are built
(that is what makes them cost 100 ns); the engine checks every event against its type before it reaches the log.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, dataclass_transform

import msgspec

from actum.cycles import collectable_by_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

R_co = TypeVar("R_co", covariant=True)

#: The field of an encoded event that holds its tag. No Python field can have this name, so it never clashes.
TAG_FIELD = "@type"

#: Tags of one event type: the index of tags has an entry for every combination of their values.
EVENT_TAGS_MAX = 3


def as_tuples(names: Sequence[str | tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Each index as a tuple of field names."""
    if isinstance(names, str):
        raise TypeError(f"indexes is a list of fields: write indexes=[{names!r}]")
    return tuple((name,) if isinstance(name, str) else tuple(name) for name in names)


class RowOptions(msgspec.Struct, frozen=True):
    """What `class X(Row, key=..., indexes=..., hash_indexes=...)` said."""

    key: str | None
    indexes: tuple[tuple[str, ...], ...]
    hash_indexes: tuple[tuple[str, ...], ...]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class MessageMeta(msgspec.StructMeta):
    """Makes every subclass frozen, keyword-only and, where it is safe, invisible to the garbage collector."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **options: Any) -> MessageMeta:
        """Create the class; `options` are msgspec's."""
        options.update(frozen=True, kw_only=True)
        options.setdefault("gc", not collectable_by_count(bases, namespace))
        return super().__new__(mcs, name, bases, namespace, **options)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class RowMeta(MessageMeta):
    """Takes a row's `key` and indexes from the class statement."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        key: str | None = None,
        indexes: Sequence[str | tuple[str, ...]] = (),
        hash_indexes: Sequence[str | tuple[str, ...]] = (),
        **options: Any,
    ) -> RowMeta:
        """Create the class; see `Row` for the options."""
        row_type = super().__new__(mcs, name, bases, namespace, **options)
        row_type.__row_options__ = RowOptions(key, as_tuples(indexes), as_tuples(hash_indexes))  # type: ignore[attr-defined]
        return typing.cast("RowMeta", row_type)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))  # mypy looks here
class Value(msgspec.Struct, metaclass=MessageMeta):
    """A value inside a message or a row: an address, an order line. Frozen and keyword-only.

    Example:
        class Line(Value):
            product_id: str
            quantity: int
    """

    if TYPE_CHECKING:

        def replace(self, **changes: Any) -> Self:
            """A copy with some fields changed."""
            ...
    else:
        replace = msgspec.Struct.__replace__  # a Python wrapper would cost five times as much


class Command(Value):
    """An intent, named in the imperative: `PlaceOrder`. It may be rejected.

    One `@decide` handler of one aggregate takes it; the aggregate's `key` option names the field that holds its target.
    """


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class EventMeta(MessageMeta):
    """Takes an event's former tags from the class statement."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        renamed_from: str | Sequence[str] = (),
        tags: Sequence[str] = (),
        **options: Any,
    ) -> EventMeta:
        """Create the class; see `Event` for the options."""
        event_type = super().__new__(mcs, name, bases, namespace, **options)
        event_type.__tags__ = checked_tags(typing.cast("type[msgspec.Struct]", event_type), tags)  # type: ignore[attr-defined]
        former = (renamed_from,) if isinstance(renamed_from, str) else tuple(renamed_from)
        event_type.__renamed_from__ = former  # type: ignore[attr-defined]
        return typing.cast("EventMeta", event_type)


def checked_tags(event_type: type[msgspec.Struct], tags: Sequence[str]) -> tuple[str, ...]:
    """The tags of an event type.

    Raises:
        TypeError: one is no field, or there are too many.
    """
    if isinstance(tags, str):
        raise TypeError(f"tags is a list of fields: write tags=[{tags!r}]")
    fields = event_type.__struct_fields__
    for tag in tags:
        if tag not in fields:
            raise TypeError(f"{event_type.__name__} has no field {tag!r} for its tags: it has {', '.join(fields)}")
    if len(tags) > EVENT_TAGS_MAX:
        raise TypeError(f"{event_type.__name__} has {len(tags)} tags, {EVENT_TAGS_MAX} are allowed")
    return tuple(dict.fromkeys(tags))


class Event(Value, metaclass=EventMeta, tag_field=TAG_FIELD, tag=True):
    """A fact, named in the past tense: `OrderPlaced`. It never changes: its fields are the storage format.

    Class options:
        tag: the name under which it is stored, the class's name unless given. It must never be given to another type.
        renamed_from: tags under which the same fields were stored before; such events are read as this type.
        tags: up to three fields by whose values a `Condition` finds such events, such as `tags=["show_id", "seat"]`.
    """

    __renamed_from__: ClassVar[tuple[str, ...]]
    __tags__: ClassVar[tuple[str, ...]]


class Query(Value, Generic[R_co]):
    """A question about a view; `R_co` is the type of its answer: `class TopBalances(Query[list[Balance]])`."""


class Row(Value, metaclass=RowMeta):
    """One immutable row of a view.

    Class options:
        key: the field that identifies a row.
        indexes: ordered indexes, each a field or a tuple of fields; they serve `order_by`, `page`, ranges and equality.
        hash_indexes: indexes for equality only (`where`), cheaper than ordered ones.

    Example:
        class Balance(Row, key="account_id", indexes=["balance"]):
            account_id: str
            balance: int = 0
    """

    __row_options__: ClassVar[RowOptions]
