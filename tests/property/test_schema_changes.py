"""What the comparison of schemas says of two types is what happens when one decodes what the other wrote.

Each kind of field comes with samples: values at its edges, one of which fails wherever another kind can't take them
all. Every pair of kinds is tried; then pairs of them are nested at random.
"""

from __future__ import annotations

import enum
import types
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import msgspec
import pytest
from actum import Event, Value
from actum.schema_changes import type_changes
from actum.shapes import shape_of
from msgspec import Meta


class Color(enum.Enum):
    """An enumeration of texts."""

    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    """One of numbers."""

    LOW = 1
    HIGH = 2


class Cat(Value, tag="cat"):
    """One of a tagged union."""

    name: str = ""


class Dog(Value, tag="dog"):
    """Another."""

    age: int


class OlderDog(Value, tag="dog"):
    """It once knew less of itself."""

    age: int | None = None


class Tree(Value):
    """It holds itself."""

    left: Tree | None = None
    size: int = 0


class WiderTree(Value):
    """It holds itself, and wants more."""

    left: WiderTree | None = None
    size: Annotated[int, Meta(ge=1)] = 1


class Named(Value):
    """A plain struct."""

    name: str


class Strict(Value, forbid_unknown_fields=True):
    """One that takes nothing else."""

    first: str = ""


class Pair(Value, array_like=True):
    """A struct stored by place."""

    first: int
    second: str = ""


class Triple(Value, array_like=True):
    """The same with a place more."""

    first: int
    second: str = ""
    third: float = 0.0


class Kind(NamedTuple):
    """A field's type, and values of it."""

    annotation: Any
    samples: list[Any]


NUMBERS = [0, 1, 2, 3, 4, 5, 6, 10, 11, -1, 2**40]
KINDS = {
    "int": Kind(int, NUMBERS),
    "int >= 0": Kind(Annotated[int, Meta(ge=0)], [0, 4, 5, 11]),
    "int > 4": Kind(Annotated[int, Meta(gt=4)], [5, 11]),
    "int <= 10": Kind(Annotated[int, Meta(le=10)], [-1, 4, 10]),
    "int < 11": Kind(Annotated[int, Meta(lt=11)], [-1, 4, 10]),
    "even int": Kind(Annotated[int, Meta(multiple_of=2)], [-2, 0, 4, 12]),
    "float": Kind(float, [0.0, -1.5, 1.5, 1e30]),
    "float >= 1": Kind(Annotated[float, Meta(ge=1)], [1.0, 1.5, 1e30]),
    "bool": Kind(bool, [True, False]),
    "null": Kind(None, [None]),
    "str": Kind(str, ["", "a", "abc", "red", "x" * 50]),
    "str of 1": Kind(Annotated[str, Meta(min_length=1)], ["a", "abc", "x" * 50]),
    "str to 3": Kind(Annotated[str, Meta(max_length=3)], ["", "a", "abc"]),
    "str of a": Kind(Annotated[str, Meta(pattern="^a")], ["a", "abc"]),
    "bytes": Kind(bytes, [b"", b"abc", b"\xff" * 20]),
    "datetime": Kind(datetime, [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)]),  # noqa: DTZ001  # naive too
    "date": Kind(date, [date(2026, 1, 1)]),
    "timedelta": Kind(timedelta, [timedelta(seconds=5)]),
    "uuid": Kind(UUID, [UUID(int=5)]),
    "decimal": Kind(Decimal, [Decimal("1.5"), Decimal(3)]),
    "a": Kind(Literal["a"], ["a"]),
    "a or b": Kind(Literal["a", "b"], ["a", "b"]),
    "1 or 2": Kind(Literal[1, 2], [1, 2]),
    "1 or a": Kind(Literal[1, "a"], [1, "a"]),
    "a or null": Kind(Literal["a"] | None, ["a", None]),
    "color": Kind(Color, [*Color]),
    "level": Kind(Level, [*Level]),
    "int or null": Kind(int | None, [*NUMBERS, None]),
    "int or str": Kind(int | str, [*NUMBERS, "", "a", "x" * 50]),
    "float or str": Kind(float | str, [1.5, -1.5, "", "x" * 50]),
    "int >= 0 or null": Kind(Annotated[int, Meta(ge=0)] | None, [0, 11, None]),
    "anything": Kind(Any, [*NUMBERS, "", b"x", None, [], {"a": 1}, True, 1.5]),
    "list": Kind(list[int], [[], [1], NUMBERS]),
    "list of 1": Kind(Annotated[list[int], Meta(min_length=1)], [[1], NUMBERS]),
    "list of anything": Kind(list[Any], [[], [1], ["a", None]]),
    "set": Kind(set[int], [set(), {1, 2}]),
    "any tuple": Kind(tuple[int, ...], [(), (1,), (1, 2, 3)]),
    "tuple": Kind(tuple[int, str], [(1, ""), (5, "abc")]),
    "no tuple": Kind(tuple[()], [()]),
    "dict": Kind(dict[str, int], [{}, {"": 1}, {"a": -1, "b": 2**40}]),
    "dict of anything": Kind(dict[str, Any], [{}, {"a": "b"}, {"name": None}]),
    "dict by int": Kind(dict[int, int], [{}, {1: 1}]),
    "dict by short": Kind(dict[Annotated[str, Meta(max_length=1)], int], [{}, {"a": 1}]),
    "named": Kind(Named, [Named(name=""), Named(name="abc")]),
    "strict": Kind(Strict, [Strict(), Strict(first="a")]),
    "pair": Kind(Pair, [Pair(first=1), Pair(first=5, second="a")]),
    "triple": Kind(Triple, [Triple(first=1), Triple(first=5, second="a", third=1.5)]),
    "cat": Kind(Cat, [Cat(), Cat(name="Tom")]),
    "cat or dog": Kind(Cat | Dog, [Cat(), Cat(name="Tom"), Dog(age=5)]),
    "cat or older dog": Kind(Cat | OlderDog, [Cat(), OlderDog(), OlderDog(age=5)]),
    "cat, dog or null": Kind(Cat | Dog | None, [Cat(), Dog(age=5), None]),
    "tree": Kind(Tree, [Tree(), Tree(left=Tree(size=2))]),
    "wider tree": Kind(WiderTree, [WiderTree(), WiderTree(left=WiderTree(size=2))]),
    "tree or null": Kind(Tree | None, [Tree(), Tree(left=Tree()), None]),
}


def event(fields: dict[str, tuple[Any, Any]], **options: Any) -> type[Event]:
    """An event type with these fields: annotations and defaults, `...` for none."""

    def fill(namespace: dict[str, Any]) -> None:
        namespace["__annotations__"] = {name: annotation for name, (annotation, _) in fields.items()}
        namespace.update({name: default for name, (_, default) in fields.items() if default is not ...})

    return types.new_class("Happened", (Event,), options, fill)


def breaking(old: type[Event], new: type[Event]) -> list[str]:
    """Where the comparison says that it breaks."""
    changes = type_changes("Happened", shape_of(old), shape_of(new))
    return [f"{change.path}: {change.what}" for change in changes if change.breaking]


def refused(old: type[Event], new: type[Event], samples: list[dict[str, Any]]) -> list[str]:
    """What of the old one's events can't be decoded as the new one's."""
    decode = msgspec.msgpack.Decoder(new).decode
    errors: list[str] = []
    for sample in samples:
        payload = msgspec.msgpack.encode(old(**sample))
        try:
            decode(payload)
        except msgspec.ValidationError as error:
            errors.append(f"{sample}: {error}")
    return errors


@pytest.mark.parametrize("name", KINDS)
def test_the_same_kind_is_readable(name: str) -> None:
    """The samples are what they say; nothing has changed, and nothing is reported."""
    kind = KINDS[name]
    same = event({"field": (kind.annotation, ...)})

    assert breaking(same, same) == []
    assert refused(same, same, [{"field": sample} for sample in kind.samples]) == []
