"""What the comparison of schemas says of two types is what happens when one decodes what the other wrote.

Every ordered pair of kinds of fields is tried, with all values of all kinds that the old one of the pair can hold; then
pairs of them are nested at random. Where one of the values can't be decoded, the comparison must say that it breaks;
and where it says so, there must be such a value, or a reason why it can't know better.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import pytest
from actum import Event, Value
from actum.schemas.changes import type_changes
from actum.shapes import shape_of
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

T = TypeVar("T")


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
    "str of a": Kind(Annotated[str, Meta(pattern="^a")], ["a", "abc", "abcdef"]),
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
    "aware": Kind(Annotated[datetime, Meta(tz=True)], [datetime(2026, 1, 1, tzinfo=UTC)]),
    "naive": Kind(Annotated[datetime, Meta(tz=False)], [datetime(2026, 1, 1)]),  # noqa: DTZ001  # naive is the kind
    "bytes to 2": Kind(Annotated[bytes, Meta(max_length=2)], [b"", b"ab"]),
    "null or a": Kind(Literal[None, "a"], ["a", None]),  # noqa: PYI061  # this spelling is the kind
    "int, str or null": Kind(int | str | None, [0, "", "a", None]),
    "dict by natural": Kind(dict[Annotated[int, Meta(ge=0)], int], [{}, {0: 1}]),
    "dict by int or str": Kind(dict[int | str, int], [{}, {-1: 1}, {"a": 1}]),
    "dict by int or null": Kind(dict[int | None, int], [{}, {1: 1}, {None: 1}]),
    "dict by pair": Kind(dict[tuple[int, str], int], [{}, {(1, "a"): 1}]),
    "dict by two ints": Kind(dict[tuple[int, int], int], [{}, {(1, 2): 1}]),
    "dict by ints": Kind(dict[tuple[int, ...], int], [{}, {(): 1}, {(1, 2, 3): 1}]),
    "dict by set": Kind(dict[frozenset[str], int], [{}, {frozenset({"a"}): 1}]),
    "dict by aware": Kind(dict[Annotated[datetime, Meta(tz=True)], int], [{datetime(2026, 1, 1, tzinfo=UTC): 1}]),
    "dict by datetime": Kind(
        dict[datetime, int],
        [{datetime(2026, 1, 1): 1}, {datetime(2026, 1, 1, tzinfo=UTC): 1}],  # noqa: DTZ001  # naive too
    ),
    "dict by color": Kind(dict[Color, int], [{Color.RED: 1}, {Color.BLUE: 1}]),
    "dict by level": Kind(dict[Level, int], [{Level.LOW: 1}, {Level.HIGH: 1}]),
    "dict by bytes": Kind(dict[bytes, int], [{b"a": 1}]),
    "any dict": Kind(dict[Any, Any], [{}, {1: 1}, {"a": None}, {b"": 1}]),
}


#: Pairs that are called breaking although no value shows it, by the reason why: patterns of old and new.
CAUTION = [
    ("int*|1 or 2|level|even int|float*", "decimal", "msgspec takes numbers for decimals, with another meaning"),
    ("date|timedelta|uuid|decimal|str of a", "str of 1", "that such texts are never empty is not in the schema"),
    ("naive", "str*|*str*|anything", "a naive datetime is text in the log, an aware one is not"),
    ("a", "str of a", "patterns are not tried on literals"),
    ("tuple|pair|triple", "list of anything|tuple", "what has a meaning by its place is not taken for a list"),
    ("dict by two ints", "dict by ints", "the same, of keys"),
    ("named|strict|cat*|*tree", "dict of anything|any dict", "a struct is not taken for a dictionary"),
    ("dict*", "cat|*tree|tree or null", "a dictionary without a struct's fields is not taken for the struct"),
    ("named|strict|*tree", "cat", "one tagged struct is read without its tag too, one of several is not"),
    ("cat", "named", "who omits defaults has not written a field that has one"),
]


def event(fields: dict[str, tuple[Any, Any]], **options: Any) -> type[Event]:
    """An event type with these fields: annotations and defaults, `...` for none."""

    def fill(namespace: dict[str, Any]) -> None:
        namespace["__annotations__"] = {name: annotation for name, (annotation, _) in fields.items()}
        namespace.update({name: default for name, (_, default) in fields.items() if default is not ...})

    return types.new_class("Happened", (Event,), options, fill)


class Field:
    """A kind as the one field of an event: its shape, its decoder, and what it can have written."""

    def __init__(self, annotation: Any, values: list[Any]) -> None:
        """Values that don't fit are left out; what is stored is what comes back when they are read."""
        happened = event({"field": (annotation, ...)})
        self.shape = shape_of(happened)
        self.decode = msgspec.msgpack.Decoder(happened).decode
        self.payloads: list[bytes] = []
        for value in values:
            payload = msgspec.msgpack.encode({"@type": "Happened", "field": value})
            with suppress(msgspec.ValidationError):
                self.payloads.append(msgspec.msgpack.encode(self.decode(payload)))

    def refuses(self, payload: bytes) -> str:
        """Why it can't read what another one has written; empty if it can."""
        try:
            self.decode(payload)
        except msgspec.ValidationError as error:
            return str(error)
        return ""


VALUES = [sample for kind in KINDS.values() for sample in kind.samples]
FIELDS = {name: Field(kind.annotation, VALUES) for name, kind in KINDS.items()}


def verdicts(old: Field, new: Field) -> tuple[list[str], list[str]]:
    """Where the comparison says that it breaks; and what of the old one's events the new one refuses."""
    changes = type_changes("Happened", old.shape, new.shape)
    breaking = [f"{change.path}: {change.what}" for change in changes if change.breaking]
    return breaking, [f"{payload!r}: {why}" for payload in old.payloads if (why := new.refuses(payload))]


def cautious(old: str, new: str) -> bool:
    """Whether a false alarm is known, with its reason."""
    return any(fits(old, before) and fits(new, after) for before, after, _ in CAUTION)


def fits(name: str, patterns: str) -> bool:
    """Whether a kind is meant by one of some patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns.split("|"))


@pytest.mark.parametrize("name", KINDS)
def test_the_same_kind_is_readable(name: str) -> None:
    """The samples are what they say; nothing has changed, and nothing is reported."""
    kind = KINDS[name]

    assert type_changes("Happened", FIELDS[name].shape, FIELDS[name].shape) == []
    assert len(Field(kind.annotation, kind.samples).payloads) == len(kind.samples)
    assert verdicts(FIELDS[name], FIELDS[name]) == ([], [])


@pytest.mark.parametrize("old", KINDS)
def test_every_pair_of_kinds(old: str) -> None:
    """What breaks is called breaking, and what is called breaking breaks, but for known caution."""
    missed, false = {}, {}
    for new in KINDS:
        breaking, refused = verdicts(FIELDS[old], FIELDS[new])
        if refused and not breaking:
            missed[new] = refused
        if breaking and not refused and not cautious(old, new):
            false[new] = breaking
    assert (missed, false) == ({}, {})


class Holder(Value, Generic[T]):
    """It has a field of any kind."""

    first: T
    second: int = 0


class Places(Value, Generic[T], array_like=True):
    """The same, stored by place."""

    first: T
    second: int = 0


#: How a kind may be nested: the annotation, and a value.
NESTS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "in a list": (lambda kind: list[kind], lambda value: [value]),  # type: ignore[valid-type]
    "in a tuple": (lambda kind: tuple[int, kind], lambda value: (1, value)),  # type: ignore[valid-type]
    "in a dict": (lambda kind: dict[str, kind], lambda value: {"a": value}),  # type: ignore[valid-type]
    "in a struct": (lambda kind: Holder[kind], lambda value: {"first": value}),  # type: ignore[valid-type]
    "by place": (lambda kind: Places[kind], lambda value: [value, 5]),  # type: ignore[valid-type]
}
nests = st.lists(st.sampled_from(sorted(NESTS)), min_size=1, max_size=3)
names = st.sampled_from(sorted(KINDS))


@given(names, names, nests)
@settings(deadline=None, max_examples=300)
def test_nested_pairs(old: str, new: str, nested: list[str]) -> None:
    """Inside lists, tuples, dictionaries and structs, the verdict is the same."""
    before, after, values = KINDS[old].annotation, KINDS[new].annotation, VALUES
    for name in nested:
        annotate, wrap = NESTS[name]
        before, after, values = annotate(before), annotate(after), [wrap(value) for value in values]
    breaking, refused = verdicts(Field(before, values), Field(after, values))

    if refused:
        assert breaking
    if breaking:
        assert refused or cautious(old, new)
