"""Fingerprints: what they see of code and of the values it uses, and that they are the same in every process."""

from __future__ import annotations

import enum
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from types import FunctionType
from typing import Any, ClassVar

import pytest
from actum import Aggregate, Command, Event, Row, View, decide, evolve, project, upcast
from actum.fingerprints import fingerprint_of
from actum.kinds.catalogue import Catalogue


def test_a_variable_that_has_no_value_yet_does_no_harm() -> None:
    """A closure may hold a cell that is still empty."""

    def make() -> FunctionType:
        def handle(self: Any, event: Any) -> Any:
            return later  # type: ignore[has-type]  # never set

        if not handle:  # type: ignore[truthy-function]
            later = 1  # type: ignore[unreachable]
        assert isinstance(handle, FunctionType)
        return handle

    assert fingerprint_of([make()]) == fingerprint_of([make()])


def compiled(source: str) -> FunctionType:
    """The function `handle` of some source."""
    scope: dict[str, Any] = {}
    exec(source, scope)  # noqa: S102  # functions that differ in one place
    function = scope["handle"]
    assert isinstance(function, FunctionType)
    return function


#: A decorator around the handler: what it wraps counts, and so does it.
DECORATED = """
def logged(function):
    def wrapper(self, event):
        return function(self, event) + {outer}
    return wrapper
@logged
def handle(self, event):
    return event.a + {inner}
"""

SAME = [
    (
        'def handle(self, event):\n    """One."""\n    return event.a\n',
        'def handle(self, event):\n    """Two."""\n    return event.a\n',
    ),
    (
        "def handle(self, event):\n    return event.a\n",
        "# moved\n\n\ndef handle(self, event):\n    # explained\n    return event.a\n",
    ),
]
DIFFERENT = [
    ("def handle(self, event):\n    return event.a\n", "def handle(self, event):\n    return event.b\n"),
    ("def handle(self, event):\n    return event.a + 1\n", "def handle(self, event):\n    return event.a + 2\n"),
    ("def handle(self, event):\n    return event.a + 1\n", "def handle(self, event):\n    return event.a - 1\n"),
    ("def handle(self, event):\n    return 'a'\n", "def handle(self, event):\n    return 'b'\n"),
    ("def handle(self, event):\n    return 1\n", "def handle(self, event):\n    return True\n"),
    ("def handle(self, event):\n    return lambda: 'a'\n", "def handle(self, event):\n    return lambda: 'b'\n"),
    (
        "def handle(self, event):\n    return [x + 1 for x in event.a]\n",
        "def handle(self, event):\n    return [x + 2 for x in event.a]\n",
    ),
    (
        "def handle(self, event):\n    return ['paid' for x in event.a]\n",
        "def handle(self, event):\n    return ['late' for x in event.a]\n",
    ),
    (
        "def handle(self, event):\n    return any('paid' == x for x in event.a)\n",
        "def handle(self, event):\n    return any('late' == x for x in event.a)\n",
    ),
    (DECORATED.format(outer=1, inner=1), DECORATED.format(outer=1, inner=2)),
    (DECORATED.format(outer=1, inner=1), DECORATED.format(outer=2, inner=1)),
    (
        "def handle(self, event):\n    return event.a in {'x', 'y'}\n",
        "def handle(self, event):\n    return event.a in {'x', 'z'}\n",
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_fingerprint_ignores_what_does_not_run(one: str, other: str) -> None:
    """Docstrings, comments and line numbers change nothing."""
    assert fingerprint_of([compiled(one)]) == fingerprint_of([compiled(other)])


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_the_fingerprint_follows_what_runs(one: str, other: str) -> None:
    """Another name, constant or operation, also in code inside the code, is another fingerprint."""
    assert fingerprint_of([compiled(one)]) != fingerprint_of([compiled(other)])


def test_the_fingerprint_of_a_set_is_the_same_in_every_process() -> None:
    """A frozenset's order depends on the process's hash seed; its fingerprint does not."""
    names = ", ".join(repr(f"name-{number}") for number in range(20))
    function = compiled(f"def handle(self, event):\n    return event.a in {{{names}}}\n")
    (text,) = [part for part in fingerprint_of([function]).split(b"\0") if part.startswith(b"frozenset")] or [b""]
    assert text == b"frozenset(" + repr(sorted(repr(f"name-{number}") for number in range(20))).encode() + b")"


def test_the_functions_of_a_fingerprint_are_in_order() -> None:
    """Swapping two handlers is another fingerprint."""
    one, other = compiled(DIFFERENT[0][0]), compiled(DIFFERENT[0][1])
    assert fingerprint_of([one, other]) != fingerprint_of([other, one])


class Color(enum.Enum):
    """A constant."""

    RED = 1
    BLUE = 2


#: A module that handlers use: `{value}` is what differs.
MODULE = """
RATE = {value}
def handle(self, event):
    return [event.a * RATE for _ in event.a]
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        (1, True),
        (1.5, 2.5),
        ("a", "b"),
        (None, 0),
        (b"a", b"b"),
        ((1, 2), (1, 3)),
        ((1, (2, "x")), (1, (2, "y"))),
        (frozenset({1}), frozenset({2})),
        (Decimal(1), Decimal("1.0")),
        (timedelta(1), timedelta(2)),
        (Color.RED, Color.BLUE),
    ],
    ids=repr,
)
def test_simple_values_from_outside_count(one: object, other: object) -> None:
    """Constants of the module, values in the closure, and defaults are part of what a function does."""

    def in_module(value: object) -> FunctionType:
        function = compiled(MODULE.format(value=None))
        function.__globals__["RATE"] = value
        return function

    def in_closure(value: object) -> FunctionType:
        def handle(self: Any, event: Any) -> Any:
            return event.a, value

        assert isinstance(handle, FunctionType)
        return handle

    def as_default(value: object) -> FunctionType:
        def handle(self: Any, event: Any, rate: Any = value) -> Any:
            return event.a, rate

        assert isinstance(handle, FunctionType)
        return handle

    def as_keyword_default(value: object) -> FunctionType:
        def handle(self: Any, event: Any, *, rate: Any = value) -> Any:
            return event.a, rate

        assert isinstance(handle, FunctionType)
        return handle

    for make in (in_module, in_closure, as_default, as_keyword_default):
        assert fingerprint_of([make(one)]) == fingerprint_of([make(one)])
        assert fingerprint_of([make(one)]) != fingerprint_of([make(other)]), make


def test_what_can_change_or_is_not_used_does_not_count() -> None:
    """Lists, objects and functions of a module are not looked into; nor is what merely has an attribute's name."""
    function = compiled("def handle(self, event):\n    return helper(event.rate, NAMES)\n")
    before = fingerprint_of([function])
    function.__globals__.update(rate=1, other=2, NAMES=[1], helper=len)
    assert fingerprint_of([function]) == before


class Paid(Event):
    """An event of today."""

    key: str
    cents: int


class PaidInEuros(Event):
    """One of then."""

    key: str
    euros: int


class Pay(Command):
    """A command."""

    key: str


class Sum(Row, key="key"):
    """A row."""

    key: str


def fingerprints(fee: int, rate: int = 100, revision: str = "") -> tuple[str, str]:
    """Those of an aggregate and of a view with a class attribute, behind an upcaster made by a factory."""

    @upcast(revision=revision)
    def in_cents(event: PaidInEuros) -> Paid:
        return Paid(key=event.key, cents=event.euros * rate)

    class Account(Aggregate, key="key"):
        FEE: ClassVar[int] = fee

        @decide
        def pay(self, command: Pay) -> Paid:
            """Decide."""
            raise NotImplementedError

        @evolve
        def paid(self, event: Paid) -> None:
            """Evolve."""

    class Sums(View[Sum]):
        FEE = fee

        @project
        def paid(self, event: Paid) -> None:
            """Project."""

    catalogue = Catalogue.build([Account, Sums], (), [in_cents])
    return catalogue.aggregates[0].fingerprint, catalogue.views[0].fingerprint


@pytest.mark.parametrize("changes", [{"fee": 2}, {"rate": 1}, {"revision": "2"}], ids=str)
def test_views_and_snapshots_follow_what_their_code_uses(changes: dict[str, Any]) -> None:
    """A class attribute, a value in an upcaster's closure and an upcaster's revision all count, for both."""
    assert fingerprints(fee=1) == fingerprints(fee=1)
    changed = fingerprints(**{"fee": 1, **changes})
    assert all(one != other for one, other in zip(fingerprints(fee=1), changed, strict=True))


SEEDED = """
from actum.fingerprints import fingerprint_of
NAMES = frozenset({"a", "b", "c", "d", ("e", frozenset({"f", "g", "h"}))})
def handle(self, event, other=frozenset("xyz")):
    return event.a in NAMES or event.a in {"k", "l", "m", "n"}
print(fingerprint_of([handle]).hex())
"""


def test_fingerprints_are_the_same_under_every_hash_seed() -> None:
    """What is in a set has another order in each process; its fingerprint has not."""
    printed = {
        subprocess.run(
            [sys.executable, "-c", SEEDED], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
