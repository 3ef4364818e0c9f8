"""The schema lock: what can be read, and how, as a file beside the code; and what has changed between two of them.

`schema_lock` describes the events, the upcasters between them, and which aggregate evolves which events. Reading has
to survive each change in all three: `schema_changes` says what would not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from actum.codec import tag_of
from actum.errors import Invalid
from actum.kinds.catalogue import Catalogue
from actum.schemas.comparison import Comparison, SchemaChange, resolved
from actum.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Schema = dict[str, Any]

LOCK_VERSION = 1
#: Schemas inside schemas; classes refer to each other and don't nest.
LOCK_DEPTH_MAX = 50


class Part(msgspec.Struct, frozen=True, rename="camel"):
    """As much of a schema, or of a part of one, as is needed to compare it."""

    ref: str = msgspec.field(default="", name="$ref")
    definitions: dict[str, Part] = msgspec.field(default_factory=dict[str, "Part"], name="$defs")
    type: str = ""
    any_of: list[Part] = []
    enum: list[str | int | bool | None] = []
    properties: dict[str, Part] = {}
    required: list[str] = []
    additional_properties: Part | bool = True
    property_names: Part | None = None
    prefix_items: list[Part] = []
    items: Part | bool = True
    fields: list[str] = []
    minimum: float = 0
    maximum: float = 0
    exclusive_minimum: float = 0
    exclusive_maximum: float = 0
    min_length: int = 0
    max_length: int = 0
    min_items: int = 0
    max_items: int = 0
    min_properties: int = 0
    max_properties: int = 0
    min_bytes: int = 0
    max_bytes: int = 0


class Lock(msgspec.Struct, frozen=True):
    """What a lock file holds.

    Attributes:
        actum: the version of its format.
        events: the schema of each event type, by tag.
        upcasters: the tags that the events of an older type become, by tag.
        aggregates: the tags that each aggregate evolves, by its name; nothing is said if there are none.
    """

    actum: int
    events: dict[str, Part]
    upcasters: dict[str, list[str]] = {}
    aggregates: dict[str, list[str]] = {}


def schema_lock(*components: type, upcasters: Sequence[Callable[[Any], object]] = ()) -> dict[str, Any]:
    """The schemas of all events that some aggregates and views can read, to be kept in a file beside the code.

    Args:
        components: aggregate and view classes, as given to `Engine.open`.
        upcasters: as given to `Engine.open`.

    Raises:
        CatalogueError: the classes don't fit together.
    """
    catalogue = Catalogue.build(components, None, upcasters)
    readable = sorted((*catalogue.event_types, *catalogue.upcasts), key=tag_of)
    return {
        "actum": LOCK_VERSION,
        "events": {tag_of(event_type): shape_of(event_type) for event_type in readable},
        "upcasters": {
            tag_of(source): sorted(map(tag_of, upcast.results))
            for source, upcast in sorted(catalogue.upcasts.items(), key=lambda item: tag_of(item[0]))
        },
        "aggregates": {
            kind.name: sorted(map(tag_of, kind.evolves))
            for kind in sorted(catalogue.aggregates, key=lambda kind: kind.name)
        },
    }


def schema_changes(old: dict[str, Any], new: dict[str, Any]) -> list[SchemaChange]:
    """What has changed between two results of `schema_lock`: events by tag, then upcasters, then aggregates.

    Raises:
        Invalid: one of them is no result of `schema_lock`, or one of a newer version.
    """
    was, now = checked("old", old), checked("new", new)
    changes: list[SchemaChange] = []
    before, after = old["events"], new["events"]
    for tag in sorted({*before, *after}):
        if tag not in after:
            changes.append(lost_tag(tag))
        elif tag not in before:
            changes.append(SchemaChange(breaking=False, tag=tag, path="$", what="a new event type"))
        else:
            changes += type_changes(tag, before[tag], after[tag])
    return [*changes, *upcaster_changes(was, now), *aggregate_changes(was, now)]


def checked(which: str, lock: dict[str, Any]) -> Lock:
    """A lock that can be compared.

    Raises:
        Invalid: it can't.
    """
    try:
        read = msgspec.convert(lock, Lock)
        check_events(read.actum, lock["events"])
    except (msgspec.ValidationError, ValueError, Invalid) as error:
        raise Invalid(f"the {which} schema lock can't be used: {error}. Make it again with schema_lock") from error
    except RecursionError:
        raise Invalid(f"the {which} schema lock is nested too deeply. Make it again with schema_lock") from None
    return read


def check_events(version: int, events: dict[str, Schema]) -> None:
    """What types can't say of a lock.

    Raises:
        Invalid: it is of another version, or a schema is none of an event.
    """
    if version != LOCK_VERSION:
        raise Invalid(f"its version is {version}, this actum reads version {LOCK_VERSION}")
    for tag, schema in events.items():
        definitions = schema.get("$defs", {})
        check_part(schema, definitions, LOCK_DEPTH_MAX)
        if resolved(schema, definitions).get("type") not in ("object", "array"):
            raise Invalid(f"what it says of {tag!r} is no event's schema")


def check_part(schema: Schema, definitions: Schema, depth_max: int) -> None:
    """Every reference leads to a definition, and nothing is nested without end.

    Raises:
        Invalid: one does not.
    """
    if not depth_max:
        raise Invalid(f"a schema is nested deeper than {LOCK_DEPTH_MAX}")
    resolved(schema, definitions)
    named = (*schema.get("properties", {}).values(), *schema.get("$defs", {}).values())
    listed = (*schema.get("anyOf", ()), *schema.get("prefixItems", ()))
    single = (schema.get(name, True) for name in ("items", "additionalProperties", "propertyNames"))
    for part in (*named, *listed, *single):
        if not isinstance(part, bool):
            check_part(part, definitions, depth_max - 1)


#: How the tags of the engine's own events begin.
OWN_TAGS = "actum."


def lost_tag(tag: str) -> SchemaChange:
    """The change when no class has a tag any more."""
    fix = (
        "Give the aggregate or view that handles it; or keep the class and write an @upcast from it; or say "
        f"renamed_from={tag!r} in the class that has its fields."
    )
    if tag.startswith(OWN_TAGS):
        fix = "This store has deadlines, or had processes: give actum.Deadlines to Engine.open."
    return SchemaChange(breaking=True, tag=tag, path="$", what="no class that was given has this tag", fix=fix)


def type_changes(tag: str, old: Schema, new: Schema) -> list[SchemaChange]:
    """What has changed between two schemas of one event type."""
    if old == new:
        return []
    comparison = Comparison(tag, old.get("$defs", {}), new.get("$defs", {}))
    return list(comparison.changes(old, new, "$"))


def upcaster_changes(old: Lock, new: Lock) -> Iterator[SchemaChange]:
    """Old events that become others than before, or nothing."""
    for tag in sorted(old.upcasters.keys() & new.upcasters.keys()):
        was, now = old.upcasters[tag], new.upcasters[tag]
        if was != now:
            what = f"its upcaster gave {listed(was)}, now it gives {listed(now)}"
            fix = "Check that this is meant: it changes what is already stored." if set(was) - set(now) else ""
            yield SchemaChange(breaking=False, tag=tag, path="$", what=what, fix=fix, silent=bool(fix))


def aggregate_changes(old: Lock, new: Lock) -> Iterator[SchemaChange]:
    """Aggregates that are gone, and events in their streams that they evolve no more."""
    if not new.aggregates:
        return
    for name, tags in sorted(old.aggregates.items()):
        if name not in new.aggregates:
            fix = f"Give its class; or, if it was renamed, say name={name!r} in the class that has its streams."
            yield SchemaChange(breaking=True, tag=name, path="$", what="the aggregate is gone", fix=fix)
            continue
        evolved = set(new.aggregates[name])
        for tag in tags:
            lost = finals(tag, new.upcasters) - evolved
            if lost and tag in new.events:
                as_what = "" if lost == {tag} else f", which is read as {listed(sorted(lost))},"
                what = f"the aggregate {name} has no @evolve for it{as_what} any more"
                yield SchemaChange(breaking=True, tag=tag, path="$", what=what, fix=evolve_again(name))


def evolve_again(aggregate: str) -> str:
    """The fix where an aggregate's stream holds what it does not evolve."""
    return (
        f"Give {aggregate} an @evolve for it, an empty one if it means nothing any more; or write an @upcast from it, "
        "to None to forget it."
    )


def finals(tag: str, upcasters: Mapping[str, Sequence[str]]) -> set[str]:
    """The tags of today as which an event is read."""
    found: set[str] = set()
    waiting, seen = [tag], {tag}
    while waiting:
        current = waiting.pop()
        if current not in upcasters:
            found.add(current)
        for result in upcasters.get(current, ()):
            if result not in seen:
                seen.add(result)
                waiting.append(result)
    return found


def listed(tags: Sequence[str]) -> str:
    """Some tags in words."""
    return " and ".join(map(repr, tags)) or "nothing"
