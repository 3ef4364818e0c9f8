"""The declaration of a table: every fault is named with its fix, and types mean what they mean to the codec."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import msgspec
import pytest
from actum.messages import Row, Value
from actum.views.table_schema import TableSchema, check_schema, is_nan, read_field, read_fields


class Colour(Enum):
    """Has no order."""

    RED = 1


class Level(IntEnum):
    """Sorts as int."""

    LOW = 1


class Status(StrEnum):
    """Sorts as str."""

    OPEN = "open"


class Place(Value):
    """A frozen value: hashable, but without an order."""

    x: int


class Thawed(msgspec.Struct):
    """Not frozen."""

    thing_id: str


class Thing(Row):
    """A row with a field of each manner."""

    thing_id: str
    size: int = 0
    colour: Colour = Colour.RED
    tags: list[str] = []  # msgspec copies it
    place: Place = Place(x=1)
    nickname: str | None = None


ThingId = NewType("ThingId", str)


@pytest.mark.parametrize(
    "annotation",
    [
        *(int, float, str, bytes, bool, datetime, date, time, timedelta, Decimal, UUID),
        *(
            Level,
            Status,
            ThingId,
            str | None,
            Literal["a", "b"],
            Annotated[int | None, msgspec.Meta(ge=0)],
        ),
        Literal["a", None],  # noqa: PYI061  # a None among the literals counts too
    ],
    ids=str,
)
def test_what_can_be_ordered(annotation: Any) -> None:
    """Plain values, enumerations of str and int, literals and new types of one kind, with or without None."""
    field = read_field("it", annotation)

    assert field.orderable
    assert field.hashable
    assert field.kinds


@pytest.mark.parametrize(
    ("annotation", "hashable"),
    [
        *((Colour, True), (int | str, True), (Literal[1, "a"], True), (Place, True), (Thawed, False), (None, True)),
        *((list[str], False), (tuple[int, ...], True), (tuple[list[int], int], False), (frozenset[str], True)),
        *((dict[str, int], False), (Any, True), (Place | list[int], False), (tuple[Place | None, ...] | None, True)),
    ],
)
def test_what_cannot_be_ordered(annotation: Any, *, hashable: bool) -> None:
    """Mixtures, containers and structs have no order; some of them can be hashed."""
    field = read_field("it", annotation)

    assert not field.orderable
    assert field.hashable is hashable


@pytest.mark.parametrize(
    ("annotation", "admitted", "refused"),
    [
        (int, [1, True], ["1", 1.0, None]),
        (float, [1, 1.5, float("inf")], ["1", None, float("nan")]),
        (Decimal | None, [1, Decimal(1), None], [1.5, Decimal("NaN")]),
        (int | str, [1, "a"], [None, 1.5]),
        (Colour, [Colour.RED], [1, "RED"]),
        (Colour | int, [Colour.RED, 3], ["RED"]),
        (Status, [Status.OPEN, "open"], [1]),
        (list[str], [["a"], None, 5], []),
        (Any, ["a", None], []),
    ],
)
def test_what_a_field_admits(annotation: Any, admitted: list[object], refused: list[object]) -> None:
    """Values of its classes; a field that isn't plain admits anything, and no field NaN."""
    field = read_field("it", annotation)

    assert all(map(field.admits, admitted))
    assert not any(map(field.admits, refused))


def test_type_names() -> None:
    """Types are named as they are written."""
    assert read_field("it", int).type_name == "int"
    assert read_field("it", list[str]).type_name == "list[str]"
    assert read_field("it", int | None).type_name == "int | None"


def test_a_sound_declaration() -> None:
    """Fields that may be None, several fields, and the same field in both kinds of index are fine."""
    indexes = (("size",), ("nickname", "size"), ("size", "nickname"))
    schema = TableSchema(row_type=Thing, key="thing_id", indexes=indexes, hash_indexes=(("size",), ("colour", "place")))

    assert check_schema(schema) == []
    assert list(read_fields(Thing)) == ["thing_id", "size", "colour", "tags", "place", "nickname"]


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        (TableSchema(row_type=Thing, key="id"), "Thing: key='id' is not a field: name one of thing_id, size, colour, "),
        (
            TableSchema(row_type=Thing, key="nickname"),
            "Thing: key='nickname' is str | None: a key is never None, take ",
        ),
        (TableSchema(row_type=Thing, key="tags"), "Thing: key='tags' is list[str], which has no order: make it int, "),
        (TableSchema(row_type=Thawed, key="thing_id"), "Thawed is not frozen: subclass actum.Row"),
    ],
)
def test_faults_of_keys_and_rows(schema: TableSchema, fault: str) -> None:
    """The key must be in every row and have an order; rows must be frozen."""
    (found,) = check_schema(schema)

    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("indexes", "hash_indexes", "fault"),
    [
        (((),), (), "Thing: indexes has an empty index: name at least one field of thing_id, size"),
        ((("weight",),), (), "Thing: indexes='weight': 'weight' is not a field: name one of thing_id, size"),
        (((), ()), (), None),
        (
            (("size", "colour"),),
            (),
            "Thing: indexes=('size', 'colour'): 'colour' is Colour, which has no order: index int, ",
        ),
        ((("size", "size"),), (), "Thing: indexes=('size', 'size') names 'size' twice: once is enough"),
        ((("size",), ("size",)), (), "Thing: indexes='size' is declared 2 times: keep one"),
        ((), (("tags",),), "Thing: hash_indexes='tags': 'tags' is list[str], which can't be hashed: use a str, "),
        (
            (),
            (("size", "place"), ("place", "size")),
            "Thing: hash_indexes=('place', 'size') is declared 2 times: keep one",
        ),
    ],
)
def test_faults_of_indexes(
    indexes: tuple[tuple[str, ...], ...], hash_indexes: tuple[tuple[str, ...], ...], fault: str | None
) -> None:
    """Each fault names the option, the index, the field and the fix."""
    found = check_schema(TableSchema(row_type=Thing, key="thing_id", indexes=indexes, hash_indexes=hash_indexes))

    if fault is None:
        assert len(found) == 3
    else:
        assert len(found) == 1
        assert found[0].startswith(fault)


def test_all_faults_at_once() -> None:
    """A declaration with several faults is told about each."""
    schema = TableSchema(row_type=Thing, key="id", indexes=(("tags",),), hash_indexes=(("weight",),))

    assert len(check_schema(schema)) == 3


def test_annotations_that_name_nothing() -> None:
    """A type that isn't defined is a fault like others, not an exception."""
    row_type = msgspec.defstruct("Lost", [("lost_id", "Nowhere")], frozen=True)

    (fault,) = check_schema(TableSchema(row_type=row_type, key="lost_id"))
    assert fault.startswith("Lost: its annotations can't be read (name 'Nowhere' is not defined)")


def test_is_nan() -> None:
    """Only floats and Decimals can be NaN."""
    assert [is_nan(value) for value in (float("nan"), Decimal("NaN"), Decimal("sNaN"))] == [True] * 3
    assert [is_nan(value) for value in (1.0, Decimal(1), 1, "nan", None)] == [False] * 5
