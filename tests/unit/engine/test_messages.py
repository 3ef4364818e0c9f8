"""Messages: what subclassing `Command`, `Event`, `Query`, `Row` and `Value` gives."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from actum import Command, Event, Query, Row, Value
from actum.messages import TAG_FIELD, RowOptions


class Address(Value):
    """A nested value."""

    street: str


class Place(Command):
    """A command with a default and a value."""

    order_id: str
    address: Address
    quantity: int = 1


class Placed(Event):
    """An event that is stored under its own name."""

    order_id: str


class Renamed(Event, tag="placed-again"):
    """An event that is stored under another name."""

    order_id: str


class Line(Row, key="line_id", indexes=["product", ("product", "quantity")], hash_indexes=["quantity"]):
    """A row with indexes of all kinds."""

    line_id: str
    product: str
    quantity: int = 0


ADDRESS = Address(street="Main")


@pytest.mark.parametrize("base", [Value, Command, Event, Query, Row])
def test_every_subclass_is_frozen_and_keyword_only(base: type) -> None:
    """A field can be set by its name at birth, and never again."""
    made: Any = type(base)("Made", (base,), {"__annotations__": {"field": int}, "__module__": __name__})
    message = made(field=1)
    with pytest.raises(AttributeError, match="immutable"):
        message.field = 2
    with pytest.raises(TypeError, match="positional"):
        made(1)


def test_a_subclass_of_a_subclass_is_keyword_only_too() -> None:
    """`kw_only` holds for fields of grandchildren, which msgspec by itself does not inherit."""

    class Gift(Place):
        ribbon: str

    assert Gift(order_id="1", address=ADDRESS, ribbon="red").quantity == 1
    with pytest.raises(TypeError, match="positional"):
        Gift("red", order_id="1", address=ADDRESS)  # type: ignore[call-arg, misc]


def test_replace_makes_a_changed_copy() -> None:
    """`replace` changes some fields of a copy and leaves the original."""
    place = Place(order_id="1", address=ADDRESS)
    other = place.replace(quantity=7)
    assert (place.quantity, other.quantity, other.address) == (1, 7, ADDRESS)
    with pytest.raises(TypeError, match="color"):
        place.replace(color="red")


def test_equal_fields_make_equal_messages() -> None:
    """Messages compare by value, and those of another type are never equal."""
    assert Placed(order_id="1") == Placed(order_id="1")
    assert Placed(order_id="1") != Placed(order_id="2")
    assert Placed(order_id="1") != Renamed(order_id="1")


def test_an_event_is_stored_under_its_tag() -> None:
    """The tag is the class's name unless `tag=` says otherwise, in a field that no attribute can clash with."""
    assert msgspec.to_builtins(Placed(order_id="1")) == {TAG_FIELD: "Placed", "order_id": "1"}
    assert msgspec.to_builtins(Renamed(order_id="1")) == {TAG_FIELD: "placed-again", "order_id": "1"}
    assert not TAG_FIELD.isidentifier()


def test_a_command_has_no_tag() -> None:
    """Only events are stored, so only events are tagged."""
    assert TAG_FIELD not in msgspec.to_builtins(Place(order_id="1", address=ADDRESS))


def test_a_row_keeps_its_class_options() -> None:
    """Key and indexes are read from the class statement, single fields as tuples of one."""
    assert Line.__row_options__ == RowOptions("line_id", (("product",), ("product", "quantity")), (("quantity",),))


def test_a_row_without_options_has_none() -> None:
    """A missing key is left for the catalogue to complain about."""

    class Bare(Row):
        field: int

    assert Bare.__row_options__ == RowOptions(None, (), ())


@pytest.mark.parametrize("option", ["indexes", "hash_indexes"])
def test_indexes_given_as_a_string_are_refused(option: str) -> None:
    """`indexes="balance"` would be seven indexes of one letter, so it is refused with what to write instead."""
    with pytest.raises(TypeError, match=r"write indexes=\['balance'\]"):
        type(Row)("Bad", (Row,), {}, key="balance", **{option: "balance"})  # type: ignore[misc]


def test_messages_of_atoms_are_not_garbage_collected() -> None:
    """A message that can't be part of a cycle is invisible to the collector; one with a list in it is not."""

    class Basket(Event):
        products: list[str]

    assert not Placed.__struct_config__.gc
    assert not Place.__struct_config__.gc
    assert Basket.__struct_config__.gc


def test_a_child_with_a_list_is_collected_although_its_parent_is_not() -> None:
    """`gc=False` is decided anew for each class, since msgspec would inherit it."""

    class Noted(Placed):
        notes: list[str]

    assert Noted.__struct_config__.gc


def test_gc_can_be_chosen_by_the_user() -> None:
    """`gc=` in the class statement wins over what the fields say."""

    class Tree(Row, key="name", gc=False):
        name: str
        children: list[str]

    assert not Tree.__struct_config__.gc
