"""The schema lock: what it holds, what its changes mean, and what is no lock."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, Literal

import msgspec
import pytest
from actum import (
    Aggregate,
    Command,
    Event,
    Invalid,
    SchemaChange,
    Value,
    decide,
    evolve,
    schema_changes,
    schema_lock,
    upcast,
)
from actum.schemas.changes import type_changes
from actum.shapes import shape_of


class Write(Command):
    """A command."""

    key: str


class Old(Event):
    """An event of then."""

    key: str


class New(Event):
    """One of today."""

    key: str


class Account(Aggregate, key="key"):
    """It knows today's."""

    @decide
    def write(self, command: Write) -> New:
        """One."""
        return New(key=command.key)

    @evolve
    def new(self, event: New) -> None:
        """Nothing."""


class OldAccount(Aggregate, key="key", name="Account"):
    """It knew the old one."""

    @evolve
    def old(self, event: Old) -> None:
        """Nothing."""


class Both(Account, key="key", name="Account"):
    """It knows both."""

    @evolve
    def old(self, event: Old) -> None:
        """Nothing."""


class Renamed(Account, key="key", name="Purse"):
    """The same under another name."""


class Keeper(Aggregate, key="key"):
    """It keeps the old event readable."""

    @evolve
    def old(self, event: Old) -> None:
        """Nothing."""


@upcast
def renew(event: Old) -> New:
    """As today."""
    return New(key=event.key)


@upcast
def forget(event: Old) -> None:
    """It means nothing any more."""


def said(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The level, the tag and what is said of each change."""
    return [
        ("breaks" if change.breaking else "careful" if change.silent else "fine", change.tag, change.what)
        for change in schema_changes(old, new)
    ]


def test_what_a_lock_holds() -> None:
    """Events, what upcasters make of which, and what each aggregate evolves; and it is one that can be used."""
    lock = schema_lock(Account, upcasters=[renew])

    assert lock["actum"] == 1
    assert lock["events"].keys() == {"New", "Old"}
    assert (lock["upcasters"], lock["aggregates"]) == ({"Old": ["New"]}, {"Account": ["New"]})
    assert schema_changes(lock, msgspec.json.decode(msgspec.json.encode(lock))) == []


def test_a_renamed_aggregate_breaks() -> None:
    """Its streams have no class; the fix is its old name."""
    (change,) = schema_changes(schema_lock(Account), schema_lock(Renamed))

    assert change == SchemaChange(
        breaking=True,
        tag="Account",
        path="$",
        what="the aggregate is gone",
        fix="Give its class; or, if it was renamed, say name='Account' in the class that has its streams.",
    )


def test_an_evolve_that_is_gone_breaks() -> None:
    """Also where another class still handles the event; not where an upcaster leads to what is evolved."""
    lost = ("breaks", "Old", "the aggregate Account has no @evolve for it any more")
    assert said(schema_lock(Both), schema_lock(Account, Keeper)) == [lost]
    assert said(schema_lock(OldAccount), schema_lock(Account, upcasters=[renew])) == [
        ("fine", "New", "a new event type")
    ]
    assert said(schema_lock(OldAccount), schema_lock(Account, upcasters=[forget]))[0][0] == "fine"
    found = said(schema_lock(Account, upcasters=[renew]), schema_lock(OldAccount))
    assert found[-1] == ("breaks", "New", "no class that was given has this tag")


def test_what_an_upcaster_gives_is_looked_at() -> None:
    """Events that become nothing, or others than before, are worth a look; more of them are not."""
    renewed, forgotten = schema_lock(Account, upcasters=[renew]), schema_lock(Account, upcasters=[forget])

    assert said(renewed, forgotten) == [("careful", "Old", "its upcaster gave 'New', now it gives nothing")]
    assert said(forgotten, renewed) == [("fine", "Old", "its upcaster gave nothing, now it gives 'New'")]


def test_a_lock_without_aggregates_says_nothing_of_them() -> None:
    """Views alone can't lose an @evolve."""
    old = schema_lock(Account)
    assert schema_changes(old, {**old, "aggregates": {}}) == []


def happened(**fields: Any) -> type[Event]:
    """An event type with these fields; a tuple is an annotation and a default."""

    def fill(namespace: dict[str, Any]) -> None:
        pairs = {name: each if isinstance(each, tuple) else (each,) for name, each in fields.items()}
        namespace["__annotations__"] = {name: pair[0] for name, pair in pairs.items()}
        namespace.update({name: pair[1] for name, pair in pairs.items() if len(pair) > 1})

    return types.new_class("Happened", (Event,), {}, fill)


def compared(old: type[Event], new: type[Event]) -> list[SchemaChange]:
    """What has changed between two types."""
    return type_changes("Happened", shape_of(old), shape_of(new))


def test_a_field_that_may_have_been_renamed_is_warned_of() -> None:
    """One goes and one with a default and of the same type comes: all that is stored would be the default."""
    added, gone = compared(happened(euros=int, note=(str, "")), happened(cents=(int, 0), note=(str, "")))

    assert (added.path, added.breaking, added.silent) == ("$.cents", False, True)
    assert added.what == "the field is new, and euros of the same type gone: stored events give 0"
    assert "msgspec.field(default=0, name='euros')" in added.fix
    assert (gone.path, gone.silent) == ("$.euros", False)
    (plain, _) = compared(happened(euros=int), happened(note=(str, "")))
    assert (plain.what, plain.silent) == ("the field is new", False)


def test_a_field_that_keeps_its_stored_name_has_not_changed() -> None:
    """`msgspec.field(name=...)` is the way to rename one."""
    renamed = happened(cents=(int, msgspec.field(default=0, name="euros")))

    assert not any(change.silent or change.breaking for change in compared(happened(euros=int), renamed))


class Places(Value, array_like=True):
    """A struct stored by place."""

    credit: int
    debit: int


class Swapped(Value, array_like=True):
    """The same, in another order."""

    debit: int
    credit: int


class Longer(Value, array_like=True):
    """The same with one more at the end."""

    credit: int
    debit: int
    note: str = ""


def test_places_keep_their_names() -> None:
    """Two fields of one type that changed places are read as each other; one more at the end is fine."""
    changes = compared(happened(places=Places), happened(places=Swapped))

    assert [change.what for change in changes] == [
        "the place of credit is that of debit now, which would be read with its values",
        "the place of debit is that of credit now, which would be read with its values",
    ]
    assert all(change.breaking and change.silent for change in changes)
    assert compared(happened(places=Places), happened(places=Longer)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Literal[None, "a"], Literal["a"] | None),  # noqa: PYI061  # this spelling is what is tried
        (Literal["a"] | None, Literal[None, "a"]),  # noqa: PYI061  # as above
        (Literal[1, "a"], int | str | None),
        (Literal[None, "a"], str | None),  # noqa: PYI061  # as above
        (dict[int, int], dict[int | str, int]),
        (dict[int, int], dict[Any, Any]),
        (dict[str, int], dict[Any, int]),
    ],
    ids=str,
)
def test_no_false_alarms(old: Any, new: Any) -> None:
    """What can hold all that there was before breaks nothing."""
    assert not any(change.breaking for change in compared(happened(field=old), happened(field=new)))


def nested(depth: int) -> dict[str, Any]:
    """A schema with so many lists in each other."""
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return {"actum": 1, "events": {"X": schema}}


NO_LOCKS: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "missing required field `actum`"),
    "no events": ({"actum": 1}, "missing required field `events`"),
    "newer": ({"actum": 2, "events": {}}, "its version is 2, this actum reads version 1"),
    "events a number": ({"actum": 1, "events": 5}, "Expected `object`, got `int`"),
    "events a list": ({"actum": 1, "events": [1]}, "Expected `object`, got `array`"),
    "schema a number": ({"actum": 1, "events": {"X": 5}}, "Expected `object`, got `int`"),
    "no schema": ({"actum": 1, "events": {"X": {"schema": 7}}}, "what it says of 'X' is no event's schema"),
    "odd type": ({"actum": 1, "events": {"X": {"type": 7}}}, "Expected `str`, got `int`"),
    "odd field": ({"actum": 1, "events": {"X": {"type": "object", "properties": {"a": 7}}}}, "got `int`"),
    "lost reference": ({"actum": 1, "events": {"X": {"$ref": "#/$defs/Y"}}}, "refers to 'Y', which is not among its"),
    "endless reference": (
        {"actum": 1, "events": {"X": {"$ref": "#/$defs/Y", "$defs": {"Y": {"$ref": "#/$defs/Y"}}}}},
        "without end",
    ),
    "odd upcasters": ({"actum": 1, "events": {}, "upcasters": {"X": 5}}, "Expected `array`, got `int`"),
    "odd aggregates": ({"actum": 1, "events": {}, "aggregates": [5]}, "Expected `object`, got `array`"),
    "deep": (nested(60), "nested deeper than 50"),
    "deeper": (nested(5_000), "nested"),
    "a list": ([], "Expected `object`"),
    "null": (None, "Expected `object`"),
}


@pytest.mark.parametrize("name", NO_LOCKS)
def test_what_is_no_lock_is_refused_with_a_sentence(name: str) -> None:
    """On either side, saying which and what is wrong with it."""
    lock, words = NO_LOCKS[name]
    good = schema_lock(Account)
    changes: Callable[..., object] = schema_changes
    with pytest.raises(Invalid, match=f"the old schema lock .*{words}"):
        changes(lock, good)
    with pytest.raises(Invalid, match=f"the new schema lock .*{words}"):
        changes(good, lock)


def test_fields_may_have_the_names_of_what_schemas_say() -> None:
    """A field named `type`, `enum` or like a reference is a field."""
    odd = happened(type=int, enum=str, properties=(str, "$ref"), reference=(int, msgspec.field(name="$ref")))
    lock = {"actum": 1, "events": {"Happened": shape_of(odd)}}

    assert schema_changes(lock, lock) == []
