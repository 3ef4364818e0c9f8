"""Handlers: marks, annotations, and the fingerprint of code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, TypeVar

import pytest
from actum import Aggregate, Command, Event, Query, Row, View, answer, decide, evolve, project
from actum.handlers import HandlerInfo, event_types, read_handlers, show

T = TypeVar("T")


class Go(Command):
    """A command."""

    key: str


class Went(Event):
    """An event."""

    key: str


class Came(Event):
    """Another."""

    key: str


class Where(Query[list[str]]):
    """A query."""


class Find(Query[T], Generic[T]):
    """A query that is generic itself."""

    field: str


class Place(Row, key="key"):
    """A row."""

    key: str


def read(owner: type, base: type = Aggregate) -> tuple[list[HandlerInfo], list[str]]:
    """The handlers of a class, and the faults."""
    faults: list[str] = []
    bases: dict[Any, type] = (
        {"decide": Command, "evolve": Event} if base is Aggregate else {"project": Event, "answer": Query}
    )
    return read_handlers(owner, base, bases, faults), faults


def test_a_marked_method_is_still_a_method() -> None:
    """The decorators leave a mark and nothing else, so that a test can call a handler."""

    class Walker(Aggregate, key="key"):
        @decide
        def go(self, command: Go) -> Went:
            return Went(key=command.key)

    assert Walker().go(Go(key="a")) == Went(key="a")


def test_a_handler_is_found_by_the_annotation_of_its_message() -> None:
    """Role, message, further parameters and return annotation are what the signature says."""

    class Walker(Aggregate, key="key"):
        @decide
        def go(self, command: Go, guide: int) -> Went | None:
            """Decide."""

        @evolve
        def went(self, event: Went) -> None:
            """Evolve."""

        def other(self, event: Came) -> None:
            """Not marked."""

    handlers, faults = read(Walker)
    assert not faults
    assert [
        (handler.role, handler.message, handler.parameters, handler.returns, handler.where) for handler in handlers
    ] == [
        ("decide", Go, (int,), Went | None, "Walker.go"),
        ("evolve", Went, (), type(None), "Walker.went"),
    ]


def test_a_query_may_be_annotated_with_its_answer() -> None:
    """`Where` is found, also as the origin of a parametrised query."""

    class Places(View[Place]):
        @answer
        def where(self, query: Where) -> list[str]:  # type: ignore[override]
            return [row.key for row in self]

        @answer
        def find(self, query: Find[int]) -> int:
            return len(query.field)

    handlers, faults = read(Places, View)
    assert not faults
    assert [handler.message for handler in handlers] == [Where, Find]


def test_handlers_are_inherited_and_overridden() -> None:
    """A child has its parents' handlers, and its own in the place of those of the same name."""

    class Parent(Aggregate, key="key"):
        @evolve
        def went(self, event: Went) -> None:
            """Parent's."""

        @evolve
        def came(self, event: Came) -> None:
            """Parent's."""

    class Child(Parent, key="key"):
        @evolve
        def went(self, event: Went) -> None:
            """Child's."""

    handlers, _ = read(Child)
    assert [handler.function.__qualname__.split(".")[-2:] for handler in handlers] == [
        ["Child", "went"],
        ["Parent", "came"],
    ]


def test_a_method_overridden_without_mark_is_no_handler() -> None:
    """Taking the mark away takes the handler away."""

    class Parent(Aggregate, key="key"):
        @evolve
        def went(self, event: Went) -> None:
            """Parent's."""

    class Child(Parent, key="key"):
        def went(self, event: Went) -> None:
            """Only a method."""

    assert read(Child) == ([], [])


def unannotated(self: Any, event) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # the fault itself
    """A message without annotation."""


def without_message(self: Any) -> None:
    """No message at all."""


def of_another_kind(self: Any, event: Go) -> None:
    """A command where an event belongs."""


def of_the_base(self: Any, event: Event) -> None:
    """The base class itself."""


def of_no_class(self: Any, event: Went | Came) -> None:
    """Two messages at once."""


def with_unannotated_parameter(self: Any, event: Went, record) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # as above
    """A second parameter without annotation."""


def of_unknown(self: Any, event: NotDefined) -> None:  # type: ignore[name-defined]  # noqa: F821  # the fault itself
    """An annotation that can't be read."""


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (unannotated, "has no annotated message: write `def unannotated(self, message: <a Event>)`"),
        (without_message, "has no annotated message"),
        (of_another_kind, "@evolve takes a subclass of Event, not Go"),
        (of_the_base, "@evolve takes a subclass of Event, not Event"),
        (of_no_class, "@evolve takes a subclass of Event, not "),
        (with_unannotated_parameter, "parameter 'record' has no annotation"),
        (of_unknown, "its annotations can't be read (name 'NotDefined' is not defined)"),
    ],
)
def test_a_faulty_signature_is_named_with_its_fix(function: Callable[..., Any], words: str) -> None:
    """The fault says where, what is wrong and what to write; the handler is left out."""
    owner = type(Aggregate)("Faulty", (Aggregate,), {function.__name__: evolve(function)}, key="key")  # type: ignore[misc]
    handlers, faults = read(owner)
    assert not handlers
    assert len(faults) == 1
    assert faults[0].startswith(f"Faulty.{function.__name__}")
    assert words in faults[0]


def test_handlers_of_a_mixin_are_found() -> None:
    """A plain class among the parents contributes its handlers."""

    class Walking:
        @evolve
        def went(self, event: Went) -> None:
            """Evolve."""

    class Walker(Walking, Aggregate, key="key"):
        """Nothing of its own."""

    handlers, faults = read(Walker)
    assert not faults
    assert [handler.message for handler in handlers] == [Went]


def test_only_plain_parameters_are_filled() -> None:
    """A handler is called by position; a keyword-only or starred parameter is a fault."""

    class Walker(Aggregate, key="key"):
        @decide
        def go(self, command: Go, *, guide: int) -> None:
            """Keyword-only."""

    class Runner(Aggregate, key="key"):
        @decide
        def go(self, command: Go, *guides: int) -> None:
            """Starred."""

    for owner in (Walker, Runner):
        handlers, faults = read(owner)
        assert not handlers
        assert len(faults) == 1
        assert "is not a plain parameter: a handler is called by position" in faults[0]


def test_a_role_of_another_room_is_refused() -> None:
    """An aggregate doesn't project, and a view doesn't decide."""

    class Walker(Aggregate, key="key"):
        @project
        def went(self, event: Went) -> None:
            """In the wrong place."""

    handlers, faults = read(Walker)
    assert not handlers
    assert faults == ["Walker.went is marked @project, but Walker takes @decide and @evolve: use one of these"]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Went, [Went]),
        (Went | Came, [Went, Came]),
        (list[Went], [Went]),
        (Iterator[Went | Came], [Went, Came]),
        (AsyncIterator[Went], [Went]),
        (tuple[Went, ...], [Went]),
        (Went | None, [Went]),
        (None, []),
        (int, []),
        (Event, []),
        (list[Event], []),
    ],
    ids=str,
)
def test_event_types_are_found_inside_an_annotation(annotation: object, expected: list[type]) -> None:
    """Every event class that a handler may give, wherever it stands."""
    assert list(event_types(annotation, Event)) == expected


def test_show_writes_an_annotation_as_code_does() -> None:
    """Classes by name, everything else as it prints."""
    assert show(Went) == "Went"
    assert show(list[int]) == "list[int]"
