"""Cycles: which annotations can hold a container, and which can't."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Literal, Optional
from uuid import UUID

import msgspec
import pytest
from actum import Value
from actum.cycles import collectable_by_count, is_atom


class Color(enum.Enum):
    """A plain enumeration."""

    RED = 1


class Leaf(Value):
    """A value of atoms."""

    name: str


class Branch(Value):
    """A value with a container."""

    leaves: list[Leaf]


class Collected(msgspec.Struct):
    """A Struct that the collector watches."""


ATOMS = [
    int, str, bytes, bool, float, None, type(None), datetime, Decimal, UUID, Color, Leaf, int | None, Optional[Leaf],  # noqa: UP045
    Literal["a", "b"], Annotated[int, "meta"], ClassVar[list[int]], ClassVar,
]  # fmt: skip
CONTAINERS: list[Any] = [
    list, list[int], dict[str, int], set[int], tuple[int, ...], Any, object, Branch, int | list[int],
    Annotated[list[int], "meta"], Collected,
]  # fmt: skip


@pytest.mark.parametrize("annotation", ATOMS, ids=str)
def test_atoms_hold_no_container(annotation: object) -> None:
    """A value of this annotation can't be part of a reference cycle."""
    assert is_atom(annotation, {}) or annotation is ClassVar


@pytest.mark.parametrize("annotation", CONTAINERS, ids=str)
def test_containers_and_unknowns_are_no_atoms(annotation: object) -> None:
    """A value of this annotation could be part of a cycle, or nobody knows."""
    assert not is_atom(annotation, {})


def test_annotations_as_text_are_read_in_their_module() -> None:
    """With `from __future__ import annotations` they are strings; what can't be found yet counts as a container."""
    scope = {"Leaf": Leaf, "Branch": Branch}
    assert is_atom("Leaf | None", scope)
    assert not is_atom("Branch", scope)
    assert not is_atom("NotDefinedYet", scope)


def test_a_parent_that_is_collected_makes_its_children_collected() -> None:
    """A child of atoms may inherit a container."""
    assert not collectable_by_count((Branch,), {"__annotations__": {"name": int}})
    assert collectable_by_count((Leaf,), {"__annotations__": {"name": int}})
    assert collectable_by_count((msgspec.Struct,), {})


def test_a_class_of_an_unknown_module_is_read_without_its_names() -> None:
    """A class made by hand in no module has only the builtins."""
    assert collectable_by_count((), {"__module__": "nowhere", "__annotations__": {"count": "int"}})
    assert not collectable_by_count((), {"__module__": "nowhere", "__annotations__": {"leaf": "Leaf"}})


def test_annotations_that_are_made_later_are_not_believed() -> None:
    """Python 3.14 gives a class body a function in their place: in doubt, collected."""
    for name in ("__annotate__", "__annotate_func__"):
        assert not collectable_by_count((), {name: lambda _: {"count": int}})


def test_a_mixin_makes_its_children_collected() -> None:
    """Its instances may have a `__dict__`."""

    class Mixin:
        """Not a Struct."""

    assert not collectable_by_count((Mixin, Leaf), {"__annotations__": {"count": int}})
    assert collectable_by_count((Generic, Leaf), {"__annotations__": {"count": int}})
